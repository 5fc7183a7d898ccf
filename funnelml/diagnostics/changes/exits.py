"""Stays that ended, week by week: of those that left a stage, how many went on, against what their age lets expect.

Conversion is judged by exits, not by cohorts: given that a stay ended on a day, did the record go on (advanced or won)
or fall out (lost or moved back)? That needs no waiting until a cohort is mature, is not biased by open records, and a
slower or faster stage leaves it as it is, for it is a ratio of two hazards at one time. What it must allow for is that
old stays end otherwise than young ones, and that the last weeks of a quarter close otherwise than others: the expected
share of each exit is that of its stage, band of age and part of the quarter over the whole history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.diagnostics.changes.scan import FloatArray, WeeklySeries
from funnelml.diagnostics.changes.settled import WEEK
from funnelml.diagnostics.integrity.bulk_moves import find_bulk_moves
from funnelml.history.dates import day_of, instant_of
from funnelml.history.episodes import ADVANCED, CENSORED, WON_EVENT, StageEpisodes
from funnelml.history.periods import calendar_periods
from funnelml.history.snapshot import Snapshot
from funnelml.schema import DAY

AGE_BANDS = 5
"""Bands of age, by quantiles of the stays that ended in the stage."""
QUARTER_END_DAYS = 14
"""Last days of a fiscal quarter that are told apart."""
WHOLE = 0.9
"""Share of the exits of a stage, by time since creation, that a log must reach back for to show them whole."""
PRIOR = 20.0
"""Exits that the share of a whole stage is worth beside those of one band."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where conversion is looked at.

    Parameters
    ----------
    stage : int or None
        Position of the stage; None for all stages together.
    group_by, group : str
        Attribute and its value; empty for all records.
    """

    stage: int | None
    group_by: str
    group: str


@dataclass(frozen=True, kw_only=True)
class Exits:
    """Stays that ended, as known on one day.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per ended stay: ``record_id, stage`` (position), ``left_at`` (microseconds), ``age_days``, ``event``,
        ``went_on`` (bool), ``expected`` (share in (0, 1)), ``week`` (number of the week, the last one ending at the
        cut), and one column per attribute asked for.
    weeks : int
        Number of weeks from the first exit to the cut.
    starts : tuple of datetime.date, length weeks
        First day of each week.
    """

    table: pd.DataFrame
    weeks: int
    starts: tuple[date, ...]

    def series(self, expected: FloatArray, stages: int, by: Sequence[str] = ()) -> dict[Place, WeeklySeries]:
        """Return the weekly series of each stage and of all stages together, for all records and for each group.

        Parameters
        ----------
        expected : numpy.ndarray, shape (rows,)
            Share that each exit was expected to go on with.
        stages : int
            Stages of the funnel.
        by : sequence of str
            Columns whose values make groups.
        """
        out: dict[Place, WeeklySeries] = {}
        went_on = self.table["went_on"].to_numpy(dtype=float)
        of_row = (np.ones(len(went_on)), went_on, expected, expected * (1 - expected))
        for attribute in ("", *by):
            groups, code = [""], np.zeros(len(went_on), dtype=np.int64)
            if attribute:
                code, named = pd.factorize(self.table[attribute], sort=True)
                groups = [str(group) for group in named]
            rows = np.flatnonzero(code >= 0)
            cell = (code[rows] * stages + self.table["stage"].to_numpy()[rows]) * self.weeks
            cell += self.table["week"].to_numpy()[rows]
            shape = (len(groups), stages, self.weeks)
            cells = [np.bincount(cell, values[rows], int(np.prod(shape))).reshape(shape) for values in of_row]
            for g, group in enumerate(groups):
                at = [(s, [part[g, s] for part in cells]) for s in range(stages)]
                whole = [(None, [part[g].sum(axis=0) for part in cells])] if stages > 1 else []
                for stage, (n, x, m, i) in [*whole, *at]:
                    place = Place(stage=stage, group_by=attribute, group=group)
                    out[place] = WeeklySeries(observed=x, expected=m, trials=n, information=i)
        return out

    def at(self, place: Place) -> NDArray[np.bool_]:
        """Return which exits happened at a place, shape (rows,)."""
        rows = np.ones(len(self.table), dtype=bool)
        if place.stage is not None:
            rows &= (self.table["stage"] == place.stage).to_numpy()
        if place.group_by:
            rows &= (self.table[place.group_by].astype(str) == place.group).to_numpy()
        return rows


def collect_exits(
    episodes: StageEpisodes,
    snapshot: Snapshot,
    *,
    time_zone: str,
    by: Sequence[str] = (),
    fiscal_year_start: int = 1,
    unsettled_weeks: int = 0,
) -> Exits:
    """Collect the stays that ended, with the share of them that was to be expected to go on.

    Parameters
    ----------
    episodes, snapshot
        Stays and records as known on the same day.
    time_zone : str
        Zone in which a day begins.
    by : sequence of str
        Columns of the snapshot's records to be carried along.
    fiscal_year_start : int
        Month in which the fiscal year begins.
    unsettled_weeks : int
        Last weeks that are left out, since some of their moves are yet to be recorded.

    Returns
    -------
    Exits
        Without bulk moves, which clean up a list and say nothing of selling, and without the first weeks of a stage, in
        which a log shows only the quick records.
    """
    stays = episodes.table
    left = episodes.ended_at
    ended = (stays["event"] != CENSORED).to_numpy()
    ended[ended] = ~_moved_in_bulk(stays[ended], left[ended], time_zone=time_zone, whole_days=episodes.grain == "day")
    ended &= left >= _first_seen_whole(stays, left, ended)
    cut = episodes.cut - unsettled_weeks * WEEK
    ended &= left < cut
    left = left[ended]
    event = stays["event"].to_numpy()[ended]
    table = pd.DataFrame(
        {
            "record_id": stays["record_id"].to_numpy()[ended],
            "stage": stays["stage"].map(episodes.funnel.order).to_numpy(dtype=np.int64)[ended],
            "left_at": left,
            "age_days": stays["duration_days"].to_numpy()[ended],
            "event": event,
            "went_on": np.isin(event, (ADVANCED, WON_EVENT)),
        }
    )
    weeks = int((cut - left.min() - 1) // WEEK + 1) if len(left) else 0
    table["week"] = weeks - 1 - (cut - left - 1) // WEEK
    table["expected"] = _expect(table, time_zone=time_zone, fiscal_year_start=fiscal_year_start)
    if by:
        known = snapshot.records.set_index("record_id")[list(by)].reindex(table["record_id"])
        for column in by:
            table[column] = known[column].astype(object).where(known[column].notna(), None).to_numpy()
    return Exits(
        table=table, weeks=weeks, starts=week_starts(episodes.as_of - timedelta(days=7 * unsettled_weeks), weeks)
    )


def _first_seen_whole(stays: pd.DataFrame, left: NDArray[np.int64], ended: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each stay the instant from which exits of its stage are seen of nearly all records.

    A log that begins with the records created in its first week shows at first only exits of quick ones, which end
    otherwise than the rest; after as long as nine in ten exits come after the creation of their record, that is over.
    """
    if not ended.any():
        return np.zeros(len(stays), dtype=np.int64)
    since_created = left - stays.groupby("record_id")["entered_at"].transform("min").to_numpy()
    usual = pd.Series(since_created[ended]).groupby(stays["stage"].to_numpy()[ended]).quantile(WHOLE)
    begins = stays["entered_at"].min() + usual.reindex(stays["stage"]).fillna(0.0).to_numpy()
    return begins.astype(np.int64)


