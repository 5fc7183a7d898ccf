"""Records drawn anew: the bootstrap by record, so that all rows of a record stay together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from funnelml.scoring.evaluation.scored_rows import FloatArray

RESAMPLES: Final = 400
"""Resamples by default."""
LEVEL: Final = 0.95
"""Probability of the intervals."""

_CELLS = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure and its interval.

    Parameters
    ----------
    value : float
        NaN if it cannot be estimated.
    low, high : float
        Ends of the interval; NaN if it cannot be told.
    """

    value: float
    low: float
    high: float


def draw_record_weights(n_records: int, *, n_rows: int, resamples: int, seed: int) -> Iterator[FloatArray]:
    """Yield how often each record is drawn when as many are drawn with replacement.

    Parameters
    ----------
    n_records, n_rows : int
        Records, and rows of them; blocks are so small that weights of the rows fit in memory.
    resamples : int
        Resamples in all.
    seed : int
        The same seed gives the same weights.

    Yields
    ------
    numpy.ndarray of float64, shape (b, n_records)
        The next b resamples.
    """
    rng = np.random.default_rng(seed)
    block = max(1, _CELLS // max(n_rows, n_records))
    for start in range(0, resamples, block):
        drawn = [
            np.bincount(rng.integers(0, n_records, n_records), minlength=n_records)
            for _ in range(min(block, resamples - start))
        ]
        yield np.array(drawn, dtype=np.float64)


def central_interval(values: FloatArray, level: float = LEVEL) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the central interval over axis 0; NaN where under half of the resamples have a value.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (resamples, ...)
        One value for each resample, NaN where it has none.
    """
    some = np.isfinite(values).mean(axis=0) >= 0.5
    filled = np.where(some, values, 0.0)
    low, high = np.nanquantile(filled, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.where(some, low, np.nan), np.where(some, high, np.nan)
