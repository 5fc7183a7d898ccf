"""The Bayesian bootstrap by record: every record gets a random weight, in all its stays and amounts at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def draw_record_weights(n_records: int, *, draws: int, seed: int = 0) -> FloatArray:
    """Draw the weights of all records in each repetition of the bootstrap.

    Parameters
    ----------
    n_records : int
        Records.
    draws : int
        Repetitions.
    seed : int
        The same seed gives the same weights.

    Returns
    -------
    numpy.ndarray, shape (draws, n_records)
        Independent standard exponentials: positive, with mean and variance one.

    Notes
    -----
    Ratios of sums with these weights are draws of the Bayesian bootstrap (Rubin, Annals of Statistics 9, 1981). No
    weight is zero, so that no risk set and no group empties in a repetition, as it may when records are drawn anew.
    """
    return np.random.default_rng(seed).standard_exponential((draws, n_records))


def central_interval(values: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper end of the central interval over axis 0.

    Parameters
    ----------
    values : numpy.ndarray, shape (draws, ...)
        Draws; infinity stands for "later than anything observed".
    level : float
        Share of the draws inside.

    Returns
    -------
    tuple of numpy.ndarray, shape (...)
        An end is one of the draws, so that infinite ones need no arithmetic.
    """
    ends = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    return ends[0], ends[1]
