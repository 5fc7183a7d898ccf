"""When did a weekly series change for good: one statistic, its yearly false-alarm rate, and how well the date is known.

Each series is given as scores ``u`` (observed minus expected, per week) and information ``i`` (its variance if all
records were independent): for shares ``u = sum(x - p)`` and ``i = sum(p (1 - p))``, for counts ``u = n - expected`` and
``i = expected``. ``u / i`` is then the week's deviation on the logit (or log) scale.

A lasting change at the beginning of week ``k`` shifts the mean of all weeks from ``k`` on. Its estimate is the
difference of the two means, and its variance has two parts: chance among independent records, and shocks that the
records of a month share (variance ``tau2`` of a four-week mean on the same scale), which more records do not average
out::

    delta_k = U_after / I_after - U_before / I_before
    var_k   = 1 / I_after + 1 / I_before + tau2 * 4 * (1 / weeks_after + 1 / weeks_before)
    z_k     = delta_k / sqrt(var_k)

Looking every Monday, at many places and for every possible date finds a large ``z_k`` by chance. ``yearly_threshold``
is the bound that the greatest ``z_k`` of one series passes, at any of 52 weekly looks and for any date within the
last two years, with a given chance if nothing changed; dividing that chance by the number of series (Bonferroni)
bounds it for all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

FloatArray = NDArray[np.float64]

LOOK_BACK: Final = 104
"""Weeks within which a change is looked for; an older one is the stage's own history."""
LONGEST: Final = 104
"""Weeks before a change, at the most, that it is held against."""
LEAST_AFTER: Final = 3
LEAST_BEFORE: Final = 13
"""Least weeks after and before a change."""
BLOCK: Final = 4
"""Weeks whose records share a shock."""
TYPICAL_SHOCK: Final = 0.08
"""Standard deviation of a shared shock before any was seen."""
TYPICAL_WEIGHT: Final = 15.0
"""Differences of blocks that it is worth."""

_LOOKS_SLOPE: Final = 130.0
_LOOKS_OFFSET: Final = -268.0
"""Independent looks that a year of Mondays and of dates amounts to, at bound ``c``: ``130 c - 268``; fitted to 120,000
simulated series of standard normal weeks (tests/diagnostics/test_change_scan.py repeats a smaller run)."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The likeliest lasting change of one weekly series.

    Parameters
    ----------
    week : int
        Week with which it begins.
    shift, error : float
        Estimate on the logit (or log) scale, and its standard error.
    z : float
        ``shift / error``.
    first, last : int
        Weeks between which it began with a confidence of 80 %.
    """

    week: int
    shift: float
    error: float
    z: float
    first: int
    last: int


def scan_for_change(
    score: FloatArray, information: FloatArray, *, tau2: float, least: float, sign: int
) -> Change | None:
    """Return the likeliest lasting fall (or rise) of a weekly series, however small.

    Parameters
    ----------
    score, information : numpy.ndarray, shape (weeks,)
        Observed minus expected and its variance, week by week; the last week ends at the as-of date.
    tau2 : float
        Variance of the shock that a four-week mean carries.
    least : float
        Least information on each side of a change.
    sign : {-1, 1}
        Whether a fall or a rise is looked for.

    Returns
    -------
    Change or None
        None if no date has enough weeks and information on both sides.
    """
    weeks = len(score)
    begins = np.arange(max(LEAST_BEFORE, weeks - LOOK_BACK), weeks - LEAST_AFTER + 1)
    if len(begins) == 0:
        return None
    sums = np.vstack((np.zeros(2), np.cumsum(np.column_stack((score, information)), axis=0)))
    u_after, i_after = (sums[-1] - sums[begins]).T
    since = np.maximum(begins - LONGEST, 0)
    u_before, i_before = (sums[begins] - sums[since]).T
    enough = (i_after >= least) & (i_before >= least)
    if not enough.any():
        return None
    begins, since = begins[enough], since[enough]
    i_after, i_before = i_after[enough], i_before[enough]
    shift = u_after[enough] / i_after - u_before[enough] / i_before
    shared = tau2 * BLOCK * (1 / (weeks - begins) + 1 / (begins - since))
    error = np.sqrt(1 / i_after + 1 / i_before + shared)
    z = shift / error
    best = int(np.argmax(sign * z))
    # 80 % confidence set of the date, by the fall of the likelihood ratio: (1 - exp(-q / 2)) ** 2 = 0.8 (Yao 1987).
    likely = np.flatnonzero((sign * z > 0) & (z[best] ** 2 - z**2 <= 4.5))
    first, last = (likely[0], likely[-1]) if len(likely) else (best, best)
    return Change(
        week=int(begins[best]),
        shift=float(shift[best]),
        error=float(error[best]),
        z=float(z[best]),
        first=int(begins[first]),
        last=int(begins[last]),
    )


def yearly_threshold(rate: float, series: int) -> float:
    """Return the bound that ``z`` of any of the series passes within a year of Mondays with chance ``rate`` at most.

    Parameters
    ----------
    rate : float
        Chance of at least one false alarm in a year if nothing changed, in (0, 0.5).
    series : int
        Series that are looked at, at least one.

    Notes
    -----
    The greatest ``z`` of one series over 52 looks and all admitted dates passes ``c`` with chance ``(130 c - 268) (1
    - Phi(c))`` for ``c >= 3``, whatever the length of its history (simulated with one to three years).

    Examples
    --------
    >>> round(yearly_threshold(0.05, 1), 2), round(yearly_threshold(0.05, 24), 2)
    (3.45, 4.34)
    """
    return float(brentq(lambda c: (_LOOKS_SLOPE * c + _LOOKS_OFFSET) * norm.sf(c) - rate / series, 2.5, 12.0))


def shared_variance(series: Sequence[tuple[FloatArray, FloatArray]], *, least: float = 2.0) -> float:
    """Return the variance of the shocks that the records of four weeks share, pooled over several series.

    Parameters
    ----------
    series : sequence of (score, information)
        Weekly series that together hold each record once.
    least : float
        Least information of a four-week block that is used.

    Returns
    -------
    float
        Variance on the logit (or log) scale, never negative.

    Notes
    -----
    From differences of neighbouring blocks, which a lasting change touches only once: if ``d`` is the difference of
    two block means, ``E d ** 2 = 1 / I_1 + 1 / I_2 + 2 tau2``. Differences are weighed by what they tell. As shocks
    are shared by all series, a year holds no more than twelve of them, from which a variance is poorly known, and one
    that is too small raises false alarms: the estimate is drawn towards ``TYPICAL_SHOCK ** 2`` as if
    ``TYPICAL_WEIGHT`` more differences had shown that.
    """
    excess, weight = [np.zeros(0)], [np.zeros(0)]
    for score, information in series:
        blocks = len(score) // BLOCK
        if blocks < 2:
            continue
        u, i = (x[len(x) - blocks * BLOCK :].reshape(blocks, BLOCK).sum(axis=1) for x in (score, information))
        fits = (i[1:] >= least) & (i[:-1] >= least)
        noise = (1 / i[1:][fits]) + (1 / i[:-1][fits])
        step = (u[1:][fits] / i[1:][fits]) - (u[:-1][fits] / i[:-1][fits])
        excess.append((step**2 - noise) / 2)
        weight.append(1 / (noise + 0.02) ** 2)
    seen = max(map(len, excess))
    e, w = np.concatenate(excess), np.concatenate(weight)
    estimate = max(0.0, float(np.average(e, weights=w))) if seen else 0.0
    return (seen * estimate + TYPICAL_WEIGHT * TYPICAL_SHOCK**2) / (seen + TYPICAL_WEIGHT)
