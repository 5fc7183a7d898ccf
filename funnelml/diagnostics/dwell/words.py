"""What the tables of dwell say, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.diagnostics.dwell.cycle_shares import LEAST_WON
from funnelml.diagnostics.extremes import tell_extremes
from funnelml.diagnostics.record_groups import EVERYTHING
from funnelml.language import Language, days, say, share


def tell_dwell(stays: pd.DataFrame, cycle: pd.DataFrame, language: Language) -> str:
    """Return which stage takes the largest part of the cycle and how long records stay there (``Dwell.summary``)."""
    groups = cycle["group"].unique()
    if len(groups) == 1:
        return _tell_group(str(groups[0]), stays, cycle, language)
    whole = cycle.groupby("group").agg(won=("won_records", "first"), days=("days_per_won", "sum")).reset_index()
    enough = whole[whole["won"] >= LEAST_WON]
    lead = say(language, en="Days from start to win: ", zh="从开始到赢单的天数：")
    words = enough["days"].map(lambda length: days(length, language))
    return lead + tell_extremes(enough, "days", words, len(whole) - len(enough), language)


def _tell_group(group: str, stays: pd.DataFrame, cycle: pd.DataFrame, language: Language) -> str:
    name = "" if group == EVERYTHING else say(language, en=f"{group}: ", zh=f"{group}：")
    won = int(cycle["won_records"].iloc[0])
    if won == 0 or not np.isfinite(cycle["share_of_cycle"].iloc[0]):
        top = cycle.iloc[cycle["wait_per_record"].to_numpy().argmax()]
        text = say(
            language,
            en=f"{name}Not enough data on the way to the win: {won:,} won, {LEAST_WON} would do. A new record "
            f"waits longest in {top['stage']}: {days(top['wait_per_record'])}.",
            zh=f"{name}赢单路径的数据不足：已赢单 {won:,} 条，至少需要 {LEAST_WON} 条。"
            f"新记录在{top['stage']}等待最久：{days(top['wait_per_record'], 'zh')}。",
        )
        return text
    top = cycle.iloc[cycle["rank"].to_numpy().argmin()]
    whole = float(cycle["days_per_won"].sum())
    between = ""
    if np.isfinite(top["share_low"]):
        between = say(
            language,
            en=f" ({share(top['share_low'])} to {share(top['share_high'])})",
            zh=f"（{share(top['share_low'])} 至 {share(top['share_high'])}）",
        )
    text = say(
        language,
        en=f"{name}{top['stage']} takes the largest part of the way to the win: {days(top['days_per_won'])} of "
        f"{days(whole)}, {share(top['share_of_cycle'])}{between}; records won: {won:,}.",
        zh=f"{name}{top['stage']}在赢单周期中占比最大：{days(whole, 'zh')}中的 {days(top['days_per_won'], 'zh')}，"
        f"即 {share(top['share_of_cycle'])}{between}，基于 {won:,} 条赢单记录。",
    )
    row = stays[(stays["stage"] == top["stage"]) & (stays["outcome"] == "any")].iloc[0]
    known = np.isfinite(row["q50"]) and np.isfinite(row["q90"])
    if known:
        text += say(
            language,
            en=f" Half of all records leave it within {days(row['q50'])}, nine in ten within {days(row['q90'])}; "
            f"{row['running']:,} are still in it.",
            zh=f"一半记录在 {days(row['q50'], 'zh')}内离开，九成在 {days(row['q90'], 'zh')}内离开；"
            f"{row['running']:,} 条仍在其中。",
        )
    else:
        text += say(
            language,
            en=f" By when {'half' if not np.isfinite(row['q50']) else 'nine in ten'} of its records leave it was not "
            f"observed; {row['running']:,} are still in it.",
            zh=f"{'半数' if not np.isfinite(row['q50']) else '九成'}记录何时离开尚未观察到；"
            f"{row['running']:,} 条仍在其中。",
        )
    if won < LEAST_WON:
        text += say(
            language,
            en=f" Not enough data to rely on it: {won:,} won, {LEAST_WON} would do.",
            zh=f"数据不足，尚不可靠：赢单 {won:,}，至少需要 {LEAST_WON}。",
        )
    return text
