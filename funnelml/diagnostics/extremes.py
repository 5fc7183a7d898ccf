"""Highest and lowest of many groups, in words: what a summary has room for, and no name where chance may explain it."""

from __future__ import annotations

import pandas as pd

from funnelml.language import Language, say


def tell_extremes(table: pd.DataFrame, value: str, told: pd.Series, thin: int, language: Language) -> str:
    """Return the group with the highest and the one with the lowest value, by name if their intervals do not overlap.

    Parameters
    ----------
    table : pandas.DataFrame
        ``group`` and ``value`` of the groups with enough data, with the ends of its interval: ``low`` and ``high``, or
        ``value`` followed by ``_low`` and ``_high``. Without an interval nobody is named.
    value : str
        Column to compare.
    told : pandas.Series
        The value of each row in words.
    thin : int
        Groups left out because they have too few records.

    Returns
    -------
    str
        ``Anna is highest (28 %), Ben lowest (12 %) of 9 groups; 3 more have too few records.`` or ``The lowest (12 %)
        and the highest (28 %) of 9 groups differ by no more than chance may explain.``
    """
    n = len(table)
    if n == 0:
        return say(language, en=f"None of {thin:,} groups has enough data.", zh=f"{thin:,} 组数据都不足。")
    order = table[value].to_numpy().argsort(kind="stable")
    high, low = int(order[-1]), int(order[0])
    names = table["group"].tolist()
    more = say(language, en=f"; {thin:,} more have too few records", zh=f"；另有 {thin:,} 组记录太少") if thin else ""
    if n == 1:
        return say(
            language,
            en=f"Only {names[0]} has enough data ({told.iloc[0]}){more}.",
            zh=f"只有{names[0]}数据足够（{told.iloc[0]}）{more}。",
        )
    if not _are_apart(table, value, low, high):
        return say(
            language,
            en=f"The lowest ({told.iloc[low]}) and the highest ({told.iloc[high]}) of {n:,} groups differ by no more "
            f"than chance may explain{more}.",
            zh=f"{n:,} 组中最低（{told.iloc[low]}）与最高（{told.iloc[high]}）的差异可能只是偶然{more}。",
        )
    return say(
        language,
        en=f"{names[high]} is highest ({told.iloc[high]}), {names[low]} lowest ({told.iloc[low]}) of {n:,} "
        f"groups{more}.",
        zh=f"{n:,} 组中{names[high]}最高（{told.iloc[high]}），{names[low]}最低（{told.iloc[low]}）{more}。",
    )


def _are_apart(table: pd.DataFrame, value: str, low: int, high: int) -> bool:
    """Return whether the interval of row ``high`` lies above that of row ``low``; False where one is not known."""
    for lower, upper in ((f"{value}_low", f"{value}_high"), ("low", "high")):
        if lower in table and upper in table:
            return bool(table[lower].iloc[high] > table[upper].iloc[low])
    return False
