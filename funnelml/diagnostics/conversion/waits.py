"""What became of those who waited: shares, and chances by competing risks, with intervals that stay in [0, 1]."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.diagnostics.conversion.paths import CONVERTED, FELL_OUT, STILL_IN
from funnelml.diagnostics.proportions import share_interval
from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.incidence import estimate_incidence

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NAN: Final = float("nan")
MATURE_SHARE: Final = 0.9
"""Share of those who convert that must have had the time for it, in a mature cohort."""
LEAST_CONVERTED: Final = 10
"""Fewest who converted from whom the time it takes can be read."""


def share_of(count: float, total: float, *, level: float) -> tuple[float, float, float]:
    """Return a share with Wilson's interval; NaN where there is nothing to share.

    Parameters
    ----------
    count, total : float
        How many of how many; fractions are effective numbers.
    level : float
        Probability of the interval.

    Returns
    -------
    tuple of float
        The share and the ends of the interval.

    Examples
    --------
    >>> tuple(round(x, 3) for x in share_of(0, 10, level=0.8))
    (0.0, 0.0, 0.141)
    """
    share, low, high = share_interval(count, total, level)
    return float(share), float(low), float(high)


def chance_by(
    days: FloatArray,
    event: IntArray,
    late: FloatArray,
    *,
    by_day: float,
    level: float,
    weights: FloatArray | None = None,
    cluster: IntArray | None = None,
) -> tuple[float, float, float, float]:
    r"""Estimate the chance to have converted by some day, open records counted as what they are.

    Parameters
    ----------
    days, event, late : numpy.ndarray, shape (n,)
        Length of each wait, how it stands (0 still in, 1 converted, 2 fell out), and delayed entry.
    by_day : float
        Day up to which the chance is wanted; the last observed one if that comes first.
    level : float
        Probability of the interval.
    weights, cluster : numpy.ndarray, shape (n,), optional
        Case weights, such as amounts, and the record of each wait.

    Returns
    -------
    tuple of float
        Chance, lower end, upper end, and the day for which they hold; NaN if there is no wait.

    Notes
    -----
    The chance is the Aalen-Johansen estimate :math:`\hat F`. Its interval is Wilson's at the effective number of
    waits :math:`n = \hat F (1 - \hat F) / \hat V` with :math:`\hat V` the variance by record (Korn and Graubard, Survey
    Methodology 24, 1998, do so for surveys): it stays in [0, 1], and without open records and weights it is Wilson's
    own. Where the variance is zero because nobody or everybody converted, n is the number whose wait by that day is
    known.
    """
    inside = (late == 0) | (days > late)
    if weights is not None:
        inside &= weights > 0
    if not inside.any():
        return NAN, NAN, NAN, NAN
    curve = estimate_incidence(
        days[inside],
        event[inside],
        entry=late[inside],
        weights=None if weights is None else weights[inside],
        cluster=None if cluster is None else cluster[inside],
        n_causes=FELL_OUT,
    )
    day = float(min(by_day, curve.observed_until))
    chance = float(np.clip(curve([day])[CONVERTED, 0], 0.0, 1.0))
    spread = float(curve.standard_error([day])[CONVERTED, 0]) ** 2
    known = int(((event[inside] != STILL_IN) | (days[inside] >= day)).sum())
    effective = chance * (1 - chance) / spread if spread > 1e-12 else known
    # The variance is itself an estimate; it must not claim more than all waits together could tell.
    effective = min(effective, float(inside.sum()))
    _, low, high = share_of(chance * effective, effective, level=level)
    return chance, min(low, chance), max(high, chance), day


def days_to_mature(days: FloatArray, event: IntArray, late: FloatArray) -> float:
    """Return the days within which nine in ten of those who convert have done so.

    Returns
    -------
    float
        NaN if fewer than ``LEAST_CONVERTED`` have converted. What takes longer than the log is unknown to it.
    """
    inside = (late == 0) | (days > late)
    if int((event[inside] == CONVERTED).sum()) < LEAST_CONVERTED:
        return NAN
    curve = estimate_incidence(days[inside], event[inside], entry=late[inside], n_causes=FELL_OUT, variance=False)
    return quantile_of_cause(curve, CONVERTED, MATURE_SHARE)


def quantile_of_cause(curve: CumulativeIncidence, cause: int, share: float) -> float:
    """Return the days by which that share of all who ever left by a cause (as far as observed) had left.

    Parameters
    ----------
    curve : CumulativeIncidence
        The curve.
    cause : int
        1 to K.
    share : float
        Between 0 and 1.

    Returns
    -------
    float
        NaN if nobody left by that cause.
    """
    row = curve.incidence[cause]
    if not len(row) or row[-1] <= 0:
        return NAN
    # The last bits of a sum must not push the answer to the next time.
    return float(curve.times[np.searchsorted(row, share * row[-1] * (1 - 1e-12), side="left")])
