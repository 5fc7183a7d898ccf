"""How many conversions chance allows, and what share they may be of a group."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from statsmodels.stats.proportion import proportion_confint

FloatArray = NDArray[np.float64]


def share_interval(count: ArrayLike, of: ArrayLike, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return shares and the two ends of Wilson's interval; NaN where there is nothing to take a share of.

    Parameters
    ----------
    count, of : array_like
        Number of conversions and of records.
    level : float
        Probability of the interval.

    Examples
    --------
    >>> share, low, high = share_interval([5, 0], [10, 0], 0.8)
    >>> share, low.round(3), high.round(3)
    (array([0.5, nan]), array([0.312,   nan]), array([0.688,   nan]))
    """
    k, n = np.asarray(count, dtype=np.float64), np.asarray(of, dtype=np.float64)
    some, whole = n > 0, np.where(n > 0, n, 1.0)
    low, high = proportion_confint(k, whole, alpha=1 - level, method="wilson")
    # Rounding may carry an end past 0 or 1.
    ends = (np.clip(end, 0, 1) for end in (low, high))
    share, low, high = (np.where(some, values, np.nan) for values in (k / whole, *ends))
    return share, low, high


def conversions_distribution(probability: ArrayLike) -> FloatArray:
    r"""Return the chance of 0, 1, ..., n conversions of independent records: the Poisson-binomial distribution.

    Parameters
    ----------
    probability : array_like, shape (n,)
        Chance of each record.

    Notes
    -----
    Exact: the generating functions :math:`1 - p_i + p_i z` are multiplied two by two with the fast Fourier transform,
    in :math:`O(n \log^2 n)`.

    Examples
    --------
    >>> conversions_distribution([0.5, 0.5]).round(3)
    array([0.25, 0.5 , 0.25])
    """
    p = np.asarray(probability, dtype=np.float64)
    pairs = np.zeros((1 << max(len(p) - 1, 0).bit_length(), 2))
    pairs[:, 0] = 1.0
    pairs[: len(p)] = np.column_stack([1 - p, p])
    while len(pairs) > 1:
        terms = 2 * pairs.shape[1] - 1
        spectrum = np.fft.rfft(pairs, n=terms, axis=1)
        pairs = np.fft.irfft(spectrum[::2] * spectrum[1::2], n=terms, axis=1)
    return np.clip(pairs[0, : len(p) + 1], 0.0, None)


def conversions_interval(probability: ArrayLike, level: float) -> tuple[int, int]:
    """Return the central interval of the number of conversions, if the chances are right and records independent.

    Examples
    --------
    >>> conversions_interval([0.5] * 100, 0.8)
    (44, 56)
    """
    below = np.cumsum(conversions_distribution(probability))
    low, high = np.searchsorted(below, [(1 - level) / 2, (1 + level) / 2], side="left")
    last = len(below) - 1
    return min(int(low), last), min(int(high), last)
