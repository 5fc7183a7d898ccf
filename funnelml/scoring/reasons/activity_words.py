"""What is said of activities: how many of each kind, how long ago, and how soon a lead was answered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.language import days
from funnelml.scoring.reasons.field_words import FieldWords, Words, count_words

KINDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "call": ("call", "calls", "电话"),
        "email": ("email", "emails", "邮件"),
        "meeting": ("meeting", "meetings", "会议"),
        "demo": ("demo", "demos", "演示"),
        "quote": ("quote", "quotes", "报价"),
        "web_visit": ("web visit", "web visits", "网站访问"),
        "download": ("download", "downloads", "资料下载"),
        "event": ("event", "events", "市场活动"),
        "other": ("other activity", "other activities", "其他活动"),
    }
)
"""Kinds of activities: one, several, and in Chinese."""
SOON: Final = np.array([5 / 60, 15 / 60, 30 / 60, 1, 2])
"""Hours within which an answer came soon; of a later one is told how long it took."""
QUIET: Final = 7
"""Days without an activity from which on the quiet is told, and not the activity."""


def _count_within(n: int, one: str, many: str, zh: str) -> FieldWords:
    en = f"in {n} days"
    return count_words(
        (f"{many} {en}", f"{n} 天内{zh}次数"),
        none=(f"no {one} {en}", f"{n} 天内没有{zh}"),
        one=(f"1 {one} {en}", f"{n} 天内{zh} 1 次"),
        many=(f"{{n}} {many} {en}", f"{n} 天内{zh} {{n}} 次"),
        unknown=(f"{many} {en} unknown", f"{n} 天内{zh}次数未知"),
    )


def _count_all(one: str, many: str, zh: str) -> FieldWords:
    return count_words(
        (f"{many} so far", f"累计{zh}次数"),
        none=(f"no {one} so far", f"尚无{zh}"),
        one=(f"1 {one} so far", f"累计{zh} 1 次"),
        many=(f"{{n}} {many} so far", f"累计{zh} {{n}} 次"),
        unknown=(f"{many} so far unknown", f"累计{zh}次数未知"),
    )


def _since(one: str, zh: str) -> FieldWords:
    def tell(value: float | None) -> Words:
        if value is None:
            return f"no {one} so far", f"尚无{zh}"
        if value < 1:
            return f"last {one} less than a day ago", f"1 天内有{zh}"
        return f"last {one} {days(value)} ago", f"上次{zh}在 {days(value, 'zh')}前"

    return FieldWords(name=(f"days since the last {one}", f"距上次{zh}天数"), tell=tell, rounding=np.floor)


def _tell_activity(value: float | None) -> Words:
    if value is None:
        return "no activity so far", "尚无任何跟进"
    if value < 1:
        return "last activity less than a day ago", "1 天内有跟进"
    if value < QUIET:
        return f"last activity {days(value)} ago", f"{days(value, 'zh')}前跟进过"
    return f"no activity for {days(value)}", f"{days(value, 'zh')}没有跟进"


def _tell_inbound(value: float | None) -> Words:
    if value is None:
        return "customer has not reached out so far", "客户尚未主动联系"
    if value < 1:
        return "customer reached out less than a day ago", "客户 1 天内主动联系过"
    return f"customer last reached out {days(value)} ago", f"客户上次主动联系在 {days(value, 'zh')}前"


def round_response(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return hours rounded up to 5, 15 or 30 minutes or to whole hours, and from two days on down to whole days."""
    within = SOON[np.minimum(np.searchsorted(SOON, hours), len(SOON) - 1)]
    return np.where(hours > SOON[-1], round_waiting(hours), np.where(np.isnan(hours), np.nan, within))


def round_waiting(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return hours rounded up to whole ones (who waits is never told as answered), from two days on down to days."""
    return np.where(hours < 48, np.ceil(hours), np.floor(hours / 24) * 24)


def _tell_response(value: float | None) -> Words:
    if value is None:
        return "not answered yet", "尚未回复"
    if value < 1:
        return f"answered within {60 * value:.0f} minutes", f"{60 * value:.0f} 分钟内已回复"
    en, zh = _last(value)
    if value <= SOON[-1]:
        return f"answered within {en}", f"{zh}内已回复"
    return f"first answer took {en}", f"首次回复用了 {zh}"


def _tell_waiting(value: float | None) -> Words:
    if value is None:
        return "answer not on record", "没有回复记录"
    if value == 0:
        return "answered already", "已回复"
    en, zh = _last(value)
    return f"waiting {en} for an answer", f"等待回复 {zh}"


def _last(hours: float) -> Words:
    """Return a length of time in hours, or from two days on in days."""
    if hours < 48:
        return "1 hour" if hours == 1 else f"{hours:.0f} hours", f"{hours:.0f} 小时"
    return days(hours / 24), days(hours / 24, "zh")


def _activity_words() -> dict[str, FieldWords]:
    activity = ("activity", "activities", "跟进")
    words = {f"activities_{n}d": _count_within(n, *activity) for n in (7, 30)}
    words["activities_total"] = _count_all(*activity)
    words["days_since_activity"] = FieldWords(
        name=("days since the last activity", "距上次跟进天数"), tell=_tell_activity, rounding=np.floor
    )
    for kind, (one, many, zh) in KINDS.items():
        words[f"{kind}_30d"] = _count_within(30, one, many, zh)
        words[f"{kind}_total"] = _count_all(one, many, zh)
        words[f"days_since_{kind}"] = _since(one, zh)
    words["inbound_30d"] = count_words(
        ("contacts made by the customer in 30 days", "30 天内客户主动联系次数"),
        none=("customer did not reach out in 30 days", "30 天内客户没有主动联系"),
        one=("customer reached out once in 30 days", "30 天内客户主动联系 1 次"),
        many=("customer reached out {n} times in 30 days", "30 天内客户主动联系 {n} 次"),
        unknown=("contacts made by the customer unknown", "客户主动联系次数未知"),
    )
    words["days_since_inbound"] = FieldWords(
        name=("days since the customer reached out", "距客户上次主动联系天数"), tell=_tell_inbound, rounding=np.floor
    )
    words["contacts"] = count_words(
        ("contacts involved", "联系人数"),
        none=("no contact on record", "没有联系人"),
        one=("1 contact involved", "1 位联系人"),
        many=("{n} contacts involved", "{n} 位联系人"),
        unknown=("contacts unknown", "联系人数未知"),
    )
    words["response_hours"] = FieldWords(
        name=("hours to the first answer", "首次回复用时（小时）"), tell=_tell_response, rounding=round_response
    )
    words["waiting_hours"] = FieldWords(
        name=("hours it has waited for an answer", "等待回复时长（小时）"), tell=_tell_waiting, rounding=round_waiting
    )
    return words


ACTIVITY_WORDS: Mapping[str, FieldWords] = MappingProxyType(_activity_words())
