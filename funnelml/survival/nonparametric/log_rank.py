"""The log-rank test: whether groups of stays leave at the same pace, or at the same pace by one cause."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelml.survival.nonparametric.group_test import GroupTest, conclude, read_groups
from funnelml.survival.risk_sets import FloatArray, IntArray, count_risk_sets, sum_by
from funnelml.survival.stays import Stays, code_names, read_stays


def log_rank_test(
    duration: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    causes: Collection[int] | None = None,
) -> GroupTest:
    r"""Test whether stays of several groups end at the same pace.

    Parameters
    ----------
    duration, event : array-like, shape (n,)
        Days to the end of each stay, and how it ended: 0 censored, else the cause.
    group : array-like, shape (n,)
        Group of each stay.
    entry : array-like, shape (n,), optional
        Delayed entry in days.
    weights : array-like, shape (n,), optional
        Sampling weights.
    cluster : array-like, shape (n,), optional
        What varies together, such as the id of the record.
    stratum : array-like, shape (n,), optional
        Stays are compared within strata only, such as their stage.
    causes : collection of int, optional
        Causes that count as an end, the others being censored: the test is then of cause-specific hazards. All by
        default.

    Returns
    -------
    GroupTest
        Without an answer, and saying why, if there is one group or no end, or groups were never at risk together.

    Raises
    ------
    ModelInputError
        As ``estimate_incidence``, or if a group or stratum is missing.

    Notes
    -----
    With :math:`d` of :math:`Y` stays at risk leaving at a time, and :math:`Y_g` of them in group g,

    .. math:: O_g - E_g = \sum (d_g - d\, Y_g / Y), \qquad V_{gh} = \sum \frac{d (Y - d)}{Y - 1} \frac{Y_g}{Y}
        \Bigl(1\{g = h\} - \frac{Y_h}{Y}\Bigr),

    exact with ties (Mantel, Cancer Chemotherapy Reports 50, 1966; R's ``survdiff``). With weights or clusters that
    variance does not hold; it is then the sum over clusters of the squared scores, as in the robust score test of a
    Cox model with Breslow's ties (Lin and Wei, JASA 84, 1989).
    """
    stays = read_stays(duration, event, entry=entry, weights=weights, cluster=cluster)
    n = len(np.asarray(duration))
    code, names = read_groups(group, n)
    strata = np.zeros(n, dtype=np.int64)
    if stratum is not None:
        strata = code_names("stratum", stratum, n, remedy="give each stay a stratum")
    code, strata = code[stays.row], strata[stays.row]
    counts = np.isin(stays.event, list(causes)) if causes is not None else stays.event > 0
    k, robust = len(names), weights is not None or cluster is not None
    score, exact = np.zeros(k), np.zeros((k, k))
    each = np.zeros((len(code), k))
    for s in np.unique(strata):
        here = np.flatnonzero(strata == s)
        part_score, part_variance, each[here] = _score(stays, here, code[here], counts[here], k)
        score += part_score
        exact += part_variance
    if robust:
        summed = stays.add_up(each)
        exact = summed.T @ summed
    return conclude(
        "log_rank",
        score=score,
        covariance=exact,
        variance="records" if robust else "stays",
        names=names,
        stays=sum_by(code, np.ones(len(code)), k),
        observed=sum_by(code, stays.weights * counts, k),
    )


def _score(
    stays: Stays, here: IntArray, code: IntArray, counts: NDArray[np.bool_], k: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return observed less expected of one stratum, its hypergeometric covariance, and the part of each stay."""
    weights = stays.weights[here]
    sets = count_risk_sets(
        stays.duration[here], counts.astype(np.int64), entry=stays.entry[here], weights=weights, n_causes=1
    )
    m = len(sets.times)
    present = np.zeros((m, k))
    for g in range(k):
        own = weights * (code == g)
        present[:, g] = np.cumsum(sum_by(sets.first, own, m + 1) - sum_by(sets.last, own, m + 1))[:m]
    part = present / sets.at_risk[:, None]
    d, y = sets.exits[0], sets.at_risk
    score = sum_by(code, weights * counts, k) - d @ part
    spread = np.where(y > 1, d * sets.left / np.where(y > 1, y - 1, 1.0), 0.0)
    covariance = np.diag(spread @ part) - (part.T * spread) @ part
    # dN - Y h of each stay, in its own group less the share of each group among those at risk.
    hazard = d / y
    path = np.concatenate((np.zeros((1, k)), np.cumsum(hazard[:, None] * part, axis=0)))
    total = np.concatenate(([0.0], np.cumsum(hazard)))
    each = path[sets.last] - path[sets.first]
    each[np.arange(len(code)), code] += counts - (total[sets.last] - total[sets.first])
    leaver = np.flatnonzero(counts)
    each[leaver] -= part[sets.last[leaver] - 1]
    return score, covariance, each
