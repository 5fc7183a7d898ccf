"""As-of instants, horizons and periods: the one place where dates become instants.

An as-of date stands for everything recorded before 00:00 of the next day in the workspace's time zone; a horizon runs
from that instant, its end excluded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from funnelml.errors import AsOfError

_LENGTH = re.compile(r"(\d+)\s*([dw])")
_EPOCH = date(1970, 1, 1)


def instant_of(day: date, time_zone: str) -> int:
    """Return local midnight at the start of ``day`` as microseconds since the epoch.

    Examples
    --------
    >>> instant_of(date(1970, 1, 2), "UTC")
    86400000000
    """
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone))
    # timestamp() is a float but exact for whole seconds; midnight is one.
    return int(local.timestamp()) * 1_000_000


def cut_of(as_of: date, time_zone: str) -> int:
    """Return the first instant that is no longer known on ``as_of``: 00:00 of the next day."""
    return instant_of(as_of + timedelta(days=1), time_zone)


def day_of(instant: int, time_zone: str) -> date:
    """Return the local date of an instant."""
    return datetime.fromtimestamp(int(instant) // 1_000_000, ZoneInfo(time_zone)).date()


def parse_date(text: str | date, what: str = "as-of") -> date:
    """Return the date that ``text`` (``YYYY-MM-DD``) names.

    Raises
    ------
    AsOfError
        If it names none.
    """
    if isinstance(text, datetime):
        return text.date()
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise AsOfError(f"{what} '{text}' is not a date; write it as YYYY-MM-DD") from None


def dates_as_instants(values: pd.Series, time_zone: str) -> pd.Series:
    """Return dates, written as text or as instants, as local midnights in microseconds.

    Parameters
    ----------
    values : pandas.Series
        Text (``YYYY-MM-DD``, perhaps with a time, which is dropped) or instants in microseconds, also mixed: field
        changes are text, the opportunities table has instants.
    time_zone : str
        IANA zone in which a day begins.

    Returns
    -------
    pandas.Series
        float64 with the index of ``values``; NaN for what is empty or no date.
    """
    texts = values[values.map(lambda value: isinstance(value, str))].astype(str)
    read = {text: _midnight(text, time_zone) for text in texts.unique()}
    plain = values.map(lambda value: read.get(value, np.nan) if isinstance(value, str) else value)
    return pd.to_numeric(plain, errors="coerce").astype("float64")


def _midnight(text: str, time_zone: str) -> float:
    try:
        return float(instant_of(parse_date(text[:10]), time_zone))
    except AsOfError:
        return float("nan")


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """The days from the day after ``as_of`` up to, not including, ``end``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    end : datetime.date
        First day after the horizon.
    """

    as_of: date
    end: date

    @property
    def start(self) -> date:
        """First day of the horizon."""
        return self.as_of + timedelta(days=1)

    @property
    def days(self) -> int:
        """Length in calendar days."""
        return (self.end - self.start).days

    def span(self, time_zone: str) -> tuple[int, int]:
        """Return the first instant and the first instant after, in microseconds."""
        return instant_of(self.start, time_zone), instant_of(self.end, time_zone)

    def period_starts(self, by: str | None = None) -> tuple[date, ...]:
        """Return the first day of each calendar week (from Monday) or month that the horizon touches.

        Parameters
        ----------
        by : {"week", "month"}, optional
            Weeks up to 13 weeks, months beyond, if not given. The first period begins where the horizon does.
        """
        by = by or ("week" if self.days <= 92 else "month")
        starts, day = [], self.start
        while day < self.end:
            starts.append(day)
            day = _next_month(day, 1) if by == "month" else day + timedelta(days=7 - day.weekday())
        return tuple(starts)


def _next_month(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def horizon_from(text: str, as_of: date, *, fiscal_year_start: int = 1) -> Horizon:
    """Return the horizon that ``text`` asks for.

    Parameters
    ----------
    text : str
        ``28d``, ``13w``, ``month`` or ``quarter``: to the end of the fiscal month or quarter that holds the day
        after ``as_of``.
    as_of : datetime.date
        Last day that is known.
    fiscal_year_start : int
        Month (1 to 12) in which the fiscal year begins.

    Raises
    ------
    AsOfError
        If the horizon cannot be read, is zero, or reaches beyond ten years.

    Examples
    --------
    >>> horizon_from("quarter", date(2024, 5, 14)).end
    datetime.date(2024, 7, 1)
    >>> horizon_from("28d", date(2024, 5, 12)).days
    28
    """
    start = as_of + timedelta(days=1)
    wanted = text.strip().lower()
    if wanted in ("month", "quarter"):
        length = 1 if wanted == "month" else 3
        ahead = length - (start.month - fiscal_year_start) % length
        return Horizon(as_of=as_of, end=_next_month(start, ahead))
    match = _LENGTH.fullmatch(wanted)
    if match is None:
        raise AsOfError(f"horizon '{text}' is not understood; write 28d, 13w, month or quarter")
    days = int(match[1]) * (7 if match[2] == "w" else 1)
    if days == 0:
        raise AsOfError(f"horizon '{text}' is empty; it must cover at least one day")
    if days > 3660:
        raise AsOfError(f"horizon '{text}' reaches beyond ten years; no sales log supports that")
    return Horizon(as_of=as_of, end=start + timedelta(days=days))


def as_of_dates(first: date, last: date, every: str) -> tuple[date, ...]:
    """Return the rolling as-of dates from ``first`` to ``last``, both included.

    Parameters
    ----------
    every : {"week", "month"}
        ``week`` steps seven days; ``month`` takes the last day of each month (and not ``first`` itself, unless it
        is one).

    Raises
    ------
    AsOfError
        If there is none, or ``every`` is something else.
    """
    if every not in ("week", "month"):
        raise AsOfError(f"origins every '{every}' are not understood; write week or month")
    days = []
    if every == "week":
        days = [first + timedelta(days=k) for k in range(0, (last - first).days + 1, 7)]
    else:
        month_end = _next_month(first, 1) - timedelta(days=1)
        while month_end <= last:
            days.append(month_end)
            month_end = _next_month(month_end, 2) - timedelta(days=1)
    if not days:
        raise AsOfError(f"no as-of date of every {every} lies between {first} and {last}; widen the range")
    return tuple(days)
