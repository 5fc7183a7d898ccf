"""From the records of many groups to one shrunken estimate per group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from funnelml.diagnostics.comparison.shrinkage import (
    FloatArray,
    ShrunkenEffects,
    binomial_log_likelihood,
    effect_grid,
    normal_log_likelihood,
    shrink,
)
from funnelml.schema import DAY

SPREAD_OF_RATES, SPREAD_OF_LOGS = 0.5, 1.0
"""Scales of the half-normal priors of how far groups are apart, in log odds and in logs."""

_WIDEST = 5.0
_LEAST_FREEDOM = 20


@dataclass(frozen=True, kw_only=True)
class GroupEstimates:
    """One estimate per group, on the scale of the measure.

    Parameters
    ----------
    estimate, low, high : numpy.ndarray, shape (g,)
        Posterior median and central interval.
    draws : numpy.ndarray, shape (d, g)
        Joint draws.
    dispersion : float
        Variance of blocks of weeks over what independent records would have, at least 1.
    centre, unit_error : float
        What all share, and the standard error of one record (dispersion included), as log odds or logs.
    spread : float
        Posterior median of the scale of the effects of groups, in the same unit.
    """

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    draws: FloatArray
    dispersion: float
    centre: float
    unit_error: float
    spread: float


def estimate_rates(
    records: pd.DataFrame, log_odds: FloatArray, *, names: list[str], block_days: int, level: float, seed: int
) -> GroupEstimates:
    r"""Estimate the rate of each group as if all had the same mix of records.

    Parameters
    ----------
    records : pandas.DataFrame
        ``group, start`` (microseconds) and ``value`` (0 or 1).
    log_odds : numpy.ndarray, shape (n,)
        Log odds of each record as far as its mix explains them; zeros for plain rates.
    names : list of str
        Groups, in the order of the result.
    block_days : int
        Days within which records share their luck.
    level : float
        Chance that an interval holds the truth.
    seed : int
        Seed of the draws.

    Returns
    -------
    GroupEstimates

    Notes
    -----
    A group of effect :math:`\theta` has the rate :math:`\frac1n \sum_i \mathrm{expit}(\eta_i + \theta)` over the
    records of **all** groups (direct standardisation). Likelihoods are binomial, raised to the power of one over the
    dispersion: Pearson's :math:`X^2 / \nu` over the blocks of weeks of each group.
    """
    group = pd.Categorical(records["group"], categories=names).codes
    # Rounded, so that as many records as there are reduce to a few hundred different ones.
    eta, which = np.unique(np.round(log_odds, 2), return_inverse=True)
    count = np.zeros((len(names), len(eta)))
    np.add.at(count, (group, which), 1.0)
    won = records["value"].to_numpy(dtype=float)
    hits, trials = np.bincount(group, won, len(names)), count.sum(axis=1)
    offset = count @ eta / trials
    rough = logit((hits + 0.5) / (trials + 1)) - offset
    errors = 1 / np.sqrt((hits + 0.5) * (trials - hits + 0.5) / (trials + 1))
    grid = effect_grid(rough, errors, widest=_WIDEST)
    log_likelihood = hits[:, None] * grid - count @ np.logaddexp(0.0, np.add.outer(eta, grid))
    best = grid[log_likelihood.argmax(axis=1)]
    if not log_odds.any():
        log_likelihood = binomial_log_likelihood(hits, trials, grid)
        best = logit(np.clip(hits / trials, 1e-9, 1 - 1e-9))
    chance = expit(np.round(log_odds, 2) + best[group])
    dispersion = _dispersion(records["start"], group, won - chance, chance * (1 - chance), block_days)
    shrunken = shrink(log_likelihood / dispersion, grid, spread_scale=SPREAD_OF_RATES, seed=seed)
    rates = count.sum(axis=0) @ expit(np.add.outer(eta, grid)) / trials.sum()
    overall = (hits.sum() + 0.5) / (trials.sum() + 1)
    return _on_scale(
        shrunken,
        rates,
        level,
        dispersion=dispersion,
        centre=float(logit(overall)),
        unit_error=float(np.sqrt(dispersion / (overall * (1 - overall)))),
    )


def estimate_logs(
    records: pd.DataFrame, *, names: list[str], block_days: int, level: float, seed: int
) -> GroupEstimates:
    """Estimate the typical value (geometric mean) of each group from the logs in ``value``.

    Parameters
    ----------
    records, names, block_days, level, seed
        As for ``estimate_rates``, but for ``value``.

    Returns
    -------
    GroupEstimates
        The spread of values within groups is taken to be the same in all.
    """
    group = pd.Categorical(records["group"], categories=names).codes
    value = records["value"].to_numpy(dtype=float)
    counts = np.bincount(group, minlength=len(names)).astype(float)
    means = np.bincount(group, value, len(names)) / counts
    left = value - means[group]
    freedom = len(value) - len(names)
    # With a record or none to spare nothing is known of the spread: one in the log is a factor of three.
    variance = max(float(left @ left) / freedom, 1e-4) if freedom > 1 else 1.0
    dispersion = _dispersion(records["start"], group, left, np.full(len(value), variance), block_days)
    errors = np.sqrt(dispersion * variance / counts)
    grid = effect_grid(means, errors, widest=_WIDEST)
    shrunken = shrink(normal_log_likelihood(means, errors, grid), grid, spread_scale=SPREAD_OF_LOGS, seed=seed)
    return _on_scale(
        shrunken,
        np.exp(grid),
        level,
        dispersion=dispersion,
        centre=float(value.mean()),
        unit_error=float(np.sqrt(dispersion * variance)),
    )


def _on_scale(
    shrunken: ShrunkenEffects,
    values: FloatArray,
    level: float,
    *,
    dispersion: float,
    centre: float,
    unit_error: float,
) -> GroupEstimates:
    ends = shrunken.quantiles([0.5, 0.5 - level / 2, 0.5 + level / 2])
    estimate, low, high = np.interp(ends, shrunken.grid, values).T
    return GroupEstimates(
        estimate=estimate,
        low=low,
        high=high,
        draws=np.interp(shrunken.draws, shrunken.grid, values),
        dispersion=dispersion,
        centre=centre,
        unit_error=unit_error,
        spread=shrunken.spread,
    )


def _dispersion(
    start: pd.Series, group: NDArray[np.int8], left: FloatArray, variance: FloatArray, block_days: int
) -> float:
    cells = pd.DataFrame(
        {"group": group, "block": start.to_numpy() // (block_days * DAY), "left": left, "variance": variance}
    )
    sums = cells.groupby(["group", "block"])[["left", "variance"]].sum()
    sums = sums[sums["variance"] > 1e-6]
    freedom = len(sums) - sums.index.get_level_values("group").nunique()
    if freedom < _LEAST_FREEDOM:
        return 1.0
    return max(1.0, float((sums["left"] ** 2 / sums["variance"]).sum()) / freedom)
