"""What feedback says to a sales director."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from funnelml.diagnostics.leads.feedback_words import SATISFIED, SURVEY
from funnelml.diagnostics.leads.response_comparison import ENOUGH
from funnelml.diagnostics.losses.rules import UNKNOWN, name_reason
from funnelml.history.funnel import LOST, WON
from funnelml.language import Language, days, points, say, share

if TYPE_CHECKING:
    from funnelml.diagnostics.leads.feedback import FeedbackReport

ENOUGH_REVIEWED = 30
"""Reviewed leads from which on a source's acceptance is worth comparing."""


def tell_feedback(told: FeedbackReport, language: Language = "en") -> str:
    """Return how many leads are accepted, whether sources differ, whether the verdicts hold, and what customers say."""
    parts = [*_tell_acceptance(told, language), *_tell_verdicts(told, language), *_tell_customers(told, language)]
    if told.not_understood:
        parts.append(
            say(
                language,
                en=f"{told.not_understood:,} rows have a kind or verdict that is not understood.",
                zh=f"有 {told.not_understood:,} 行的类型或结论无法识别。",
            )
        )
    return say(language, en=" ", zh="").join(parts)


def _tell_acceptance(told: FeedbackReport, language: Language) -> list[str]:
    whole = told.acceptance[told.acceptance["by"] == "all"]
    if whole.empty:
        return [say(language, en="No lead has been accepted or rejected.", zh="没有对线索的接收反馈。")]
    reviewed, part = int(whole["reviewed"].iloc[0]), share(float(whole["share"].iloc[0]))
    parts = [
        say(
            language,
            en=f"Reps accept {part} of {reviewed:,} reviewed leads.",
            zh=f"销售接受了 {reviewed:,} 条已评审线索中的 {part}。",
        )
    ]
    sources = told.acceptance[(told.acceptance["by"] == "source") & (told.acceptance["group"] != UNKNOWN)]
    compared = sources[sources["reviewed"] >= ENOUGH_REVIEWED].sort_values("share", kind="stable")
    if len(compared) > 1 and not compared["low"].iloc[-1] > compared["high"].iloc[0]:
        least, largest = (share(float(part)) for part in compared["share"].iloc[[0, -1]])
        parts.append(
            say(
                language,
                en=f"From {least} to {largest} by source; the differences may be chance.",
                zh=f"各来源接受率为 {least} 至 {largest}，差异可能只是偶然。",
            )
        )
    elif len(compared) > 1:
        worst, best = _name_share(compared.iloc[0], language), _name_share(compared.iloc[-1], language)
        parts.append(
            say(
                language,
                en=f"Fewest from {worst}, most from {best}.",
                zh=f"接受率最低的来源是{worst}，最高的是{best}。",
            )
        )
    else:
        most = int(sources["reviewed"].max()) if len(sources) else 0
        parts.append(
            say(
                language,
                en=f"Sources cannot be compared: the largest has {most} reviewed leads, {ENOUGH_REVIEWED} would do.",
                zh=f"来源暂无法比较：最多的来源只有 {most} 条评审，{ENOUGH_REVIEWED} 条即可。",
            )
        )
    top = told.rejections.iloc[0]
    if top["rejected"] > 0:
        name, why = name_reason(str(top["reason"]), language), share(float(top["share"]))
        parts.append(
            say(
                language,
                en=f"Most rejections are for {name} ({why}).",
                zh=f"拒绝的首要原因是{name}（{why}）。",
            )
        )
    return parts


def _name_share(row: pd.Series, language: Language) -> str:
    part = share(float(row["share"]))
    return say(language, en=f"{row['group']} ({part})", zh=f"{row['group']}（{part}）")


def _tell_verdicts(told: FeedbackReport, language: Language) -> list[str]:
    if told.acceptance.empty:
        return []
    least = int(told.verdicts["leads"].min()) if len(told.verdicts) > 1 else 0
    if least < ENOUGH or not np.isfinite(told.difference):
        return [
            say(
                language,
                en=f"Whether the verdicts hold cannot be said yet: the smaller group has {least} leads, "
                f"{ENOUGH} would do.",
                zh=f"暂无法判断评审是否准确：较小一组只有 {least} 条，{ENOUGH} 条即可。",
            )
        ]
    ends = (told.difference_low, told.difference_high)
    low, high = (points(end, language) for end in ends)
    within, gap = days(float(told.horizon_days), language), points(told.difference, language)
    holds = ends[0] > 0
    verdict_en = "the verdicts hold, unless rejected leads were merely left alone" if holds else "they say little"
    verdict_zh = "评审有效，除非被拒绝的线索只是无人跟进" if holds else "评审作用不大"
    return [
        say(
            language,
            en=f"The share that becomes an opportunity within {within} is {gap} for accepted against rejected leads "
            f"({low} to {high}): {verdict_en}.",
            zh=f"评审后 {within}内，被接受的线索转为商机的比例与被拒绝的相差 {gap}（{low} 至 {high}）：{verdict_zh}。",
        )
    ]


def _tell_customers(told: FeedbackReport, language: Language) -> list[str]:
    table = told.customers
    rows = table[(table["kind"] == SURVEY) & (table["verdict"] == SATISFIED)].set_index("outcome")
    parts = []
    if {WON, LOST} <= set(rows.index):
        n = int(rows.loc[[WON, LOST], "of"].sum())
        won, lost = (share(float(part)) for part in rows.loc[[WON, LOST], "share"])
        parts.append(
            say(
                language,
                en=f"Of {n:,} surveyed customers {won} are satisfied after a win, {lost} after a loss.",
                zh=f"{n:,} 份客户调研中，赢单客户满意率 {won}，输单客户 {lost}。",
            )
        )
    if told.interviews:
        parts.append(
            say(
                language,
                en=f"In {told.interviews_agree} of {told.interviews} interviews the customer names the CRM's reason.",
                zh=f"{told.interviews} 次访谈中有 {told.interviews_agree} 次客户所述原因与 CRM 一致。",
            )
        )
    return parts
