"""Proper scores and hit rates of forecasts against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scoringrules import crps_ensemble, interval_score

LEVELS: Final = (0.5, 0.8, 0.95)
"""Central intervals whose coverage is reported."""


def crps(draws: NDArray[np.float64], actual: float) -> float:
    """Return the continuous ranked probability score of simulated totals, in the unit of the totals.

    The estimator is the probability-weighted-moment form (Taillardat et al. 2016), O(n log n) in the number of draws;
    for a point forecast it is the absolute error.

    Parameters
    ----------
    draws : numpy.ndarray, shape (n,)
        Simulated totals.
    actual : float
        What happened.
    """
    return float(crps_ensemble(actual, draws, estimator="pwm"))


def interval_row(draws: NDArray[np.float64], actual: float) -> dict[str, float | bool]:
    """Return bounds, hit and interval score of each central interval in ``LEVELS``.

    The score is the width plus 2/alpha times the distance by which the actual lies outside (Gneiting and Raftery 2007).
    """
    row: dict[str, float | bool] = {}
    for level in LEVELS:
        alpha = 1.0 - level
        low, high = np.quantile(draws, [alpha / 2, 1 - alpha / 2])
        name = f"{level:.0%}"
        row |= {
            f"low {name}": float(low),
            f"high {name}": float(high),
            f"hit {name}": bool(low <= actual <= high),
            f"score {name}": float(interval_score(actual, low, high, alpha)),
        }
    return row


def count_disjoint(starts: Sequence[date], ends: Sequence[date]) -> int:
    """Return how many of the windows ``[start, end)`` can be chosen without overlap.

    Overlapping windows share their luck, so this is the number of independent looks that a coverage rests on.

    Examples
    --------
    >>> count_disjoint([date(2024, 1, 1), date(2024, 1, 8)], [date(2024, 1, 29), date(2024, 2, 5)])
    1
    """
    chosen, free_from = 0, date.min
    for start, end in sorted(zip(starts, ends, strict=True), key=lambda window: window[1]):
        if start >= free_from:
            chosen, free_from = chosen + 1, end
    return chosen
