"""The week in which a weekly series changed for good, and how strongly the data speak for it.

A series counts what was observed in each week beside what was expected: of the stays that ended, those that went on
(shares), or the stays that ended themselves (counts). A lasting change at the beginning of week ``k`` shifts the log
odds (or the log rate) of all weeks from ``k`` on. How strongly the data speak for it is told by the signed root of the
likelihood ratio of "shifted since ``k``" against "the same before and after", which keeps its normal law far out in the
tail where shares are near 0 or 1 and plain z-scores do not. Shocks that the records of a time share (variance ``tau2``
of an eight-week mean on the same scale) are not averaged out by more records, so the root is scaled by the part of the
variance that is due to independent records::

    independent = 1 / I_after + 1 / I_before
    shared      = tau2 * 8 * (1 / weeks_after + 1 / weeks_before)
    z_k         = sign * sqrt(likelihood ratio) * sqrt(independent / (independent + shared))

Looking every Monday, at many places and for every possible date finds a large ``z_k`` by chance:
``false_alarms.yearly_threshold`` is the bound that allows for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, xlogy

from funnelml.diagnostics.changes.shared_shocks import BLOCK

FloatArray = NDArray[np.float64]

LOOK_BACK: Final = 104
"""Weeks within which a change is looked for; an older one is the stage's own history."""
LONGEST: Final = 104
"""Weeks before a change, at the most, that it is held against."""
LEAST_AFTER: Final = 3
LEAST_BEFORE: Final = 8
"""Least weeks after and before a change."""
_NEWTON_STEPS: Final = 6
_DATE_SET: Final = 4.5
"""Fall of the likelihood ratio within which dates are likely (80 %): ``(1 - exp(-q / 2)) ** 2 = 0.8`` (Yao 1987)."""


@dataclass(frozen=True, kw_only=True)
class WeeklySeries:
    """What was observed and expected week by week, the last week ending at the as-of date.

    Parameters
    ----------
    observed, expected : numpy.ndarray, shape (weeks,)
        Records that went on (or left), and the number expected.
    trials : numpy.ndarray, shape (weeks,), or None
        Records that could have; None for counts without a limit.
    information : numpy.ndarray, shape (weeks,)
        Variance of ``observed`` if all records were independent.
    """

    observed: FloatArray
    expected: FloatArray
    trials: FloatArray | None
    information: FloatArray

    @property
    def score(self) -> FloatArray:
        """Observed minus expected, shape (weeks,)."""
        return self.observed - self.expected


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
        Signed root of the likelihood ratio, shared shocks allowed for: standard normal if nothing changed.
    first, last : int
        Weeks between which it began with a confidence of 80 %.
    """

    week: int
    shift: float
    error: float
    z: float
    first: int
    last: int


def scan_for_change(series: WeeklySeries, *, tau2: float, least: float, sign: int) -> Change | None:
    """Return the likeliest lasting fall (or rise) of a weekly series, however small.

    Parameters
    ----------
    series : WeeklySeries
        What was observed and expected.
    tau2 : float
        Variance of the shock that an eight-week mean carries.
    least : float
        Least information on each side of a change.
    sign : {-1, 1}
        Whether a fall or a rise is looked for.

    Returns
    -------
    Change or None
        None if no date has enough weeks and information on both sides.
    """
    weeks = len(series.observed)
    begins = np.arange(max(LEAST_BEFORE, weeks - LOOK_BACK), weeks - LEAST_AFTER + 1)
    if len(begins) == 0:
        return None
    since = np.maximum(begins - LONGEST, 0)
    parts = [series.observed, series.expected, series.information]
    parts += [] if series.trials is None else [series.trials]
    sums = np.cumsum(np.vstack([np.zeros(len(parts)), np.column_stack(parts)]), axis=0)
    after, before = (sums[-1] - sums[begins]).T, (sums[begins] - sums[since]).T
    enough = (after[2] >= least) & (before[2] >= least)
    if not enough.any():
        return None
    begins, since, after, before = begins[enough], since[enough], after[:, enough], before[:, enough]
    told_after, told_before = _without_change(after, before)
    ratio = _deviance(after, told_after) + _deviance(before, told_before)
    independent = 1 / after[2] + 1 / before[2]
    shared = tau2 * BLOCK * (1 / (weeks - begins) + 1 / (begins - since))
    direction = np.sign((after[0] - after[1]) / after[2] - (before[0] - before[1]) / before[2])
    z = direction * np.sqrt(ratio * independent / (independent + shared))
    best = int(np.argmax(sign * z))
    likely = np.flatnonzero((sign * z > 0) & (z[best] ** 2 - z**2 <= _DATE_SET))
    first, last = (likely[0], likely[-1]) if len(likely) else (best, best)
    (shift_after, var_after), (shift_before, var_before) = _shift(after[:, best]), _shift(before[:, best])
    return Change(
        week=int(begins[best]),
        shift=float(shift_after - shift_before),
        error=float(np.sqrt(var_after + var_before + shared[best])),
        z=float(z[best]),
        first=int(begins[first]),
        last=int(begins[last]),
    )


def _without_change(after: FloatArray, before: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what is expected on each side if both deviate by the same shift, the likeliest one."""
    observed, expected = after[0] + before[0], after[1] + before[1]
    if len(after) == 3:
        factor = (observed + 1e-9) / expected
        return after[1] * factor, before[1] * factor
    odds = [logit(np.clip(side[1] / side[3], 1e-6, 1 - 1e-6)) for side in (after, before)]
    common = np.zeros_like(observed)
    for _ in range(_NEWTON_STEPS):
        shares = [expit(of_side + common) for of_side in odds]
        left = observed - after[3] * shares[0] - before[3] * shares[1]
        slope = after[3] * shares[0] * (1 - shares[0]) + before[3] * shares[1] * (1 - shares[1])
        common = np.clip(common + left / np.maximum(slope, 1e-9), -12.0, 12.0)
    return after[3] * expit(odds[0] + common), before[3] * expit(odds[1] + common)


def _deviance(side: FloatArray, told: FloatArray) -> FloatArray:
    """Return twice the log likelihood that a shift of its own adds to a side, all its records taken as alike."""
    observed = side[0]
    if len(side) == 3:
        return np.maximum(2 * (xlogy(observed, observed / told) - observed + told), 0.0)
    expected, information, trials = side[1], side[2], side[3]
    failed = trials - observed
    alike = 2 * (xlogy(observed, observed / told) + xlogy(failed, failed / (trials - told)))
    # Records that differ in what is expected of them vary less than as many that are all alike.
    return np.maximum(alike, 0.0) * (expected * (1 - expected / trials) / information)


def _shift(side: FloatArray) -> tuple[float, float]:
    """Return the deviation of a side from what was expected on the logit (or log) scale, and its variance."""
    observed, expected = side[0] + 0.5, side[1] + 0.5
    if len(side) == 3:
        return float(np.log(observed / expected)), float(1 / observed)
    failed, expected_failed = side[3] - side[0] + 0.5, side[3] - side[1] + 0.5
    shift = np.log(observed / failed) - np.log(expected / expected_failed)
    return float(shift), float(1 / observed + 1 / failed)
