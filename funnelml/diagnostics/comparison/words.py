"""What a comparison of groups says in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from funnelml.diagnostics.comparison.records import PERIODS
from funnelml.language import Language, days, join_words, points, say, share, short_amount, signed_share

if TYPE_CHECKING:
    from funnelml.diagnostics.comparison.result import Comparison, Difference

_BY = {
    "owner": ("owner", "负责人"),
    "team": ("team", "团队"),
    "source": ("source", "来源"),
    "segment": ("segment", "客群"),
    "product": ("product", "产品"),
    "month": ("month", "月份"),
    "quarter": ("quarter", "季度"),
    "amount": ("amount", "金额"),
}
_MOST_NAMED = 5


def name_by(by: str, language: Language) -> str:
    """Return what makes a group, or what was adjusted for, in words."""
    return say(language, en=_BY[by][0], zh=_BY[by][1])


def name_measure(comparison: Comparison, language: Language) -> str:
    """Return what was compared, with the days within which it had to happen."""
    within = days(comparison.within_days, language)
    if comparison.measure == "conversion":
        return say(
            language,
            en=f"Share going on from {comparison.stage} within {within}",
            zh=f"{comparison.stage}阶段 {within}内的转化率",
        )
    if comparison.measure == "win_rate":
        return say(language, en=f"Win rate within {within}", zh=f"{within}内的赢单率")
    if comparison.measure == "amount":
        return say(language, en="Typical amount won", zh="典型赢单金额")
    return say(language, en="Typical days to the win", zh="典型赢单周期")


def write_value(comparison: Comparison, value: float, language: Language) -> str:
    """Return a value of the measure with its unit."""
    if comparison.is_rate:
        return share(value)
    if comparison.measure == "amount":
        return short_amount(value, comparison.currency, language)
    return days(round(value, 1), language)


def tell_difference(difference: Difference, language: Language) -> str:
    """Return how far two groups are apart, and how sure that is."""
    rate = difference.measure in ("win_rate", "conversion")
    told, low, high = (
        points(value, language) if rate else signed_share(value)
        for value in (difference.estimate, difference.low, difference.high)
    )
    low = low.split(" ")[0]
    level, chance = share(difference.level), share(difference.chance)
    return say(
        language,
        en=f"{difference.first} against {difference.second}: {told} ({level} interval {low} to {high}); the chance "
        f"that it is higher is {chance}.",
        zh=f"{difference.first} 与 {difference.second} 相比：{told}（{level} 区间 {low} 至 {high}）；更高的概率为 "
        f"{chance}。",
    )


def tell_comparison(comparison: Comparison, language: Language) -> str:
    """Return the whole, who stands out, who cannot be judged yet."""
    groups = comparison.groups
    counted = groups[groups["records"] > 0]
    by = name_by(comparison.by, language)
    records, whole = int(counted["records"].sum()), write_value(comparison, comparison.overall, language)
    mix = join_words([name_by(field, language) for field in comparison.adjusted_for], language)
    told = [
        say(
            language,
            en=f"{name_measure(comparison, language)} by {by}: {whole} over {records:,} "
            + ("record" if records == 1 else "records")
            + (f", compared at the same mix of {mix}." if mix else "."),
            zh=f"{name_measure(comparison, language)}（按{by}）：{records:,} 条记录总体为 {whole}"
            + (f"，比较时已按{mix}调整构成。" if mix else "。"),
        )
    ]
    told += _tell_standing(comparison, counted, language)
    if comparison.by in PERIODS:
        told += _tell_periods(comparison, language)
    told += _tell_gaps(comparison, language)
    return ("" if language == "zh" else " ").join(told)


def _tell_standing(comparison: Comparison, counted: pd.DataFrame, language: Language) -> list[str]:
    ranked = counted[counted["rank"].notna()]
    if len(ranked) < 2:
        return []
    told = []
    for side, en, zh in (("above", "Above the rest", "高于整体"), ("below", "Below the rest", "低于整体")):
        named = [_name(comparison, row, language) for _, row in ranked[ranked["stands_out"] == side].iterrows()]
        if named:
            told.append(say(language, en=f"{en}: {join_words(named)}.", zh=f"{zh}：{join_words(named, 'zh')}。"))
    if not told:
        by = name_by(comparison.by, language)
        margin = points(comparison.margin, language) if comparison.is_rate else signed_share(comparison.margin)
        margin = margin.lstrip("+")
        told.append(
            say(
                language,
                en=f"No {by} is surely more than {margin} from the whole: do not rank them on this.",
                zh=f"没有哪个{by}与整体的差距确定超过 {margin}：不宜据此排名。",
            )
        )
    elif comparison.by not in PERIODS:
        best = ranked.sort_values("best_chance", kind="stable").iloc[-1]
        low, high = f"{best['rank_low']:.0f}", f"{best['rank_high']:.0f}"
        ranks = low if low == high else say(language, en=f"{low} to {high}", zh=f"{low} 至 {high}")
        told.append(
            say(
                language,
                en=f"Most likely best: {best['group']} (chance {share(best['best_chance'])}, rank {ranks} "
                f"of {len(ranked)}).",
                zh=f"最可能居首：{best['group']}（概率 {share(best['best_chance'])}，在 {len(ranked)} 个中排第 "
                f"{ranks}）。",
            )
        )
    return told


def _name(comparison: Comparison, row: pd.Series, language: Language) -> str:
    kind = "adjusted" if comparison.adjusted_for else ""
    columns = ("adjusted", "adjusted_low", "adjusted_high") if kind else ("estimate", "low", "high")
    value, low, high = (write_value(comparison, row[c], language) for c in columns)
    level = share(comparison.level)
    return say(
        language,
        en=f"{row['group']} ({value}, {level} interval {low} to {high})",
        zh=f"{row['group']}（{value}，{level} 区间 {low} 至 {high}）",
    )


def _tell_periods(comparison: Comparison, language: Language) -> list[str]:
    groups = comparison.groups
    mature = groups.loc[groups["mature"] & (groups["missing"] == 0), "group"].tolist()
    told = [comparison.difference(mature[-1], mature[-2]).summary(language)] if len(mature) > 1 else []
    immature = groups.loc[~groups["mature"], "group"].tolist()
    if immature:
        names = join_words(immature[-_MOST_NAMED:], language)
        told.append(
            say(
                language,
                en=f"Old enough only in part, or not at all: {names}.",
                zh=f"尚未满观察期、仅部分计入：{names}。",
            )
        )
    return told


def _tell_gaps(comparison: Comparison, language: Language) -> list[str]:
    groups = comparison.groups
    told = []
    few = groups[(groups["missing"] > 0) & (groups["mature"] | (comparison.by not in PERIODS))]
    if len(few):
        names = [f"{row.group} ({row.records})" for row in few.head(_MOST_NAMED).itertuples()]
        more = len(few) - len(names)
        told.append(
            say(
                language,
                en=f"Too few records to rank, {comparison.least} would be enough: {join_words(names)}"
                + (f" and {more} more." if more else "."),
                zh=f"记录太少、不参与排名（需 {comparison.least} 条）：{join_words(names, 'zh')}"
                + (f"等，另有 {more} 个。" if more else "。"),
            )
        )
    young = int(groups["young"].sum())
    if young:
        told.append(
            say(
                language,
                en=f"Too young to count yet: {young:,}.",
                zh=f"{young:,} 条记录尚不足观察期，未计入。",
            )
        )
    if comparison.without_group:
        by = name_by(comparison.by, language)
        told.append(
            say(
                language,
                en=f"Left out, as their {by} is not known: {comparison.without_group:,}.",
                zh=f"{comparison.without_group:,} 条记录的{by}未知，未计入。",
            )
        )
    return told
