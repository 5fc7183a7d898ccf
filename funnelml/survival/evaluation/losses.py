"""Brier score and logarithmic score of every row: proper losses, least in the mean for who says the truth."""

from __future__ import annotations

from typing import Final

import numpy as np

from funnelml.survival.evaluation.predictions import PredictedStays
from funnelml.survival.risk_sets import FloatArray

SMALLEST: Final = 1e-4
"""Chances are held this far from 0 and 1 before a logarithm is taken: never seen is not impossible."""


def brier_losses(predicted: PredictedStays, weights: FloatArray) -> FloatArray:
    r"""Return the weighted squared error of each row, cause and time.

    Parameters
    ----------
    predicted : PredictedStays
        n rows of K causes at m times.
    weights : numpy.ndarray, shape (n, m)
        Weight of each row at each time.

    Returns
    -------
    numpy.ndarray, shape (n, 1 + K, m)
        Row 0: the sum over all causes and "none of them"; row k: cause k.

    Notes
    -----
    :math:`w_i(t) \{1(T_i \le t, E_i = k) - F_{ik}(t)\}^2`; the mean over rows is the Brier score at t (Gerds and
    Schumacher, Biometrical Journal 48, 2006; with competing causes Schoop, Beyersmann, Schumacher and Binder,
    Biometrical Journal 53, 2011).
    """
    happened = predicted.came_about()
    by_cause = (happened - predicted.chance) ** 2
    none = (1.0 - happened.sum(axis=1) - predicted.rest) ** 2
    losses = np.concatenate(((by_cause.sum(axis=1) + none)[:, None, :], by_cause), axis=1)
    return losses * weights[:, None, :]


def constant_losses(predicted: PredictedStays, weights: FloatArray) -> FloatArray:
    """Return the Brier score, shape (1 + K, m), of who gives every row the share that came about of all rows.

    Parameters
    ----------
    predicted : PredictedStays
        n rows of K causes at m times.
    weights : numpy.ndarray, shape (n, m)
        Weight of each row at each time.
    """
    share = (predicted.came_about() * weights[:, None, :]).sum(axis=0) / weights.sum(axis=0)
    none = 1.0 - share.sum(axis=0)
    by_cause = share * (1.0 - share)
    return np.asarray(np.vstack(((by_cause.sum(axis=0) + none * (1.0 - none))[None], by_cause)))


def log_losses(predicted: PredictedStays, weights: FloatArray) -> FloatArray:
    """Return minus the weighted logarithm of the chance that was given to what came about, shape (n, m).

    Parameters
    ----------
    predicted : PredictedStays
        n rows of K causes at m times.
    weights : numpy.ndarray, shape (n, m)
        Weight of each row at each time.
    """
    happened = predicted.came_about()
    given = (predicted.chance * happened).sum(axis=1) + predicted.rest * (1.0 - happened.sum(axis=1))
    return np.asarray(-np.log(np.clip(given, SMALLEST, 1.0)) * weights)


def mean_over_times(times: FloatArray) -> FloatArray:
    """Return the weight of each time, shape (m,), in the mean of a loss over the range of the times.

    It is the trapezoid rule, every day of the range counting the same; a single time counts alone.

    Examples
    --------
    >>> mean_over_times(np.array([0.0, 1.0, 4.0]))
    array([0.125, 0.5  , 0.375])
    """
    if len(times) == 1:
        return np.ones(1)
    width = np.diff(times)
    return np.asarray((np.append(width, 0.0) + np.append(0.0, width)) / 2 / (times[-1] - times[0]))
