"""Counts of groups as shares with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from statsmodels.stats.proportion import proportion_confint

FloatArray = NDArray[np.float64]


def share_interval(count: ArrayLike, of: ArrayLike, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return shares and the two ends of Wilson's interval; NaN where there is nothing to take a share of.

    Examples
    --------
    >>> share, low, high = share_interval([5, 0], [10, 0], 0.8)
    >>> share, low.round(3), high.round(3)
    (array([0.5, nan]), array([0.312,   nan]), array([0.688,   nan]))
    """
    k, n = np.asarray(count, dtype=np.float64), np.asarray(of, dtype=np.float64)
    some, whole = n > 0, np.where(n > 0, n, 1.0)
    low, high = proportion_confint(k, whole, alpha=1 - level, method="wilson")
    # Rounding may carry an end past 0 or 1.
    ends = (np.clip(end, 0, 1) for end in (low, high))
    share, low, high = (np.where(some, values, np.nan) for values in (k / whole, *ends))
    return share, low, high


def with_shares(table: pd.DataFrame, count: str, of: str, level: float) -> pd.DataFrame:
    """Return the table with the columns ``share, low, high`` of one count in another."""
    share, low, high = share_interval(table[count], table[of], level)
    return table.assign(share=share, low=low, high=high)


def count_shares(rows: pd.DataFrame, by: Sequence[str], flag: str, *, counted: str, level: float) -> pd.DataFrame:
    """Count the rows of each group and those of them that bear a flag.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per record, with the columns ``by`` and the boolean column ``flag``.
    counted : str
        Name of the column of all rows.

    Returns
    -------
    pandas.DataFrame
        Columns ``by``, ``counted``, ``flag`` (its count), ``share, low, high``; the largest groups first.
    """
    if rows.empty:
        empty = {name: pd.Series(dtype=object) for name in by} | {
            name: pd.Series(dtype="int64") for name in (counted, flag)
        }
        return with_shares(pd.DataFrame(empty), flag, counted, level)
    groups = rows.groupby(list(by), sort=True)[flag]
    table = groups.agg(["size", "sum"]).reset_index().rename(columns={"size": counted, "sum": flag})
    table = table.astype({counted: "int64", flag: "int64"})
    table = table.sort_values(counted, ascending=False, kind="stable", ignore_index=True)
    return with_shares(table, flag, counted, level)
