"""Names that speak of the end, of a last state or of a judgement; a name alone convicts no field."""

from __future__ import annotations

import re
from typing import Final

END_WORDS: Final = frozenset(
    {"last", "latest", "final", "closed", "closing", "close", "won", "lost", "loss", "outcome", "resolution"}
)
"""English words of names that speak of how a record ended, or of its state when the table was written."""
END_WORDS_ZH: Final = (
    *("最近", "最后", "最新", "最终", "结束", "结果"),
    *("成交", "签约", "关闭", "赢单", "输单", "丢单", "战败", "流失"),
)
"""Chinese ones; they may stand anywhere in a name."""
JUDGEMENT_WORDS: Final = frozenset(
    {"score", "scores", "scoring", "quality", "index", "profile", "tag", "tags", "rating", "grade", "rank"}
    | {"priority", "probability", "likelihood", "temperature", "status", "stage", "disposition", "duration"}
)
"""English words of names that speak of a judgement, of progress, or of a length that is known only afterwards."""
JUDGEMENT_WORDS_ZH: Final = (
    *("评分", "得分", "分数", "打分", "评级", "等级", "标签", "质量", "画像"),
    *("意向", "优先级", "概率", "热度", "状态", "阶段", "时长"),
)
"""Chinese ones."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def find_end_word(name: str) -> str | None:
    """Return the word of a field's name that speaks of the end or of a last state, if there is one.

    Examples
    --------
    >>> find_end_word("Last Activity"), find_end_word("lastActivity"), find_end_word("关闭原因")
    ('last', 'last', '关闭')
    >>> find_end_word("Plaster") is None
    True
    """
    return _find(name, END_WORDS, END_WORDS_ZH)


def find_judgement_word(name: str) -> str | None:
    """Return the word of a field's name that speaks of a judgement, of progress or of a length, if there is one.

    Examples
    --------
    >>> find_judgement_word("lead_quality"), find_judgement_word("线索评级"), find_judgement_word("cons.price.idx")
    ('quality', '评级', None)
    """
    return _find(name, JUDGEMENT_WORDS, JUDGEMENT_WORDS_ZH)


def _find(name: str, words: frozenset[str], words_zh: tuple[str, ...]) -> str | None:
    spoken = (word.lower() for word in _WORD.findall(name))
    return next((w for w in spoken if w in words), None) or next((w for w in words_zh if w in name), None)
