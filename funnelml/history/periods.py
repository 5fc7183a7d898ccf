"""Calendar periods: the weeks, months and quarters in which things are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelml.errors import AsOfError
from funnelml.history.dates import instant_of

PeriodLength = Literal["week", "month", "quarter"]
_MONTHS = {"month": 1, "quarter": 3}


@dataclass(frozen=True, kw_only=True)
class Periods:
    """Consecutive calendar periods.

    Parameters
    ----------
    starts : tuple of datetime.date, length n
        First day of each period.
    ends : tuple of datetime.date, length n
        First day after each period.
    bounds : numpy.ndarray of int64, shape (n + 1,)
        Local midnights at which the periods begin, and the one at which the last ends, in microseconds.
    """

    starts: tuple[date, ...]
    ends: tuple[date, ...]
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def of(self, instants: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the period that holds each instant; -1 before the first, n after the last."""
        return np.searchsorted(self.bounds, np.asarray(instants), side="right").astype(np.int64) - 1


def calendar_periods(
    first: date, last: date, *, by: PeriodLength, time_zone: str, fiscal_year_start: int = 1
) -> Periods:
    """Return the calendar periods from the one that holds ``first`` to the one that holds ``last``.

    Parameters
    ----------
    by : {"week", "month", "quarter"}
        Weeks begin on Mondays; quarters are those of the fiscal year.
    time_zone : str
        IANA zone in which a day begins.
    fiscal_year_start : int
        Month (1 to 12) in which the fiscal year begins.

    Raises
    ------
    AsOfError
        If ``by`` is something else, or ``last`` lies before ``first``.

    Examples
    --------
    >>> p = calendar_periods(date(2025, 2, 3), date(2025, 5, 1), by="quarter", time_zone="UTC")
    >>> [str(d) for d in p.starts]
    ['2025-01-01', '2025-04-01']
    """
    if by not in ("week", *_MONTHS):
        raise AsOfError(f"periods by '{by}' are not understood; write week, month or quarter")
    if last < first:
        raise AsOfError(f"no period lies between {first} and {last}; the end comes before the beginning")
    if by == "week":
        start = first - timedelta(days=first.weekday())
        starts = [start + timedelta(days=k) for k in range(0, (last - start).days + 1, 7)]
        after = starts[-1] + timedelta(days=7)
    else:
        length = _MONTHS[by]
        month = first.year * 12 + first.month - 1
        month -= (month - (fiscal_year_start - 1)) % length
        starts = []
        while (day := date(month // 12, month % 12 + 1, 1)) <= last:
            starts.append(day)
            month += length
        after = day
    bounds = np.array([instant_of(day, time_zone) for day in (*starts, after)], dtype=np.int64)
    return Periods(starts=tuple(starts), ends=(*starts[1:], after), bounds=bounds)
