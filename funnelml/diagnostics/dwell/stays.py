"""How long records stay in each stage, by how they leave, and which stage holds up the whole cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from funnelml.diagnostics.conversion.paths import trace_paths
from funnelml.diagnostics.dwell.curves import FloatArray, StayCurves, first_reached
from funnelml.diagnostics.dwell.cycle_shares import share_cycle
from funnelml.diagnostics.dwell.visits import VisitLaw, learn_visits
from funnelml.diagnostics.dwell.words import tell_dwell
from funnelml.diagnostics.record_bootstrap import central_interval, draw_record_weights
from funnelml.diagnostics.record_groups import GroupBy, group_records
from funnelml.errors import InputError, NotEnoughDataError
from funnelml.history.episodes import (
    ADVANCED,
    CENSORED,
    LOST_EVENT,
    MOVED_BACK,
    WON_EVENT,
    StageEpisodes,
    stage_episodes,
)
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language

OUTCOMES: Final = {"any": 0, "advanced": ADVANCED, "won": WON_EVENT, "lost": LOST_EVENT, "moved_back": MOVED_BACK}
"""How a stay may end, with the code of the event."""
SHARES: Final = (0.25, 0.5, 0.75, 0.9)
"""Shares of the stays whose days are told."""
LEAST_ENDED: Final = 10
"""Fewest stays that must have ended so for an interval."""
TAU_SHARE: Final = 0.95
"""By default means count a stay up to the day by which this share of those that ever end had ended."""


@dataclass(frozen=True, kw_only=True)
class Dwell:
    """How long records stay.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    by : str or None
        Field that made the groups.
    level : float
        Probability of the intervals.
    stays : pandas.DataFrame
        One row per ``group, stage, outcome`` (``any``, ``advanced``, ``won``, ``lost``, ``moved_back``): ``stays``
        (all in the stage), ``ended`` (by that outcome), ``running`` (not ended yet); ``q25, q50, q75, q90``: days
        by which that share of all stays has ended (``any``), or of those that end by the outcome as far as
        observed, each with ``_low, _high``; an end or a quantile that the data do not reach is NaN: not observed.
        ``mean_days, mean_low, mean_high`` (``any`` only): mean days, each stay counted up to ``tau_days``.
        ``enough``: at least ten have ended so; there is no interval otherwise.
    cycle : pandas.DataFrame
        One row per ``group, stage``: ``won_records, visits_per_won, days_per_visit, days_per_won`` of those won;
        ``share_of_cycle, share_low, share_high``: part of all days from the start to the win; ``rank`` (1 takes most
        of the cycle); ``visits_per_record, wait_per_record, wait_low, wait_high``: visits and days that any new
        record, lost ones included, is expected to spend there, each visit counted up to ``tau_days``.
    """

    as_of: date
    funnel: Funnel
    by: str | None
    level: float
    stays: pd.DataFrame
    cycle: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``stays``."""
        return self.stays

    def summary(self, language: Language = "en") -> str:
        """Return which stage takes most of the cycle, and how long half of the records stay there."""
        return tell_dwell(self.stays, self.cycle, language)


def measure_dwell(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    by: GroupBy | None = None,
    tau_days: float | None = None,
    level: float = 0.8,
    draws: int = 200,
    seed: int = 0,
) -> Dwell:
    r"""Measure how long records stay in each stage, open stays included as censored.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    by : {"owner", "team", "source", "segment", "product", "account"}, optional
        Field that makes groups, as last known on ``as_of``.
    tau_days : float, optional
        Days up to which a stay counts in means; by default, for each stage, those by which 95 % of the stays that
        ever end had ended, so that a few forgotten records do not decide a mean.
    level : float
        Probability of the intervals.
    draws, seed : int
        Repetitions and seed of the bootstrap by record.

    Returns
    -------
    Dwell

    Raises
    ------
    AsOfError
        If nothing had been recorded by ``as_of``.
    NotEnoughDataError
        If no record was ever seen in an open stage.
    InputError
        If ``by`` is not a field that groups records, or ``tau_days`` is not positive.

    Notes
    -----
    Quantiles come from the exact Aalen-Johansen curves: of ``any`` where the chance to have left reaches the
    share; of an outcome k where :math:`F_k(t) / F_k(\infty)` does, with the last observed value for that at
    infinity.
    """
    if tau_days is not None and not tau_days > 0:
        raise InputError(f"tau_days is {tau_days}; give a positive number of days, or leave it out")
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    if episodes.table.empty:
        raise NotEnoughDataError(
            f"no stay in an open stage of funnel '{episodes.funnel.name}' is known by {as_of}; {LEAST_ENDED} that have "
            "ended are enough for an interval"
        )
    stays = number_stays(episodes).assign(group=episodes.table["record_id"].map(group_records(snapshot, by)))
    weights = draw_record_weights(int(stays["record"].max()) + 1, draws=draws, seed=seed)
    # The first weighting is none: it gives the estimates, the others their intervals.
    weights = np.vstack((np.ones(weights.shape[1]), weights))
    tables, cycles = [], []
    for group, part in stays.groupby("group", sort=True):
        law = learn_visits(part, part[part["first"]], episodes.funnel, weights)
        until = [_tau(law, s, tau_days) for s in range(len(episodes.funnel.stages))]
        tables.append(_rows(part, law, until, episodes.funnel, level).assign(group=group))
        cycle = share_cycle(part, law, until, episodes.funnel, weights=weights, level=level)
        cycles.append(cycle.assign(group=group))
    return Dwell(
        as_of=as_of,
        funnel=episodes.funnel,
        by=by,
        level=level,
        stays=_group_first(pd.concat(tables, ignore_index=True)),
        cycle=_group_first(pd.concat(cycles, ignore_index=True)),
    )


