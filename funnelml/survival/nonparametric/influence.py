r"""What each stay contributes to an incidence: the influences behind standard errors of means, and simultaneous bands.

With :math:`dN_{ik}` the exit of stay i by cause k, :math:`Y_i` whether it is at risk, :math:`w_i` its weight, :math:`Y`
and :math:`h` the weight at risk and the hazard of all, the derivative of :math:`F_k(t)` by :math:`w_i` is

.. math:: U_{ik}(t) = \sum_{u \le t} \Bigl[ S(u-) \frac{dN_{ik}(u) - Y_i(u) h_k(u)}{Y(u)} - \{F_k(t) - F_k(u)\}
    \frac{dN_i(u) - Y_i(u) h(u)}{Y(u) \{1 - h(u)\}} \Bigr]

(``jackknife_variance``, which sums its squares at every t). A mean over t is the same sum with other factors.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.risk_sets import FloatArray, IntArray, RiskSets
from funnelml.survival.stays import Stays

CHUNK_CELLS = 4_000_000
"""Numbers that one part of the multiplier draws may hold at once: bounds memory."""


def influence_on_area(stays: Stays, curve: CumulativeIncidence, until: float) -> FloatArray:
    r"""Return the influence of each stay on the areas under the curves from day 0 to ``until``.

    Parameters
    ----------
    stays : Stays
        n stays.
    curve : CumulativeIncidence
        Their estimate.
    until : float
        Days.

    Returns
    -------
    numpy.ndarray, shape (n, 1 + K)
        Unweighted; column 0 is for the days still in the stage.

    Notes
    -----
    The integral of :math:`U_{ik}` replaces :math:`S(u-)` by :math:`(\tau - u) S(u-)` and :math:`F_k(t) - F_k(u)` by
    :math:`\int_u^\tau F_k - (\tau - u) F_k(u)`.
    """
    sets = stays.risk_sets()
    m = int(np.searchsorted(sets.times, until, side="left"))
    times = sets.times[:m]
    rises = curve.incidence[1:, :m]
    widths = np.diff(times, append=until)
    # The area under each curve from each event time on.
    area = np.cumsum((rises * widths)[:, ::-1], axis=1)[:, ::-1]
    left = until - times
    return _influence(sets, before_exits(curve)[:m] * left, area - left * rises)


def before_exits(curve: CumulativeIncidence) -> FloatArray:
    """Return the chance to be still in the stage just before each event time."""
    return np.concatenate(([1.0], curve.incidence[0]))[:-1]


def _influence(sets: RiskSets, own: FloatArray, others: FloatArray) -> FloatArray:
    """Return the sums of ``own (dN_k - Y h_k) / Y`` less ``others_k (dN - Y h) / Y(1 - h)``, shape (n, 1 + K)."""
    causes, m = others.shape
    at_risk, left, exits = sets.at_risk[:m], sets.left[:m], sets.exits[:, :m]
    per_left = np.divide(1.0, left, out=np.zeros(m), where=left > 0)
    drift = others * (exits.sum(axis=0) / at_risk * per_left) - own * exits / at_risk**2
    path = np.concatenate((np.zeros((causes, 1)), np.cumsum(drift, axis=1)), axis=1)
    first, last = np.minimum(sets.first, m), np.minimum(sets.last, m)
    value = path[:, last] - path[:, first]
    leaver = np.flatnonzero((sets.event > 0) & (sets.last <= m))
    at = sets.last[leaver] - 1
    value[:, leaver] -= (others * per_left)[:, at]
    value[sets.event[leaver] - 1, leaver] += (own / at_risk)[at]
    return np.column_stack((-value.sum(axis=0), value.T))


def draw_deviations(
    stays: Stays, curve: CumulativeIncidence, *, draws: int, seed: int
) -> Iterator[tuple[int, FloatArray]]:
    r"""Yield draws of how far each curve may lie from its estimate, at every event time.

    Parameters
    ----------
    stays : Stays
        n stays.
    curve : CumulativeIncidence
        Their estimate, with m event times.
    draws, seed : int
        Number of draws and their seed.

    Yields
    ------
    tuple of int and numpy.ndarray, shape (m, part of the draws)
        Row of the curve (0: still in the stage, else the cause), and the deviations. Each part of the draws yields all
        rows in their order.

    Notes
    -----
    The multiplier bootstrap: :math:`W_k(t) = \sum_c G_c \sum_{i \in c} w_i U_{ik}(t)` with one standard normal
    :math:`G_c` for each cluster, whose covariance is the infinitesimal jackknife's (Lin, Statistics in Medicine 16,
    1997). Summed over stays before it is summed over times, so that time and memory are linear in n + m.
    """
    sets = stays.risk_sets()
    n, m = len(stays.duration), len(sets.times)
    cluster = np.arange(n) if stays.cluster is None else stays.cluster
    generator = np.random.default_rng(seed)
    leaver = np.flatnonzero(sets.event > 0)
    opens, closes = _rows(sets.first, m + 1), _rows(sets.last, m + 1)
    exits = [
        _rows(sets.last[who] - 1, m, who, n)
        for who in (leaver[sets.event[leaver] == k + 1] for k in range(stays.n_causes))
    ]
    per_left = np.divide(1.0, sets.left, out=np.zeros(m), where=sets.left > 0)[:, None]
    jumps = (before_exits(curve) / sets.at_risk)[:, None]
    hazards = sets.exits / sets.at_risk
    size = max(1, CHUNK_CELLS // max(n, m, 1))
    for begin in range(0, draws, size):
        part = min(size, draws - begin)
        # One row of multipliers a draw, so that the draws do not depend on how they are parted.
        multipliers = generator.standard_normal((part, int(cluster.max()) + 1)).T[cluster] * stays.weights[:, None]
        present = np.cumsum(opens @ multipliers - closes @ multipliers, axis=0)[:m]
        moved = [e @ multipliers - h[:, None] * present for e, h in zip(exits, hazards, strict=True)]
        every = per_left * sum(moved, np.zeros((m, part)))
        since = np.cumsum(every, axis=0)
        total = np.zeros((m, part))
        deviations = []
        for k, change in enumerate(moved, start=1):
            risen = curve.incidence[k][:, None]
            deviations.append(np.cumsum(jumps * change + risen * every, axis=0) - risen * since)
            total -= deviations[-1]
        yield from enumerate([total, *deviations])


def _rows(row: IntArray, size: int, column: IntArray | None = None, n: int | None = None) -> sparse.csr_matrix:
    column = np.arange(len(row)) if column is None else column
    return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(size, len(row) if n is None else n))
