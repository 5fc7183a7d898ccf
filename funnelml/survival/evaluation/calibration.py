"""Calibration of predicted incidences: what was promised beside what came about, in bins and by a slope."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from statsmodels.stats.proportion import proportion_confint

from funnelml.survival.evaluation.losses import SMALLEST
from funnelml.survival.evaluation.predictions import PredictedStays
from funnelml.survival.evaluation.standard_errors import clustered_error
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.risk_sets import FloatArray, IntArray

BINS: Final = 10
"""Bins of equal size."""
LEVEL: Final = 0.95
"""Probability of the intervals."""

_ROUNDS: Final = 50


def bin_calibration(predicted: PredictedStays, cause: int, time: int) -> pd.DataFrame:
    """Return promised and observed incidence of one cause by one time, in bins of equal size.

    Parameters
    ----------
    predicted : PredictedStays
        n rows of K causes at m times.
    cause, time : int
        Positions of the cause (from 0) and of the time.

    Returns
    -------
    pandas.DataFrame
        One row per bin, the lowest chances first: ``rows, predicted`` (mean chance), ``observed`` (Aalen-Johansen
        estimate of the bin), ``std_err`` (by record), ``low, high`` (its 95 % interval).

    Notes
    -----
    Rows of equal chance always share a bin, the one in which their middle lies. The interval is Wilson's with as many
    trials as give the standard error; where nothing or everything came about, with as many as there are rows.
    """
    chance, record = predicted.chance[:, cause, time], predicted.record
    day, causes = float(predicted.times[time]), max(1, int(predicted.event.max()))
    bins = _assign_bins(chance)
    rows = []
    for number in np.unique(bins):
        own = bins == number
        curve = estimate_incidence(predicted.days[own], predicted.event[own], cluster=record[own], n_causes=causes)
        # Nobody of the bin may have been followed to the time: what is known then is that of its last follow-up.
        read = min(day, curve.observed_until)
        observed = float(curve(read)[1 + cause]) if cause < causes else 0.0
        error = float(curve.standard_error(read)[1 + cause]) if cause < causes else 0.0
        rows.append((int(own.sum()), float(chance[own].mean()), observed, error))
    table = pd.DataFrame(rows, columns=["rows", "predicted", "observed", "std_err"])
    share = table["observed"] * (1 - table["observed"])
    sure = (table["std_err"] == 0) | (share == 0)
    trials = (share / table["std_err"].where(~sure, 1.0) ** 2).where(~sure, table["rows"].astype(float))
    low, high = proportion_confint(table["observed"] * trials, trials, alpha=1 - LEVEL, method="wilson")
    return table.assign(low=np.clip(low, 0, 1), high=np.clip(high, 0, 1))


def calibration_error(bins: pd.DataFrame) -> tuple[float, float]:
    r"""Return the calibration error of bins, and what chance alone would show.

    Parameters
    ----------
    bins : pandas.DataFrame
        As ``bin_calibration`` returns them.

    Notes
    -----
    The error is the mean distance of observed and promised incidence, weighted by rows. With normal errors of standard
    deviation s in each bin the distance from the truth has the mean :math:`s \sqrt{2/\pi}`.
    """
    weight = bins["rows"].to_numpy() / bins["rows"].sum()
    distance = np.abs(bins["observed"].to_numpy() - bins["predicted"].to_numpy())
    return float(weight @ distance), float(weight @ bins["std_err"].to_numpy()) * float(np.sqrt(2 / np.pi))


def calibration_slope(
    chance: FloatArray, happened: FloatArray, weights: FloatArray, cluster: IntArray
) -> tuple[float, float]:
    r"""Return the slope with which the log odds of chances would have been right, and its standard error.

    Parameters
    ----------
    chance : numpy.ndarray, shape (n,)
        Predicted chance of one cause by one time.
    happened : numpy.ndarray, shape (n,)
        1 if it had come about by then, else 0.
    weights : numpy.ndarray, shape (n,)
        Weight of each row at the time.
    cluster : numpy.ndarray of int, shape (n,)
        Rows of one record go together.

    Returns
    -------
    tuple of float
        NaN where all chances are the same, nothing or everything came about, or the chances tell the two apart
        without fault.

    Notes
    -----
    Weighted maximum likelihood of :math:`\mathrm{logit}\,P(y = 1) = a + b\,\mathrm{logit}\,F`: b is 1 for calibrated
    chances and under 1 where they are too extreme (Cox, Biometrika 45, 1958; with censoring by weights van Geloven et
    al., BMJ 377, 2022). Chances are held ``SMALLEST`` from 0 and 1.
    """
    x = logit(np.clip(chance, SMALLEST, 1 - SMALLEST))
    design = np.column_stack((np.ones_like(x), x))
    beta = np.zeros(2)
    unknown = float("nan"), float("nan")
    best = _log_likelihood(beta, design, happened, weights)
    for _ in range(_ROUNDS):
        mean = expit(design @ beta)
        hessian = design.T @ (design * (weights * mean * (1 - mean))[:, None])
        scale = np.sqrt(np.diag(hessian))
        if not (scale > 1e-6).all() or np.linalg.det(hessian / np.outer(scale, scale)) < 1e-9:
            return unknown
        step = np.linalg.solve(hessian, design.T @ (weights * (happened - mean)))
        while (reached := _log_likelihood(beta + step, design, happened, weights)) < best - 1e-9 * abs(best):
            step /= 2
        beta, best = beta + step, reached
        if np.abs(step).max() < 1e-9:
            score = design * (weights * (happened - expit(design @ beta)))[:, None]
            influence = len(x) * np.linalg.solve(hessian, score.T)[1]
            return float(beta[1]), float(clustered_error(influence, cluster))
    return unknown


def _log_likelihood(beta: FloatArray, design: FloatArray, happened: FloatArray, weights: FloatArray) -> float:
    eta = design @ beta
    return float(weights @ (happened * eta - np.logaddexp(0.0, eta)))


def _assign_bins(chance: FloatArray) -> IntArray:
    _, tied, counts = np.unique(chance, return_inverse=True, return_counts=True)
    middle = 2 * np.cumsum(counts) - counts
    return np.asarray((BINS * middle // (2 * len(chance)))[tied], dtype=np.int64)
