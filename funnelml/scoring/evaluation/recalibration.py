"""Logistic recalibration: the slope and the intercept with which log-odds would have been right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, logit

from funnelml.scoring.evaluation.scored_rows import FloatArray

SMALLEST: Final = float(np.finfo(np.float64).eps)
"""Probabilities are held this far from 0 and 1 before a logarithm is taken, as scikit-learn does."""

_ROUNDS: Final = 50


def clip(probability: FloatArray) -> FloatArray:
    """Return probabilities of which logarithms are finite."""
    return np.clip(probability, SMALLEST, 1 - SMALLEST)


@dataclass(frozen=True, kw_only=True)
class Recalibration:
    r"""Maximum likelihood fit of :math:`\mathrm{logit}\,P(y=1) = a + b\,\mathrm{logit}\,p`, and of the same with b = 1.

    Parameters
    ----------
    slope, intercept : float
        b and a: 1 and 0 of a calibrated score; a slope under 1 says that its probabilities are too extreme. NaN where
        all probabilities are the same, or the score tells the labels apart without fault.
    in_the_large : float
        a where b is held at 1: above 0 if more came about than was promised (Cox, Biometrika 45, 1958).
    terms : numpy.ndarray of float64, shape (n, 7)
        What each row adds to gradient and Hessian of both likelihoods at their maximum.
    """

    slope: float
    intercept: float
    in_the_large: float
    terms: FloatArray

    def measure(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Return slope, intercept and intercept in the large under weights of the rows, shape (b, n).

        It is one Newton step from the maximum without weights: exact there, and nearby to first order.
        """
        g0, g1, h00, h01, h11, g, h = (weights @ self.terms).T
        determinant = h00 * h11 - h01**2
        firm = determinant > 1e-9 * h00 * h11
        determinant = np.where(firm, determinant, np.nan)
        return {
            "calibration_slope": self.slope + (h00 * g1 - h01 * g0) / determinant,
            "calibration_intercept": self.intercept + (h11 * g0 - h01 * g1) / determinant,
            "calibration_in_the_large": self.in_the_large + g / np.where(h > 0, h, np.nan),
        }


def fit_recalibration(label: FloatArray, probability: FloatArray) -> Recalibration:
    """Fit slope and intercept by Newton's method.

    Parameters
    ----------
    label, probability : numpy.ndarray of float64, shape (n,)
        Labels of both kinds, and probabilities.
    """
    x = logit(clip(probability))
    in_the_large = _fit(label, x, np.ones((len(x), 1)))[0]
    intercept, slope = _fit(label, np.zeros_like(x), np.column_stack([np.ones_like(x), x]))
    known = bool(np.isfinite(slope))
    mean = expit(intercept + slope * x) if known else np.full_like(x, 0.5)
    mean_large = expit(in_the_large + x)
    rest, spread = label - mean, mean * (1 - mean)
    terms = np.column_stack(
        [rest, rest * x, spread, spread * x, spread * x**2, label - mean_large, mean_large * (1 - mean_large)]
    )
    return Recalibration(slope=slope, intercept=intercept, in_the_large=in_the_large, terms=terms)


def _fit(label: FloatArray, offset: FloatArray, design: FloatArray) -> FloatArray:
    """Return the coefficients of a logistic regression, all NaN if there is no single maximum."""
    beta = np.zeros(design.shape[1])
    best = _log_likelihood(label, offset)
    for _ in range(_ROUNDS):
        mean = expit(offset + design @ beta)
        hessian = design.T @ (design * (mean * (1 - mean))[:, None])
        scale = np.sqrt(np.diag(hessian))
        if not (scale > 1e-9).all() or np.linalg.det(hessian / np.outer(scale, scale)) < 1e-9:
            return np.full_like(beta, np.nan)
        step = np.linalg.solve(hessian, design.T @ (label - mean))
        while (reached := _log_likelihood(label, offset + design @ (beta + step))) < best - 1e-9 * abs(best):
            step /= 2
        beta, best = beta + step, reached
        if np.abs(step).max() < 1e-9:
            return beta
    return np.full_like(beta, np.nan)


def _log_likelihood(label: FloatArray, eta: FloatArray) -> float:
    return float((label * eta - np.logaddexp(0.0, eta)).sum())
