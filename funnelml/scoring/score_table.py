"""Scores as they are handed over: one chance between 0 and 1 for each record, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError, did_you_mean, first_few


def check_scores(
    probability: ArrayLike, record_id: ArrayLike, *, what: str = "scores", repeats: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Return probabilities and ids as arrays, checked.

    Parameters
    ----------
    probability : array_like, shape (n,)
        Chance of each row.
    record_id : array_like, shape (n,)
        Its record.
    what : str
        What the scores are, for errors.
    repeats : bool
        Whether a record may stand in several rows.

    Raises
    ------
    ModelInputError
        If lengths differ, an id is missing or stands twice, or a probability is missing or outside of 0 to 1.
    """
    p: NDArray[np.float64] = pd.to_numeric(pd.Series(probability), errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    ids: NDArray[np.object_] = np.asarray(pd.Series(record_id, dtype=object), dtype=object)
    if len(p) != len(ids):
        raise ModelInputError(f"{what}: {len(p):,} probabilities for {len(ids):,} records; hand over one for each")
    nameless = pd.isna(ids)
    if nameless.any():
        raise ModelInputError(
            f"{what}: {int(nameless.sum()):,} rows have no record_id (row {first_few(np.flatnonzero(nameless) + 1)})"
        )
    odd = ~((p >= 0) & (p <= 1))
    if odd.any():
        raise ModelInputError(
            f"{what}: {int(odd.sum()):,} probabilities are missing or not between 0 and 1 ({first_few(ids[odd])}); "
            "score these records again"
        )
    twice = pd.Series(ids).duplicated().to_numpy()
    if not repeats and twice.any():
        raise ModelInputError(
            f"{what}: {int(twice.sum()):,} rows repeat a record ({first_few(pd.unique(ids[twice]))}); keep one of each"
        )
    return p, ids


def check_columns(table: pd.DataFrame, needs: Sequence[str], *, what: str) -> None:
    """Raise ``ModelInputError`` if a column is missing, with what was probably meant."""
    if missing := [name for name in needs if name not in table]:
        hint = did_you_mean(missing[0], map(str, table.columns))
        raise ModelInputError(f"{what} have no column '{missing[0]}'{hint}; they need {', '.join(needs)}")
