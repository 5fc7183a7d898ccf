"""Bins of a scorecard: the steps of a number, the levels of a text, and the direction in which a number may go."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2
from sklearn.isotonic import isotonic_regression

from funnelml.scoring.models.columns import ScoreColumn, TextColumn

Direction = Literal[-1, 0, 1]
_FREE = 0.01
"""A direction is given up if the free rates fit so much better that chance would do it less often than this."""


@dataclass(frozen=True, kw_only=True)
class BinnedColumn:
    """One column cut into bins.

    Parameters
    ----------
    column : NumberColumn or TextColumn
        How values become numbers or codes.
    edges : numpy.ndarray of float64, shape (m,)
        Upper ends of the bins of a number but the last: bin j holds ``edges[j - 1] < x <= edges[j]``. Empty for texts.
    direction : {-1, 0, 1}
        Whether the chance may only fall or only rise with the number; 0 is free.

    Notes
    -----
    Bin 0 is for what is missing. A number has bins 1 to m + 1; a text has bin 1 for other levels, then one for each.
    """

    column: ScoreColumn
    edges: NDArray[np.float64]
    direction: Direction = 0

    @property
    def bins(self) -> int:
        """Number of bins, with the one for what is missing."""
        if isinstance(self.column, TextColumn):
            return len(self.column.levels) + 2
        return len(self.edges) + 2

    def bin(self, values: pd.Series) -> NDArray[np.int32]:
        """Return the bin of each value."""
        codes = self.column.encode(values)
        if isinstance(self.column, TextColumn):
            return (codes + 1).astype(np.int32)
        # NaN sorts after every edge; it is put right afterwards
        found = np.searchsorted(self.edges, codes, side="left") + 1
        return np.where(np.isnan(codes), 0, found).astype(np.int32)

    def bin_names(self) -> list[str]:
        """Return what each bin holds: ``<= 5``, ``(5, 10]``, a level, ``missing``, ``other``."""
        if isinstance(self.column, TextColumn):
            return ["missing", "other", *self.column.levels]
        ends = [f"{edge:,.6g}" for edge in self.edges]
        if not ends:
            return ["missing", "any"]
        between = [f"({low}, {high}]" for low, high in pairwise(ends)]
        return ["missing", f"<= {ends[0]}", *between, f"> {ends[-1]}"]


def cut_bins(
    column: ScoreColumn,
    values: pd.Series,
    y: NDArray[np.float64],
    *,
    most: int,
    smallest: int,
    direction: Direction | None = None,
) -> BinnedColumn:
    """Cut one column into bins.

    Parameters
    ----------
    column : NumberColumn or TextColumn
        How it is encoded.
    values : pandas.Series, shape (n,)
        The column.
    y : numpy.ndarray of float64, shape (n,)
        Labels; they only decide the direction, never the edges.
    most, smallest : int
        Most bins of a number, and least rows in a bin.
    direction : {-1, 0, 1}, optional
        Direction that is known beforehand; found from the data if not given.
    """
    if isinstance(column, TextColumn):
        return BinnedColumn(column=column, edges=np.array([]))
    numbers = column.encode(values)
    known = ~np.isnan(numbers)
    edges = _quantile_edges(numbers[known], most=most, smallest=smallest)
    binned = BinnedColumn(column=column, edges=edges, direction=direction or 0)
    if direction is None and len(edges):
        at = np.searchsorted(edges, numbers[known], side="left")
        binned = BinnedColumn(column=column, edges=edges, direction=_find_direction(at, y[known], len(edges) + 1))
    return binned


def _quantile_edges(numbers: NDArray[np.float64], *, most: int, smallest: int) -> NDArray[np.float64]:
    distinct, counts = np.unique(numbers, return_counts=True)
    if len(distinct) < 2:
        return np.array([])
    share = max(smallest, len(numbers) / most)
    edges, inside = [], 0
    for value, count, left in zip(distinct[:-1], counts[:-1], len(numbers) - np.cumsum(counts)[:-1], strict=True):
        inside += count
        if inside >= share and left >= smallest:
            edges.append(value)
            inside = 0
    return np.array(edges, dtype=np.float64)


def _find_direction(at: NDArray[np.int64], y: NDArray[np.float64], bins: int) -> Direction:
    """Return the direction that the rates of the bins agree with, or 0 if they contradict both.

    The deviance of monotone rates over free ones is compared with chi-square on the bins that had to be pooled.
    """
    n = np.bincount(at, minlength=bins).astype(np.float64)
    won = np.bincount(at, weights=y, minlength=bins).astype(np.float64)
    rate = won / n
    free = _deviance(won, n, rate)
    directions: tuple[Direction, Direction] = (1, -1)
    lost, distinct, best = min(
        (_deviance(won, n, fitted) - free, len(np.unique(fitted)), direction)
        for direction in directions
        for fitted in [isotonic_regression(rate, sample_weight=n, increasing=direction == 1)]
    )
    pooled = bins - distinct
    return best if pooled == 0 or lost <= chi2.isf(_FREE, pooled) else 0


def _deviance(won: NDArray[np.float64], n: NDArray[np.float64], rate: NDArray[np.float64]) -> float:
    p = np.clip(rate, 1e-12, 1 - 1e-12)
    return float(-2 * np.sum(won * np.log(p) + (n - won) * np.log1p(-p)))
