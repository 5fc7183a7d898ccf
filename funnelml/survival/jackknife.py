"""Variance of a cumulative incidence by the infinitesimal jackknife, in linear time and memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from funnelml.survival.risk_sets import FloatArray, IntArray, RiskSets, add_exactly, sum_by

STEEPEST = 1_000.0
"""Growth of the weight at risk since its smallest beyond which influences are reckoned from a new start."""


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
    Time and memory are linear in n + m, but for one more pass each time the weight at risk grows a thousandfold.
    """
    weights, ended = sets.weights, sets.event > 0
    rows = np.vstack((-steps.sum(axis=0), steps))
    to_come = np.hstack((np.cumsum(rows[:, :0:-1], axis=1)[:, ::-1], np.zeros((len(rows), 1))))[:, : len(before)]
    jumps = before / sets.at_risk
    per_left = np.divide(1.0, sets.left, out=np.zeros_like(before), where=sets.left > 0)
    drift = sets.exits.sum(axis=0) / sets.at_risk * per_left
    variance = np.empty_like(rows)
    a_before, c_before = np.zeros(len(weights)), np.zeros((len(rows), len(weights)))
    for block in _blocks(sets):
        size = block.stop - block.start
        first, last, out = (
            np.clip(index, block.start, block.stop) - block.start
            for index in (sets.first, sets.last, sets.last - ended)
        )
        leaver = np.flatnonzero(out < last)
        at = out[leaver] + block.start
        spans = _cut_spans(first, out, size, cluster)

        path_a = _path(drift[block])
        entering, leaving = a_before + weights * path_a[first], -weights * path_a[last]
        leaving[leaver] += weights[leaver] * per_left[at]
        a_before = entering + leaving
        w, a = spans.add_up(weights, -weights), spans.add_up(entering, leaving)
        ww, wa, aa = spans.moment(w, w), spans.moment(w, a), spans.moment(a, a)
        for k, r in enumerate(to_come):
            path_c = _path((drift * r - rows[k] / sets.at_risk)[block])
            entering, leaving = c_before[k] - weights * path_c[first], weights * path_c[last]
            own = -1.0 if k == 0 else (sets.event[leaver] == k).astype(np.float64)
            leaving[leaver] += weights[leaver] * (own * jumps[at] - (r * per_left)[at])
            c_before[k] = entering + leaving
            c = spans.add_up(entering, leaving)
            wc, ac, cc = spans.moment(w, c), spans.moment(a, c), spans.moment(c, c)
            r = r[block]
            g = path_c[1:] - r * path_a[1:]
            variance[k, block] = g * (g * ww + 2 * (r * wa + wc)) + r * (r * aa + 2 * ac) + cc
    return np.maximum(variance, 0.0)


def _blocks(sets: RiskSets) -> Iterator[slice]:
    # What enters is reckoned from the start of its block. Where a heavy risk set follows a light one, the path since
    # the light one is so steep that heavy weights times it would drown the answer; so a new block begins.
    begin, m = 0, len(sets.times)
    while begin < m:
        lightest = np.minimum.accumulate(np.where(sets.left > 0, sets.left, sets.at_risk)[begin : m - 1])
        heavier = np.flatnonzero(sets.at_risk[begin + 1 :] > STEEPEST * lightest)
        end = begin + 1 + int(heavier[0]) if len(heavier) else m
        yield slice(begin, end)
        begin = end


def _path(increments: FloatArray) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(increments)))


@dataclass(frozen=True, kw_only=True)
class _Spans:
    """Time of every cluster, cut where one of its stays enters or leaves; a span is open in ``[since, until)``."""

    since: IntArray
    until: IntArray
    size: int
    order: IntArray | None = None
    cluster_start: IntArray | None = None

    def add_up(self, entering: FloatArray, leaving: FloatArray) -> FloatArray:
        """Return what the entries and exits of its cluster have brought by each span."""
        if self.order is None:
            return np.concatenate((entering, entering + leaving))

        def within(part: FloatArray) -> FloatArray:
            total = np.cumsum(part)
            return total - (total - part)[self.cluster_start]

        return add_exactly(np.concatenate((entering, leaving))[self.order], within)

    def moment(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the sum of ``x * y`` over the spans that are open, at each time."""

        def running(part: FloatArray) -> FloatArray:
            begun, over = sum_by(self.since, part, self.size + 1), sum_by(self.until, part, self.size + 1)
            return np.cumsum(begun - over)[: self.size]

        return add_exactly(x * y, running)


def _cut_spans(first: IntArray, out: IntArray, size: int, cluster: IntArray | None) -> _Spans:
    since = np.concatenate((first, out))
    if cluster is None:
        return _Spans(since=since, until=np.concatenate((out, np.full(len(out), size))), size=size)
    owner = np.concatenate((cluster, cluster))
    order = np.lexsort((since, owner))
    since, owner = since[order], owner[order]
    opens = np.diff(owner, prepend=-1) != 0
    until = np.where(np.append(opens[1:], True), size, np.append(since[1:], size))
    start = np.flatnonzero(opens)[np.cumsum(opens) - 1]
    return _Spans(since=since, until=until, size=size, order=order, cluster_start=start)
