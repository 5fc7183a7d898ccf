"""A field cut into levels: its values, or ranges of a number, and the rows where it is empty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.language import Language, say
from funnelml.scoring.models.columns import NumberColumn, as_texts, is_number

EMPTY = 0
"""Code of a row without a value."""

_RANGES = 20

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Levels:
    """A field whose rows are put into levels.

    Parameters
    ----------
    name : str
        Name of the field.
    values : numpy.ndarray, shape (n,)
        Its values, texts or float64.
    code : numpy.ndarray of int64, shape (n,)
        Level of each row; 0 where the field is empty.
    distinct : int
        Number of its distinct values.
    """

    name: str
    values: NDArray[np.object_] | FloatArray
    code: IntArray
    distinct: int

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Whether each row has a value."""
        return self.code != EMPTY

    def count(self, label: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the number of rows of each level, and of those with label 1."""
        size = int(self.code.max()) + 1
        rows = np.bincount(self.code, minlength=size).astype(np.float64)
        return rows, np.bincount(self.code, weights=label, minlength=size).astype(np.float64)

    def describe(self, code: int, language: Language = "en") -> str:
        """Return a level as a sentence has it: a value in quotes, a range, or that the field is empty."""
        if code == EMPTY:
            return say(language, en="empty", zh="空值")
        inside = self.values[self.code == code]
        if inside.dtype == object:
            return say(language, en=f"'{inside[0]}'", zh=f"“{inside[0]}”")
        low, high = f"{inside.min():.6g}", f"{inside.max():.6g}"
        return low if low == high else say(language, en=f"{low} to {high}", zh=f"{low} 至 {high}")


def cut_into_levels(values: pd.Series) -> Levels:
    """Put the rows of a field into levels.

    A text has one level for each value. A number has one for each value if there are at most 20; else ranges between
    its twentieths, and a level of its own for each value at which two ranges meet, so that a value that fills a good
    share of the rows (0, 999) is not mixed with its neighbours.
    """
    name = str(values.name)
    if not is_number(values):
        texts = as_texts(values)
        codes, uniques = pd.factorize(texts)
        return Levels(
            name=name, values=texts.to_numpy(dtype=object), code=codes.astype(np.int64) + 1, distinct=len(uniques)
        )
    numbers = NumberColumn(name=name).encode(values)
    known = ~np.isnan(numbers)
    distinct = np.unique(numbers[known])
    code = np.zeros(len(numbers), dtype=np.int64)
    if len(distinct) <= _RANGES:
        code[known] = np.searchsorted(distinct, numbers[known]) + 1
    else:
        at = np.linspace(0, 1, _RANGES + 1)[1:-1]
        edges = np.unique(np.quantile(numbers[known], at, method="inverted_cdf"))
        sides = [
            np.searchsorted(edges, numbers[known], side="left"),
            np.searchsorted(edges, numbers[known], side="right"),
        ]
        code[known] = sides[0] + sides[1] + 1
    return Levels(name=name, values=numbers, code=code, distinct=len(distinct))
