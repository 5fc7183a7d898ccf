"""Dates and times in text: every distinct format is understood once, then its rows are read as digits at fixed places.

The format of a text is what remains when each digit is replaced by 0, so texts of one format have their digits at the
same bytes. Nothing is inferred from other rows: equal text gives an equal result in any column.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from funnelml.mapping.clocks import local_to_instant
from funnelml.mapping.kinds import half_width

FIRST_YEAR, LAST_YEAR = 1900, 2261
"""Years outside are placeholders such as 9999-12-31, and beyond what pandas can show."""

_TIME = (
    r"(?:(?:T|,?\s+|(?<=日)|(?<=号))(?P<half1>上午|下午|AM|PM)?\s*(?P<hour>00?)"
    r"(?:[:时時点](?P<minute>00?)(?:[:分](?:(?P<second>00?)(?:[.,](?P<fraction>0+))?(?:秒)?)?)?|[时時点])"
    r"\s*(?P<half2>AM|PM)?\s*(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<zone_hour>00)(?::?(?P<zone_minute>00))?)?)?"
)
_DATES = (
    r"(?P<year>0000)(?P<separator>[-/.])(?P<month>00?)(?P=separator)(?P<day>00?)",
    r"(?P<year>0000)\s*年\s*(?P<month>00?)\s*月\s*(?P<day>00?)\s*[日号]?",
    r"(?P<first>00?)(?P<separator>[-/.])(?P<other>00?)(?P=separator)(?P<year>0000)",
)
# Character classes of CJK characters must become alternations: the patterns run on bytes.
_FORMATS = tuple(
    re.compile(
        (date + _TIME)
        .replace("[日号]", "(?:日|号)")
        .replace("[:时時点]", "(?::|时|時|点)")
        .replace("[:分]", "(?::|分)")
        .replace("[时時点]", "(?:时|時|点)")
        .encode()
    )
    for date in _DATES
)
_COMPACT = re.compile(rb"(?P<year>0000)(?P<month>00)(?P<day>00)(?:(?P<hour>00)(?P<minute>00)(?P<second>00)?)?")
_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_EPOCH_UNITS = {10: 1_000_000, 13: 1_000, 16: 1}


def read_instants(
    texts: Any, *, time_zone: str, day_first: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Read texts as instants.

    Parameters
    ----------
    texts : pyarrow.Array of large_string
        Stripped, none missing.
    time_zone : str
        Zone of times that name none.
    day_first : bool
        Whether ``03/04/2024`` is the 3rd of April; with dots it always is.

    Returns
    -------
    instants : numpy.ndarray of int64
        Microseconds since the epoch; 0 where the text cannot be read.
    readable : numpy.ndarray of bool
        Which could be read.
    """
    texts = pc.utf8_upper(half_width(texts))
    formats = _layouts(texts).dictionary_encode()
    codes = formats.indices.to_numpy(zero_copy_only=False)
    local = np.zeros(len(texts), dtype=np.int64)
    shift = np.zeros(len(texts), dtype=np.int64)
    readable = np.zeros(len(texts), dtype=bool)
    absolute = np.zeros(len(texts), dtype=bool)
    for code, layout in enumerate(formats.dictionary.to_pylist()):
        reader = _understand(layout.encode(), day_first)
        if reader is None:
            continue
        at = np.flatnonzero(codes == code)
        local[at], shift[at], readable[at] = reader.read(_as_bytes(texts, at, len(texts)))
        absolute[at] = reader.absolute
    naive = readable & ~absolute
    local[naive] = local_to_instant(local[naive], time_zone)
    instants = local - shift
    return np.where(readable, instants, 0), readable


def _layouts(texts: Any) -> Any:
    # On the bytes of all texts at once: ten times faster than a regular expression on each.
    _, ends, data = texts.buffers()
    zeros = pa.py_buffer(data.to_pybytes().translate(_TO_ZERO)) if data is not None else None
    return pa.Array.from_buffers(texts.type, len(texts), [None, ends, zeros], offset=texts.offset)


