"""How much faster or slower records leave on days of the week and near the end of a quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.features.calendar_features import local_times
from funnelml.schema import DAY
from funnelml.survival.causes import CAUSES, N_CAUSES
from funnelml.survival.hazards import StageHazards
from funnelml.survival.risk_sets import FloatArray, IntArray, sum_by
from funnelml.survival.stay_rows import StayRows

PRIOR_EVENTS: Final = 20.0
"""Events by which each factor leans on 1."""
QUARTER_END_DAYS: Final = 7
"""Last days of a quarter that have a factor of their own."""
MOST_DAYS: Final = 2_000_000
"""Most days of stays that are looked at: of more, those of a random part of the stays."""


@dataclass(frozen=True, kw_only=True)
class CalendarFactors:
    """Factors on the hazards by date.

    Parameters
    ----------
    weekday : numpy.ndarray, shape (K, 7)
        Factor of each day of the week, Monday first.
    quarter_end : numpy.ndarray, shape (K, 2)
        Factor of other days, and of the last seven days of a calendar quarter.
    """

    weekday: FloatArray
    quarter_end: FloatArray

    def on(self, day: IntArray) -> FloatArray:
        """Return the factors on local days since 1970-01-01, shape (K, days)."""
        weekday, quarter_end = place_in_calendar(day)
        return np.asarray(self.weekday[:, weekday] * self.quarter_end[:, quarter_end])

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cause: ``outcome, monday .. sunday, other_days, quarter_end``."""
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        columns = {name: self.weekday[:, number] for number, name in enumerate(days)}
        ends = {"other_days": self.quarter_end[:, 0], "quarter_end": self.quarter_end[:, 1]}
        return pd.DataFrame({"outcome": list(CAUSES)} | columns | ends)


def local_days(instants: IntArray, time_zone: str) -> IntArray:
    """Return the local day of each instant, as days since 1970-01-01."""
    return local_times(instants, time_zone).astype("datetime64[D]").astype(np.int64)


def place_in_calendar(day: IntArray) -> tuple[IntArray, IntArray]:
    """Return the day of the week (0 is Monday), and whether it is among the last seven of its quarter."""
    dates = day.astype("datetime64[D]")
    month = dates.astype("datetime64[M]").astype(np.int64)
    next_quarter = ((month // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[D]")
    left = (next_quarter - dates).astype(np.int64)
    return (day + 3) % 7, (left <= QUARTER_END_DAYS).astype(np.int64)


def fit_calendar(
    rows: StayRows, hazards: Mapping[str, StageHazards], weights: FloatArray, *, random_state: int = 0
) -> CalendarFactors:
    """Learn the factors from whole stays.

    Parameters
    ----------
    rows : StayRows
        Stays seen at their entry, each once.
    hazards : mapping of str to StageHazards
        Baseline by age, which knows no dates.
    weights : numpy.ndarray, shape (n,)
        Weight of each stay.
    random_state : int
        Seed of the choice of stays where there are very many days.

    Notes
    -----
    A factor is (events + 20) / (events expected by age + 20): first of each day of the week, then, given those, of the
    ends of quarters. Date and age multiply.
    """
    assert rows.duration is not None and rows.event is not None
    total_days = np.ceil(rows.duration - np.maximum(rows.age, 0.0)).clip(1) + 1
    share = min(1.0, MOST_DAYS / max(float(total_days.sum()), 1.0))
    kept = np.flatnonzero(np.random.default_rng(random_state).random(len(rows)) < share)
    start = rows.entered_at[kept]
    first, last = (_days_at(rows, kept, age[kept]) for age in (np.maximum(rows.age, 0.0), rows.duration))
    count = np.maximum(last - first + 1, 1)
    stay = np.repeat(np.arange(len(kept)), count)
    number = np.arange(len(stay)) - np.repeat(np.cumsum(count) - count, count)
    day = first[stay] + number
    # Ages at the local midnights, but for the hour that a change of clocks adds or takes, and a hair less: where only
    # days are known, what ends on a day ends at its midnight.
    offset = (local_times(start, rows.time_zone).astype("datetime64[us]").astype(np.int64) / DAY)[stay]
    begin = np.where(number == 0, rows.age[kept][stay], day - offset - 1e-9)
    finish = np.minimum(day + 1 - offset - 1e-9, rows.duration[kept][stay])
    finish = np.where(number == count[stay] - 1, rows.duration[kept][stay], finish)
    expected = np.zeros((len(stay), N_CAUSES))
    place = rows.place[kept][stay]
    for position, name in enumerate(rows.stages):
        mine = np.flatnonzero(place == position)
        of = hazards[name]
        expected[mine] = np.maximum(of.expected_by(finish[mine]) - of.expected_by(begin[mine]), 0.0)
    expected *= weights[kept][stay][:, None]
    weekday, quarter_end = place_in_calendar(day)
    at_end = np.cumsum(count) - 1
    ends = (rows.event[kept][:, None] == np.arange(1, N_CAUSES + 1)) * weights[kept][:, None]
    by_weekday, by_quarter = np.ones((N_CAUSES, 7)), np.ones((N_CAUSES, 2))
    for k in range(N_CAUSES):
        by_weekday[k] = _lean(sum_by(weekday[at_end], ends[:, k], 7), sum_by(weekday, expected[:, k], 7))
        foreseen = expected[:, k] * by_weekday[k][weekday]
        by_quarter[k] = _lean(sum_by(quarter_end[at_end], ends[:, k], 2), sum_by(quarter_end, foreseen, 2))
    return CalendarFactors(weekday=by_weekday, quarter_end=by_quarter)


def _days_at(rows: StayRows, kept: NDArray[np.intp], age: FloatArray) -> IntArray:
    """Return the local day on which each stay reaches an age."""
    start = rows.entered_at[kept]
    if rows.grain == "day":
        # Whole days of the calendar: of 24 hours each they would miss a day after a change of clocks.
        return np.asarray(local_days(start, rows.time_zone) + np.floor(age).astype(np.int64))
    return local_days(start + np.rint(age * DAY).astype(np.int64), rows.time_zone)


def _lean(happened: FloatArray, expected: FloatArray) -> FloatArray:
    return (happened + PRIOR_EVENTS) / (expected + PRIOR_EVENTS)
