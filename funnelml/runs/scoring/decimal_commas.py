"""Numbers of a table that was written with decimal commas, as in German or French exports."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.mapping.numbers import parse_numbers
from funnelml.scoring.plain_columns import is_plain_number, read_texts

_NEARLY_ALL = 0.95


def read_decimal_commas(table: pd.DataFrame, *, but: set[str], missing: frozenset[str]) -> pd.DataFrame:
    """Return a table with its numbers read by the decimal comma, if it has a column that can only be read so.

    Parameters
    ----------
    table : pandas.DataFrame
        Texts and typed values.
    but : set of str
        Columns to be left as they are.
    missing : frozenset of str
        Texts in lower case that mean "no value".

    Notes
    -----
    One column tells for the whole table, where ``1.234`` is then over a thousand. A column is of numbers if 95 % of its
    texts can be read as ones and none has a leading zero.
    """
    texts = {
        name: read_texts(column, missing)
        for name, column in table.items()
        if name not in but and not is_plain_number(column)
    }
    by_comma = {str(name): _read_nearly_all(column, ",") for name, column in texts.items()}
    told = [name for name, read in by_comma.items() if read is not None]
    if all(_read_nearly_all(texts[name], ".") is not None and not _is_fraction(texts[name]) for name in told):
        return table
    return table.assign(**{name: by_comma[name] for name in told})


def _is_fraction(texts: pd.Series) -> bool:
    """Return whether a text is like ``0,125``, which no separator of thousands can make."""
    return bool(texts.str.fullmatch(r"[+-]?0,\d+", na=False).any())


def _read_nearly_all(texts: pd.Series, decimal: str) -> NDArray[np.float64] | None:
    codes, levels = pd.factorize(texts)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    read = parse_numbers(pd.Series(levels, dtype=object), decimal=decimal)
    if not counts.sum() or counts[~read.unreadable].sum() < _NEARLY_ALL * counts.sum():
        return None
    if pd.Series(levels, dtype=object).str.fullmatch(r"0\d+").any():
        return None
    return np.append(read.values, np.nan)[codes]
