"""From what people wrote to a few reasons: keywords in Chinese and English, the user's own first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import InputError, did_you_mean
from funnelml.language import Language, say

OTHER: Final = "other"
UNKNOWN: Final = "unknown"
REASONS: Final = ("need_mismatch", "competitor", "budget", "decision_delayed", "no_response", OTHER)
"""The reasons; ``unknown`` means that nothing was written."""

_NAMES = {
    "need_mismatch": ("need not met", "需求不符"),
    "competitor": ("competitor", "竞品"),
    "budget": ("price or budget", "价格预算"),
    "decision_delayed": ("decision delayed", "决策推迟"),
    "no_response": ("no response", "无回应"),
    OTHER: ("other", "其他"),
    UNKNOWN: ("not filled in", "未填写"),
}
_DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "need_mismatch": (
        "需求不符", "需求不匹配", "不匹配", "不符合", "不适用", "不适合", "功能不", "功能缺失", "缺少功能", "不满足",
        "无需求", "没有需求", "非目标", "mismatch", "not a fit", "no fit", "not fit", "poor fit", "bad fit",
        "not our target", "no need", "missing feature", "feature", "requirement", "functionality", "unqualified",
    ),
    "competitor": (
        "竞品", "竞争", "对手", "友商", "同行", "其他供应商", "其他厂商", "别家", "competit", "competing",
        "another vendor", "other vendor", "another supplier", "another provider", "incumbent", "rival",
    ),
    "budget": (
        "价格", "预算", "太贵", "费用", "成本", "资金", "没钱", "报价过高", "budget", "price", "pricing", "expensive",
        "cost", "too high", "no money", "fund", "cannot afford", "can't afford",
    ),
    "decision_delayed": (
        "推迟", "暂缓", "延期", "延后", "搁置", "暂停", "暂无计划", "暂不", "再考虑", "时机", "观望", "下半年", "明年",
        "not ready", "postpone", "delay", "on hold", "timing", "no decision", "later", "next year", "frozen", "freeze",
    ),
    "no_response": (
        "无回应", "无响应", "没回应", "不回复", "未回复", "无回复", "失联", "联系不上", "无法联系", "无人接听",
        "打不通", "unreachable", "cannot be reached", "can't reach", "cannot reach", "could not reach", "not reached",
        "no response", "no reply", "no answer", "unresponsive", "not responding", "ghost", "went silent", "went dark",
    ),
    OTHER: ("其他", "其它", "other reason"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ReasonRules:
    """Words of the user that mean a reason, beside those that are known.

    Parameters
    ----------
    words : mapping of str to list of str
        Reason (one of ``need_mismatch, competitor, budget, decision_delayed, no_response, other``) to words.

    Raises
    ------
    InputError
        If a reason does not exist, or a word is empty.
    """

    words: Mapping[str, Iterable[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for reason, words in self.words.items():
            if reason not in REASONS:
                raise InputError(
                    f"loss reasons: no reason '{reason}'{did_you_mean(reason, REASONS)}; there are {', '.join(REASONS)}"
                )
            if isinstance(words, str) or not all(isinstance(w, str) and w.strip() for w in words):
                raise InputError(f"loss reasons: '{reason}' needs a list of words, none of them empty, not {words!r}")


def classify_reasons(texts: Iterable[Any], rules: ReasonRules | None = None) -> NDArray[np.object_]:
    """Return the reason that each text means.

    Parameters
    ----------
    texts : iterable of str or None
        What was written.
    rules : ReasonRules, optional
        The user's words.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
        One of ``REASONS``; ``unknown`` where nothing was written.

    Notes
    -----
    The user's words are tried first, then the known ones; of several that occur the longest counts, and of equally
    long ones that of the first reason in ``REASONS``. Case and width do not matter. A word in Latin letters must begin
    where a word of the text begins (``price`` is in "Prices too high", not in "enterprise"); a Chinese one may stand
    anywhere. The name of a reason means itself; a text in which no word occurs is ``other``.

    Examples
    --------
    >>> classify_reasons(["价格太贵", "Went with a competitor", "Merger", None]).tolist()
    ['budget', 'competitor', 'other', 'unknown']
    >>> classify_reasons(["Merger"], ReasonRules(words={"decision_delayed": ["merger"]})).tolist()
    ['decision_delayed']
    """
    column = pd.Series(list(texts), dtype=object)
    tables = [_longest_first((rules or ReasonRules()).words), _longest_first(_DEFAULTS)]
    reason_of = {text: _classify(str(text), tables) for text in column.dropna().unique()}
    found: NDArray[np.object_] = column.map(reason_of).astype(object).where(column.notna(), UNKNOWN).to_numpy()
    return found


def name_reason(reason: str, language: Language = "en") -> str:
    """Return a reason's name for a person.

    Examples
    --------
    >>> name_reason("budget"), name_reason("budget", "zh")
    ('price or budget', '价格预算')
    """
    english, chinese = _NAMES.get(reason, (reason, reason))
    return say(language, en=english, zh=chinese)


def _longest_first(words: Mapping[str, Iterable[str]]) -> list[tuple[re.Pattern[str], str]]:
    pairs = [(_folded(word), reason) for reason in REASONS for word in words.get(reason, ())]
    pairs.sort(key=lambda pair: -len(pair[0]))
    return [(re.compile(_starts_word(word) + re.escape(word)), reason) for word, reason in pairs]


def _starts_word(word: str) -> str:
    return r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("’", "'").split())


def _classify(text: str, tables: list[list[tuple[re.Pattern[str], str]]]) -> str:
    folded = _folded(text)
    if not folded:
        return UNKNOWN
    if (itself := folded.replace(" ", "_")) in REASONS:
        return itself
    return next((reason for table in tables for pattern, reason in table if pattern.search(folded)), OTHER)
