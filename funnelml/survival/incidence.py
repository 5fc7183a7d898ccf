"""Exact Aalen-Johansen estimate of cumulative incidence, with ties, delayed entry and weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.jackknife import jackknife_variance
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stays import Stays, read_stays


def estimate_incidence(
    duration: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    n_causes: int | None = None,
    variance: bool = True,
) -> CumulativeIncidence:
    r"""Estimate the chance to have left by each cause, as a function of the time spent.

    Parameters
    ----------
    duration : array-like, shape (n,)
        Days from the start of each stay to its end, or to when it was last seen.
    event : array-like of int, shape (n,)
        0 censored, ``1..K`` the cause for which it ended.
    entry : array-like, shape (n,), optional
        Delayed entry: days from the start of the stay to when it came under observation; 0 by default.
    weights : array-like, shape (n,), optional
        Case weights, 1 by default. A stay of weight 0 counts for nothing.
    cluster : array-like, shape (n,), optional
        What varies together, such as the id of the record: the variance is then that between clusters, which matters
        where a record comes back to a stage. By default each stay varies alone.
    n_causes : int, optional
        K; by default the largest cause that occurs.
    variance : bool
        Whether to compute the variance as well, at five to eight times the cost.

    Returns
    -------
    CumulativeIncidence
        A step function; call it with days.

    Raises
    ------
    ModelInputError
        If lengths differ, there is no stay, a value is missing, infinite or negative, an entry is after its end, an
        event is not a whole number in ``0..K``, a weight is outside 1e-50 to 1e50, or all are zero. The message counts
        and names the rows.

    See Also
    --------
    funnelml.survival.risk_sets.count_risk_sets : Who is at risk when: ties, and stays of length zero.

    Notes
    -----
    .. math:: S(t) = \prod_{u \le t} \{1 - h(u)\}, \qquad F_k(t) = \sum_{u \le t} S(u-)\, h_k(u), \qquad
        h_k(u) = d_k(u) / Y(u)

    with :math:`d_k` the weight that left by cause k and :math:`Y` the weight at risk (Aalen and Johansen,
    Scandinavian Journal of Statistics 5, 1978). The variance is the infinitesimal jackknife, which is what R's
    ``survfit`` reports for several states: weights are sampling weights, so a stay of weight 3 is one observation, not
    three. Times are tied when they are equal as numbers. Where nobody is at risk because the later stays all entered
    late, the curve goes on flat, and ``gaps`` says so. Where all at risk left at once, it can never move again: under
    delayed entry a first risk set of a few stays may decide everything.

    Examples
    --------
    >>> curve = estimate_incidence([1, 2, 3, 4, 5, 6], [0, 1, 1, 2, 2, 0])
    >>> curve([2, 4, 6]).round(3)
    array([[0.8, 0.4, 0.2],
           [0.2, 0.4, 0.4],
           [0. , 0.2, 0.4]])
    """
    stays = read_stays(duration, event, entry=entry, weights=weights, cluster=cluster, n_causes=n_causes)
    return curve_of(stays, variance=variance)


def curve_of(stays: Stays, *, variance: bool = True) -> CumulativeIncidence:
    """Estimate the incidences of stays that were read before, as ``estimate_incidence`` does."""
    sets = stays.risk_sets()
    staying = np.cumprod(sets.left / sets.at_risk)
    before = np.concatenate(([1.0], staying))[:-1]
    steps = sets.exits / sets.at_risk * before
    spread = None
    if variance:
        spread = jackknife_variance(sets, steps, before=before, cluster=stays.cluster)
    return CumulativeIncidence(
        times=sets.times,
        incidence=np.vstack((staying, np.cumsum(steps, axis=1))),
        at_risk=sets.at_risk,
        n_events=sets.exits,
        variance=spread,
        n_stays=len(stays.duration),
        last_follow_up=float(stays.duration[-1]),
        gaps=_gaps(stays.entry, stays.duration),
    )


def _gaps(entry: FloatArray, duration: FloatArray) -> FloatArray:
    if not entry.any():
        return np.empty((0, 2))
    order = np.argsort(entry)
    opens = entry[order]
    covered = np.concatenate(([0.0], np.maximum.accumulate(duration[order])[:-1]))
    empty = opens > covered
    return np.column_stack((covered[empty], opens[empty]))
