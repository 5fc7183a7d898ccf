"""The value of one field as it stood at given moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.dates import dates_as_instants
from funnelml.history.features.instant_index import IntArray
from funnelml.history.features.known_rows import KnownRows

_NEVER = np.iinfo(np.int64).max


class FieldValues:
    """One field of all records: its changes, and what stood before the first.

    Parameters
    ----------
    ids : pandas.Index
        Every record, once.
    changes : pandas.DataFrame
        ``record_id, changed_at, recorded_at, old, new``, in the order of the log.
    fixed : pandas.DataFrame
        ``recorded_at`` and the field by record (the index).
    field : str
        Its name.
    read : callable
        Makes an array of a series of values as they are written.
    since : int, optional
        From when changes of the field were recorded, in microseconds; of before, its fixed values say nothing.

    Attributes
    ----------
    changes : KnownRows
        The changes.
    old, new : numpy.ndarray
        Values of each change.
    fixed : numpy.ndarray
        Value before the first change, by record.
    fixed_at : numpy.ndarray of int64
        From when it is known, by record.
    """

    def __init__(
        self,
        ids: pd.Index,
        changes: pd.DataFrame,
        fixed: pd.DataFrame,
        field: str,
        read: Callable[[pd.Series], NDArray[Any]],
        since: int | None = None,
    ) -> None:
        record = ids.get_indexer(pd.Index(changes["record_id"])).astype(np.int64)
        self.changes = KnownRows(changes, record, changes["changed_at"].to_numpy(dtype=np.int64))
        values = fixed[field] if field in fixed else pd.Series(None, index=fixed.index, dtype=object)
        own = values.reindex(ids).astype(object)
        self.new, self.old = read(self.changes.rows["new"]), read(self.changes.rows["old"])
        self.fixed = read(own.where(own.notna(), None))
        recorded_at = fixed["recorded_at"].reindex(ids, fill_value=_NEVER).to_numpy(dtype=np.int64)
        self.fixed_at = recorded_at if since is None else np.maximum(recorded_at, since)
        self._empty = None if self.fixed.dtype == object else np.nan

    def fixed_by(self, record: IntArray, cut: IntArray) -> NDArray[Any]:
        """Return the value before the first change, where it was known before each cut."""
        values = self.fixed[record]
        values[self.fixed_at[record] >= cut] = self._empty
        return values

    def at(self, record: IntArray, cut: IntArray) -> NDArray[Any]:
        """Return the value that stood for each record just before each cut, by what was known then."""
        row = self.changes.last(record, cut)
        values = self.fixed_by(record, cut)
        values[row >= 0] = self.new[row[row >= 0]]
        return values


def reader_of(field: str, time_zone: str) -> Callable[[pd.Series], NDArray[Any]]:
    """Return what makes numbers, instants (float64 microseconds) or texts of the values of a field."""
    if field in ("amount", "probability"):
        return read_numbers
    if field == "expected_close_date":
        return lambda values: dates_as_instants(values, time_zone).to_numpy(dtype=np.float64)
    return read_texts


def read_numbers(values: pd.Series) -> NDArray[np.float64]:
    """Return finite numbers, NaN for anything else."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def read_texts(values: pd.Series) -> NDArray[np.object_]:
    """Return texts, None where there is none."""
    texts = values.astype(object)
    return texts.where(texts.notna(), None).to_numpy(dtype=object)
