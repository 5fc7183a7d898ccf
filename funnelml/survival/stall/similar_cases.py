"""How similar cases fared: past stays of the same stage that had lasted as long, followed for 60 days more."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import ADVANCED, LOST_EVENT, WON_EVENT, StageEpisodes
from funnelml.schema import DAY
from funnelml.survival.risk_sets import IntArray
from funnelml.survival.stay_rows import StayRows

FOLLOWED_DAYS: Final = 60.0
"""Days for which similar cases are followed."""
TOUCH_DAYS: Final = 7.0
"""Days within which an activity counts as an answer to the long stay."""


def compare_similar(episodes: StageEpisodes, rows: StayRows, activities: pd.DataFrame | None) -> pd.DataFrame:
    """Return how past stays fared that had lasted as long as each running one.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known when the rows were seen.
    rows : StayRows
        n running stays.
    activities : pandas.DataFrame or None
        ``record_id, occurred_at`` (microseconds) of all that was known then; None if the log has none.

    Returns
    -------
    pandas.DataFrame
        One row per running stay: ``similar`` (past stays of the stage that lasted longer than its age and began long
        enough ago to be followed for 60 days from it, whatever happened), ``similar_went_on`` (advanced or won from the
        stage), ``similar_won, similar_lost`` (the record, through all later stages), shares within these days;
        ``touched, untouched`` (those that lasted 7 days longer with and without an activity in them) with
        ``touched_went_on, untouched_went_on`` by day 60.

    Notes
    -----
    Ages are told in whole days, rounded down. Stays with and without an activity are compared from the end of the 7
    days on: one that ended before had less time for an activity, and would count as untouched for going on early. The
    difference is an association: reps call those that they believe in.
    """
    follow = follow_to_closing(episodes)
    stays = _PastStays(episodes, follow, activities)
    age = rows.age if rows.grain == "day" else np.floor(rows.age)
    age = np.maximum(age, 0.0)
    answer = np.full((len(rows), len(_COLUMNS)), np.nan)
    for name in np.unique(rows.stage.astype(str)):
        mine = np.flatnonzero(rows.stage == name)
        ages, back = np.unique(age[mine], return_inverse=True)
        there = np.flatnonzero(follow["stage"].to_numpy(dtype=object) == name)
        told = np.array([stays.fared(there, float(a)) for a in ages])
        answer[mine] = told[back]
    table = pd.DataFrame(answer, columns=list(_COLUMNS))
    counts = ["similar", "touched", "untouched"]
    return table.assign(**{name: table[name].astype("int64") for name in counts})


_COLUMNS: Final = (
    "similar",
    "similar_went_on",
    "similar_won",
    "similar_lost",
    "touched",
    "touched_went_on",
    "untouched",
    "untouched_went_on",
)


class _PastStays:
    """All stays followed to the closing of their record, and when something was done about each record."""

    def __init__(self, episodes: StageEpisodes, follow: pd.DataFrame, activities: pd.DataFrame | None) -> None:
        event = episodes.table["event"].to_numpy()
        self.stay = follow["stay_days"].to_numpy()
        self.late = follow["late_days"].to_numpy()
        self.close = follow["close_days"].to_numpy()
        self.followable = follow["followable_days"].to_numpy()
        self.went_on = (event == ADVANCED) | (event == WON_EVENT)
        self.won = follow["event"].to_numpy() == WON_EVENT
        self.lost = follow["event"].to_numpy() == LOST_EVENT
        self.entered = episodes.table["entered_at"].to_numpy(dtype=np.int64)
        self.record, ids = pd.factorize(episodes.table["record_id"])
        self.done = None if activities is None or activities.empty else _by_record(activities, ids)

    def fared(self, there: NDArray[np.intp], age: float) -> tuple[float, ...]:
        until = age + FOLLOWED_DAYS
        past = there[(self.stay[there] > age) & (self.late[there] <= age)]
        past = past[self.followable[past] - FOLLOWED_DAYS >= age]
        closed = self.close[past] <= until
        on = self.went_on[past] & (self.stay[past] <= until)
        fared = (len(past), _share(on), _share(self.won[past] & closed), _share(self.lost[past] & closed))
        still = self.stay[past] > age + TOUCH_DAYS
        later, on = past[still], on[still]
        if self.done is None or not len(later):
            return *fared, 0, np.nan, 0, np.nan
        touched = self._touched(later, age)
        with_one, without = on[touched], on[~touched]
        return *fared, len(with_one), _share(with_one), len(without), _share(without)

    def _touched(self, stays: NDArray[np.intp], age: float) -> NDArray[np.bool_]:
        assert self.done is not None
        begin = self.entered[stays] + round(age * DAY)
        lo = np.searchsorted(self.done, _key(self.record[stays], begin), side="right")
        hi = np.searchsorted(self.done, _key(self.record[stays], begin + round(TOUCH_DAYS * DAY)), side="right")
        return np.asarray(hi > lo)


def _by_record(activities: pd.DataFrame, ids: pd.Index) -> IntArray:
    """Return one sorted key per activity, so that one search finds those of a record between two instants."""
    record = pd.Index(ids).get_indexer(pd.Index(activities["record_id"].astype(object)))
    known = record >= 0
    return np.sort(_key(record[known], activities["occurred_at"].to_numpy(dtype=np.int64)[known]))


def _key(record: NDArray[np.intp], at: IntArray) -> IntArray:
    # Whole seconds: with microseconds the record would not fit into the same integer.
    return np.asarray(record.astype(np.int64) * 2**34 + at // 1_000_000, dtype=np.int64)


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else np.nan
