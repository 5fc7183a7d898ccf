"""Leads answered in time against the others: the plain difference, and one with what was recorded held equal."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

ENOUGH = 50
"""Leads in each group from which on they are compared."""
_LEAST_OF_LEVEL, _REST = 20, "(rest)"
_NAMES = ("source", "owner", "weekday", "hour")
_NOTHING = dict.fromkeys(("share_in_time", "share_late", "difference", "low", "high"), float("nan"))


def compare_groups(leads: pd.DataFrame, level: float) -> dict[str, float]:
    """Compare the shares that became an opportunity.

    Parameters
    ----------
    leads : pandas.DataFrame
        Boolean columns ``in_time, became``.

    Returns
    -------
    dict
        ``in_time, late`` (leads), ``share_in_time, share_late, difference, low, high`` (Newcombe's interval); NaN where
        a group is empty.
    """
    groups = leads["became"].groupby(leads["in_time"])
    size, hits = groups.size(), groups.sum()
    n, m = int(size.get(True, 0)), int(size.get(False, 0))
    counts = {"in_time": n, "late": m}
    if not n or not m:
        return counts | _NOTHING
    k, j = int(hits[True]), int(hits[False])
    low, high = confint_proportions_2indep(k, n, j, m, method="newcomb", compare="diff", alpha=1 - level)
    difference = k / n - j / m
    return counts | {
        "share_in_time": k / n,
        "share_late": j / m,
        "difference": difference,
        "low": float(low),
        "high": float(high),
    }


def compare_adjusted(leads: pd.DataFrame, time_zone: str, level: float) -> tuple[dict[str, float], tuple[str, ...]]:
    """Compare the shares that became an opportunity with source, owner, weekday and hour of creation held equal.

    Parameters
    ----------
    leads : pandas.DataFrame
        ``created_at, source, owner`` and the boolean columns ``in_time, became``.

    Returns
    -------
    comparison : dict
        As ``compare_groups`` returns it; NaN where a group has fewer than ``ENOUGH`` leads, all or none became an
        opportunity, or the model cannot be fitted.
    adjusted_for : tuple of str
        What was held equal: what differs at all among these leads.

    Notes
    -----
    Marginal standardisation (g-computation): a logistic model is fitted, every lead is predicted once as answered in
    time and once as not, and the two means are subtracted; the interval is by the delta method. Levels with fewer than
    20 leads, or with one outcome only, are pooled, and join the largest level if that is not enough.
    """
    in_time, became = leads["in_time"].to_numpy(dtype=bool), leads["became"].to_numpy(dtype=bool)
    counts = {"in_time": int(in_time.sum()), "late": int((~in_time).sum())}
    if min(counts.values()) < ENOUGH or became.all() or not became.any():
        return counts | _NOTHING, ()
    local = pd.to_datetime(leads["created_at"], unit="us", utc=True).dt.tz_convert(time_zone)
    hour = pd.cut(local.dt.hour, [-1, 8, 11, 14, 17, 23], labels=False)
    factors = leads[["source", "owner"]].assign(weekday=local.dt.weekday, hour=hour).astype(str)
    pooled = factors.apply(lambda factor: _pool(factor, became))
    # Leads that are alike make one cell: the fit is the same, and many times quicker.
    cells = pooled.assign(in_time=in_time, became=became).groupby([*_NAMES, "in_time"])["became"]
    counted = cells.agg(["size", "sum"]).reset_index()
    size, hits = counted["size"].to_numpy(dtype=float), counted["sum"].to_numpy(dtype=float)
    dummies = {name: pd.get_dummies(counted[name], drop_first=True, dtype=float).to_numpy() for name in _NAMES}
    names = tuple(name for name in _NAMES if dummies[name].shape[1])
    ours = counted["in_time"].to_numpy(dtype=float)
    design = np.column_stack((np.ones(len(counted)), ours, *dummies.values()))
    with warnings.catch_warnings():
        # What separates the outcomes has no finite coefficient; the check below then refuses the fit.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = GLM(np.column_stack((hits, size - hits)), design, family=families.Binomial()).fit()
    both = design.copy(), design.copy()
    both[0][:, 1], both[1][:, 1] = 1.0, 0.0
    chance = [fit.predict(x) for x in both]
    weight = size / size.sum()
    slope = [(weight * p * (1 - p)) @ x for x, p in zip(both, chance, strict=True)]
    gradient = slope[0] - slope[1]
    variance = float(gradient @ np.asarray(fit.cov_params()) @ gradient)
    if not fit.converged or not np.isfinite(variance) or np.abs(fit.params).max() > 15:
        return counts | _NOTHING, ()
    means = [float(weight @ p) for p in chance]
    width = norm.ppf(0.5 + level / 2) * np.sqrt(variance)
    difference = means[0] - means[1]
    told = {"share_in_time": means[0], "share_late": means[1], "difference": difference}
    return counts | told | {"low": difference - width, "high": difference + width}, names


def _pool(factor: pd.Series, became: np.ndarray) -> pd.Series:
    outcome = pd.Series(became, index=factor.index)
    pooled = factor.mask(_is_thin(factor, outcome), _REST)
    return pooled.mask(_is_thin(pooled, outcome), str(factor.mode().iloc[0]))


def _is_thin(factor: pd.Series, outcome: pd.Series) -> pd.Series:
    groups = outcome.groupby(factor)
    mean, size = groups.transform("mean"), groups.transform("size")
    return (size < _LEAST_OF_LEVEL) | (mean == 0) | (mean == 1)
