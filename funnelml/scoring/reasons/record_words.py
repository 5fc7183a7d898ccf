"""What is said of a record itself: its stage, its amount, its age and its expected close date."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from funnelml.language import days, share, short_amount
from funnelml.scoring.reasons.field_words import FieldWords, Words, count_words, number_words, round_shortly, text_words


def amount_words(currency: str) -> FieldWords:
    """Return what is said of the amount: ``amount 120k EUR, up 20 %``."""

    def tell(value: float | None, change: float | None) -> Words:
        if value is None:
            return "amount unknown", "金额未知"
        en = f"amount {short_amount(value, currency)}"
        zh = f"金额 {short_amount(value, currency, 'zh')}"
        if not change:
            return en, zh
        up, size = change > 0, share(abs(change))
        return f"{en}, {'up' if up else 'down'} {size}", f"{zh}，较最初{'上涨' if up else '下降'} {size}"

    return FieldWords(name=("amount", "金额"), tell=tell, beside=("amount_change",), rounding=round_shortly)


def _tell_change(value: float | None) -> Words:
    if value is None:
        return "change of the amount unknown", "金额变化未知"
    if value == 0:
        return "amount as it was first known", "金额与最初一致"
    up, size = value > 0, share(abs(value))
    return f"amount {'up' if up else 'down'} {size}", f"金额较最初{'上涨' if up else '下降'} {size}"


def _tell_age(value: float | None) -> Words:
    if value is None:
        return "age unknown", "创建时间未知"
    if value < 1:
        return "created less than a day ago", "创建不到 1 天"
    return f"created {days(value)} ago", f"已创建 {days(value, 'zh')}"


def _tell_stage_age(value: float | None, stage: str | None) -> Words:
    en, zh = ("its stage", "当前阶段") if stage is None else (stage, f"“{stage}”")
    if value is None:
        return f"time in {en} unknown", f"进入{zh}的时间未知"
    if value < 1:
        return f"in {en} for less than a day", f"进入{zh}不到 1 天"
    return f"in {en} for {days(value)}", f"在{zh}已停留 {days(value, 'zh')}"


def _tell_visit(value: float | None, stage: str | None) -> Words:
    en, zh = ("its stage", "当前阶段") if stage is None else (stage, f"“{stage}”")
    if value is None:
        return f"visits to {en} unknown", f"进入{zh}的次数未知"
    if value <= 1:
        return f"in {en} for the first time", f"首次进入{zh}"
    return f"in {en} again (time {value:,.0f})", f"第 {value:,.0f} 次进入{zh}"


def _tell_expected_close(value: float | None) -> Words:
    if value is None:
        return "no expected close date", "没有预计成交日"
    if value == 0:
        return "expected to close about now", "预计当日成交"
    if value < 0:
        return f"expected close date passed {days(-value)} ago", f"预计成交日已过 {days(-value, 'zh')}"
    return f"expected to close in {days(value)}", f"预计 {days(value, 'zh')}后成交"


def _tell_pushed_days(value: float | None) -> Words:
    if value is None:
        return "no expected close date on record", "没有预计成交日记录"
    if value == 0:
        return "close date not pushed", "预计成交日没有推迟"
    if value < 0:
        return f"close date brought forward by {days(-value)}", f"预计成交日提前了 {days(-value, 'zh')}"
    return f"close date pushed by {days(value)} in all", f"预计成交日累计推迟 {days(value, 'zh')}"


def _tell_lead_age(value: float | None) -> Words:
    if value is None:
        return "no lead known before it", "没有关联线索"
    if value < 1:
        return "less than a day from lead to opportunity", "线索不到 1 天转为商机"
    return f"{days(value)} from lead to opportunity", f"线索用 {days(value, 'zh')}转为商机"


RECORD_WORDS: Mapping[str, FieldWords] = MappingProxyType(
    {
        "stage": text_words(("stage", "阶段")),
        "segment": text_words(("segment", "细分市场")),
        "loss_reason": text_words(("loss reason", "输单原因")),
        "probability": number_words(("probability in the CRM", "CRM 中的赢单概率")),
        "product": text_words(("product", "产品")),
        "amount_change": FieldWords(
            name=("change of the amount", "金额变化"), tell=_tell_change, rounding=lambda v: np.round(v, 2)
        ),
        "amount_changes": count_words(
            ("changes of the amount", "金额变更次数"),
            none=("amount never changed", "金额从未变更"),
            one=("amount changed once", "金额变更过 1 次"),
            many=("amount changed {n} times", "金额变更过 {n} 次"),
            unknown=("changes of the amount unknown", "金额变更次数未知"),
        ),
        "age_days": FieldWords(name=("days since it was created", "创建天数"), tell=_tell_age, rounding=np.floor),
        "lead_age_days": FieldWords(
            name=("days from lead to opportunity", "线索转商机天数"), tell=_tell_lead_age, rounding=np.floor
        ),
        "stage_age_days": FieldWords(
            name=("days in its stage", "当前阶段停留天数"), tell=_tell_stage_age, beside=("stage",), rounding=np.floor
        ),
        "visit": FieldWords(
            name=("visits to its stage", "进入当前阶段次数"), tell=_tell_visit, beside=("stage",), rounding=np.rint
        ),
        "moves": count_words(
            ("moves between stages", "阶段变更次数"),
            none=("no move between stages yet", "尚未变更阶段"),
            one=("moved once between stages", "阶段变更过 1 次"),
            many=("moved {n} times between stages", "阶段变更过 {n} 次"),
            unknown=("moves between stages unknown", "阶段变更次数未知"),
        ),
        "moves_back": count_words(
            ("moves back", "退回次数"),
            none=("never moved back", "从未退回"),
            one=("moved back once", "退回过 1 次"),
            many=("moved back {n} times", "退回过 {n} 次"),
            unknown=("moves back unknown", "退回次数未知"),
        ),
        "stages_skipped": count_words(
            ("stages skipped", "跳过阶段数"),
            none=("no stage skipped", "没有跳过阶段"),
            one=("1 stage skipped", "跳过 1 个阶段"),
            many=("{n} stages skipped", "跳过 {n} 个阶段"),
            unknown=("stages skipped unknown", "跳过阶段数未知"),
        ),
        "days_to_expected_close": FieldWords(
            name=("days to the expected close date", "距预计成交日天数"), tell=_tell_expected_close, rounding=np.trunc
        ),
        "pushes": count_words(
            ("pushes of the close date", "预计成交日推迟次数"),
            none=("close date never pushed", "预计成交日从未推迟"),
            one=("close date pushed once", "预计成交日推迟过 1 次"),
            many=("close date pushed {n} times", "预计成交日推迟过 {n} 次"),
            unknown=("pushes of the close date unknown", "预计成交日推迟次数未知"),
        ),
        "pushed_days": FieldWords(
            name=("days the close date was pushed by", "预计成交日推迟天数"), tell=_tell_pushed_days, rounding=np.trunc
        ),
    }
)
"""Words of every field but the amount, which has a currency."""
