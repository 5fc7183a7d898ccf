"""Shrinkage of many groups towards each other, with the doubt about how far apart groups really are left in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import toeplitz
from scipy.special import expit, ndtri

from funnelml.errors import ModelInputError

FloatArray = NDArray[np.float64]

FREEDOM = 4
"""Degrees of freedom of the effects: heavy tails, so that one group far from all others is not pulled in with them."""

_SPREADS = 33
_WIDEST = 4.0
_MOST_POINTS = 601


@dataclass(frozen=True, kw_only=True)
class ShrunkenEffects:
    """What is known of the effect of each group once all groups have been seen.

    Parameters
    ----------
    grid : numpy.ndarray, shape (t,)
        Effects that were considered, evenly spaced, increasing.
    posterior : numpy.ndarray, shape (g, t)
        Probability of each effect for each group; rows sum to 1.
    spreads : numpy.ndarray, shape (s,)
        Scales of the effects of groups that were considered.
    spread_posterior : numpy.ndarray, shape (s,)
        Probability of each; sums to 1.
    draws : numpy.ndarray, shape (d, g)
        Draws of the effects of all groups together: what ranks are counted from.
    """

    grid: FloatArray
    posterior: FloatArray
    spreads: FloatArray
    spread_posterior: FloatArray
    draws: FloatArray

    def quantiles(self, probabilities: ArrayLike) -> FloatArray:
        """Return quantiles of each group's effect, from the grid and not from draws.

        Parameters
        ----------
        probabilities : array-like, shape (q,)
            Probabilities between 0 and 1.

        Returns
        -------
        numpy.ndarray, shape (g, q)
        """
        asked = np.asarray(probabilities, dtype=float)
        half = (self.grid[1] - self.grid[0]) / 2
        edges = np.concatenate(([self.grid[0] - half], self.grid + half))
        below = np.hstack((np.zeros((len(self.posterior), 1)), np.cumsum(self.posterior, axis=1)))
        return np.array([np.interp(asked, row / row[-1], edges) for row in below])

    @property
    def spread(self) -> float:
        """Posterior median of the scale of the effects of groups."""
        return float(np.interp(0.5, np.cumsum(self.spread_posterior), self.spreads))


def binomial_log_likelihood(hits: ArrayLike, trials: ArrayLike, grid: FloatArray) -> FloatArray:
    r"""Return the log likelihood of each group's log odds.

    Parameters
    ----------
    hits, trials : array-like, shape (g,)
        Successes out of how many; need not be whole, so that both can be divided by an overdispersion.
    grid : numpy.ndarray, shape (t,)
        Log odds.

    Returns
    -------
    numpy.ndarray, shape (g, t)
        :math:`y \theta - n \log(1 + e^\theta)`.
    """
    y, n = np.asarray(hits, dtype=float)[:, None], np.asarray(trials, dtype=float)[:, None]
    return y * grid - n * np.logaddexp(0.0, grid)


def normal_log_likelihood(means: ArrayLike, errors: ArrayLike, grid: FloatArray) -> FloatArray:
    """Return the log likelihood of each group's mean, given the standard error of what was observed.

    Parameters
    ----------
    means, errors : array-like, shape (g,)
        Observed means and their standard errors, which are positive.
    grid : numpy.ndarray, shape (t,)
        True means.

    Returns
    -------
    numpy.ndarray, shape (g, t)
    """
    centre, scale = np.asarray(means, dtype=float)[:, None], np.asarray(errors, dtype=float)[:, None]
    return -0.5 * ((grid - centre) / scale) ** 2


def effect_grid(estimates: ArrayLike, errors: ArrayLike, *, widest: float) -> FloatArray:
    """Return evenly spaced effects, fine enough for the best known group and wide enough for all.

    Parameters
    ----------
    estimates, errors : array-like, shape (g,)
        Rough estimate of each group and its standard error.
    widest : float
        Greatest distance from the middle of the estimates that is worth a thought.

    Returns
    -------
    numpy.ndarray, shape (t,)
        An odd number of points, 601 at the most.
    """
    centre, scale = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    middle = float(np.average(centre, weights=1 / scale**2))
    reach = float(min(np.max(np.abs(centre - middle) + 6 * scale), widest))
    points = min(2 * int(np.ceil(2 * reach / scale.min())) + 1, _MOST_POINTS)
    return middle + np.linspace(-reach, reach, max(points, 201))


def shrink(
    log_likelihood: FloatArray, grid: FloatArray, *, spread_scale: float, n_draws: int = 4_000, seed: int = 0
) -> ShrunkenEffects:
    r"""Shrink the effects of groups towards their common mean, integrating over how far apart groups are.

    Parameters
    ----------
    log_likelihood : numpy.ndarray, shape (g, t)
        Log likelihood of each group at each effect of ``grid``.
    grid : numpy.ndarray, shape (t,)
        Evenly spaced effects.
    spread_scale : float
        Scale of the half-normal prior of the scale of the effects.
    n_draws : int
        Joint draws of all effects.
    seed : int
        Seed of the draws; the posterior on the grid does not depend on it.

    Returns
    -------
    ShrunkenEffects

    Raises
    ------
    ModelInputError
        If there is no group, or a likelihood is not finite.

    Notes
    -----
    .. math:: \theta_g \sim t_4(\mu, \tau), \qquad \tau \sim N^+(0, s^2), \qquad p(\mu) \propto 1

    on the grid, integrated over :math:`\mu` and :math:`\tau` by sums. Plugging in one estimate of :math:`\tau`
    (empirical Bayes) makes intervals too narrow when groups are few, and collapses all of them to a point when the
    estimate is zero (Gelman, Bayesian Analysis 1, 2006; Morris, JASA 78, 1983). With normal effects a rep far below
    ten equal ones would be taken for bad luck.

    Examples
    --------
    >>> grid = np.linspace(-6, 6, 401)
    >>> told = shrink(normal_log_likelihood([0.0, 0.0, 3.0], [1.0, 1.0, 1.0], grid), grid, spread_scale=0.5)
    >>> told.quantiles([0.5])[:, 0].round(1)
    array([0.8, 0.8, 1.5])
    """
    if len(log_likelihood) == 0 or not np.isfinite(log_likelihood).all():
        raise ModelInputError(f"likelihoods of {len(log_likelihood):,} groups are not all finite; there must be one")
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    spreads = _WIDEST * spread_scale * (np.arange(_SPREADS) / (_SPREADS - 1)) ** 2
    log_prior = -0.5 * (spreads / spread_scale) ** 2 + np.log(np.gradient(spreads))
    evidence = np.stack([np.maximum(kernel @ likelihood.T, 1e-300) for kernel in _kernels(grid, spreads)])
    log_weight = log_prior[:, None] + np.log(evidence).sum(axis=2)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    rng = np.random.default_rng(seed)
    cells = rng.choice(weight.size, size=n_draws, p=weight.ravel())
    of_spread, of_mean = np.divmod(cells, len(grid))
    posterior = np.zeros_like(likelihood)
    draws = np.empty((n_draws, len(likelihood)))
    for s, kernel in enumerate(_kernels(grid, spreads)):
        posterior += (weight[s][:, None] / evidence[s]).T @ kernel * likelihood
        here = np.flatnonzero(of_spread == s)
        if len(here):
            draws[here] = _draw_effects(kernel[of_mean[here]], likelihood, grid, rng)
    return ShrunkenEffects(
        grid=grid,
        posterior=posterior / posterior.sum(axis=1, keepdims=True),
        spreads=spreads,
        spread_posterior=weight.sum(axis=1),
        draws=draws,
    )


def _kernels(grid: FloatArray, spreads: FloatArray) -> Iterator[FloatArray]:
    """Yield p(effect | mean) for every mean on the grid (rows), once per spread: made anew, they need little memory."""
    away = np.arange(len(grid)) * (grid[1] - grid[0])
    for spread in spreads:
        if spread == 0:
            yield np.eye(len(grid))
            continue
        kernel = toeplitz((1 + (away / spread) ** 2 / FREEDOM) ** (-(FREEDOM + 1) / 2))
        kernel /= kernel.sum(axis=1, keepdims=True)
        yield kernel


def _draw_effects(prior: FloatArray, likelihood: FloatArray, grid: FloatArray, rng: np.random.Generator) -> FloatArray:
    effects = np.empty((len(prior), len(likelihood)))
    step = grid[1] - grid[0]
    for g, row in enumerate(likelihood):
        cumulative = np.cumsum(prior * row, axis=1)
        point = rng.random(len(prior)) * cumulative[:, -1]
        index = np.minimum((cumulative < point[:, None]).sum(axis=1), len(grid) - 1)
        # Spread over the cell of the grid: else close groups tie, and ranks with them.
        effects[:, g] = grid[index] + step * (rng.random(len(prior)) - 0.5)
    return effects


def limits_around(centre: float, unit_error: float, volume: ArrayLike, *, level: float, rate: bool) -> FloatArray:
    """Return between which values a group of that volume lies with chance ``level`` if it is like all others.

    Parameters
    ----------
    centre : float
        Log odds, or log, of what all groups share.
    unit_error : float
        Standard error of one record on that scale, overdispersion included.
    volume : array-like, shape (n,)
        Records of a group, positive.
    level : float
        Chance, such as 0.95.
    rate : bool
        Whether the scale is log odds; else logs.

    Returns
    -------
    numpy.ndarray, shape (2, n)
        Lower and upper limit (Spiegelhalter, Statistics in Medicine 24, 2005; on the log odds, so that none
        leaves 0 to 1).
    """
    half = ndtri(0.5 + level / 2) * unit_error / np.sqrt(np.asarray(volume, dtype=float))
    ends = np.vstack((centre - half, centre + half))
    return np.asarray(expit(ends) if rate else np.exp(ends), dtype=np.float64)
