"""Amounts as people write them, read as float64."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from funnelml.mapping.kinds import Parsed, half_width, split_by_kind

_CODES = "CNY|RMB|USD|EUR|GBP|JPY|HKD|TWD|KRW|SGD|INR|AUD|CAD|CHF|SEK|BRL"
_CURRENCY = rf"(?:US|HK|NT|CN|C|A|S)?\p{{Sc}}|{_CODES}|人民币|元|圆"
_SAME = {"RMB": "CNY", "人民币": "CNY", "元": "CNY", "圆": "CNY", "CN¥": "CNY", "US$": "USD", "€": "EUR", "£": "GBP"}
_SCALES = {"": 0, "%": -2, "千": 3, "万": 4, "百万": 6, "千万": 7, "亿": 8}
_SCALE = "|".join(sorted(filter(None, _SCALES), key=len, reverse=True))
_PATTERN = (
    r"^(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<before>{currency})?\s*(?P<second>[+-])?\s*"
    r"(?P<whole>{whole})?(?:{decimal}(?P<fraction>[0-9]*))?(?:E(?P<exponent>[+-]?[0-9]{{1,3}}))?\s*"
    r"(?P<scale>{scale})?\s*(?P<after>{currency})?\s*(?P<trailing>-)?\s*(?P<close>\))?$"
)
_PATTERNS = {
    decimal: _PATTERN.format(
        currency=_CURRENCY, scale=_SCALE, decimal=re.escape(decimal), whole=rf"[0-9]{{1,3}}(?:{sep}[0-9]{{3}})+|[0-9]+"
    )
    for decimal, sep in ((".", "[, ']"), (",", "[. ']"))
}


def parse_numbers(column: pd.Series, *, decimal: str = ".", null_values: Sequence[str] = ()) -> Parsed:
    """Read a column of amounts.

    Understood are thousands separators (in threes), currency signs and codes before or behind, parentheses, leading
    or trailing minus, per cent, full-width digits and the scales 千, 万, 百万, 千万, 亿. The same text always gives the
    same number, whatever the other rows hold.

    Parameters
    ----------
    column : pandas.Series
        Numbers, texts, or a mixture.
    decimal : {".", ","}
        Decimal sign.
    null_values : sequence of str
        Texts that mean "no value", beside the empty one.

    Returns
    -------
    Parsed
        Values are float64, NaN where there is none.

    Examples
    --------
    >>> parse_numbers(pd.Series(["¥1,234.50", "(12)", "１２.5万元", "1,50"])).values
    array([ 1.2345e+03, -1.2000e+01,  1.2500e+05,         nan])
    """
    values = np.full(len(column), np.nan)
    missing = np.ones(len(column), dtype=bool)
    for part in split_by_kind(column, null_values):
        missing[part.rows] = False
        values[part.rows] = _numbers_of(part.values, decimal)
    values[np.isinf(values)] = np.nan
    return Parsed(values=values, missing=missing, unreadable=np.isnan(values) & ~missing)


def explain_number(text: str, *, decimal: str = ".") -> str:
    """Say why ``text`` could not be read as a number."""
    other = "," if decimal == "." else "."
    if not parse_numbers(pd.Series([text], dtype=object), decimal=other).unreadable[0]:
        return f"not a number with '{decimal}' as the decimal sign; if '{other}' is, set decimal = \"{other}\""
    return "not a number"


def find_currencies(column: pd.Series) -> list[str]:
    """Return the currency signs and codes that stand in the texts of a column, sorted."""
    found: set[str] = set()
    for part in split_by_kind(column):
        if pa.types.is_large_string(part.values.type):
            signs = pc.extract_regex(pc.utf8_upper(half_width(part.values)), rf"(?P<sign>{_CURRENCY})")
            found |= {_SAME.get(s, s) for s in pc.struct_field(signs, "sign").unique().to_pylist() if s}
    # A bare sign says no more than the codes that use it.
    found -= {"¥"} if found & {"CNY", "JPY"} else set()
    found -= {"$"} if any(c.endswith(("$", "USD")) for c in found - {"$"}) else set()
    return sorted(found)


def _numbers_of(values: Any, decimal: str) -> npt.NDArray[np.float64]:
    kind = values.type
    if pa.types.is_large_string(kind):
        encoded = values.dictionary_encode()
        return _texts_to_numbers(encoded.dictionary, decimal)[encoded.indices.to_numpy(zero_copy_only=False)]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.full(len(values), np.nan)


def _texts_to_numbers(texts: Any, decimal: str) -> npt.NDArray[np.float64]:
    found = pc.extract_regex(pc.utf8_upper(half_width(texts)), _PATTERNS[decimal])
    field = {name: pc.struct_field(found, name).fill_null("") for name in _names(found)}
    digits = pc.add(pc.binary_length(field["whole"]), pc.binary_length(field["fraction"]))
    signs = pc.add(*(pc.binary_length(field[f]) for f in ("sign", "second")))
    signs = pc.add(pc.add(signs, pc.binary_length(field["trailing"])), pc.binary_length(field["open"]))
    readable = pc.and_(pc.greater(digits, 0), pc.less_equal(signs, 1))
    readable = pc.and_(readable, pc.equal(pc.binary_length(field["open"]), pc.binary_length(field["close"])))
    both = pc.and_(pc.not_equal(field["exponent"], ""), pc.not_equal(field["scale"], ""))
    readable = pc.and_(readable, pc.invert(both)).fill_null(False)
    readable = pc.and_(readable, found.is_valid())
    return _assemble(field, readable)


def _assemble(field: dict[str, Any], readable: Any) -> npt.NDArray[np.float64]:
    ok = readable.to_numpy(zero_copy_only=False)
    field = {name: values.filter(readable) for name, values in field.items()}
    whole = pc.replace_substring_regex(field["whole"], "[^0-9]", "")
    number = pc.binary_join_element_wise(pc.utf8_lpad(whole, 1, "0"), field["fraction"], _text("."))
    number = pc.replace_substring_regex(number, r"\.$", ".0")
    shift = pa.array([str(_SCALES[s]) for s in field["scale"].to_pylist()], pa.large_string())
    exponent = pc.if_else(pc.equal(field["exponent"], ""), shift, field["exponent"])
    # The scale moves the decimal point in the text, so that the one rounding is that of the final float.
    text = pc.binary_join_element_wise(number, exponent, _text("e"))
    numbers = text.cast(pa.float64()).to_numpy(zero_copy_only=False)
    minus = pc.binary_join_element_wise(field["sign"], field["second"], field["trailing"], field["open"], _text(""))
    negative = pc.match_substring_regex(minus, r"[-(]").to_numpy(zero_copy_only=False)
    out = np.full(len(ok), np.nan)
    out[ok] = np.where(negative, -numbers, numbers)
    return out


def _text(value: str) -> Any:
    return pa.scalar(value, pa.large_string())


def _names(found: Any) -> list[str]:
    return [found.type.field(i).name for i in range(found.type.num_fields)]
