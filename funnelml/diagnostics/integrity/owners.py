"""Who stands out: counts per owner with intervals, and a test that does not shame owners of few records."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from funnelml.diagnostics.proportions import share_interval
from funnelml.errors import first_few

OWNER_COLUMNS = {
    "finding": "object",
    "owner": "object",
    "count": "int64",
    "of": "int64",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "times": "int64",
    "rest_share": "float64",
    "p_value": "float64",
    "stands_out": "bool",
    "first_ids": "object",
    "first_at": "float64",
    "last_at": "float64",
}
"""Columns of the comparison and their dtypes, also where there is nobody to compare."""


def count_records(judged: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Count the records of each group, and those of them that were flagged at least once.

    Parameters
    ----------
    judged : pandas.DataFrame
        ``record_id, owner, at, flagged``, one row per move or record that could have been flagged.
    by : list of str
        Columns that make the groups; none for all together.

    Returns
    -------
    pandas.DataFrame
        Columns of ``by``, ``count, of`` (records), ``times`` (flagged rows), ``first_ids, first_at, last_at``.
    """
    judged = judged.assign(all=0)
    keys = by or ["all"]
    of = judged.groupby(keys, dropna=False)["record_id"].nunique().rename("of")
    flagged = judged[judged["flagged"]].sort_values(["at", "record_id"], kind="stable")
    groups = flagged.groupby(keys, dropna=False)
    counted = groups.agg(
        count=("record_id", "nunique"), times=("record_id", "size"), first_at=("at", "min"), last_at=("at", "max")
    )
    once = flagged.drop_duplicates([*keys, "record_id"])
    ids = once.groupby(keys, dropna=False)["record_id"].agg(first_few).rename("first_ids")
    table = of.to_frame().join([counted, ids]).reset_index()
    table = table.assign(**table[["count", "times"]].fillna(0).astype("int64"))
    return table.drop(columns="all", errors="ignore")


def compare_owners(
    judged: Mapping[str, pd.DataFrame],
    *,
    level: float = 0.8,
    error: float = 0.05,
    untested: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """Compare each owner with all others, finding by finding.

    Parameters
    ----------
    judged : mapping of str to pandas.DataFrame
        For each finding ``record_id, owner, at, flagged``.
    level : float
        Probability of the intervals.
    error : float
        Chance that anybody at all is called out wrongly, over all owners and findings.
    untested : frozenset of str
        Findings that are counted, but of which nobody is called out.

    Returns
    -------
    pandas.DataFrame
        One row per finding and owner (None for records without one): ``finding, owner, count, of`` (records),
        ``share`` with ``low`` and ``high`` (Wilson), ``times`` (moves), ``rest_share`` (of all others), ``p_value``
        (Fisher's exact test that the share is greater than the others', adjusted by Holm's method over all rows),
        ``stands_out, first_ids, first_at, last_at`` (microseconds).
    """
    parts = [count_records(table, ["owner"]).assign(finding=name) for name, table in judged.items() if len(table)]
    if not parts:
        return pd.DataFrame(columns=list(OWNER_COLUMNS)).astype(OWNER_COLUMNS)
    table = pd.concat(parts, ignore_index=True)
    k, n = table["count"].to_numpy(), table["of"].to_numpy()
    per_finding = table.groupby("finding")
    all_k = per_finding["count"].transform("sum").to_numpy()
    all_n = per_finding["of"].transform("sum").to_numpy()
    # The upper tail of the hypergeometric law is Fisher's one-sided test, for all owners at once.
    p = stats.hypergeom.sf(k - 1, all_n, all_k, n)
    known = table["owner"].notna().to_numpy() & (n < all_n) & ~table["finding"].isin(untested).to_numpy()
    adjusted = np.full(len(table), np.nan)
    if known.any():
        adjusted[known] = multipletests(p[known], method="holm")[1]
    shares, low, high = share_interval(k, n, level)
    rest = np.where(all_n > n, (all_k - k) / np.maximum(all_n - n, 1), np.nan)
    table = table.assign(
        owner=table["owner"].astype(object).where(table["owner"].notna(), None),
        share=shares,
        low=low,
        high=high,
        rest_share=rest,
        p_value=adjusted,
        stands_out=np.nan_to_num(adjusted, nan=1.0) < error,
    )
    return table[list(OWNER_COLUMNS)].astype(OWNER_COLUMNS)
