"""Variance of a cumulative incidence by the infinitesimal jackknife, in linear time and memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from funnelml.survival.risk_sets import FloatArray, IntArray, RiskSets, add_exactly


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

    .. math:: U_i(t) = \sum_{u \le t} \Bigl[ -a_i(u) \{F_k(t) - F_k(u)\} + S(u-)\{dN_{ik}(u) - Y_i(u) h_k(u)\}/Y(u) \Bigr],
        \quad a_i = \frac{dN_i - Y_i h}{Y (1 - h)},

    and the variance is the sum over clusters of the squared sum of :math:`w_i U_i(t)` (Therneau and Grambsch, Modeling
    Survival Data, 2000, section 7; Therneau, Crowson and Atkinson, Multi-state models, the survival package).
    Writing :math:`F_k(t) - F_k(u)` as :math:`R(u) - R(t)`, with R what is still to come, makes it
    :math:`R(t) A_i(t) + C_i(t)`. While a stay is at risk A and C follow one common path, so a cluster is described by
    three numbers that change only when one of its stays enters or leaves; their second moments are running sums.
    R, and not F, keeps every term as small as the answer: A grows without bound while R A does not.
    """
    m, weights = len(sets.times), sets.weights
    ended = sets.event > 0
    at = sets.last[ended] - 1
    accumulate, when = _changes(sets.first, sets.last - ended, cluster)

    def running(x: tuple[FloatArray, FloatArray], y: tuple[FloatArray, FloatArray]) -> FloatArray:
        (x_before, x_after), (y_before, y_after) = x, y
        return add_exactly(x_after * y_after - x_before * y_before, lambda part: np.cumsum(np.bincount(when, part, m + 1))[:m])

    def path(increments: FloatArray) -> FloatArray:
        return np.concatenate(([0.0], np.cumsum(increments)))

    per_left = np.divide(1.0, sets.left, out=np.zeros(m), where=sets.left > 0)
    common = sets.exits.sum(axis=0) / sets.at_risk * per_left
    common_path = path(common)
    leaving = -common_path[sets.last]
    leaving[ended] += per_left[at]
    w = accumulate(weights, -weights)
    a = accumulate(weights * common_path[sets.first], weights * leaving)
    ww, wa, aa = running(w, w), running(w, a), running(a, a)

    jump = before / sets.at_risk
    rows = np.vstack((-steps.sum(axis=0), steps))
    variance = np.empty_like(rows)
    for k, step in enumerate(rows):
        to_come = np.append(np.cumsum(step[:0:-1])[::-1], 0.0)[:m]
        own_path = path(common * to_come - step / sets.at_risk)
        leaving = own_path[sets.last]
        sign = -1.0 if k == 0 else sets.event[ended] == k
        leaving[ended] += sign * jump[at] - (to_come * per_left)[at]
        c = accumulate(-weights * own_path[sets.first], weights * leaving)
        g = own_path[1:] - to_come * common_path[1:]
        wc, ac, cc = running(w, c), running(a, c), running(c, c)
        variance[k] = g * (g * ww + 2 * (to_come * wa + wc)) + to_come * (to_come * aa + 2 * ac) + cc
    return np.maximum(variance, 0.0)


Accumulate = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


def _changes(first: IntArray, last: IntArray, cluster: IntArray | None) -> tuple[Accumulate, NDArray[np.int64]]:
    """Return how to sum what is added at entry and at exit within each cluster, and the time index of each change."""
    when = np.concatenate((first, last))
    if cluster is None:

        def by_stay(entering: FloatArray, leaving: FloatArray) -> tuple[FloatArray, FloatArray]:
            zero = np.zeros(len(entering))
            return np.concatenate((zero, entering)), np.concatenate((entering, entering + leaving))

        return by_stay, when

    owner = np.concatenate((cluster, cluster))
    order = np.lexsort((when, owner))
    opens = np.diff(owner[order], prepend=-1) != 0
    group = np.cumsum(opens) - 1

    def by_cluster(entering: FloatArray, leaving: FloatArray) -> tuple[FloatArray, FloatArray]:
        def within(part: FloatArray) -> FloatArray:
            total = np.cumsum(part)
            previous = np.concatenate(([0.0], total[:-1]))
            return np.stack((previous, total)) - previous[opens][group]

        before, after = add_exactly(np.concatenate((entering, leaving))[order], within)
        return before, after

    return by_cluster, when[order]