def number_stays(episodes: StageEpisodes) -> pd.DataFrame:
    """Return the stays with ``record`` (a number), ``pass_end`` (how the pass ended) and ``first`` (of its pass)."""
    stays = episodes.table
    record = pd.factorize(stays["record_id"])[0]
    passes = trace_paths(episodes).passes
    closes = stays["event"].isin((WON_EVENT, LOST_EVENT)).to_numpy()
    first = np.ones(len(stays), dtype=bool)
    first[1:] = (np.diff(record) != 0) | closes[:-1]
    return stays.assign(record=record, first=first, pass_end=passes["event"].to_numpy()[np.cumsum(first) - 1])


def _group_first(table: pd.DataFrame) -> pd.DataFrame:
    return table[["group", *table.columns.drop("group")]]


def _tau(law: VisitLaw, stage: int, tau_days: float | None) -> float:
    if tau_days is not None or stage not in law.curves:
        return tau_days or float("nan")
    curves = law.curves[stage]
    gone = 1.0 - curves.staying[:, :1]
    if not len(gone):
        return curves.last_follow_up
    # Stays that all ended at once still need a span to be counted up to.
    return max(float(first_reached(curves.times, gone, TAU_SHARE * gone[-1])[0]), 1.0)


def _rows(stays: pd.DataFrame, law: VisitLaw, until: list[float], funnel: Funnel, level: float) -> pd.DataFrame:
    rows = []
    for s, stage in enumerate(funnel.stages):
        here = stays.loc[stays["stage"] == stage, "event"].to_numpy()
        running = int((here == CENSORED).sum())
        for outcome, code in OUTCOMES.items():
            ended = len(here) - running if outcome == "any" else int((here == code).sum())
            row = {"stage": stage, "outcome": outcome, "stays": len(here), "ended": ended, "running": running}
            row |= {"enough": ended >= LEAST_ENDED}
            row |= _days(law.curves.get(s), s, outcome, len(funnel.stages), ended, level)
            if outcome == "any" and s in law.curves:
                mean = law.curves[s].mean_days(until[s])
                ends = central_interval(mean[1:], level) if ended >= LEAST_ENDED else (np.nan, np.nan)
                row |= {"mean_days": mean[0], "mean_low": ends[0], "mean_high": ends[1], "tau_days": until[s]}
            rows.append(row)
    return pd.DataFrame(rows, columns=list(STAY_COLUMNS))


STAY_COLUMNS: Final = (
    *("stage", "outcome", "stays", "ended", "running", "enough"),
    *(f"q{share * 100:.0f}{end}" for share in SHARES for end in ("", "_low", "_high")),
    *("mean_days", "mean_low", "mean_high", "tau_days"),
)


def _days(
    curves: StayCurves | None, stage: int, outcome: str, n_stages: int, ended: int, level: float
) -> dict[str, float]:
    if curves is None or ended == 0:
        return {}
    places = {
        "advanced": [*range(stage + 1, n_stages), n_stages + 2],
        "won": [n_stages],
        "lost": [n_stages + 1],
        "moved_back": list(range(stage)),
    }
    curve = 1.0 - curves.staying if outcome == "any" else curves.leaving(places[outcome])
    scale = np.ones(curves.draws) if outcome == "any" else curve[-1]
    out: dict[str, float] = {}
    for part in SHARES:
        days = first_reached(curves.times, curve, part * scale)
        out[f"q{part * 100:.0f}"] = _seen(days[0])
        if ended >= LEAST_ENDED:
            low, high = central_interval(days[1:], level)
            out |= {f"q{part * 100:.0f}_low": _seen(low), f"q{part * 100:.0f}_high": _seen(high)}
    return out


def _seen(days: FloatArray | float) -> float:
    return float(days) if np.isfinite(days) else float("nan")
