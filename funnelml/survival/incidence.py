"""Exact Aalen-Johansen estimate of cumulative incidence, with ties, delayed entry and weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError, first_few
from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.jackknife import jackknife_variance
from funnelml.survival.risk_sets import FloatArray, IntArray, count_risk_sets

LIGHTEST, HEAVIEST = 1e-50, 1e50
"""Weights other than 0 lie between these, so that no square of a sum or of a ratio overflows."""


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
    days = _numbers("duration", duration)
    n = len(days)
    if n == 0:
        raise ModelInputError("there is no stay to learn from: duration is empty")
    start = _numbers("entry", np.zeros(n) if entry is None else entry, n)
    weight = _numbers("weights", np.ones(n) if weights is None else weights, n)
    code = _numbers("event", event, n)
    _refuse(code != np.round(code), "event is not a whole number", "use 0 for censored and 1..K for the causes")
    _refuse(start > days, "entry is after the end of the stay", "drop stays that ended before they were observed")
    causes = _causes(code, n_causes)
    owner = None if cluster is None else _codes(cluster, n)
    if not weight.any():
        raise ModelInputError(f"all {n:,} weights are zero; give at least one stay a weight")
    outside = (weight > 0) & ((weight < LIGHTEST) | (weight > HEAVIEST))
    _refuse(outside, f"weight is outside {LIGHTEST:g} to {HEAVIEST:g}", "scale the weights, and use 0 for next to none")
    order = np.argsort(days)  # looking up instants in order is many times quicker than at random
    order = order[weight[order] > 0]
    days, start, weight = days[order], start[order], weight[order]
    ends = code[order].astype(np.int64)

    sets = count_risk_sets(days, ends, entry=start, weights=weight, n_causes=causes)
    staying = np.cumprod(sets.left / sets.at_risk)
    before = np.concatenate(([1.0], staying))[:-1]
    steps = sets.exits / sets.at_risk * before
    spread = None
    if variance:
        groups = None if owner is None else owner[order]
        spread = jackknife_variance(sets, steps, before=before, cluster=groups)
    return CumulativeIncidence(
        times=sets.times,
        incidence=np.vstack((staying, np.cumsum(steps, axis=1))),
        at_risk=sets.at_risk,
        n_events=sets.exits,
        variance=spread,
        n_stays=len(days),
        last_follow_up=float(days[-1]),
        gaps=_gaps(start, days),
    )


def _gaps(entry: FloatArray, duration: FloatArray) -> FloatArray:
    if not entry.any():
        return np.empty((0, 2))
    order = np.argsort(entry)
    opens = entry[order]
    covered = np.concatenate(([0.0], np.maximum.accumulate(duration[order])[:-1]))
    empty = opens > covered
    return np.column_stack((covered[empty], opens[empty]))


def _numbers(name: str, values: ArrayLike, n: int | None = None) -> FloatArray:
    given = np.asarray(values)
    try:
        array = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelInputError(f"{name} must be numbers: {error}") from error
    if given.dtype.kind not in "biufO":
        raise ModelInputError(f"{name} must be numbers (times in days), not {given.dtype}")
    if array.ndim != 1 or (n is not None and len(array) != n):
        wanted = "one-dimensional" if n is None else f"of shape ({n},) like duration"
        raise ModelInputError(f"{name} must be {wanted}, not of shape {array.shape}")
    _refuse(~np.isfinite(array), f"{name} is missing or infinite", "drop or mend these stays")
    _refuse(array < 0, f"{name} is negative", "drop or mend these stays")
    return array


def _causes(event: FloatArray, n_causes: int | None) -> int:
    if n_causes is None:
        return max(1, int(event.max()))
    if n_causes < 1:
        raise ModelInputError(f"n_causes must be at least 1, not {n_causes}")
    _refuse(event > n_causes, f"event is above n_causes = {n_causes}", "raise n_causes or recode the events")
    return n_causes


def _codes(cluster: ArrayLike, n: int) -> IntArray:
    ids = np.asarray(cluster)
    if ids.shape != (n,):
        raise ModelInputError(f"cluster must be of shape ({n},) like duration, not of shape {ids.shape}")
    codes, _ = pd.factorize(ids)
    _refuse(codes < 0, "cluster is missing", "name the record of every stay")
    return codes.astype(np.int64)


def _refuse(bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    if bad.any():
        rows = first_few(np.flatnonzero(bad))
        raise ModelInputError(f"{what} in {int(bad.sum()):,} of {len(bad):,} stays (rows {rows}): {remedy}")
