"""Rows by key and instant: how many rows of a key lie before an instant, for many questions at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class InstantIndex:
    """Rows sorted by key, then by instant.

    Parameters
    ----------
    key : numpy.ndarray of int64, shape (n,)
        Group of each row, from 0.
    at : numpy.ndarray of int64, shape (n,)
        Instant of each row, in microseconds.

    Attributes
    ----------
    order : numpy.ndarray of int64, shape (n,)
        The rows by key, then by instant, then as they were given.
    """

    def __init__(self, key: IntArray, at: IntArray) -> None:
        # Key and instant in one integer: instants as ranks, since microseconds leave no room for a key beside them.
        by_time = np.argsort(at, kind="stable")
        self._instants = at[by_time]
        self._step = len(at) + 1
        rank = np.empty(len(at), dtype=np.int64)
        # Sorted questions are answered much faster than scattered ones.
        rank[by_time] = np.searchsorted(self._instants, self._instants)
        code = key * self._step + rank
        self.order = np.argsort(code, kind="stable").astype(np.int64)
        self._code = code[self.order]

    def starts(self, key: IntArray) -> IntArray:
        """Return the place in ``order`` at which the rows of each key begin."""
        return np.searchsorted(self._code, key * self._step).astype(np.int64)

    def ends(self, key: IntArray, cut: IntArray) -> IntArray:
        """Return the place in ``order`` after the last row of each key before each instant."""
        return np.searchsorted(self._code, key * self._step + np.searchsorted(self._instants, cut)).astype(np.int64)
