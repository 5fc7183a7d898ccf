"""Variance of a cumulative incidence by the infinitesimal jackknife, in linear time and memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from funnelml.survival.risk_sets import FloatArray, IntArray, RiskSets, add_exactly, sum_by


def jackknife_variance(
    sets: RiskSets, steps: FloatArray, *, before: FloatArray, cluster: IntArray | None = None
) -> FloatArray:
    r"""Return the infinitesimal jackknife variance of every row of a cumulative incidence.

    Parameters
    ----------
    sets : RiskSets
        Risk sets of n stays at m event times.
    steps : numpy.ndarray, shape (K, m)
        Jumps of the incidences at the event times.
    before : numpy.ndarray, shape (m,)
        Chance to be still in the stage just before each event time.
    cluster : numpy.ndarray of int, shape (n,), optional
        Stays with the same number vary together; by default each stays alone.

    Returns
    -------
    numpy.ndarray, shape (1 + K, m)
        Row 0 is the variance of "still in the stage".

    Notes
    -----
    With :math:`Y` the weight at risk, :math:`h_k` the hazard of cause k and :math:`h` their sum, the derivative of
    :math:`F_k(t)` by the weight of stay i is

    .. math:: U_i(t) = \sum_{u \le t} \Bigl[ S(u-) \frac{dN_{ik}(u) - Y_i(u) h_k(u)}{Y(u)} - a_i(u) \{F_k(t) - F_k(u)\}
        \Bigr], \quad a_i = \frac{dN_i - Y_i h}{Y (1 - h)},

    and the variance is the sum over clusters of the squared sum of :math:`w_i U_i(t)` (Therneau, Crowson and Atkinson,
    "Multi-state models and competing risks", vignette of R's survival). With :math:`R(t)` what the curve has still to
    rise after t, :math:`F_k(t) - F_k(u) = R(u) - R(t)` and so :math:`U_i(t) = R(t) A_i(t) + C_i(t)`, where A sums
    :math:`a_i` and C the rest. While a stay is at risk its A and C move along paths common to all. So three numbers
    say all about a cluster: its weight at risk, and its A and C less the common paths. They change only when one of its
    stays enters or leaves, and the variance is a quadratic form of their second moments, which are running sums.
    R, not F, keeps each term as small as the answer: A grows without bound as the risk set shrinks, R A does not.
    """
    m, weights = len(sets.times), sets.weights
    ended = sets.event > 0
    at = sets.last[ended] - 1
    add_up, since, until = _spans(sets.first, sets.last - ended, m, cluster)

    def moment(x: FloatArray, y: FloatArray) -> FloatArray:
        return add_exactly(x * y, lambda part: np.cumsum(sum_by(since, part, m + 1) - sum_by(until, part, m + 1))[:m])

    per_left = np.divide(1.0, sets.left, out=np.zeros(m), where=sets.left > 0)
    drift = sets.exits.sum(axis=0) / sets.at_risk * per_left
    path_a = _path(drift)
    at_exit = -path_a[sets.last]
    at_exit[ended] += per_left[at]
    w = add_up(weights, -weights)
    a = add_up(weights * path_a[sets.first], weights * at_exit)
    ww, wa, aa = moment(w, w), moment(w, a), moment(a, a)

    jump = before / sets.at_risk
    rows = np.vstack((-steps.sum(axis=0), steps))
    variance = np.empty_like(rows)
    for k, step in enumerate(rows):
        r = np.append(np.cumsum(step[:0:-1])[::-1], 0.0)[:m]
        path_c = _path(drift * r - step / sets.at_risk)
        own = -1.0 if k == 0 else (sets.event[ended] == k).astype(np.float64)
        at_exit = path_c[sets.last]
        at_exit[ended] += own * jump[at] - (r * per_left)[at]
        c = add_up(-weights * path_c[sets.first], weights * at_exit)
        g = path_c[1:] - r * path_a[1:]
        wc, ac, cc = moment(w, c), moment(a, c), moment(c, c)
        variance[k] = g * (g * ww + 2 * (r * wa + wc)) + r * (r * aa + 2 * ac) + cc
    return np.maximum(variance, 0.0)


def _path(increments: FloatArray) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(increments)))


def _spans(
    first: IntArray, last: IntArray, m: int, cluster: IntArray | None
) -> tuple[Callable[[FloatArray, FloatArray], FloatArray], IntArray, IntArray]:
    """Cut the time of each cluster at its entries and exits.

    Returns what adds up, for every span, all that its cluster's entries and exits have brought so far, and the time
    index at which each span begins and the one at which it is over.
    """
    n = len(first)
    if cluster is None:

        def add_up_stay(entering: FloatArray, leaving: FloatArray) -> FloatArray:
            return np.concatenate((entering, entering + leaving))

        return add_up_stay, np.concatenate((first, last)), np.concatenate((last, np.full(n, m)))

    since, owner = np.concatenate((first, last)), np.concatenate((cluster, cluster))
    order = np.lexsort((since, owner))
    since, owner = since[order], owner[order]
    opens = np.diff(owner, prepend=-1) != 0
    until = np.where(np.append(opens[1:], True), m, np.append(since[1:], m))
    group = np.cumsum(opens) - 1

    def add_up_cluster(entering: FloatArray, leaving: FloatArray) -> FloatArray:
        def within(part: FloatArray) -> FloatArray:
            total = np.cumsum(part)
            return total - (total - part)[opens][group]

        return add_exactly(np.concatenate((entering, leaving))[order], within)

    return add_up_cluster, since, until
