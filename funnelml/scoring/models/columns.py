"""Columns of any kind as an estimator takes them: numbers as float64, texts as levels with a rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING, OTHER = -1, 0
"""Codes of a missing text, and of a level too rare or never seen; the levels kept are 1, 2, ..."""


@dataclass(frozen=True, kw_only=True)
class TextColumn:
    """How one text column becomes integer codes.

    Parameters
    ----------
    name : str
        Name of the column.
    levels : tuple of str
        The levels that have a code of their own, most frequent first.
    """

    name: str
    levels: tuple[str, ...]

    def encode(self, values: pd.Series) -> NDArray[np.int64]:
        """Return codes: -1 missing, 0 another level, 1 to k the levels."""
        texts = as_texts(values)
        codes = pd.Index(self.levels, dtype=object).get_indexer(pd.Index(texts)) + 1
        return np.where(texts.isna().to_numpy(), MISSING, codes).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class NumberColumn:
    """A column of numbers."""

    name: str

    def encode(self, values: pd.Series) -> NDArray[np.float64]:
        """Return float64 with NaN for what is missing, is no number, or is infinite."""
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isfinite(numbers), numbers, np.nan)


ScoreColumn = TextColumn | NumberColumn


def learn_columns(X: pd.DataFrame, *, min_count: int, max_levels: int) -> tuple[ScoreColumn, ...]:
    """Return how each column of ``X`` is to be encoded.

    Parameters
    ----------
    X : pandas.DataFrame
        Numbers, booleans, dates (as days), categories and texts.
    min_count : int
        Rows that a level needs for a code of its own.
    max_levels : int
        Most levels with a code of their own; the most frequent are kept, ties by name.
    """
    return tuple(_learn(X[name], str(name), min_count, max_levels) for name in X)


def _learn(values: pd.Series, name: str, min_count: int, max_levels: int) -> ScoreColumn:
    if is_number(values):
        return NumberColumn(name=name)
    counts = as_texts(values).value_counts()
    kept = counts[counts >= min_count].sort_index().sort_values(ascending=False, kind="stable")
    return TextColumn(name=name, levels=tuple(kept.index[:max_levels]))


def is_number(values: pd.Series) -> bool:
    """Return whether a column holds numbers: numeric or boolean dtype, or objects that are all numbers."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return not pd.api.types.is_complex_dtype(values)
    if values.dtype != object:
        return False
    known = values.dropna()
    return len(known) > 0 and all(isinstance(v, (int, float, np.number, np.bool_)) for v in known)


def as_texts(values: pd.Series) -> pd.Series:
    """Return texts as object, None where the value is missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    texts = values.astype(object).where(values.notna(), None)
    if texts.map(type).isin((str, type(None))).all():
        return texts
    return texts.map(lambda value: None if value is None else str(value))


def as_frame(X: Any, names: NDArray[np.object_] | None = None) -> pd.DataFrame:
    """Return ``X`` as a frame whose columns have names: those of a frame, else ``x0, x1, ...``."""
    if isinstance(X, pd.DataFrame):
        return X
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(np.shape(X)[1])] if names is None else list(names))
