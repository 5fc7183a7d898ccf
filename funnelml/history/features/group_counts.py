"""How many records of each owner, source or account were open, won and lost at any instant."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.features.field_values import FieldValues
from funnelml.history.features.instant_index import InstantIndex, IntArray
from funnelml.history.features.known_rows import KnownRows, Moments
from funnelml.history.funnel import LOST, WON, Funnel

_NOT_THERE, _OPEN, _WON, _LOST = -1, 0, 1, 2
FloatArray = NDArray[np.float64]


class GroupCounts:
    """Counts of records by the value of one field, by what was known at any instant.

    Parameters
    ----------
    stages : KnownRows
        Stage changes with ``rank``.
    field : FieldValues
        The field that makes the groups.
    funnel : Funnel
        The funnel.

    Notes
    -----
    A record counts from the instant at which the change that says so had been recorded. A closed record belongs to the
    group in which it was when its end became known, whatever was changed later; a record that was opened again is open.
    """

    def __init__(self, stages: KnownRows, field: FieldValues, funnel: Funnel) -> None:
        self._field = field
        record, at = _instants(stages, field)
        values = field.at(record, at + 1)
        group, levels = pd.factorize(values)
        self._levels = pd.Index(levels, dtype=object)
        self._all = len(levels) + 1
        status = _status(stages, record, at, funnel)
        group = _keep_group_of_end(record, group.astype(np.int64), status)
        moved = (
            (np.diff(record, prepend=-1) != 0) | (np.diff(group, prepend=-2) != 0) | (np.diff(status, prepend=-2) != 0)
        )
        record, at, self._group, self._status = record[moved], at[moved], group[moved], status[moved]
        self._by_record = InstantIndex(record, at)
        key, when, step = self._steps(record, at)
        self._by_group = InstantIndex(key, when)
        self._totals = np.vstack((np.zeros((1, 3)), np.cumsum(step[self._by_group.order], axis=0)))

    def others(self, moments: Moments) -> tuple[FloatArray, FloatArray]:
        """Count the other records: those of the record's group, and all.

        Returns
        -------
        group, everyone : numpy.ndarray of float64, shape (n, 3)
            Open, won and lost records before each cut, without the record itself; NaN where it is in no group.
        """
        asked = self._levels.get_indexer(pd.Index(self._field.at(moments.record, moments.cut), dtype=object))
        last = self._by_record.ends(moments.record, moments.cut) - 1
        there = last >= self._by_record.starts(moments.record)
        status = np.where(there, self._status[last], _NOT_THERE)
        own = (status[:, None] == [_OPEN, _WON, _LOST]).astype(np.float64)
        same = (self._group[last] == asked)[:, None]
        group = self._count(asked.astype(np.int64), moments.cut) - own * same
        everyone = self._count(np.full(len(moments), self._all), moments.cut) - own
        return np.where((asked >= 0)[:, None], group, np.nan), everyone

    def _count(self, key: IntArray, cut: IntArray) -> FloatArray:
        known = np.maximum(key, 0)
        return self._totals[self._by_group.ends(known, cut)] - self._totals[self._by_group.starts(known)]

    def _steps(self, record: IntArray, at: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the changes of all counts: into the state of each row, and out of that of the row before."""
        unknown = self._all - 1
        group = np.where(self._group < 0, unknown, self._group)
        follows = np.diff(record, prepend=-1) == 0
        entering = (self._status[:, None] == [_OPEN, _WON, _LOST]).astype(np.float64)
        leaving = -np.roll(entering, 1, axis=0) * follows[:, None]
        everyone = np.full(len(at), self._all)
        key = np.concatenate((group, np.roll(group, 1), everyone, everyone))
        return key, np.tile(at, 4), np.vstack((entering, leaving, entering, leaving))


def _instants(stages: KnownRows, field: FieldValues) -> tuple[IntArray, IntArray]:
    """Return every record and instant at which something of it became known, in order."""
    fixed = np.flatnonzero(field.fixed_at < np.iinfo(np.int64).max)
    record = np.concatenate((stages.record, field.changes.record, fixed))
    at = np.concatenate((stages.known_at, field.changes.known_at, field.fixed_at[fixed]))
    once = pd.DataFrame({"record": record, "at": at}).drop_duplicates().sort_values(["record", "at"])
    return once["record"].to_numpy(dtype=np.int64), once["at"].to_numpy(dtype=np.int64)


def _status(stages: KnownRows, record: IntArray, at: IntArray, funnel: Funnel) -> IntArray:
    last = stages.last(record, at + 1)
    rank = stages.rows["rank"].to_numpy(dtype=np.int64)[last]
    status = np.where(rank == funnel.order[WON], _WON, np.where(rank == funnel.order[LOST], _LOST, _OPEN))
    return np.where(last >= 0, status, _NOT_THERE)


def _keep_group_of_end(record: IntArray, group: IntArray, status: IntArray) -> IntArray:
    still = (status > _OPEN) & (np.diff(record, prepend=-1) == 0) & (np.diff(status, prepend=-2) == 0)
    since = np.maximum.accumulate(np.where(still, 0, np.arange(len(record))))
    return group[since]
