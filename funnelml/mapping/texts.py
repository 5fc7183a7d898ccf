"""Ids, names and other text as CRMs write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from funnelml.mapping.kinds import Parsed, Part, split_by_kind

_BREAKS = frozenset("\n\r\0")


def parse_text(column: pd.Series, *, null_values: Sequence[str] = ()) -> Parsed:
    """Read a column as text.

    Blanks of every width are stripped; whole numbers lose the ``.0`` that Excel gives them (``123.0`` becomes
    ``123``). A line break inside is unreadable: it comes from a quotation mark that was never closed.

    Parameters
    ----------
    column : pandas.Series
        Any column.
    null_values : sequence of str
        Texts that mean "no value", beside the empty one.

    Returns
    -------
    Parsed
        Values are ``str`` or None.
    """
    values = np.full(len(column), None, dtype=object)
    missing = np.ones(len(column), dtype=bool)
    unreadable = np.zeros(len(column), dtype=bool)
    for part in split_by_kind(column, null_values):
        texts, broken = _text_of(part)
        values[part.rows] = texts
        missing[part.rows] = False
        unreadable[part.rows] = broken
    values[unreadable] = None
    return Parsed(values=values, missing=missing, unreadable=unreadable)


def explain_text(text: str) -> str:
    """Say why ``text`` could not be read as text."""
    what = "zero byte" if "\0" in text else "line break; a quotation mark before it may never have been closed"
    return f"holds a {what}"


def plain_number(value: float) -> str:
    """Return a number as plain decimal text without exponent.

    Examples
    --------
    >>> plain_number(20000.0), plain_number(1234.5), plain_number(1e17)
    ('20000', '1234.5', '100000000000000000')
    """
    return np.format_float_positional(value, trim="-")


def plain_numbers(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return numbers as plain decimal text, None where they are NaN."""
    codes, distinct = pd.factorize(values)
    texts = np.array([*map(plain_number, distinct), None], dtype=object)
    return texts[codes]


def _text_of(part: Part) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    # Each distinct value is made a Python string once and shared: ids and stages repeat.
    encoded = part.values.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    distinct = [_one_text(v, encoded.dictionary.type) for v in encoded.dictionary.to_pylist()]
    broken = np.array([not _BREAKS.isdisjoint(t) for t in distinct], dtype=bool)
    return np.array(distinct, dtype=object)[codes], broken[codes]


def _one_text(value: Any, kind: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else plain_number(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if pa.types.is_timestamp(kind):
        return str(value.isoformat(sep=" "))
    return str(value)
