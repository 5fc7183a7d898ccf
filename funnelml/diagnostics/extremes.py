"""Highest and lowest of many groups, in words: what a summary has room for."""

from __future__ import annotations

import pandas as pd

from funnelml.language import Language, say


def tell_extremes(table: pd.DataFrame, value: str, told: pd.Series, thin: int, language: Language) -> str:
    """Return the group with the highest and the one with the lowest value.

    Parameters
    ----------
    table : pandas.DataFrame
        ``group`` and ``value`` of the groups with enough data.
    value : str
        Column to compare.
    told : pandas.Series
        The value of each row in words.
    thin : int
        Groups left out because they have too few records.

    Returns
    -------
    str
        ``Anna is highest (28 %), Ben lowest (12 %) of 9 groups; 3 more have too few records.``
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
    return say(
        language,
        en=f"{names[high]} is highest ({told.iloc[high]}), {names[low]} lowest ({told.iloc[low]}) of {n:,} "
        f"groups{more}.",
        zh=f"{n:,} 组中{names[high]}最高（{told.iloc[high]}），{names[low]}最低（{told.iloc[low]}）{more}。",
    )