def _as_bytes(texts: Any, at: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.uint8]:
    own = texts if len(at) == n else texts.take(pa.array(at))
    _, ends, data = own.buffers()
    ends = np.frombuffer(ends, dtype=np.int64)[own.offset : own.offset + len(own) + 1]
    flat = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]
    return flat.reshape(len(own), -1)


class _Reader:
    """Reads the rows of one format: where each field lies in the bytes, and what the letters around them say."""

    def __init__(self, found: re.Match[bytes], *, day_first: bool) -> None:
        said = found.groupdict()
        self._spans = {k: found.span(k) for k, v in said.items() if v is not None}
        if "first" in self._spans:
            days_lead = day_first or said["separator"] == b"."
            for field, day_role in (("first", days_lead), ("other", not days_lead)):
                self._spans["day" if day_role else "month"] = self._spans[field]
        self._half = (said.get("half1") or said.get("half2") or b"").decode()
        self._sign = -1 if said.get("sign") == b"-" else 1
        self.absolute = bool(said.get("utc") or said.get("sign"))

    def read(
        self, rows: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Return wall-clock microseconds, the offset to subtract, and which rows are real dates."""
        year, month, day = (self._digits(rows, f) for f in ("year", "month", "day"))
        hour, minute, second = (self._digits(rows, f) for f in ("hour", "minute", "second"))
        ok = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        ok &= (hour <= 23) & (minute <= 59) & (second <= 59)
        if self._half:
            ok &= (hour >= 1) & (hour <= 12) if self._half in ("AM", "PM") else hour <= 23
            late = self._half in ("PM", "下午")
            hour = np.where(hour <= 12, hour % 12 + 12 * late, hour)
        first = np.where(ok, (year - 1970) * 12 + month - 1, 0).astype("M8[M]").astype("M8[D]")
        date = first + np.where(ok, day - 1, 0)
        ok &= date.astype("M8[M]") == first.astype("M8[M]")
        seconds = date.astype(np.int64) * 86_400 + hour * 3_600 + minute * 60 + second
        zone_hour, zone_minute = (self._digits(rows, f) for f in ("zone_hour", "zone_minute"))
        ok &= (zone_hour <= 18) & (zone_minute <= 59)
        offset = self._sign * (zone_hour * 60 + zone_minute) * 60_000_000
        return seconds * 1_000_000 + self._fraction(rows), offset, ok

    def _digits(self, rows: npt.NDArray[np.uint8], field: str) -> npt.NDArray[np.int64]:
        begin, end = self._spans.get(field, (0, 0))
        total = np.zeros(len(rows), dtype=np.int64)
        for place in range(begin, end):
            total = total * 10 + (rows[:, place].astype(np.int64) - 48)
        return total

    def _fraction(self, rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        begin, end = self._spans.get("fraction", (0, 0))
        kept = min(end - begin, 6)
        self._spans["kept"] = (begin, begin + kept)
        return self._digits(rows, "kept") * int(10 ** (6 - kept)) if kept else np.zeros(len(rows), dtype=np.int64)


class _EpochReader:
    """Reads whole numbers of 10, 13 or 16 digits as seconds, milliseconds or microseconds since the epoch."""

    absolute = True

    def __init__(self, digits: int) -> None:
        self._unit = _EPOCH_UNITS[digits]

    def read(
        self, rows: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Return microseconds since the epoch, no offset, all readable."""
        total = np.zeros(len(rows), dtype=np.int64)
        for place in range(rows.shape[1]):
            total = total * 10 + (rows[:, place].astype(np.int64) - 48)
        return total * self._unit, np.zeros_like(total), np.ones(len(rows), dtype=bool)


def _understand(layout: bytes, day_first: bool) -> _Reader | _EpochReader | None:
    if layout.strip(b"0") == b"" and len(layout) in _EPOCH_UNITS:
        return _EpochReader(len(layout))
    for pattern in (*_FORMATS, _COMPACT):
        if found := pattern.fullmatch(layout):
            return _Reader(found, day_first=day_first)
    return None
