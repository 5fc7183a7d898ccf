"""Rows of an export of scores: which columns they have, and what never leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.errors import InputError, did_you_mean, first_few
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES, VerdictName

CHANCES = ("probability", "low", "high")
"""Columns of numbers: a chance and its interval."""
COLUMNS = ("id", *CHANCES, "grade", "reasons_for", "reasons_against", "model_id", "as_of", "verdict")
"""Columns of an export, in their order."""
TEXTS = tuple(name for name in COLUMNS if name not in CHANCES)
"""Columns of text; days are texts too, as ``2026-06-30``."""
DECIMALS = 4
"""Decimals of a chance as it is written and compared."""
VERDICTS: Final[Mapping[str, VerdictName]] = MappingProxyType(
    {word: name for name, words in VERDICT_NAMES.items() for word in words}
)
"""Every verdict by what it is called, in English or in Chinese."""
_LONGEST = 32_767
"""Characters that a cell of Excel holds."""
_NEVER_LEAVE: Final[Mapping[VerdictName, tuple[str, str]]] = MappingProxyType(
    {
        "no usable signal": ("they tell no more than the base rate", "learn from more records or other fields"),
        "suspected leak": ("they are too good to be true", "clear up the suspect fields"),
    }
)


def check_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores as they are exported.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per record, with all of ``COLUMNS``; others are left out. Ids are texts or whole numbers. ``as_of`` is
        a date or its text, or missing in all rows, as in scores of a plain table. A missing grade or reason is an empty
        text. ``verdict`` is in English or in Chinese.

    Returns
    -------
    pandas.DataFrame
        Exactly ``COLUMNS``; texts, and chances with four decimals.

    Raises
    ------
    InputError
        If there are no rows, a column is missing, an id is missing or stands twice, a chance is not a number from 0 to
        1, an interval is upside down, a verdict is none, or a text cannot be written.
    """
    missing = [name for name in COLUMNS if name not in scores]
    if missing:
        hint = did_you_mean(missing[0], map(str, scores.columns))
        raise InputError(f"the scores have no column '{missing[0]}'{hint}; an export needs {', '.join(COLUMNS)}")
    if scores.empty:
        raise InputError("there are no scores to export; nothing is written, and the last export stays as it is")
    ids = [_id_text(value) for value in scores["id"]]
    if nameless := [i + 1 for i, text in enumerate(ids) if not text]:
        raise InputError(
            f"{len(nameless):,} scores have no id that is a text or a whole number (row {first_few(nameless)}); name "
            "the records"
        )
    named = pd.Series(ids, dtype=object)
    if named.duplicated().any():
        twice = named[named.duplicated()]
        raise InputError(f"{len(twice):,} scores repeat an id ({first_few(twice.unique())}); keep one of each")
    rows: dict[str, Any] = {"id": named}
    for name in CHANCES:
        rows[name] = _chances(scores[name], name, named)
    _refuse(rows["low"] > rows["high"], named, "intervals have their low end above their high end", "score again")
    check_texts(named, "id", ids=named)
    for name in TEXTS[1:]:
        rows[name] = check_texts(scores[name], name, ids=named)
    undated = (rows["as_of"] == "").all()
    _refuse(~(rows["as_of"].map(_is_day) | undated), named, "values of as_of are no dates", "write them as YYYY-MM-DD")
    known = ", ".join(VERDICT_NAMES)
    _refuse(~rows["verdict"].isin(list(VERDICTS)), named, f"values of verdict are none of {known}", "judge these first")
    return pd.DataFrame(rows)[list(COLUMNS)]


def check_texts(values: pd.Series, name: str, *, ids: pd.Series) -> pd.Series:
    """Return values as texts that every format can hold.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Texts, dates or numbers; a missing one is an empty text.
    name : str
        Their column, for errors.
    ids : pandas.Series of str, shape (n,)
        The records, for errors.

    Raises
    ------
    InputError
        If a text has broken characters, or is longer than a cell of Excel.
    """
    texts = pd.Series([_text(value) for value in values], dtype=object)
    where = f"texts of {name}"
    _refuse(~texts.map(_is_unicode), ids, f"{where} hold broken characters", "correct them in the source")
    _refuse(texts.str.len() > _LONGEST, ids, f"{where} are longer than {_LONGEST:,} characters", "shorten them")
    return texts


def refuse_verdicts(rows: pd.DataFrame) -> None:
    """Raise if scores were judged not fit for use: all of them stay, so that no half of a scoring leaves.

    Parameters
    ----------
    rows : pandas.DataFrame
        As :func:`check_rows` returns them.

    Raises
    ------
    InputError
        If a verdict is ``no usable signal`` or ``suspected leak``.
    """
    found = rows["verdict"].map(VERDICTS)
    for verdict, (why, next_step) in _NEVER_LEAVE.items():
        odd = found == verdict
        if odd.any():
            models = first_few(rows.loc[odd, "model_id"].unique())
            raise InputError(
                f"the verdict on {int(odd.sum()):,} of {len(rows):,} scores is '{verdict}' (model {models}): {why}. "
                f"Nothing leaves; {next_step}, and score again"
            )


def _chances(values: pd.Series, name: str, ids: pd.Series) -> pd.Series:
    chances = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    inside = (chances >= 0) & (chances <= 1)
    _refuse(
        pd.Series(~inside), ids, f"values of {name} are missing, infinite or not between 0 and 1", "score these again"
    )
    # 0.0 of a negative zero, too
    return pd.Series(np.round(chances, DECIMALS) + 0.0)


def _refuse(odd: pd.Series, ids: pd.Series, what: str, next_step: str) -> None:
    if odd.any():
        # an id may itself be what cannot be written
        told = first_few(text.encode(errors="backslashreplace").decode() for text in ids[odd])
        raise InputError(f"{int(odd.sum()):,} {what} ({told}); {next_step}")


def _id_text(value: object) -> str:
    if isinstance(value, str):
        return value
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return str(value) if whole else ""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, datetime):  # a pandas.Timestamp is one
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
