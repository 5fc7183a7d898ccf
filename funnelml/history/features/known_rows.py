"""Rows of a log that were known at given moments: those recorded, and happened, before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.features.instant_index import InstantIndex, IntArray

_MOST_PAIRS = 4_000_000
"""Pairs of a moment and a row that are held at once."""


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Records at instants.

    Parameters
    ----------
    ids : pandas.Index
        Every record that is spoken of, once.
    record : numpy.ndarray of int64, shape (n,)
        Position of each moment's record in ``ids``.
    cut : numpy.ndarray of int64, shape (n,)
        First instant that is not known, in microseconds.
    """

    ids: pd.Index
    record: IntArray
    cut: IntArray

    def __len__(self) -> int:
        return len(self.cut)

    @property
    def record_id(self) -> NDArray[np.object_]:
        """The record of each moment."""
        return self.ids.to_numpy(dtype=object)[self.record]


@dataclass(frozen=True, kw_only=True)
class KnownPairs:
    """Pairs of a moment and a row that was known at it, by moment and then in the order of the log.

    Parameters
    ----------
    moment : numpy.ndarray of int64, shape (p,)
        Position among the moments of the block.
    row : numpy.ndarray of int64, shape (p,)
        Position of the row in the log.
    cut : numpy.ndarray of int64, shape (m,)
        First instant that is not known at each moment of the block.
    block : slice
        Which of all moments these are.
    """

    moment: IntArray
    row: IntArray
    cut: IntArray
    block: slice

    def __len__(self) -> int:
        return len(self.cut)

    def take(self, which: NDArray[np.bool_]) -> KnownPairs:
        """Return only the marked pairs."""
        return KnownPairs(moment=self.moment[which], row=self.row[which], cut=self.cut, block=self.block)

    def is_first(self) -> NDArray[np.bool_]:
        """Return which pairs are the first of their moment."""
        return np.diff(self.moment, prepend=-1) != 0

    def count(self, which: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """Return the number of (marked) pairs of each moment."""
        return self.sum(None if which is None else which.astype(np.float64))

    def sum(self, values: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """Return the sum of one value a pair, by moment."""
        return np.bincount(self.moment, weights=values, minlength=len(self)).astype(np.float64)

    def first(self, values: NDArray[Any], empty: Any) -> NDArray[Any]:
        """Return the value of the first pair of each moment, ``empty`` where there is none."""
        return self._pick(self.is_first(), values, empty)

    def last(self, values: NDArray[Any], empty: Any) -> NDArray[Any]:
        """Return the value of the last pair of each moment, ``empty`` where there is none."""
        return self._pick(np.diff(self.moment, append=len(self)) != 0, values, empty)

    def _pick(self, which: NDArray[np.bool_], values: NDArray[Any], empty: Any) -> NDArray[Any]:
        out = np.full(len(self), empty, dtype=values.dtype if empty is not None else object)
        out[self.moment[which]] = values[which]
        return out


class KnownRows:
    """A log whose rows become known one by one.

    Parameters
    ----------
    rows : pandas.DataFrame
        The log, in its written order within each record.
    record : numpy.ndarray of int64, shape (n,)
        Record of each row; rows with -1 are left out.
    event_at : numpy.ndarray of int64, shape (n,)
        When it happened, in microseconds. A row is known after the later of this and ``recorded_at``.

    Attributes
    ----------
    rows : pandas.DataFrame
        The rows that are left, by record.
    record, event_at, known_at : numpy.ndarray of int64
        Of these rows.
    """

    def __init__(self, rows: pd.DataFrame, record: IntArray, event_at: IntArray) -> None:
        order = np.argsort(record, kind="stable")
        order = order[record[order] >= 0]
        self.rows = rows.iloc[order].reset_index(drop=True)
        self.record, self.event_at = record[order], event_at[order]
        self.known_at = np.maximum(self.event_at, self.rows["recorded_at"].to_numpy(dtype=np.int64))
        self._index = InstantIndex(self.record, self.known_at)
        # Rows are sorted by record, so the greatest place so far is that of the last row, in the order of the log, of
        # those known so far.
        self._latest = np.maximum.accumulate(self._index.order) if len(order) else self._index.order

    def __len__(self) -> int:
        return len(self.record)

    def last(self, record: IntArray, cut: IntArray) -> IntArray:
        """Return the position of the last row, in the order of the log, known before each cut; -1 if there is none."""
        end = self._index.ends(record, cut)
        found = np.full(len(record), -1, dtype=np.int64)
        some = end > self._index.starts(record)
        found[some] = self._latest[end[some] - 1]
        return found

    def count(self, record: IntArray, cut: IntArray) -> IntArray:
        """Return how many rows of each record were known before each cut."""
        return self._index.ends(record, cut) - self._index.starts(record)

    def pairs(self, moments: Moments) -> Iterator[KnownPairs]:
        """Yield every pair of a moment and a row known at it, in blocks of whole moments."""
        starts = np.searchsorted(self.record, moments.record, side="left")
        sizes = np.searchsorted(self.record, moments.record, side="right") - starts
        total = np.concatenate(([0], np.cumsum(sizes)))
        begin, end = 0, -1
        # Also without moments there is one block, an empty one.
        while end < len(moments):
            fits = int(np.searchsorted(total, total[begin] + _MOST_PAIRS, side="right")) - 1
            end = min(max(begin + 1, fits), len(moments))
            size = sizes[begin:end]
            moment = np.repeat(np.arange(end - begin), size)
            within = np.arange(len(moment)) - np.repeat(total[begin:end] - total[begin], size)
            row = np.repeat(starts[begin:end], size) + within
            cut = moments.cut[begin:end]
            known = self.known_at[row] < cut[moment]
            yield KnownPairs(moment=moment[known], row=row[known], cut=cut, block=slice(begin, end))
            begin = end

    def describe(
        self, moments: Moments, tell: Callable[[KnownPairs], Mapping[str, NDArray[Any]]]
    ) -> dict[str, NDArray[Any]]:
        """Return what ``tell`` says of each block of pairs, put together by name."""
        blocks = [tell(pairs) for pairs in self.pairs(moments)]
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
