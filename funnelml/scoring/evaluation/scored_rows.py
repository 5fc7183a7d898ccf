"""Labels, probabilities and records, checked before anything is measured on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError, NotEnoughDataError, first_few

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ScoredRows:
    """Rows with a label and a probability, each of one record.

    Parameters
    ----------
    label : numpy.ndarray of float64, shape (n,)
        0 or 1.
    probability : numpy.ndarray of float64, shape (n,)
        In [0, 1].
    record : numpy.ndarray of int64, shape (n,)
        Number of the record that the row speaks of, 0 to ``n_records`` - 1.
    n_records : int
        Records.
    """

    label: FloatArray
    probability: FloatArray
    record: IntArray
    n_records: int

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: IntArray) -> ScoredRows:
        """Return the rows at these positions, their records numbered anew."""
        known, record = np.unique(self.record[rows], return_inverse=True)
        return ScoredRows(
            label=self.label[rows], probability=self.probability[rows], record=record, n_records=len(known)
        )


def check_scored(
    label: ArrayLike, probability: ArrayLike, record_id: ArrayLike | None = None, *, name: str = "probability"
) -> ScoredRows:
    """Return the rows if something can be measured on them.

    Parameters
    ----------
    label : array_like, shape (n,)
        1 if it came about, 0 if not.
    probability : array_like, shape (n,)
        Probability of label 1.
    record_id : array_like, shape (n,), optional
        The record of each row; by default each row is a record of its own.
    name : str
        What the probabilities are called in an error.

    Raises
    ------
    ModelInputError
        If shapes differ, a label is neither 0 nor 1, a probability is missing or not in [0, 1], or a record has no id.
    NotEnoughDataError
        If all rows have the same label, or speak of one record.
    """
    y, p = _as_numbers("label", label), _as_numbers(name, probability)
    if p.ndim == 2 and p.shape[1] == 2:
        raise ModelInputError(f"{name} has two columns; hand over that of label 1: predict_proba(X)[:, 1]")
    if y.ndim != 1 or p.shape != y.shape:
        raise ModelInputError(f"label has shape {y.shape} and {name} {p.shape}; both need one value for each row")
    ids = np.arange(len(y)) if record_id is None else pd.Series(record_id, dtype=object).to_numpy()
    if len(ids) != len(y):
        raise ModelInputError(f"record_id has {len(ids):,} values for {len(y):,} rows")
    for what, odd, cure in (
        ("label", ~np.isin(y, (0.0, 1.0)), "is neither 0 nor 1"),
        (name, np.isnan(p), "is missing"),
        (name, (p < 0) | (p > 1), "does not lie between 0 and 1"),
    ):
        if odd.any():
            raise ModelInputError(f"{what} {cure} in {int(odd.sum()):,} of {len(y):,} rows ({first_few(ids[odd])})")
    record, known = (ids, ids) if record_id is None else pd.factorize(ids)
    if (record < 0).any():
        raise ModelInputError(f"record_id is missing in {int((record < 0).sum()):,} of {len(y):,} rows")
    if len(y) == 0:
        raise NotEnoughDataError("there are no rows to judge a score on; it takes rows of both outcomes")
    if y.min() == y.max():
        raise NotEnoughDataError(
            f"all {len(y):,} rows to judge a score on have label {y[0]:.0f}; it takes rows of both outcomes: "
            "take a larger test share or a shorter horizon, or wait for more outcomes"
        )
    if len(known) < 2:
        raise NotEnoughDataError(f"all {len(y):,} rows speak of one record; a score is judged on many")
    return ScoredRows(label=y, probability=p, record=record.astype(np.int64), n_records=len(known))


def _as_numbers(name: str, values: ArrayLike) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelInputError(f"{name} holds something that is no number; hand over numbers") from None
