"""Covariates as numbers that a regression can take: scaled, filled, and levels of texts that occur often enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError, first_few
from funnelml.survival.covariates import moving_in
from funnelml.survival.risk_sets import FloatArray

LEAST_OF_LEVEL: Final = 20
"""Fewest rows of a value of a text for an effect of its own."""
MOST_LEVELS: Final = 60
"""Most values of a text that have an effect of their own: the most frequent."""
OUTER: Final = (0.01, 0.99)
"""Numbers beyond these shares of the rows are pulled in to them."""
SKEWED: Final = 2.0
"""Skewness from which a number that is never negative is read on a log scale."""
LARGEST: Final = 1e100
"""Numbers beyond this mean nothing: they are unknown, like infinite ones."""


@dataclass(frozen=True, kw_only=True)
class NumberTerm:
    """One covariate of numbers."""

    name: str
    low: float
    high: float
    log: bool
    mean: float
    sd: float
    missing: float
    moving: bool


@dataclass(frozen=True, kw_only=True)
class TextTerm:
    """One covariate of texts, with the values that have an effect of their own."""

    name: str
    levels: tuple[str, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Design:
    """How covariates become columns.

    Parameters
    ----------
    numbers, texts : tuple
        Their terms.
    """

    numbers: tuple[NumberTerm, ...]
    texts: tuple[TextTerm, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        names: list[str] = []
        for number in self.numbers:
            names.append(number.name)
            names += [f"{number.name} unknown"] if number.missing > 0 else []
        return (*names, *(f"{text.name}={level}" for text in self.texts for level in text.levels))

    @property
    def moving(self) -> FloatArray:
        """Whether each column moves while a record sits, shape (c,), as 0.0 or 1.0."""
        flags: list[float] = []
        for number in self.numbers:
            flags += [float(number.moving)] * (2 if number.missing > 0 else 1)
        return np.array(flags + [0.0 for text in self.texts for _ in text.levels])

    @property
    def steps(self) -> tuple[tuple[str, float], ...]:
        """What an effect is told per, and how many units of its column that is, for each column.

        A number on a log scale whose size is above 1 is told per ``doubling``, any other per its standard deviation
        (``3.5 more``); an ``unknown`` one against a known one of average effect, a value of a text ``against the
        average``.
        """
        told: list[tuple[str, float]] = []
        for number in self.numbers:
            # The scale is log(1 + x), on which a doubling of small numbers is none.
            doubling = number.log and number.mean > np.log(2)
            sd = number.sd * (np.exp(number.mean) if number.log else 1.0)
            more = f"{sd:,.0f} more" if sd >= 100 else f"{sd:.3g} more"
            told.append(("doubling", float(np.log(2)) / number.sd) if doubling else (more, 1.0))
            told += [("unknown", 1.0)] if number.missing > 0 else []
        return (*told, *(("against the average", 1.0) for text in self.texts for _ in text.levels))

    def against_average(self) -> FloatArray:
        """Return the matrix that puts effects of the values of each text on their average over the rows, shape (c, c).

        Columns of a text add up to nothing, so a constant on all its effects changes no ratio.
        """
        matrix = np.eye(len(self.columns))
        begin = sum(2 if number.missing > 0 else 1 for number in self.numbers)
        for text in self.texts:
            end = begin + len(text.levels)
            matrix[begin:end, begin:end] -= np.array(text.shares)
            begin = end
        return matrix

    def transform(self, covariates: pd.DataFrame) -> FloatArray:
        """Return the columns, shape (n, c), each of mean 0 over what was learned from.

        A covariate that is not there, and a value that was never seen, is average.

        Raises
        ------
        ModelInputError
            If a covariate was of numbers, and now holds texts.
        """
        columns: list[FloatArray] = []
        n = len(covariates)
        for number in self.numbers:
            if number.name not in covariates:
                columns += [np.zeros(n)] * (2 if number.missing > 0 else 1)
                continue
            values = _as_numbers(covariates[number.name])
            unknown = np.isnan(values)
            scaled = (_read(np.clip(np.where(unknown, number.low, values), number.low, number.high), number.log)) - (
                number.mean
            )
            columns.append(np.where(unknown, 0.0, scaled / number.sd))
            if number.missing > 0:
                columns.append(unknown - number.missing)
        for text in self.texts:
            if text.name not in covariates:
                columns += [np.zeros(n)] * len(text.levels)
                continue
            level_of = _find_levels(covariates[text.name], text.levels)
            for position, share in enumerate(text.shares):
                columns.append(np.where(level_of >= 0, (level_of == position) - share, 0.0))
        return np.column_stack(columns) if columns else np.zeros((n, 0))


def learn_design(covariates: pd.DataFrame) -> Design:
    """Learn how covariates become columns.

    Parameters
    ----------
    covariates : pandas.DataFrame, shape (n, k)
        Numbers as float64, texts as object.

    Notes
    -----
    What is constant, or never known, has no column; two columns that say the same share their effect, since effects
    are shrunken.
    """
    moving = set(moving_in(covariates.columns))
    numbers, texts = [], []
    for name in covariates.columns:
        column = covariates[name]
        if pd.api.types.is_numeric_dtype(column):
            number = _learn_number(str(name), _as_numbers(column), moving=str(name) in moving)
            numbers += [number] if number is not None else []
        else:
            term = _learn_text(str(name), _as_texts(column))
            texts += [term] if term.levels else []
    return Design(numbers=tuple(numbers), texts=tuple(texts))


def _learn_number(name: str, values: FloatArray, *, moving: bool) -> NumberTerm | None:
    finite = values[~np.isnan(values)]
    if len(finite) < LEAST_OF_LEVEL:
        return None
    low, high = (float(q) for q in np.quantile(finite, OUTER))
    inside = np.clip(finite, low, high)
    spread = inside.std()
    centred = inside - inside.mean()
    log = low >= 0 and spread > 0 and float((centred**3).mean() / spread**3) > SKEWED
    read = _read(inside, log)
    missing = 1 - len(finite) / len(values)
    missing = missing if missing * len(values) >= LEAST_OF_LEVEL else 0.0
    # A scale that only the last bits tell apart is none.
    sd = float(read.std())
    if sd <= 1e-9 * max(1.0, float(np.abs(read).max())):
        if missing == 0:
            return None
        sd = 1.0
    return NumberTerm(
        name=name, low=low, high=high, log=log, mean=float(read.mean()), sd=sd, missing=missing, moving=moving
    )


def _read(values: FloatArray, log: bool) -> FloatArray:
    return np.log1p(values) if log else values


def _learn_text(name: str, values: np.ndarray) -> TextTerm:
    counts = pd.Series(values).value_counts()
    frequent = counts[counts >= LEAST_OF_LEVEL].iloc[:MOST_LEVELS]
    if len(frequent) < 2:
        return TextTerm(name=name, levels=(), shares=())
    return TextTerm(
        name=name,
        levels=tuple(map(str, frequent.index)),
        shares=tuple(float(count) / float(frequent.sum()) for count in frequent),
    )


def _as_texts(column: pd.Series) -> np.ndarray:
    values = column.astype(object)
    return values.where(values.notna(), "").astype(str).to_numpy(dtype=str)


def _find_levels(column: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    """Return the position of each value among the levels; -1 if it is none of them."""
    # Each distinct value is made a text once.
    code, values = pd.factorize(column.astype(object))
    names = [*map(str, values), ""]
    return np.asarray(pd.Index(levels, dtype=object).get_indexer(pd.Index(names, dtype=object)))[code]


def _as_numbers(column: pd.Series) -> FloatArray:
    """Return numbers, NaN where unknown or beyond all bounds."""
    if not pd.api.types.is_numeric_dtype(column):
        read = pd.to_numeric(column, errors="coerce")
        strange = column[read.isna() & column.notna()]
        if len(strange):
            raise ModelInputError(
                f"covariate {column.name!r} was of numbers when the model learned, and now holds texts "
                f"({first_few(strange.unique())}); hand it over as it was, or train again"
            )
        column = read
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.abs(values) <= LARGEST, values, np.nan)
