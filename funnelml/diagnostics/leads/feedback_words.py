"""What people write about leads and about us, as a few kinds and verdicts, in Chinese and English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

ACCEPTANCE: Final = "acceptance"
SURVEY: Final = "survey"
INTERVIEW: Final = "interview"
"""Kinds of feedback: a rep about a lead, a customer's survey, an interview."""
ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
SATISFIED: Final = "satisfied"
NEUTRAL: Final = "neutral"
DISSATISFIED: Final = "dissatisfied"

_KINDS: Mapping[str, tuple[str, ...]] = {
    INTERVIEW: ("interview", "访谈", "面谈", "回访"),
    SURVEY: ("survey", "nps", "csat", "questionnaire", "调研", "问卷", "满意度", "调查"),
    ACCEPTANCE: ("accept", "lead", "qualification", "接收", "接受", "线索", "验收", "审核"),
}
# What denies comes before what it denies.
_LEAD_VERDICTS: Mapping[str, tuple[str, ...]] = {
    REJECTED: (
        "reject", "refus", "declin", "not accept", "unaccept", "disqualif", "拒绝", "拒收", "不接受", "不接收",
        "未接受", "退回", "驳回", "不通过", "未通过", "无效", "不合格",
    ),
    ACCEPTED: ("accept", "approv", "qualif", "yes", "ok", "接受", "接收", "采纳", "通过", "认可", "合格", "有效"),
}  # fmt: skip
_CUSTOMER_VERDICTS: Mapping[str, tuple[str, ...]] = {
    DISSATISFIED: (
        "dissatisf", "unsatisf", "not satisf", "unhappy", "negative", "detractor", "bad", "poor",
        "不满", "差", "负面", "贬损",
    ),
    NEUTRAL: ("neutral", "passive", "mixed", "average", "一般", "中立", "中性", "尚可"),
    SATISFIED: ("satisf", "happy", "positive", "promoter", "good", "excellent", "满意", "正面", "推荐", "好"),
}  # fmt: skip


def normalise_feedback(feedback: pd.DataFrame) -> pd.DataFrame:
    """Return feedback with its kind and verdict in the words of this module.

    Parameters
    ----------
    feedback : pandas.DataFrame
        Canonical ``feedback``: ``kind, verdict`` and any other columns.

    Returns
    -------
    pandas.DataFrame
        ``kind`` is ``acceptance``, ``survey`` or ``interview`` (None if it is none of them); ``verdict`` is
        ``accepted`` or ``rejected`` for the first, ``satisfied, neutral`` or ``dissatisfied`` for the others (None if
        it is none of them). Words in Latin letters count where a word of the text begins.

    Examples
    --------
    >>> kinds, verdicts = ["Lead acceptance", "线索接收", "客户调研"], ["Accepted", "拒绝", "满意"]
    >>> said = pd.DataFrame({"kind": kinds, "verdict": verdicts})
    >>> normalise_feedback(said).to_numpy().tolist()
    [['acceptance', 'accepted'], ['acceptance', 'rejected'], ['survey', 'satisfied']]
    """
    kinds = _normalise(feedback["kind"], _KINDS)
    verdict = feedback["verdict"] if "verdict" in feedback else pd.Series(None, index=feedback.index, dtype=object)
    of_leads, of_us = _normalise(verdict, _LEAD_VERDICTS), _normalise(verdict, _CUSTOMER_VERDICTS)
    chosen = of_leads.where(kinds == ACCEPTANCE, of_us)
    return feedback.assign(kind=kinds, verdict=chosen.astype(object).where(kinds.notna(), None))


def _normalise(texts: pd.Series, words: Mapping[str, tuple[str, ...]]) -> pd.Series:
    patterns = {
        name: re.compile("|".join((r"(?<![a-z])" if w.isascii() else "") + re.escape(w) for w in own))
        for name, own in words.items()
    }
    meaning = {text: _first(str(text), patterns) for text in texts.dropna().unique()}
    found = texts.map(meaning).astype(object)
    return found.where(found.notna(), None)


def _first(text: str, patterns: Mapping[str, re.Pattern[str]]) -> str | float:
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    return next((name for name, pattern in patterns.items() if pattern.search(folded)), np.nan)
