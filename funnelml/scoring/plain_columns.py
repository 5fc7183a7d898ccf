"""Columns of a plain table: which are features, and which say nothing of a new lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.mapping.instants import parse_instants
from funnelml.mapping.numbers import parse_numbers
from funnelml.mapping.texts import parse_text

_NEARLY_ALL = 0.95
_FEW = 20
"""Rows below which nothing is called an id."""
_LONG = 40
"""Characters from which a text is a sentence."""
_ID_DIGITS = 8
"""Digits from which different whole numbers of one length are taken as ids."""


@dataclass(frozen=True, kw_only=True)
class PlainColumn:
    """One column, read.

    Parameters
    ----------
    values : pandas.Series
        float64, or object with None.
    useless : str or None
        Why it is no feature; None if it is one.
    """

    values: pd.Series
    useless: str | None


def read_column(column: pd.Series, missing: frozenset[str]) -> PlainColumn:
    """Read a column of any kind, and judge whether it is a feature.

    Parameters
    ----------
    column : pandas.Series
        Numbers, booleans, dates or texts.
    missing : frozenset of str
        Texts in lower case that mean "no value".

    Notes
    -----
    Texts are read as numbers if 95 % of them are ones and none has a leading zero. No feature is: a column without
    values or with one value in all rows; dates; whole numbers that differ in every row and count up (they fill at least
    a twentieth of their range) or have one length of eight digits or more; texts that differ in 95 % of the rows; and
    texts of 40 characters or more on average that differ in half of them.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return PlainColumn(values=read_texts(column, missing), useless="dates")
    if is_plain_number(column):
        numbers = read_numbers(column, missing)
        return PlainColumn(values=numbers, useless=_judge_numbers(numbers))
    texts = read_texts(column, missing)
    codes, levels = pd.factorize(texts)
    known = codes[codes >= 0]
    if not len(known):
        return PlainColumn(values=texts, useless="empty")
    named = pd.Series(levels, dtype=object)
    counts = np.bincount(known, minlength=len(levels))
    readable = ~parse_numbers(named).unreadable
    padded = named.str.fullmatch(r"0\d+").to_numpy(dtype=bool)
    if counts[readable].sum() >= _NEARLY_ALL * len(known) and not padded.any():
        numbers = read_numbers(texts, missing)
        return PlainColumn(values=numbers, useless=_judge_numbers(numbers))
    return PlainColumn(values=texts, useless=_judge_texts(named, counts, len(column)))


def is_plain_number(column: pd.Series) -> bool:
    """Return whether a column holds numbers or booleans as such."""
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) in (
            "boolean",
            "integer",
            "floating",
            "mixed-integer-float",
        )
    if pd.api.types.is_complex_dtype(column.dtype):
        return False
    return pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)


def read_numbers(column: pd.Series, missing: frozenset[str]) -> pd.Series:
    """Return finite numbers as float64, NaN for anything else."""
    if is_plain_number(column):
        values = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return pd.Series(np.where(np.isfinite(values), values, np.nan))
    return pd.Series(parse_numbers(read_texts(column, missing)).values)


def read_texts(column: pd.Series, missing: frozenset[str]) -> pd.Series:
    """Return stripped texts, None where there is none or one that means so."""
    # Category by category would be faster, but a category may hold anything.
    texts = pd.Series(parse_text(column.astype(object)).values, dtype=object)
    codes, levels = pd.factorize(texts)
    kept = np.array([None if text.casefold() in missing else text for text in levels] + [None], dtype=object)
    return pd.Series(kept[codes], dtype=object)


def _judge_numbers(numbers: pd.Series) -> str | None:
    known = numbers.dropna().to_numpy()
    if not len(known):
        return "empty"
    distinct = np.unique(known)
    if len(distinct) == 1 and len(known) == len(numbers):
        return "the same value in all rows"
    whole = bool((distinct == np.round(distinct)).all())
    if whole and len(distinct) == len(numbers) >= _FEW:
        counts_up = np.ptp(distinct) < _FEW * len(distinct)
        digits = {len(f"{abs(value):.0f}") for value in (distinct[0], distinct[-1])}
        if counts_up or (len(digits) == 1 and max(digits) >= _ID_DIGITS):
            return "an id: another whole number in every row"
    return None


def _judge_texts(levels: pd.Series, counts: NDArray[Any], rows: int) -> str | None:
    known = int(counts.sum())
    if len(levels) == 1 and known == rows:
        return "the same value in all rows"
    if known < _FEW:
        return None
    length = float(levels.str.len().to_numpy(dtype=np.float64) @ counts) / known
    share = len(levels) / known
    if length >= _LONG and share >= 0.5:
        return "free text"
    # A first part of the levels tells: dates are not mixed with something else.
    first = slice(0, 1000)
    readable = ~parse_instants(levels[first], time_zone="UTC").unreadable
    if counts[first][readable].sum() >= _NEARLY_ALL * counts[first].sum():
        return "dates"
    return "an id or a name: another text in nearly every row" if share >= _NEARLY_ALL else None
