"""What the costs of the sources say to a sales director."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from funnelml.language import Language, days, join_words, say, share, short_amount

if TYPE_CHECKING:
    from funnelml.diagnostics.leads.source_costs import SourceCosts

ENOUGH_WINS = 20
"""Wins from which on the cost of a win is worth comparing."""


def tell_costs(told: SourceCosts, language: Language = "en") -> str:
    """Return the cheapest and dearest source by win if they differ, what is not ripe yet, and what does not match."""
    return say(language, en=" ", zh="").join([*_tell_costs(told, language), *_tell_caveats(told, language)])


def _tell_costs(told: SourceCosts, language: Language) -> list[str]:
    table = told.table
    spend = short_amount(float(table["spend"].sum()), told.currency, language)
    wins, leads = int(table["wins"].sum()), int(table["leads"].sum())
    parts = [
        say(
            language,
            en=f"From {told.start} to {told.end} {spend} were spent on {leads:,} leads, of which {wins:,} have been "
            "won.",
            zh=f"{told.start} 至 {told.end} 共花费 {spend}，带来 {leads:,} 条线索，已赢单 {wins:,} 条。",
        )
    ]
    ripe = table[(table["wins"] >= ENOUGH_WINS) & (table["spend"] > 0)].sort_values("per_win", kind="stable")
    if len(ripe) > 1 and not ripe["per_win_high"].iloc[0] < ripe["per_win_low"].iloc[-1]:
        least, most = (short_amount(float(cost), told.currency, language) for cost in ripe["per_win"].iloc[[0, -1]])
        english = f"A win costs from {least} to {most} by source; the differences may be chance."
        parts.append(say(language, en=english, zh=f"各来源单个赢单成本为 {least} 至 {most}，差异可能只是偶然。"))
    elif len(ripe) > 1:
        cheap, dear = (_tell_win(row, told, language) for row in (ripe.iloc[0], ripe.iloc[-1]))
        english = f"A win costs least from {cheap} and most from {dear}."
        parts.append(say(language, en=english, zh=f"单个赢单成本最低的是{cheap}，最高的是{dear}。"))
    else:
        parts.append(
            say(
                language,
                en=f"Costs of a win cannot be compared yet: {ENOUGH_WINS} wins of each of two paid sources would do.",
                zh=f"暂无法比较单个赢单成本：至少两个付费来源各有 {ENOUGH_WINS} 个赢单即可。",
            )
        )
    return parts


def _tell_win(row: pd.Series, told: SourceCosts, language: Language) -> str:
    names = ("per_win", "per_win_low", "per_win_high")
    cost, low, high = (short_amount(float(row[name]), "", language) for name in names)
    money = f" {told.currency}" if told.currency else ""
    return say(
        language,
        en=f"{row['source']} ({cost}{money}, {low} to {high})",
        zh=f"{row['source']}（{cost}{money}，{low} 至 {high}）",
    )


def _tell_caveats(told: SourceCosts, language: Language) -> list[str]:
    young = told.table[told.table["is_immature"]].sort_values("young_share", ascending=False, kind="stable")
    parts = []
    if len(young):
        pairs = zip(young["source"], young["young_share"], strict=True)
        names = [say(language, en=f"{name} ({share(part)})", zh=f"{name}（{share(part)}）") for name, part in pairs]
        english = f"Costs of a win will still fall where many leads are young: {join_words(names)}"
        chinese = f"线索尚新、赢单成本还会下降的来源：{join_words(names, 'zh')}"
        if np.isfinite(told.ripe_days):
            english += f" (nine wins in ten take up to {days(told.ripe_days)})"
            chinese += f"（九成赢单在 {days(told.ripe_days, 'zh')}内）"
        parts.append(say(language, en=f"{english}.", zh=f"{chinese}。"))
    if told.without_leads:
        names_en, names_zh = join_words(told.without_leads), join_words(told.without_leads, "zh")
        parts.append(say(language, en=f"Spend but no lead: {names_en}.", zh=f"有花费但没有线索：{names_zh}。"))
    if told.without_spend:
        names_en, names_zh = join_words(told.without_spend), join_words(told.without_spend, "zh")
        parts.append(say(language, en=f"Leads but no spend: {names_en}.", zh=f"有线索但没有花费记录：{names_zh}。"))
    return parts
