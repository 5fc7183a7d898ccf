"""What drifts: weights that fade with age, and the level of the latest labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

_PRIOR_SD = 1.0
"""Standard deviation of the shift of the level, in log odds, before anything is seen: a shift is nothing unusual."""


def recency_weights(at: NDArray[np.int64], now: int, half_life: float | None) -> NDArray[np.float64]:
    """Return weights that halve every ``half_life`` before ``now`` (in the unit of ``at``); ones if it is None."""
    if half_life is None:
        return np.ones(len(at))
    return np.asarray(0.5 ** ((now - at.astype(np.float64)) / half_life))


def shift_of_level(log_odds: NDArray[np.float64], label: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Return the constant that, added to the log odds, makes the weighted labels agree with them.

    Parameters
    ----------
    log_odds, label, weight : numpy.ndarray, shape (n,)
        What a model said of rows whose label is known, and how much each counts (as rows).

    Notes
    -----
    The mode of the posterior of an intercept with a normal prior of standard deviation 1, by Newton's method: a few
    rows move the level little.
    """
    shift = 0.0
    for _ in range(50):
        chance = expit(log_odds + shift)
        slope = float(np.sum(weight * (label - chance))) - shift / _PRIOR_SD**2
        curvature = float(np.sum(weight * chance * (1 - chance))) + 1 / _PRIOR_SD**2
        step = float(np.clip(slope / curvature, -2, 2))
        shift += step
        if abs(step) < 1e-9:
            break
    return shift
