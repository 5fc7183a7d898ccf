"""Columns taken apart by the kind of their values, so that each kind is read by its own rule.

A CSV column is text throughout; a column of an Excel sheet may hold numbers, dates and text side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

BLANK = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C)))) + (
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""Characters that are stripped from both ends of a text: blanks of every width, zero-width ones, byte order marks."""

_HALF_WIDTH = (
    {0xFF01 + i: 0x21 + i for i in range(94)}
    | {0xFFE5: "¥", 0x3000: " ", 0x2212: "-"}
    | dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F), " ")
)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: wall-clock times
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Part:
    """The values of one kind in a column.

    Parameters
    ----------
    rows : numpy.ndarray of int64
        Their positions in the column.
    values : pyarrow.Array
        The values, none missing; texts are ``large_string``, stripped.
    """

    rows: npt.NDArray[np.int64]
    values: Any


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """Values that were read from a column.

    Parameters
    ----------
    values : numpy.ndarray
        One value per row; NaN, 0 or None where there is none.
    missing, unreadable : numpy.ndarray of bool
        Rows without a value, and rows with one that cannot be read.
    """

    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_]
    unreadable: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.bool_]) -> Parsed:
        """Return only the marked rows."""
        return Parsed(values=self.values[rows], missing=self.missing[rows], unreadable=self.unreadable[rows])


def split_by_kind(column: pd.Series, null_values: Sequence[str] = ()) -> list[Part]:
    """Take a column apart by the kind of its values.

    Parameters
    ----------
    column : pandas.Series
        Any column: texts, numbers, dates, or a mixture of them as Excel gives it.
    null_values : sequence of str
        Texts that mean "no value", beside the empty one.

    Returns
    -------
    list of Part
        Rows that stand in none of them have no value.
    """
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) not in ("string", "empty"):
        parts = _split_objects(column)
    elif column.dtype == object:
        parts = [_present(pa.array(column, pa.large_string(), from_pandas=True))]
    else:
        parts = [_present(_flat(column))]
    return [p for p in (_stripped(part, null_values) for part in parts) if len(p.values)]


def half_width(texts: Any) -> Any:
    """Return texts with full-width letters, digits and signs, and blanks of other widths, as plain ones.

    Not NFKC, which would read ``5²`` as 52.
    """
    other = pc.invert(pc.string_is_ascii(texts))
    if not pc.any(other).as_py():
        return texts
    plain = [t.translate(_HALF_WIDTH) for t in texts.filter(other).to_pylist()]
    return pc.replace_with_mask(texts, other, pa.array(plain, pa.large_string()))


def _flat(column: pd.Series) -> Any:
    array = pa.array(column, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        if pa.types.is_string(array.type):
            array = array.cast(pa.large_string())
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array


def _present(array: Any) -> Part:
    if not array.null_count:
        return Part(rows=np.arange(len(array)), values=array)
    at = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False))
    return Part(rows=at, values=array.drop_null())


def _stripped(part: Part, null_values: Sequence[str]) -> Part:
    kind = part.values.type
    if pa.types.is_floating(kind):
        keep = pc.invert(pc.is_nan(part.values))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = pc.utf8_trim(part.values.cast(pa.large_string()), characters=BLANK)
        part = Part(rows=part.rows, values=text)
        keep = pc.invert(pc.is_in(text, value_set=pa.array(["", *null_values], pa.large_string())))
    else:
        return part
    if pc.all(keep).as_py() is not False:
        return part
    return Part(rows=part.rows[keep.to_numpy(zero_copy_only=False)], values=part.values.filter(keep))


def _split_objects(column: pd.Series) -> list[Part]:
    groups: dict[str, tuple[list[int], list[Any]]] = {}
    for at, value in enumerate(column):
        kind, plain = _plain(value)
        if kind:
            positions, values = groups.setdefault(kind, ([], []))
            positions.append(at)
            values.append(plain)
    return [
        Part(rows=np.array(at, dtype=np.int64), values=pa.array(values, _TYPES[kind]))
        for kind, (at, values) in groups.items()
    ]


_TYPES = {
    "text": pa.large_string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "instant": pa.timestamp("us", "UTC"),
    "wall clock": pa.timestamp("us"),
    "day": pa.date32(),
}


def _plain(value: Any) -> tuple[str, Any]:
    if value is None or value is pd.NaT or value is pd.NA:
        return "", None
    if isinstance(value, str):
        return "text", value
    if isinstance(value, bool | np.bool_):
        return "boolean", bool(value)
    if isinstance(value, int | np.integer):
        return ("integer", int(value)) if abs(int(value)) < 2**63 else ("text", str(value))
    if isinstance(value, float | np.floating):
        return "number", float(value)
    if isinstance(value, datetime):
        # Whole microseconds by integer arithmetic: pyarrow would drop the zones of mixed values.
        if value.tzinfo is not None:
            return "instant", (value - _EPOCH_UTC) // _MICROSECOND
        return "wall clock", (value - _EPOCH) // _MICROSECOND
    if isinstance(value, date):
        return "day", value
    return "text", str(value)
