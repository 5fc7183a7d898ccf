"""What is said of the circumstances of a record: who owns it, where it came from, whose it is, and when.

The win rates of owners and sources are told as about so much: they are drawn towards the mean where few records closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from funnelml.language import days, share
from funnelml.scoring.reasons.field_words import FieldWords, Words, count_words, text_words

_WEEKDAYS = (
    ("Monday", "周一"), ("Tuesday", "周二"), ("Wednesday", "周三"), ("Thursday", "周四"), ("Friday", "周五"),
    ("Saturday", "周六"), ("Sunday", "周日"),
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _tell_owner_rate(value: float | None) -> Words:
    if value is None:
        return "win rate of its owner unknown", "负责人赢单率未知"
    return f"its owner wins about {share(value)}", f"负责人赢单率约 {share(value)}"


def _tell_source_rate(value: float | None, source: str | None) -> Words:
    en, zh = ("its source", "该来源") if source is None else (source, f"来源“{source}”")
    if value is None:
        return f"win rate of {en} unknown", f"{zh}赢单率未知"
    return f"about {share(value)} of records from {en} are won", f"{zh}赢单率约 {share(value)}"


def _lift_words(en: str, zh: str) -> FieldWords:
    """Return words for how far the others of a group are won more or less often than all records."""

    def tell(value: float | None) -> Words:
        if value is None:
            return f"win rate of {en} unknown", f"{zh}赢单率未知"
        if round(100 * value) == 0:
            return f"{en} wins as often as the average", f"{zh}赢单率与平均相当"
        by = f"{abs(100 * value):.0f}"
        unit = "point" if by == "1" else "points"
        side, zh_side = ("above", "高") if value > 0 else ("below", "低")
        return f"{en} wins {by} {unit} {side} the average", f"{zh}赢单率比平均{zh_side} {by} 个百分点"

    name = (f"wins of {en} against the average", f"{zh}相对平均的赢单率")
    return FieldWords(name=name, tell=tell, rounding=lambda v: np.round(v, 2))


def _weekday(value: float) -> Words:
    return _WEEKDAYS[int(value - 1) % 7]


def _tell_created_hour(value: float | None) -> Words:
    if value is None:
        return "hour of creation unknown", "创建时刻未知"
    return f"created between {value:.0f}:00 and {value + 1:.0f}:00", f"{value:.0f} 点至 {value + 1:.0f} 点创建"


def _tell_created_weekday(value: float | None) -> Words:
    if value is None:
        return "weekday of creation unknown", "创建星期未知"
    en, zh = _weekday(value)
    return f"created on a {en}", f"{zh}创建"


def _tell_created_month(value: float | None) -> Words:
    if value is None:
        return "month of creation unknown", "创建月份未知"
    return f"created in {_MONTHS[int(value - 1) % 12]}", f"{value:.0f} 月创建"


def _tell_weekday(value: float | None) -> Words:
    if value is None:
        return "weekday unknown", "星期未知"
    en, zh = _weekday(value)
    return f"it is {en}", f"当前为{zh}"


def _tell_month(value: float | None) -> Words:
    if value is None:
        return "month unknown", "月份未知"
    return f"it is {_MONTHS[int(value - 1) % 12]}", f"当前为 {value:.0f} 月"


def _tell_quarter_end(value: float | None) -> Words:
    if value is None:
        return "end of the quarter unknown", "季度末未知"
    return f"{days(value)} to the end of the quarter", f"距季度末 {days(value, 'zh')}"


def _of_account(name: Words, none: Words, one: Words, many: Words) -> FieldWords:
    return count_words(name, none=none, one=one, many=many, unknown=("account unknown", "客户未知"))


CIRCUMSTANCE_WORDS: Mapping[str, FieldWords] = MappingProxyType(
    {
        "owner": text_words(("owner", "负责人")),
        "team": text_words(("team", "团队")),
        "owner_win_rate": FieldWords(
            name=("win rate of its owner", "负责人赢单率"), tell=_tell_owner_rate, rounding=lambda v: np.round(v, 2)
        ),
        "owner_win_lift": _lift_words("its owner", "负责人"),
        "source_win_lift": _lift_words("its source", "该来源"),
        "account_win_lift": _lift_words("this account", "该客户"),
        "owner_open_records": count_words(
            ("other open records of its owner", "负责人其他在途记录数"),
            none=("its owner has no other open record", "负责人名下没有其他在途记录"),
            one=("its owner has 1 other open record", "负责人名下另有 1 条在途记录"),
            many=("its owner has {n} other open records", "负责人名下另有 {n} 条在途记录"),
            unknown=("open records of its owner unknown", "负责人在途记录数未知"),
        ),
        "source": text_words(("source", "来源")),
        "source_win_rate": FieldWords(
            name=("win rate of its source", "来源赢单率"),
            tell=_tell_source_rate,
            beside=("source",),
            rounding=lambda v: np.round(v, 2),
        ),
        "account": text_words(("account", "客户")),
        "account_won": _of_account(
            ("earlier wins with the account", "客户历史赢单数"),
            ("no earlier win with this account", "该客户此前没有赢单"),
            ("1 earlier win with this account", "该客户此前赢单 1 次"),
            ("{n} earlier wins with this account", "该客户此前赢单 {n} 次"),
        ),
        "account_lost": _of_account(
            ("earlier losses with the account", "客户历史输单数"),
            ("no earlier loss with this account", "该客户此前没有输单"),
            ("1 earlier loss with this account", "该客户此前输单 1 次"),
            ("{n} earlier losses with this account", "该客户此前输单 {n} 次"),
        ),
        "account_open": _of_account(
            ("other open records of the account", "客户其他在途记录数"),
            ("no other open record with this account", "该客户没有其他在途记录"),
            ("1 other open record with this account", "该客户另有 1 条在途记录"),
            ("{n} other open records with this account", "该客户另有 {n} 条在途记录"),
        ),
        "created_hour": FieldWords(name=("hour of creation", "创建时刻"), tell=_tell_created_hour, rounding=np.floor),
        "created_weekday": FieldWords(
            name=("weekday of creation", "创建星期"), tell=_tell_created_weekday, rounding=np.rint
        ),
        "created_month": FieldWords(name=("month of creation", "创建月份"), tell=_tell_created_month, rounding=np.rint),
        "weekday": FieldWords(name=("weekday", "星期"), tell=_tell_weekday, rounding=np.rint),
        "month": FieldWords(name=("month", "月份"), tell=_tell_month, rounding=np.rint),
        "days_to_quarter_end": FieldWords(
            name=("days to the end of the quarter", "距季度末天数"), tell=_tell_quarter_end, rounding=np.floor
        ),
    }
)
