"""Judge past dates as it would have been done then, and compare with what came: the model, and the days per stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.base import clone

from funnelml.errors import AsOfError, NotEnoughDataError
from funnelml.history.episodes import ADVANCED, WON_EVENT, StageEpisodes, stage_episodes
from funnelml.history.history import History
from funnelml.schema import DAY
from funnelml.survival.evaluation.standard_errors import clustered_error
from funnelml.survival.evaluation.stay_outcomes import UNKNOWN, stay_outcomes
from funnelml.survival.learning_stays import learn_stays, open_stays
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.chances import MOVE_DAYS
from funnelml.survival.stall.days_rule import LIMITS, learn_days_rule
from funnelml.survival.stall.evaluation import StallEvaluation, count_zombies
from funnelml.survival.stall.judge import judge_stalls
from funnelml.survival.stall.matched_recall import match_recall
from funnelml.survival.stall.verdict_rules import STALLED, VERDICTS, WIN_FLOOR, ZOMBIE

WINDOW_DAYS = int(MOVE_DAYS[1])
"""Days within which an open record goes on, or does not."""


def evaluate_stalls(
    history: History,
    as_of_dates: Sequence[date],
    *,
    known_until: date,
    model: StageModel | None = None,
    funnel: str | None = None,
    trusted: tuple[str, ...] = (),
    win_days: float = 90.0,
    floor: float = WIN_FLOOR,
    currency: str = "",
    seed: int = 0,
) -> StallEvaluation:
    """Measure how right the verdicts of past dates were.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of_dates : sequence of datetime.date
        Days at whose end the verdicts are given, at least 30 days apart: each sees only its past.
    known_until : datetime.date
        Last day from which outcomes are taken.
    model : StageModel, optional
        The model to be fitted on each date; one with linear ratios by default.
    funnel : str, optional
        Name of the funnel; the first by default.
    trusted : tuple of str
        Fields to be taken as unchanged since the record was created.
    win_days, floor, currency
        As in ``judge_stalls``.
    seed : int
        Seed of the bootstrap by record.

    Returns
    -------
    StallEvaluation

    Raises
    ------
    AsOfError
        If there is no date, two are closer than 30 days, fewer than 30 days were known by one, or the 30 days after one
        are not all known.
    NotEnoughDataError
        If no record was open on any date.
    """
    dates = _check_dates(as_of_dates, known_until)
    later = stage_episodes(history, as_of=known_until, funnel=funnel)
    template = StageModel() if model is None else model
    parts = []
    for as_of in dates:
        rows = open_stays(history, as_of=as_of, funnel=funnel, trusted=trusted)
        if not len(rows):
            continue
        then = stage_episodes(history, as_of=as_of, funnel=funnel)
        _check_past(then)
        fitted = clone(template).fit(learn_stays(history, as_of=as_of, funnel=funnel, trusted=trusted))
        told = judge_stalls(
            fitted, rows, history=history, as_of=as_of, funnel=funnel, win_days=win_days, floor=floor
        ).table
        limits = {limit: learn_days_rule(then, limit).limits(rows) for limit in LIMITS}
        parts.append(_pair(later, told.assign(as_of=as_of, cut=rows.at, **limits)))
    if not parts:
        raise NotEnoughDataError(f"no record was open on any of {len(dates):,} dates; choose other as-of dates")
    judged = pd.concat(parts, ignore_index=True)
    return StallEvaluation(
        dates=dates,
        known_until=known_until,
        win_days=win_days,
        currency=currency,
        judged=judged,
        calibration=_calibrate(judged),
        precision=_compare(judged, seed),
        zombies=count_zombies(judged),
    )


def _check_dates(as_of_dates: Sequence[date], known_until: date) -> tuple[date, ...]:
    dates = tuple(sorted(as_of_dates))
    if not dates:
        raise AsOfError("there is no as-of date to judge on; name one at least")
    for first, second in pairwise(dates):
        if (second - first).days < WINDOW_DAYS:
            raise AsOfError(
                f"{first} and {second} are closer than {WINDOW_DAYS} days, so that what came after them overlaps; "
                "choose dates further apart"
            )
    last = known_until - timedelta(days=WINDOW_DAYS)
    if dates[-1] > last:
        raise AsOfError(
            f"the {WINDOW_DAYS} days after {dates[-1]} are not all known by {known_until}; "
            f"choose dates up to {last} or a later known_until"
        )
    return dates


def _check_past(then: StageEpisodes) -> None:
    past = (then.cut - int(then.table["entered_at"].min())) / DAY
    if past < WINDOW_DAYS:
        raise AsOfError(
            f"only {past:.0f} days were known by {then.as_of}, so that nobody had been followed for {WINDOW_DAYS}; "
            "choose later as-of dates"
        )


def _pair(later: StageEpisodes, told: pd.DataFrame) -> pd.DataFrame:
    came = stay_outcomes(later, told[["record_id", "stage", "cut"]]).table
    went_on = (came["days"] <= WINDOW_DAYS) & came["event"].isin((ADVANCED, WON_EVENT))
    columns = ["as_of", "record_id", "stage", "amount", "age_days", "move_30", "observed", "verdict", *LIMITS]
    judged = told[columns].assign(went_on=went_on.to_numpy(), won_later=(came["close_event"] == WON_EVENT).to_numpy())
    # Of stays that are in the log no more, nothing can be said.
    return judged[(came["found"] != UNKNOWN).to_numpy()]


def _calibrate(judged: pd.DataFrame) -> pd.DataFrame:
    groups = {"all": np.ones(len(judged), dtype=bool), "observed": judged["observed"].to_numpy(dtype=bool)}
    groups |= {verdict: (judged["verdict"] == verdict).to_numpy() for verdict in VERDICTS}
    groups |= {str(day): (judged["as_of"] == day).to_numpy() for day in pd.unique(judged["as_of"])}
    rows = []
    for name, mine in groups.items():
        own = judged[mine]
        if own.empty:
            continue
        off = own["move_30"].to_numpy(dtype=float) - own["went_on"].to_numpy(dtype=float)
        record = pd.factorize(own["record_id"])[0].astype(np.int64)
        rows.append(
            {
                "group": name,
                "records": len(own),
                "told": own["move_30"].mean(),
                "came": own["went_on"].mean(),
                "difference": off.mean(),
                "std_err": float(clustered_error(off - off.mean(), record)),
            }
        )
    return pd.DataFrame(rows)


def _compare(judged: pd.DataFrame, seed: int) -> pd.DataFrame:
    stays = ~judged["went_on"].to_numpy(dtype=bool)
    record = judged["record_id"].to_numpy(dtype=object)
    age = judged["age_days"].to_numpy(dtype=float)
    rows = []
    for limit in LIMITS:
        over = age > judged[limit].to_numpy(dtype=float)
        matched = match_recall(over, -judged["move_30"].to_numpy(dtype=float), stays, record, seed=seed)
        rows.append({"rule": limit, "against": "chance", **matched})
    allowed = judged["average"].to_numpy(dtype=float)
    # A stage that nobody left in no time at all is over its limit at once; where there is no limit, never.
    stretched = np.divide(age, allowed, where=allowed > 0, out=np.where(np.isnan(allowed), -np.inf, np.inf))
    flagged = judged["verdict"].isin((STALLED, ZOMBIE)).to_numpy()
    rows.append({"rule": "verdict", "against": "days", **match_recall(flagged, stretched, stays, record, seed=seed)})
    return pd.DataFrame(rows)
