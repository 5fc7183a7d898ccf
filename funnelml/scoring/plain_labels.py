"""The label of a plain table: which of two values counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import ModelInputError, did_you_mean, first_few
from funnelml.mapping.texts import parse_text

_POSITIVE = frozenset((
    "1", "true", "t", "yes", "y", "won", "win", "closed won", "converted", "success", "successful",
    "是", "真", "有", "赢单", "赢", "成交", "已成交", "成功", "转化", "已转化", "签约", "已签约",
))  # fmt: skip
_NEGATIVE = frozenset((
    "0", "false", "f", "no", "n", "lost", "loss", "closed lost", "not converted", "failure", "failed",
    "否", "假", "无", "输单", "输", "丢单", "未成交", "不成交", "失败", "未转化", "流失", "未签约",
))  # fmt: skip
_SAYS_LITTLE = frozenset(("1", "true", "t", "yes", "y", "是", "真", "有"))
"""Values that mean a mere yes."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """Labels of rows.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n,)
        1 or 0, NaN where the table has none.
    outcome : str
        What a 1 means: the value itself, or the name of the column where the value is a mere yes or no.
    """

    values: NDArray[np.float64]
    outcome: str


def read_label(column: pd.Series, *, name: str, positive: object, missing: frozenset[str]) -> Label:
    """Read a column of two values as labels.

    Parameters
    ----------
    column : pandas.Series
        Numbers, booleans or texts.
    name : str
        Its name.
    positive : object
        The value that counts; None if the words tell it.
    missing : frozenset of str
        Texts in lower case that mean "no value"; a word for no that tells one label from the other is one.

    Raises
    ------
    ModelInputError
        If there are not two values, or neither word is known to count.
    """
    texts = pd.Series(parse_text(column.astype(object)).values, dtype=object)
    plain = texts.map(lambda text: text.casefold() if isinstance(text, str) else None)
    plain = plain.where(~plain.isin(missing - _POSITIVE - _NEGATIVE), None)
    codes, values = pd.factorize(plain)
    shown = texts.groupby(codes).first()
    names = [str(shown[code]) for code in range(len(values))]
    if not names:
        raise ModelInputError(f"label '{name}' is empty in all {len(column):,} rows")
    if len(names) > 2:
        raise ModelInputError(
            f"label '{name}' has {len(names):,} values ({first_few(sorted(names))}); it needs two. Leave out rows "
            "that are not decided yet, or choose another label"
        )
    if len(names) < 2:
        rows = int((codes >= 0).sum())
        raise ModelInputError(
            f"label '{name}' is '{names[0]}' in all {rows:,} rows that have one; rows of both kinds are needed"
        )
    counts = _choose(names, list(values), name, positive)
    chosen = next(i for i, value in enumerate(values) if value == counts)
    known = np.where(codes >= 0, (codes == chosen).astype(np.float64), np.nan)
    return Label(values=known, outcome=_tell(name, names[chosen]))


def _tell(label: str, value: str) -> str:
    plain = value.casefold()
    if plain in _SAYS_LITTLE:
        return label
    return f"{label} = {value}" if plain in _NEGATIVE else value


def _choose(names: list[str], plain: list[str], label: str, positive: object) -> str:
    """Return, in lower case, the value that counts."""
    if positive is not None:
        (wanted,) = parse_text(pd.Series([positive], dtype=object)).values
        wanted = str(wanted).casefold()
        if wanted not in plain:
            hint = did_you_mean(str(positive), names)
            raise ModelInputError(f"label '{label}' is never '{positive}'{hint}; it is {first_few(names)}")
        return wanted
    yes = [p for p in plain if p in _POSITIVE]
    if len(yes) == 1:
        return yes[0]
    raise ModelInputError(
        f"which value of label '{label}' counts is not clear from {first_few(names)}; say it with positive="
    )
