"""What each integrity finding is called, and why one cannot be judged."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from funnelml.history.funnel import LOST, WON
from funnelml.language import Language, days, join_words, say, share

if TYPE_CHECKING:
    from funnelml.diagnostics.integrity.result import Integrity, IntegrityRules

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "only_days": ("the log knows days, not times", "日志只有日期，没有时间"),
        "assumed": (
            "the data do not say when a move was entered; it is assumed to be when it happened",
            "数据没有记录录入时间，只能假定录入与发生同时",
        ),
        "no_moves": ("no record has moved yet", "还没有任何记录移动过阶段"),
        "no_entries": ("no record has entered that stage yet", "还没有记录进入过该阶段"),
        "no_open": ("no open record can be judged", "没有可判断的未结记录"),
        "few_stays": (
            "no stage has open records and the 20 ended stays that would be enough",
            "没有哪个有未结记录的阶段达到所需的 20 次已结束停留",
        ),
        "no_dates": ("no open record has an expected close date", "未结记录都没有预计成交日期"),
        "no_pushes": ("the data hold no changes of expected close dates", "数据中没有预计成交日期的变更记录"),
    }
)
"""Why a finding cannot be judged, in English and Chinese."""

_ENDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": {}, "zh": {WON: "赢单", LOST: "输单"}})


def name_findings(rules: IntegrityRules) -> dict[str, tuple[str, str]]:
    """Return what each finding says of a record, in English and Chinese."""
    minutes, pushes, long = f"{rules.within_minutes:g}", rules.most_pushes, share(rules.long_share)
    late, stale = ((days(n), days(n, "zh")) for n in (rules.late_days, rules.stale_days))
    return {
        "bulk_move": ("moved in bulk", "批量移动"),
        "rushed": (f"several moves within {minutes} minutes", f"{minutes} 分钟内连续变更阶段"),
        "late_entry": (f"move recorded over {late[0]} late", f"阶段变更补录晚于 {late[1]}"),
        "skipped": ("stages skipped", "跳过阶段"),
        "moved_back": ("moved back", "退回之前阶段"),
        "reopened": ("re-opened after closing", "关闭后重新打开"),
        "stale": (f"open and untouched for over {stale[0]}", f"未结且超过 {stale[1]}无动静"),
        "overstayed": (f"open, longer in its stage than {long} of stays", f"未结且停留长于该阶段 {long} 的记录"),
        "past_close_date": ("open, expected close date in the past", "未结但预计成交日期已过"),
        "pushed": (f"close date pushed {pushes} times or more", f"预计成交日期推迟 {pushes} 次及以上"),
    }


def tell_integrity(result: Integrity, language: Language) -> str:
    """Return what stands out in a few sentences."""
    if not result.records:
        return say(
            language,
            en=f"Nothing was recorded of funnel '{result.funnel}' by {result.as_of}: there is no move to check.",
            zh=f"截至 {result.as_of}，漏斗“{result.funnel}”没有任何记录，无从检查。",
        )
    sentences = [_bulk(result, language), _most_frequent(result, language), _owners(result, language)]
    minor = [REASONS[key] for key in ("no_moves", "no_entries", "no_open", "few_stays", "no_dates", "no_pushes")]
    unjudged = [name for name, reason in result.not_judged.items() if reason not in minor]
    if unjudged:
        names = [
            say(
                language,
                en=f"{result.name(f)} ({result.why_not(f)})",
                zh=f"{result.name(f, 'zh')}（{result.why_not(f, 'zh')}）",
            )
            for f in unjudged
        ]
        sentences.append(
            say(
                language,
                en=f"Cannot be judged from these data: {join_words(names)}.",
                zh=f"现有数据无法判断：{join_words(names, language)}。",
            )
        )
    return say(language, en=" ", zh="").join(s for s in sentences if s)


def _bulk(result: Integrity, language: Language) -> str:
    bulk = result.bulk_moves
    if bulk.empty:
        if not result.moves:
            return ""
        return say(
            language,
            en=f"No bulk move among {result.moves:,} moves of {result.records:,} records.",
            zh=f"{result.records:,} 条记录的 {result.moves:,} 次阶段变更中没有批量移动。",
        )
    largest = bulk.sort_values("records", kind="stable").iloc[-1]
    day = largest["day"].date()
    start, to = (_ENDS[language].get(name, name) for name in (largest["from_stage"], largest["to_stage"]))
    en_where = (f" from {start}" if start else "") + (f" to {to}" if to else "")
    zh_where = (f"从{start}" if start else "") + (f"移到{to}" if to else "移动")
    others = len(bulk) - 1
    return say(
        language,
        en=f"On {day} {largest['records']:,} records moved at once{en_where}"
        + (f", the largest of {others + 1:,} bulk moves" if others else "")
        + ": count them as a clean-up, not as sales work.",
        zh=f"{day} 有 {largest['records']:,} 条记录同时{zh_where}"
        + (f"，是 {others + 1:,} 次批量移动中最大的一次" if others else "")
        + "：应视为数据清理，而非销售进展。",
    )


def _most_frequent(result: Integrity, language: Language) -> str:
    found = result.totals[(result.totals["count"] > 0) & (result.totals["finding"] != "bulk_move")]
    if found.empty:
        return say(language, en="Nothing else was found.", zh="未发现其他问题。")
    told = [
        say(
            language,
            en=f"{result.name(row['finding'])}: {row['count']:,} of {row['of']:,} ({share(row['share'])})",
            zh=f"{result.name(row['finding'], 'zh')}：{row['of']:,} 条中 {row['count']:,} 条（{share(row['share'])}）",
        )
        for row in found.nlargest(3, "share").to_dict("records")
    ]
    return say(language, en=f"Most frequent: {'; '.join(told)}.", zh=f"最常见：{'；'.join(told)}。")


def _owners(result: Integrity, language: Language) -> str:
    out = result.owners[result.owners["stands_out"]]
    if out.empty:
        return say(language, en="No owner stands out.", zh="没有负责人明显异于他人。")
    told = [
        say(
            language,
            en=f"{row['owner']} ({result.name(row['finding'])}: {share(row['share'])}, "
            f"others {share(row['rest_share'])})",
            zh=f"{row['owner']}（{result.name(row['finding'], 'zh')}：{share(row['share'])}，"
            f"其他人 {share(row['rest_share'])}）",
        )
        for row in out.nsmallest(3, "p_value").to_dict("records")
    ]
    more = len(out) - len(told)
    rest = say(language, en=f" and {more:,} more", zh=f"，另有 {more:,} 项") if more else ""
    return say(language, en=f"Stand out: {', '.join(told)}{rest}.", zh=f"明显突出：{'、'.join(told)}{rest}。")