def _moved_in_bulk(
    stays: pd.DataFrame, left: NDArray[np.int64], *, time_zone: str, whole_days: bool
) -> NDArray[np.bool_]:
    moves = pd.DataFrame(
        {
            "record_id": stays["record_id"].to_numpy(),
            "from_stage": stays["stage"].to_numpy(),
            "to_stage": stays["next_stage"].to_numpy(),
            "owner": None,
            "entered_at": left,
        }
    )
    return (find_bulk_moves(moves, time_zone=time_zone, whole_days=whole_days)[1] >= 0).to_numpy()


def week_starts(as_of: date, weeks: int) -> tuple[date, ...]:
    """Return the first days of the ``weeks`` weeks of seven days that end with ``as_of``."""
    days = np.datetime64(as_of, "D") + 1 - 7 * np.arange(weeks, 0, -1)
    return tuple(days.astype(object).tolist())


def quarter_end(instants: NDArray[np.int64], *, time_zone: str, fiscal_year_start: int) -> NDArray[np.bool_]:
    """Return whether each instant lies in the last two weeks of a fiscal quarter."""
    if len(instants) == 0:
        return np.zeros(0, dtype=bool)
    first, last = day_of(int(instants.min()), time_zone), day_of(int(instants.max()), time_zone)
    quarters = calendar_periods(first, last, by="quarter", time_zone=time_zone, fiscal_year_start=fiscal_year_start)
    ends = np.array([instant_of(day, time_zone) for day in quarters.ends], dtype=np.int64)
    return np.asarray(ends[quarters.of(instants)] - instants <= QUARTER_END_DAYS * DAY)


def _expect(table: pd.DataFrame, *, time_zone: str, fiscal_year_start: int) -> FloatArray:
    late = quarter_end(table["left_at"].to_numpy(), time_zone=time_zone, fiscal_year_start=fiscal_year_start)
    band = np.zeros(len(table), dtype=np.int64)
    stage = table["stage"].to_numpy()
    for s in np.unique(stage):
        rows = stage == s
        age = table["age_days"].to_numpy()[rows]
        cuts = np.unique(np.quantile(age, np.arange(1, AGE_BANDS) / AGE_BANDS))
        band[rows] = np.searchsorted(cuts, age, side="left")
    on = table["went_on"].to_numpy(dtype=float)
    of_stage = _pooled(stage, on, np.full(len(table), 0.5), prior=1.0)
    of_band = _pooled(stage * AGE_BANDS + band, on, of_stage, prior=PRIOR)
    return _pooled((stage * AGE_BANDS + band) * 2 + late, on, of_band, prior=PRIOR)


def _pooled(cell: NDArray[np.int64], on: FloatArray, towards: FloatArray, *, prior: float) -> FloatArray:
    """Return the share of each row's cell, drawn towards a coarser one by ``prior`` rows."""
    if len(cell) == 0:
        return np.zeros(0)
    count = np.bincount(cell)[cell]
    return np.asarray((np.bincount(cell, on)[cell] + prior * towards) / (count + prior))
