"""What a comparison of before and after says to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelml.language import Language, days, join_words, points, say, share

if TYPE_CHECKING:
    from funnelml.diagnostics.before_after.compare import BeforeAfter

DOUBTFUL: Final = 0.05
"""A check with a smaller p-value is told as a warning."""

_MISSING = {
    "weeks": {"en": "weeks {when} the change", "zh": "变更{when}的周数"},
    "ended": {"en": "ended stays {when} the change", "zh": "变更{when}结束的停留"},
    "went_on": {"en": "ended stays {when} the change that went on", "zh": "变更{when}继续推进的停留"},
    "not_on": {"en": "ended stays {when} the change that did not go on", "zh": "变更{when}未能推进的停留"},
}
_CHECKS = {
    "placebo": {
        "en": "at a made-up date in the middle of the time before, the same method sees a change too",
        "zh": "在变更前的时段中取一个虚构日期，同样的方法也“看到”了变化",
    },
    "trend_after": {
        "en": "the trend differs before and after, so the effect grows or fades",
        "zh": "变更前后的趋势不同，效果在增强或减弱",
    },
    "treated_trend": {
        "en": "the two groups had different trends before the change already",
        "zh": "变更之前两组的趋势就已不同",
    },
}


def tell_assumptions(design: str, language: Language) -> tuple[str, ...]:
    """Return what must hold for the effect to be that of the change, one sentence each."""
    alone = say(
        language,
        en="Nothing else that bears on this stage changed in the same weeks (prices, team, season, way of recording).",
        zh="同一时期没有其他影响该阶段的变化（价格、团队、季节、记录方式）。",
    )
    if design == "interrupted_time_series":
        return (
            alone,
            say(
                language,
                en="The trend before would have gone on as a straight line.",
                zh="若无变更，之前的趋势会按直线延续。",
            ),
            say(
                language,
                en="The date was set beforehand, not picked because the figures turned.",
                zh="日期是事先确定的，而不是因为数字转折才挑选的。",
            ),
        )
    return (
        say(
            language,
            en="Without the change both groups would have moved alike.",
            zh="若无变更，两组的走势会相同。",
        ),
        say(
            language,
            en="Nothing else changed for one group only in the same weeks.",
            zh="同一时期没有只影响其中一组的其他变化。",
        ),
        say(
            language,
            en="The others did not take up the change, and nobody was chosen for it because of recent luck.",
            zh="对照组没有采用该变更，参与者也不是因为近期业绩好坏而被选中。",
        ),
    )


def tell_result(result: BeforeAfter, language: Language) -> str:
    """Return the effect with its interval, or what is missing, and what it rests on."""
    change, counts = result.change, result.counts
    told = say(language, en=f"'{change.name}' ({change.date}): ", zh=f"“{change.name}”（{change.date}）：")
    before, after = (int(counts.loc[counts["after"] == side, "ended"].sum()) for side in (False, True))
    seen = say(
        language,
        en=f" Ended stays in {change.stage}: {before:,} before, {after:,} after.",
        zh=f"{change.stage} 阶段结束的停留：变更前 {before:,} 次，变更后 {after:,} 次。",
    )
    if result.missing:
        return told + _tell_missing(result, language) + seen
    told += _tell_effect(result, language) + seen
    warned = [_CHECKS[check][language] for check in result.checks.loc[result.checks["p_value"] < DOUBTFUL, "check"]]
    if warned:
        told += say(language, en=f" Beware: {'; '.join(warned)}.", zh=f"请注意：{'；'.join(warned)}。")
    if "placebo" not in set(result.checks["check"]):
        told += say(
            language,
            en=" The time before is too short to try a made-up date.",
            zh="变更前的时段太短，无法用虚构日期检验。",
        )
    rest = tell_assumptions(result.design, language)
    return told + say(language, en=" It rests on this: ", zh="前提：") + say(language, en=" ", zh="").join(rest)


def _tell_effect(result: BeforeAfter, language: Language) -> str:
    figures = _tell_conversion(result, language)
    helped = say(language, en="it helped. ", zh="有改善。")
    harmed = say(language, en="it did harm. ", zh="变差了。")
    if result.change.measure == "dwell":
        figures = _tell_dwell(result, language)
        helped = say(language, en="the stage became faster. ", zh="该阶段变快了。")
        harmed = say(language, en="the stage became slower. ", zh="该阶段变慢了。")
    if not result.clear:
        unclear = say(
            language,
            en="no clear change yet; chance may explain it (less than 95\xa0% sure). ",
            zh="尚看不出明确变化，可能只是偶然（把握不足 95\xa0%）。",
        )
        return unclear + figures
    return (helped if result.ratio[0] > 1 else harmed) + figures


def _tell_conversion(result: BeforeAfter, language: Language) -> str:
    ratio, low, high = result.ratio
    gain, least, most = result.effect.iloc[1][["estimate", "low", "high"]].astype(float)
    after = float(result.counts.loc[result.counts["after"] & result.counts["treated"], "share"].iloc[0])
    return say(
        language,
        en=(
            f"{share(after)} of the ended stays went on; without it {share(after - gain)} would have, it is estimated: "
            f"{points(gain)} ({result.level:.0%} interval {100 * least:+.0f} to {100 * most:+.0f}), "
            f"odds ratio {ratio:.2f} ({low:.2f} to {high:.2f})."
        ),
        zh=(
            f"结束的停留中有 {share(after)} 继续推进；若无变更，估计为 {share(after - gain)}："
            f"{points(gain, 'zh')}（{result.level:.0%} 区间 {100 * least:+.0f} 至 {100 * most:+.0f}），"
            f"优势比 {ratio:.2f}（{low:.2f} 至 {high:.2f}）。"
        ),
    )


def _tell_dwell(result: BeforeAfter, language: Language) -> str:
    ratio, low, high = result.ratio
    gain, least, most = result.effect.iloc[1][["estimate", "low", "high"]].astype(float)
    return say(
        language,
        en=(
            f"Stays ended {ratio:.2f} times as fast as without it ({result.level:.0%} interval {low:.2f} to "
            f"{high:.2f}); a usual stay took {days(abs(gain))} {'less' if gain < 0 else 'more'} "
            f"({least:+.1f} to {most:+.1f})."
        ),
        zh=(
            f"停留结束的速度是若无变更时的 {ratio:.2f} 倍（{result.level:.0%} 区间 {low:.2f} 至 {high:.2f}）；"
            f"通常的停留{'缩短' if gain < 0 else '延长'} {days(abs(gain), 'zh')}（{least:+.1f} 至 {most:+.1f}）。"
        ),
    )


def _tell_missing(result: BeforeAfter, language: Language) -> str:
    parts = []
    for what, there, needed, treated in result.missing:
        kind, side = what.split()
        when = say(language, en=side, zh={"before": "前", "after": "后"}[side])
        name = _MISSING[kind][language].format(when=when)
        if result.design == "difference_in_differences" and kind != "weeks":
            whose = say(language, en="treated", zh="变更组") if treated else say(language, en="control", zh="对照组")
            name = say(language, en=f"{name} ({whose} group)", zh=f"{name}（{whose}）")
        parts.append(
            say(language, en=f"{name} {there:,} ({needed:,} needed)", zh=f"{name} {there:,}（需要 {needed:,}）")
        )
    return say(
        language,
        en=f"not enough data to tell: {join_words(parts)}.",
        zh=f"数据不足，无法判断：{join_words(parts, 'zh')}。",
    )
