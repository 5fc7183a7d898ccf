"""Columns of dates and times, in whatever form a source holds them, as integer microseconds since the epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from funnelml.mapping.calendar_texts import FIRST_YEAR, LAST_YEAR, read_instants
from funnelml.mapping.clocks import floor_to_day, local_to_instant
from funnelml.mapping.kinds import Parsed, split_by_kind
from funnelml.schema import DAY

_EXCEL_DAY_ZERO = int(np.datetime64("1899-12-30", "us").astype(np.int64))
_SMALLEST = int(np.datetime64(f"{FIRST_YEAR}-01-01", "us").astype(np.int64))
_LARGEST = int(np.datetime64(f"{LAST_YEAR + 1}-01-01", "us").astype(np.int64))
_LAST_SERIAL = (_LARGEST - _EXCEL_DAY_ZERO) // DAY


def parse_instants(
    column: pd.Series,
    *,
    time_zone: str,
    day_first: bool = False,
    grain: str = "instant",
    null_values: Sequence[str] = (),
) -> Parsed:
    """Read a column of dates and times.

    Understood are ISO 8601 with or without a zone and with any precision, ``2024/3/5 14:05``,
    ``2024年3月5日 14时05分``, ``03/04/2024`` (see ``day_first``), ``05.03.2024``, AM and PM, ``20240305``, whole
    numbers of 10, 13 or 16 digits (seconds, milliseconds, microseconds since the epoch), typed dates and times, and
    typed numbers as Excel's serial days (rounded to its resolution, the millisecond). What lies below a microsecond
    is cut off. The same text always gives the same instant, whatever the other rows hold.

    Parameters
    ----------
    column : pandas.Series
        Texts, dates, numbers, or a mixture.
    time_zone : str
        IANA zone of times that name none. At a change of clocks the offset before the change applies.
    day_first : bool
        Whether ``03/04/2024`` is the 3rd of April.
    grain : {"instant", "day"}
        ``"day"`` returns the local midnight at which the day begins.
    null_values : sequence of str
        Texts that mean "no value", beside the empty one.

    Returns
    -------
    Parsed
        Values are int64 microseconds since the epoch (UTC), 0 where there is none.

    Examples
    --------
    >>> parse_instants(pd.Series(["1970-01-01T08:00:00.5+08:00", "1970年1月1日"]), time_zone="UTC").values
    array([500000,      0])
    """
    values = np.zeros(len(column), dtype=np.int64)
    missing = np.ones(len(column), dtype=bool)
    readable = np.zeros(len(column), dtype=bool)
    for part in split_by_kind(column, null_values):
        missing[part.rows] = False
        values[part.rows], readable[part.rows] = _instants_of(part.values, time_zone, day_first)
    if grain == "day":
        values[readable] = floor_to_day(values[readable], time_zone)
    return Parsed(values=values, missing=missing, unreadable=~readable & ~missing)


def explain_instant(text: str, *, day_first: bool = False) -> str:
    """Say why ``text`` could not be read as a date or time."""
    one = pd.Series([text], dtype=object)
    if not parse_instants(one, time_zone="UTC", day_first=not day_first).unreadable[0]:
        now, fits = str(day_first).lower(), str(not day_first).lower()
        return f"no such date with day_first = {now}; it is one with day_first = {fits}"
    digits = "".join(c if c.isdigit() else " " for c in text).split()
    years = [int(d) for d in digits if len(d) == 4]
    if years and not FIRST_YEAR <= years[0] <= LAST_YEAR:
        return f"year {years[0]} is outside {FIRST_YEAR} to {LAST_YEAR}; if it means no date, list it in null_values"
    return "not a date or time"


def _instants_of(values: Any, time_zone: str, day_first: bool) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    kind = values.type
    if pa.types.is_large_string(kind):
        return read_instants(values, time_zone=time_zone, day_first=day_first)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        micros = values.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
        if pa.types.is_timestamp(kind) and kind.unit == "ns":
            # A cast rounds towards zero; what lies below a microsecond is cut off before 1970 as well.
            micros = pa.array(np.floor_divide(_integers(values), 1000))
        found = _integers(micros)
        inside = (found >= _SMALLEST) & (found < _LARGEST)
        if getattr(kind, "tz", None) is None:
            found = local_to_instant(np.where(inside, found, 0), time_zone)
        return np.where(inside, found, 0), inside
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _from_numbers(values, time_zone, day_first)
    return np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)


def _integers(values: Any) -> npt.NDArray[np.int64]:
    return np.asarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _from_numbers(values: Any, time_zone: str, day_first: bool) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    serial = (numbers >= 1) & (numbers <= _LAST_SERIAL)
    found = np.zeros(len(numbers), dtype=np.int64)
    milliseconds = np.round(numbers[serial] * (DAY / 1000)).astype(np.int64)
    found[serial] = local_to_instant(milliseconds * 1000 + _EXCEL_DAY_ZERO, time_zone)
    readable = serial.copy()
    whole = ~serial & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)
    if whole.any():
        # A whole number beyond Excel's days means what the same digits mean as text.
        texts = pc.cast(pa.array(numbers[whole].astype(np.int64)), pa.large_string())
        found[whole], readable[whole] = read_instants(texts, time_zone=time_zone, day_first=day_first)
    return found, readable
