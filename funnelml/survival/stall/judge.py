"""Judge every open record: how unusual its stay is, what may still come of it, and what to do next."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError, first_few
from funnelml.history.episodes import StageEpisodes, stage_episodes
from funnelml.history.history import History
from funnelml.history.record_log import read_log
from funnelml.history.snapshot import take_snapshot
from funnelml.survival.landmark import landmark_incidence
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.age_percentile import rank_ages
from funnelml.survival.stall.backing import backed_ages
from funnelml.survival.stall.chances import MOVE_DAYS, foresee_stays
from funnelml.survival.stall.days_rule import DaysRule, learn_days_rule
from funnelml.survival.stall.next_steps import choose_steps
from funnelml.survival.stall.similar_cases import compare_similar
from funnelml.survival.stall.verdict_rules import WIN_FLOOR, judge_stays
from funnelml.survival.stall.verdicts import StallVerdicts
from funnelml.survival.stay_rows import StayRows


def judge_stalls(
    model: StageModel,
    rows: StayRows,
    *,
    history: History,
    as_of: date,
    funnel: str | None = None,
    win_days: float = 90.0,
    floor: float = WIN_FLOOR,
    days_rule: DaysRule | None = None,
    currency: str = "",
) -> StallVerdicts:
    """Judge every open record.

    Parameters
    ----------
    model : StageModel
        Fitted on the stays known on ``as_of``.
    rows : StayRows
        The running stays, as ``open_stays`` returns them for the same day.
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    win_days : float
        Days of the horizon within which a record is to be won.
    floor : float
        Chance to be won within the horizon under which a record is hopeless.
    days_rule : DaysRule, optional
        The days per stage that stand beside the verdict; the average days of won records by default.
    currency : str
        Reporting currency.

    Returns
    -------
    StallVerdicts

    Raises
    ------
    ModelInputError
        If the rows are not those of ``as_of``, or the horizon or the floor is none.
    AsOfError
        If nothing was known on that day.

    Notes
    -----
    A zombie needs three things: the upper bound of Clopper and Pearson of the past stays of the stage that lasted
    longer and could be followed to the end of the horizon (``landmark_incidence``) is under the floor; so is the chance
    that the model gives this very record; and records that enter the stage do reach the floor within the horizon, or
    it would only be too short.
    """
    if not win_days > 0 or not np.isfinite(win_days):
        raise ModelInputError(f"win_days is {win_days:g}; write the number of days within which a record is to be won")
    if not 0 < floor < 1:
        raise ModelInputError(f"floor is {floor:g}; write a chance between 0 and 1, such as {WIN_FLOOR:g}")
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    _check_rows(rows, snapshot.open, snapshot.cut, as_of)
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    records = snapshot.open.set_index("record_id").reindex(rows.record_id)
    read_at = backed_ages(episodes, rows, days=MOVE_DAYS[1])
    chances = foresee_stays(model, rows, read_at=read_at, win_days=win_days, floor=floor)
    percentile = rank_ages(episodes, rows)
    activities = read_log(history, as_of=as_of, funnel=funnel).activities
    similar = compare_similar(episodes, rows, activities)
    past = landmark_incidence(episodes, _asked(rows, rows.age), np.array([win_days]))
    upper = np.maximum(past.upper, chances.won)
    fresh_won = _won_if_fresh(episodes, rows, win_days)
    verdict = judge_stays(
        percentile=percentile,
        move=chances.move[:, 1],
        fresh_move=chances.fresh_move,
        won_upper=upper,
        won_observed=past.observed,
        fresh_won=fresh_won,
        floor=floor,
    )
    amount = records["amount"].to_numpy(dtype=np.float64)
    rule = learn_days_rule(episodes) if days_rule is None else days_rule
    table = pd.DataFrame(
        {
            "record_id": rows.record_id,
            "stage": rows.stage,
            "owner": records["owner"].to_numpy(dtype=object),
            "amount": amount,
            "age_days": np.maximum(rows.age, 0.0),
            "read_at_days": np.maximum(read_at, 0.0),
            "percentile": percentile,
            **{f"move_{day:g}": chances.move[:, k] for k, day in enumerate(MOVE_DAYS)},
            **{f"leave_{day:g}": chances.leave[:, k] for k, day in enumerate(MOVE_DAYS)},
            "fresh_move_30": chances.fresh_move,
            "lost_60": chances.lost,
            "won": chances.won,
            "won_upper": upper,
            "days_left": chances.days_left,
            "days_left_at_least": chances.at_least,
            "floor_in_days": chances.floor_in,
            "observed": read_at == rows.age,
            "won_observed": past.observed,
            "thin": _thin(model, rows),
            "verdict": verdict,
            "next_step": choose_steps(
                verdict=verdict, percentile=percentile, won=chances.won, amount=amount, floor=floor
            ),
            "days_limit": rule.limits(rows),
            "over_days_limit": rule.flags(rows),
            **{str(name): similar[name].to_numpy() for name in similar},
        }
    )
    return StallVerdicts(
        as_of=as_of,
        funnel=snapshot.funnel.name,
        currency=currency,
        win_days=win_days,
        floor=floor,
        days_rule=rule,
        table=table,
        too_short=tuple(s for s in rows.stages if (fresh_won[rows.stage == s] < floor).any()),
    )


def _check_rows(rows: StayRows, open_records: pd.DataFrame, cut: int, as_of: date) -> None:
    strange = ~pd.Index(rows.record_id).isin(open_records["record_id"])
    if strange.any():
        raise ModelInputError(
            f"{int(strange.sum()):,} of {len(rows):,} rows are of records that were not open on {as_of} "
            f"({first_few(rows.record_id[strange])}); take the rows from open_stays of the same day"
        )
    another = rows.at != cut
    if another.any():
        raise ModelInputError(
            f"{int(another.sum()):,} of {len(rows):,} rows were not seen at the end of {as_of} "
            f"({first_few(rows.record_id[another])}); take the rows from open_stays of the same day"
        )


def _asked(rows: StayRows, age: FloatArray) -> pd.DataFrame:
    return pd.DataFrame({"stage": rows.stage, "age_days": age})


def _won_if_fresh(episodes: StageEpisodes, rows: StayRows, win_days: float) -> FloatArray:
    """Return the chance of past stays in each row's stage to be won within the horizon from their entry, shape (n,)."""
    stages = pd.DataFrame({"stage": list(rows.stages), "age_days": 0.0})
    won = landmark_incidence(episodes, stages, np.array([win_days])).won[:, 0]
    return np.asarray(won[rows.place])


def _thin(model: StageModel, rows: StayRows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    begins = np.array([model.hazards_[name].thin_from for name in model.stages_])
    return np.asarray(rows.age >= begins[rows.place])
