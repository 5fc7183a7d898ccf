"""Shared shocks: how far all bookings of a window may lie off together, learned from past misses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PRIOR_SD: Final = 0.08
"""Scale of the half-normal prior of the shock's standard deviation, on the log of the bookings."""
LARGEST_SD: Final = 0.6
_GRID: Final = (np.arange(240) + 0.5) * LARGEST_SD / 240


@dataclass(frozen=True, kw_only=True)
class Shock:
    """What the standard deviation of the shared shock may be.

    Parameters
    ----------
    sd : numpy.ndarray, shape (g,)
        Standard deviations of the log of the shock.
    weight : numpy.ndarray, shape (g,)
        Posterior weight of each; they sum to 1.
    misses : int
        Past windows it was learned from.
    """

    sd: FloatArray
    weight: FloatArray
    misses: int

    @property
    def mean_sd(self) -> float:
        """Posterior mean of the standard deviation."""
        return float(self.sd @ self.weight)

    def draw(self, n: int, generator: np.random.Generator) -> FloatArray:
        """Return n shocks of mean 1: log-normal, each with a standard deviation drawn from the posterior."""
        sd = generator.choice(self.sd, size=n, p=self.weight)
        return np.asarray(np.exp(sd * generator.standard_normal(n) - sd**2 / 2))


def learn_shock(log_miss: FloatArray, luck_variance: FloatArray, history: FloatArray) -> Shock:
    r"""Learn how wide the shared shock is from windows that had ended and did not overlap.

    Parameters
    ----------
    log_miss : numpy.ndarray, shape (w,)
        Log of what was booked over what had been expected.
    luck_variance : numpy.ndarray, shape (w,)
        Variance of that log by independent luck and uncertain parameters alone.
    history : numpy.ndarray, shape (w,)
        Weight of each window, 0 to 1: how much history its forecast stood on.

    Returns
    -------
    Shock

    Notes
    -----
    A miss is taken as normal with mean :math:`-(\sigma^2 + v) / 2` and variance :math:`\sigma^2 + v`; the likelihood of
    each counts by its weight. The prior is half-normal. Only the width is learned, never a shift of the mean: on few
    misses a shift mends the weeks of a drift and ruins the calm ones.
    """
    log_prior = -0.5 * (_GRID / PRIOR_SD) ** 2
    variance = _GRID[:, None] ** 2 + luck_variance
    density = -0.5 * np.log(variance) - 0.5 * (log_miss + variance / 2) ** 2 / variance
    log_posterior = log_prior + density @ history
    weight = np.exp(log_posterior - log_posterior.max())
    return Shock(sd=_GRID, weight=weight / weight.sum(), misses=len(log_miss))
