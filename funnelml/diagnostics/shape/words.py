"""The judgement on the shape of a funnel, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from funnelml.diagnostics.shape.rules import Rule, ShapeRules, Verdict
from funnelml.language import Language, days, join_words, say, share, signed_share


def tell_rule(rule: Rule, stage: str, mouth: pd.Series, row: pd.Series, language: Language) -> str:
    """Return a rule that fired as a sentence with its numbers."""
    if rule == "narrow_mouth":
        change = signed_share(mouth["inflow_recent"] / mouth["inflow_before"] - 1)
        return say(
            language,
            en=f"The mouth is narrow: {mouth['inflow_recent']:.1f} new records a day instead of "
            f"{mouth['inflow_before']:.1f} before ({change}); bring in more leads.",
            zh=f"入口变窄：每天新增 {mouth['inflow_recent']:.1f} 条记录，此前为 {mouth['inflow_before']:.1f} 条"
            f"（{change}）；需要更多线索。",
        )
    if rule in ("bulge", "bottom_pile"):
        stock = f"{row['open']:,.0f}", f"{row['expected_open']:,.0f}", f"{row['ratio']:.1f}"
        where = say(language, en="It bulges", zh="出现鼓包") if rule == "bulge" else ""
        where = where or say(language, en="It piles up at the bottom", zh="底部堆积")
        return say(
            language,
            en=f"{where} in {stage}: {stock[0]} open records where {stock[1]} would be usual ({stock[2]} times); find "
            "out what they wait for.",
            zh=f"{where}：{stage}有 {stock[0]} 条未结束记录，通常应为 {stock[1]} 条（{stock[2]} 倍）；"
            "查清它们在等什么。",
        )
    now = share(row["share_recent"])
    if rule == "bottom_drop":
        return say(
            language,
            en=f"The bottom is broken in {stage}: {now} go on instead of {share(row['share_before'])} before.",
            zh=f"底部断裂：{stage}只有 {now} 继续前进，此前为 {share(row['share_before'])}。",
        )
    return say(
        language,
        en=f"The bottom leaks in {stage}: only {now} go on, fewer than in the stages above, after all the work is "
        "done.",
        zh=f"底部漏损：{stage}只有 {now} 继续前进，低于前面各阶段，而投入已经花掉。",
    )


def tell_shape(
    verdict: Verdict,
    reasons: Sequence[str],
    mouth: pd.Series,
    older: int,
    rules: ShapeRules,
    language: Language,
    unjudged: Sequence[str] = (),
) -> str:
    """Return the verdict with its reasons, and the late stages of which too few stays ended to judge who goes on."""
    if verdict == "not_enough_data":
        return say(
            language,
            en=f"Not enough data to judge the shape: {mouth['arrivals_before']:,.0f} new records in "
            f"{days(round(mouth['before_days']))} before the last {days(rules.recent_days)}; {rules.least_arrivals:,} "
            f"in {days(rules.least_before_days)} would do.",
            zh=f"数据不足，无法判断漏斗形状：最近 {days(rules.recent_days, 'zh')}之前的 "
            f"{days(round(mouth['before_days']), 'zh')}内新增 {mouth['arrivals_before']:,.0f} 条记录；"
            f"至少需要 {days(rules.least_before_days, 'zh')}内 {rules.least_arrivals:,} 条。",
        )
    told = list(reasons)
    if verdict == "healthy":
        told.append(_tell_no_fault(rules, language))
    if unjudged:
        told.append(
            say(
                language,
                en=f"How many go on could not be judged in {join_words(unjudged)}: fewer than {rules.least_ended:,} "
                "stays ended in one of the two spans.",
                zh=f"以下阶段无法判断继续前进的比例：{join_words(unjudged, 'zh')}（两个时段中至少有一个结束的停留不足 "
                f"{rules.least_ended:,} 次）。",
            )
        )
    if older:
        told.append(
            say(
                language,
                en=f"{older:,} records that sit in their stage for over {days(rules.oldest_days)} are told apart.",
                zh=f"另有 {older:,} 条记录在其阶段停留超过 {days(rules.oldest_days, 'zh')}，单独列出。",
            )
        )
    return (" " if language == "en" else "").join(told)


def _tell_no_fault(rules: ShapeRules, language: Language) -> str:
    narrow, drop, leak = (share(ratio) for ratio in (rules.narrow_ratio, rules.drop_ratio, rules.leak_ratio))
    return say(
        language,
        en="No fault of the shape large enough to name was found; smaller ones may be there. Named is only what goes "
        f"beyond chance: a stage with {rules.pile_ratio:g} times its usual stock or more, new records down to {narrow} "
        f"of before, or in the last third of the stages a share going on that is down to {drop} of before or {leak} of "
        "the stages above.",
        zh=f"没有发现大到需要指出的形状异常，较小的异常仍可能存在。只有超出偶然且达到以下程度才会指出：阶段存量"
        f"达到通常的 {rules.pile_ratio:g} 倍，新增记录降到此前的 {narrow}，后三分之一阶段的推进比例降到此前的 {drop} "
        f"或前面阶段的 {leak}。",
    )
