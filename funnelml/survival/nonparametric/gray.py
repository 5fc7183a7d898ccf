"""Gray's test: whether the incidence of one cause is the same in several groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError
from funnelml.survival.nonparametric.group_test import GroupTest, conclude, read_groups
from funnelml.survival.risk_sets import FloatArray, IntArray, sum_by
from funnelml.survival.stays import code_names, read_stays, refuse


def gray_test(
    duration: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    cause: int,
    entry: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
) -> GroupTest:
    r"""Test whether stays of several groups end by one cause with the same chance by each day.

    Parameters
    ----------
    duration, event : array-like, shape (n,)
        Days to the end of each stay, and how it ended: 0 censored, else the cause.
    group : array-like, shape (n,)
        Group of each stay.
    cause : int
        The cause.
    entry : array-like, shape (n,), optional
        Delayed entry in days; none may be above 0.
    stratum : array-like, shape (n,), optional
        Stays are compared within strata only, such as their stage.

    Returns
    -------
    GroupTest
        Without an answer, and saying why, if there is one group or no end by that cause.

    Raises
    ------
    ModelInputError
        As ``estimate_incidence``; if a stay came under observation late, for which the test is not defined (the
        log-rank test with ``causes`` is); if ``cause`` is below 1.

    Notes
    -----
    With :math:`R_g = Y_g \{1 - F_g(t-)\} / S_g(t-)`, the number "at risk" of the subdistribution in group g, the score
    is :math:`\sum (d_g - d R_g / \sum_r R_r)`, d counting ends by the cause (Gray, Annals of Statistics 16, 1988, with
    rho = 0). The covariance is that of his section 2, each increment of a martingale with the correction for ties of
    sampling without replacement, as in R's ``cmprsk``. Stays are taken as independent.
    """
    if cause < 1:
        raise ModelInputError(f"cause is {cause}; causes are numbered from 1")
    stays = read_stays(duration, event, entry=entry)
    refuse(
        np.asarray(entry if entry is not None else [], dtype=np.float64) > 0,
        "Gray's test needs stays seen from their beginning, but entry is above 0",
        f"use log_rank_test(..., causes=[{cause}]) on all, or leave out those that entered late",
    )
    n = len(stays.row)
    code, names = read_groups(group, n)
    strata = np.zeros(n, dtype=np.int64)
    if stratum is not None:
        strata = code_names("stratum", stratum, n, remedy="give each stay a stratum")
    code, strata = code[stays.row], strata[stays.row]
    k = len(names)
    score, covariance = np.zeros(k), np.zeros((k, k))
    for s in np.unique(strata):
        here = np.flatnonzero(strata == s)
        part = _count(stays.duration[here], stays.event[here], code[here], cause, k)
        score += part[0]
        covariance += part[1]
    return conclude(
        "gray",
        score=score,
        covariance=covariance,
        variance="stays",
        names=names,
        stays=sum_by(code, np.ones(n), k),
        observed=sum_by(code, (stays.event == cause).astype(np.float64), k),
    )


def _count(duration: FloatArray, event: IntArray, code: IntArray, cause: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Return the score of one stratum and its covariance."""
    times = np.unique(duration[event > 0])
    m = len(times)

    def per_group(at: IntArray, chosen: NDArray[np.bool_], rows: int) -> FloatArray:
        cells = at[chosen] * k + code[chosen]
        return sum_by(cells, np.ones(len(cells)), rows * k).reshape(rows, k)

    at = np.searchsorted(times, duration, side="right")
    gone = np.cumsum(per_group(at, np.ones(len(at), dtype=bool), m + 1), axis=0)
    at_risk = gone[-1] - gone[:m]
    ours, others = (per_group(at - 1, chosen, m) for chosen in (event == cause, (event > 0) & (event != cause)))
    some = at_risk > 0
    size = np.where(some, at_risk, 1.0)
    staying = np.cumprod(np.where(some, (at_risk - ours - others) / size, 1.0), axis=0)
    before = np.vstack((np.ones(k), staying))[:m]
    rise = np.cumsum(before * ours / size, axis=0)
    risen = np.vstack((np.zeros(k), rise))[:m]
    # What is at risk, as if nobody had been censored.
    whole = np.where(some, at_risk / np.where(some, before, 1.0), 0.0)
    total, d = whole.sum(axis=1), ours.sum(axis=1)
    pooled = np.cumsum(d / total)
    pooled_before = np.concatenate(([0.0], pooled))[:m]
    share = whole * (1 - risen)
    score = (ours - d[:, None] * share / share.sum(axis=1, keepdims=True)).sum(axis=0)
    covariance = np.zeros((k, k))
    hazard = d / (total * (1 - pooled_before))
    for g in range(k):
        direct = -whole * (whole[:, g] / total)[:, None]
        direct[:, g] += whole[:, g]
        later = np.cumsum(direct * hazard[:, None], axis=0)
        later = later[-1:] - later if m else later
        left = np.where(staying[:, g] > 0, (1 - pooled) / np.where(staying[:, g] > 0, staying[:, g], 1.0), 0.0)
        by_cause = direct + (1 - left)[:, None] * later
        tied = _without_replacement(d, total * before[:, g])
        spread = np.where(some[:, g], tied * before[:, g] * d / (total * size[:, g]), 0.0)
        covariance += (by_cause.T * spread) @ by_cause
        by_others = left[:, None] * later
        tied = _without_replacement(others[:, g], at_risk[:, g])
        spread = tied * before[:, g] ** 2 * others[:, g] / size[:, g] ** 2
        covariance += (by_others.T * spread) @ by_others
    return score, covariance


def _without_replacement(d: FloatArray, of: FloatArray) -> FloatArray:
    several = (d > 1) & (of > 1)
    return np.where(several, 1 - (d - 1) / np.where(several, of - 1, 1.0), 1.0)
