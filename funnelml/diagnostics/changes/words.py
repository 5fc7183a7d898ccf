"""Gaps, strengths and pile-ups in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from funnelml.language import Language, say, share, short_amount


def describe_place(row: Mapping[str, Any], language: Language = "en") -> str:
    """Return where a finding is: a stage, all stages, or one of them within a group."""
    stage = row["stage"] or say(language, en="all stages", zh="全部阶段")
    return f"{stage} ({row['group']})" if row["group"] else str(stage)


def describe_gap(row: Mapping[str, Any], currency: str, level: float, language: Language = "en") -> str:
    """Return one finding in words: where, since when, from what to what, and what it costs or brings."""
    falls = row["kind"] == "gap"
    wins, worth = abs(row["wins"]), abs(row["amount"])
    low, high = sorted((abs(row["amount_low"]), abs(row["amount_high"])))
    priced = worth == worth  # NaN where no amount is known
    place = describe_place(row, language)
    amount_en = (
        f"about {short_amount(worth, currency)} a quarter ({short_amount(low)} to {short_amount(high)} at {level:.0%})"
    )
    amount_zh = (
        f"每季度约{short_amount(worth, currency, 'zh')}（{level:.0%} 区间 {short_amount(low, '', 'zh')}"
        f"至{short_amount(high, '', 'zh')}）"
    )
    cost_en = f"{'costs' if falls else 'brings'} {_count(wins)} wins a quarter" + (f", {amount_en}" if priced else "")
    cost_zh = f"每季度{'少' if falls else '多'}赢 {_count(wins)} 单" + (f"，{amount_zh}" if priced else "")
    return say(
        language,
        en=(
            f"{'Gap' if falls else 'Strength'} at {place}: since the week of {row['began_on']} "
            f"about {share(row['share_now'])} of those that leave go on, {share(row['share_before'])} before. "
            f"This {cost_en}."
        ),
        zh=(
            f"{'缺口' if falls else '亮点'}：{place}。自 {row['began_on']} 那一周起，离开的记录中约有"
            f"{share(row['share_now'])} 继续推进，此前为 {share(row['share_before'])}；{cost_zh}。"
        ),
    )


def describe_no_gap(found: int, series: int, rate: float, language: Language = "en") -> str:
    """Return how many gaps there are, and how often this finds one where there is none."""
    if series == 0:
        return say(
            language,
            en="Too few records have left the stages to see a change: 11 weeks, 31 exits before and after, would do.",
            zh="离开各阶段的记录太少，无法判断转化率是否变化：至少需要 11 周，且变化前后各有 31 次离开。",
        )
    return say(
        language,
        en=(
            f"{found or 'No'} {'gap' if found == 1 else 'gaps'} in {series:,} series of stages and groups; looked at "
            f"every Monday, a year without any change raises a false one with a chance of {rate:.0%} at most."
        ),
        zh=(
            f"在 {series:,} 个阶段与分组的序列中{f'发现 {found} 处缺口' if found else '没有发现缺口'}；"
            f"若一年内毫无变化而每周一都看，误报的概率不超过 {rate:.0%}。"
        ),
    )


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
