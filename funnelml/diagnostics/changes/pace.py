"""The pace at which stages are left, week by week: stays that ended against those that their ages let expect.

The expected number is that of a person-time table: for each stage and band of age, the days that records spent there in
a week times the rate at which records of that age left over the whole history. Days older than nearly all stays that
ever ended are left out: a record that fell asleep does not slow a stage down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from funnelml.diagnostics.changes.exits import quarter_end, week_starts
from funnelml.diagnostics.changes.scan import FloatArray
from funnelml.diagnostics.changes.settled import WEEK
from funnelml.history.episodes import CENSORED, StageEpisodes
from funnelml.schema import DAY

BANDS = (0.2, 0.4, 0.6, 0.8, 0.9)
"""Bands of age end at these quantiles of the stays that ended."""
OLDEST = 0.97
"""Quantile of the stays that ended past which days are left out."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Stays that ended and those expected to, per week and stage.

    Parameters
    ----------
    observed, expected : numpy.ndarray, shape (stages, weeks)
        Stays that ended in each week at an age that counts, and the number expected.
    open : numpy.ndarray, shape (stages, weeks)
        Records in the stage at the end of each week, whatever their age.
    starts : tuple of datetime.date, length weeks
        First day of each week.
    """

    observed: FloatArray
    expected: FloatArray
    open: FloatArray
    starts: tuple[date, ...]


def measure_pace(
    episodes: StageEpisodes, *, time_zone: str, fiscal_year_start: int = 1, unsettled_weeks: int = 0
) -> Pace:
    """Count the stays that ended, and those expected to, week by week.

    Parameters
    ----------
    episodes : StageEpisodes
        Stays as known on one day.
    time_zone : str
        Zone in which a day begins.
    fiscal_year_start : int
        Month in which the fiscal year begins.
    unsettled_weeks : int
        Last weeks that are left out, since some of their moves are yet to be recorded.

    Returns
    -------
    Pace
    """
    stays, stages = episodes.table, len(episodes.funnel.stages)
    entered = stays["entered_at"].to_numpy()
    weeks = int((episodes.cut - entered.min() - 1) // WEEK + 1) if len(entered) else 0
    bounds = episodes.cut - WEEK * np.arange(weeks, -1, -1)
    days = stays["duration_days"].to_numpy()
    came_under = entered + np.rint(stays["from_age_days"].to_numpy() * DAY).astype(np.int64)
    left = episodes.ended_at
    ended = (stays["event"] != CENSORED).to_numpy()
    stage = stays["stage"].map(episodes.funnel.order).to_numpy()
    observed, expected, still = (np.zeros((stages, weeks)) for _ in range(3))
    late = quarter_end(bounds[1:] - WEEK // 2, time_zone=time_zone, fiscal_year_start=fiscal_year_start)
    for s in range(stages):
        rows = stage == s
        still[s] = _count_open(came_under[rows], left[rows & ended], bounds[1:])
        ends = days[rows & ended]
        if len(ends) == 0:
            continue
        cuts = np.unique(np.quantile(ends, [*BANDS, OLDEST]))
        for low, high in zip((0.0, *cuts[:-1]), cuts, strict=True):
            # A stay of length zero spent no time in the stage and says nothing of its pace.
            inside = rows & ended & (days > low) & (days <= high)
            counted = np.bincount((left[inside] - bounds[0]) // WEEK, minlength=weeks)[:weeks].astype(float)
            start = np.maximum(came_under[rows], entered[rows] + int(low * DAY))
            end = np.minimum(left[rows], entered[rows] + int(high * DAY))
            spent = _days_per_week(start, end, bounds)
            observed[s] += counted
            expected[s] += spent * (counted.sum() / spent.sum() if spent.sum() > 0 else 0.0)
        for part in (late, ~late):
            if expected[s, part].sum() > 0:
                expected[s, part] *= observed[s, part].sum() / expected[s, part].sum()
    kept = slice(0, weeks - unsettled_weeks if unsettled_weeks < weeks else 0)
    return Pace(
        observed=observed[:, kept],
        expected=expected[:, kept],
        open=still[:, kept],
        starts=week_starts(episodes.as_of, weeks)[kept],
    )


def _days_per_week(start: NDArray[np.int64], end: NDArray[np.int64], bounds: NDArray[np.int64]) -> FloatArray:
    """Return the days of all spans ``[start, end)`` that fall into each week."""
    real = end > start
    return np.diff(_elapsed(start[real], bounds) - _elapsed(end[real], bounds))


def _elapsed(since: NDArray[np.int64], at: NDArray[np.int64]) -> FloatArray:
    """Return the sum over ``since`` of the days gone by at each instant."""
    begun = np.sort(since)
    count = np.searchsorted(begun, at)
    # Counted from the first bound, so that the sums stay exact.
    total = np.concatenate(([0.0], np.cumsum((begun - at[0]) / DAY)))[count]
    return np.asarray(count * ((at - at[0]) / DAY) - total)


def _count_open(start: NDArray[np.int64], end: NDArray[np.int64], at: NDArray[np.int64]) -> FloatArray:
    return np.asarray(np.searchsorted(np.sort(start), at) - np.searchsorted(np.sort(end), at), dtype=float)
