"""What a table of loss reasons says to a sales director."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelml.diagnostics.losses.rules import OTHER, UNKNOWN, name_reason
from funnelml.diagnostics.losses.trend import LEAST_LOST
from funnelml.diagnostics.proportions import share_interval
from funnelml.language import Language, join_words, say, share, short_amount

if TYPE_CHECKING:
    from funnelml.diagnostics.losses.reasons import LossReasons

_LARGE_OTHER = 0.15
_FEW_FILLED = 10


def tell_reasons(told: LossReasons, language: Language = "en") -> str:
    """Return what most records are lost for, what has changed, and how far the picture can be trusted."""
    lost = len(told.records)
    if not lost:
        return say(
            language,
            en=f"No record stands as lost on {told.as_of}, so there is no reason to count.",
            zh=f"截至 {told.as_of} 没有输单记录，无从统计原因。",
        )
    filled = int((told.records["reason"] != UNKNOWN).sum())
    if not filled:
        return say(
            language,
            en=f"None of the {lost:,} lost records has a reason; from {LEAST_LOST} on the reasons can be compared. "
            "Ask for one when a record is closed as lost.",
            zh=f"{lost:,} 条输单记录都没有填写原因；有 {LEAST_LOST} 条即可比较。请在关闭时要求填写。",
        )
    parts = [_main(told, lost, filled, language), *_trend(told, filled, language), *_gaps(told, language)]
    return say(language, en=" ", zh="").join(parts)


def _main(told: LossReasons, lost: int, filled: int, language: Language) -> str:
    top = told.reasons.iloc[0]
    name = name_reason(str(top["reason"]), language)
    worth = short_amount(float(top["amount"]), told.currency, language)
    part, low, high, level = (share(float(v)) for v in (top["share"], top["low"], top["high"], told.level))
    text = say(
        language,
        en=f"Of {lost:,} lost records {share(filled / lost)} have a reason; the most frequent is {name}, {part} of "
        f"them ({level} interval {low} to {high})",
        zh=f"{lost:,} 条输单记录中 {share(filled / lost)} 填写了原因；最常见的是{name}，占 {part}"
        f"（{level} 区间 {low} 至 {high}）",
    )
    if top["amount"] > 0:
        text += say(language, en=f", worth {worth}", zh=f"，金额 {worth}")
    text += say(language, en=".", zh="。")
    if filled < LEAST_LOST:
        text += say(
            language,
            en=f" These are only {filled}; {LEAST_LOST} would be enough to speak of trends.",
            zh=f"目前只有 {filled} 条，至少 {LEAST_LOST} 条才能谈趋势。",
        )
    return text


def _trend(told: LossReasons, filled: int, language: Language) -> list[str]:
    if filled < LEAST_LOST:
        return []
    if told.trends["p_value"].isna().all():
        return [_untested(told, language)]
    changed = told.trends[told.trends["changed"]]
    if changed.empty:
        return [
            say(
                language,
                en="No reason has clearly become more or less frequent.",
                zh="没有哪个原因的占比出现明确变化。",
            )
        ]
    moves = [
        say(
            language,
            en=f"{name_reason(reason)} went from {share(early)} to {share(late)}",
            zh=f"{name_reason(reason, 'zh')}从 {share(early)} 变为 {share(late)}",
        )
        for reason, early, late in zip(changed["reason"], changed["share_early"], changed["share_late"], strict=True)
    ]
    told_moves = join_words(moves, language)
    return [
        say(
            language,
            en=f"From the first to the second half of the periods {told_moves}: more than chance, stage by stage.",
            zh=f"前半段到后半段，{told_moves}，同阶段比较也超出偶然。",
        )
    ]


def _untested(told: LossReasons, language: Language) -> str:
    if told.periods["period_start"].nunique() < 2:
        return say(
            language,
            en="All losses with a reason are of one period: too few to tell whether reasons change; two would do.",
            zh="有原因的输单都在同一个时段内，无法判断原因是否变化；至少需要两个时段。",
        )
    return say(
        language,
        en="Too few losses to tell whether reasons change: no stage has losses for different reasons in two periods.",
        zh="输单太少，无法判断原因是否变化：没有一个阶段在两个时段内因不同原因输单。",
    )


def _gaps(told: LossReasons, language: Language) -> list[str]:
    parts = []
    if told.is_biased:
        parts.append(
            say(
                language,
                en=f"Only {share(told.filled_share)} are filled in: the picture may be biased.",
                zh=f"填写率只有 {share(told.filled_share)}，结论可能有偏差。",
            )
        )
    owners = told.filled[(told.filled["lost"] >= _FEW_FILLED) & (told.filled["owner"] != UNKNOWN)]
    if len(owners) > 1:
        # Nobody is named by chance: one-sided, 5 % over all owners together.
        high = share_interval(owners["filled"], owners["lost"], 1 - 0.1 / len(owners))[2]
        below = owners[high < told.filled_share - 1e-9].sort_values("share", kind="stable")
        if len(below):
            worst = below.iloc[0]
            parts.append(
                say(
                    language,
                    en=f"{worst['owner']} gives a reason least often, in {share(worst['share'])} of "
                    f"{int(worst['lost'])} losses.",
                    zh=f"{worst['owner']}填写最少，{int(worst['lost'])} 条输单中只有 {share(worst['share'])}。",
                )
            )
    other = float(told.reasons.loc[told.reasons["reason"] == OTHER, "share"].iloc[0])
    if other >= _LARGE_OTHER and len(told.other_texts):
        texts = join_words([f"'{text}'" for text in told.other_texts["text"].head(3)], language)
        parts.append(
            say(
                language,
                en=f"{share(other)} fit no rule, most often {texts}: add words under [loss_reasons].",
                zh=f"{share(other)} 不符合任何规则，最常见的是 {texts}，可在 [loss_reasons] 中补充词语。",
            )
        )
    return parts
