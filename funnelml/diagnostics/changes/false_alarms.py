"""How often a year of weekly looks finds a change where there is none: the bound that keeps it to a stated rate."""

from __future__ import annotations

from typing import Final

from scipy.optimize import brentq
from scipy.stats import norm

from funnelml.errors import InputError

_LOOKS_SLOPE: Final = 130.0
_LOOKS_OFFSET: Final = -268.0
"""Independent looks that a year of Mondays and of dates amounts to, at bound ``c``: ``130 c - 268``; fitted to 120,000
simulated series of standard normal weeks (tests/diagnostics/test_change_scan.py repeats a smaller run)."""


def yearly_threshold(rate: float, series: int) -> float:
    """Return the bound that ``z`` of any of the series passes within a year of Mondays with chance ``rate`` at most.

    Parameters
    ----------
    rate : float
        Chance of at least one false alarm in a year if nothing changed, in (0, 0.2].
    series : int
        Series that are looked at, at least one.

    Raises
    ------
    InputError
        If the rate lies outside.

    Notes
    -----
    The greatest ``z`` of one series over 52 looks and all admitted dates passes ``c`` with chance ``(130 c - 268) (1
    - Phi(c))`` for ``c >= 3``, whatever the length of its history (simulated with one to three years).

    Examples
    --------
    >>> round(yearly_threshold(0.05, 1), 2), round(yearly_threshold(0.05, 24), 2)
    (3.45, 4.34)
    """
    if not 0 < rate <= 0.2:
        raise InputError(f"the rate of false alarms is {rate}; it must lie between 0 and 0.2")
    return float(brentq(lambda c: (_LOOKS_SLOPE * c + _LOOKS_OFFSET) * norm.sf(c) - rate / series, 2.5, 12.0))
