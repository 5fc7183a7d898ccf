"""Cells and headings of tables of scores, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import pandas as pd

from funnelml.language import Language, say, share
from funnelml.plots.tables import ReadableTable
from funnelml.scoring.grading import name_grade

_HEADINGS: Final[Mapping[str, str]] = {
    "record": "记录",
    "grade": "等级",
    "chance": "概率",
    "80 % between": "80 % 区间",
    "95 % between": "95 % 区间",
    "for it": "有利因素",
    "against it": "不利因素",
    "now": "现在",
    "by week": "逐周",
    "records": "记录数",
    "expected": "预计转化",
    "converted before": "过去转化",
    "promised then": "当时预测",
    "converted": "实际转化率",
    "promised": "预测概率",
    "who": "对象",
    "rows": "行数",
    "chances": "概率偏差",
    "AUC": "AUC",
    "field": "字段",
    "value": "取值",
    "verdict": "结论",
    "why": "原因",
    "points": "分数",
    "by the model": "模型",
    "by the rules": "规则",
    "best grade": "最高等级",
    "share": "占比",
    "ratio": "与最高之比",
    "figure": "指标",
    "new": "新模型",
    "in use": "现用模型",
    "advantage": "新模型优势",
    "at random": "随机划分",
    "without a score": "没有评分时",
    "fields": "字段",
    "month": "月份",
    "PSI": "PSI",
    "by chance up to": "偶然波动上限",
    "how": "变化",
    "total": "总分",
    "at most": "至多",
}
"""Every heading, with its Chinese name."""


def readable(columns: Mapping[str, Any], words: set[str], language: Language, *, folded: str = "") -> ReadableTable:
    """Return columns under headings of a language as a table for a person.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Texts by English heading.
    words : set of str
        Columns that hold words.
    language : {"en", "zh"}
        Language of the headings.
    folded : str
        What a reader clicks on to see the table; empty if it is open.
    """
    names = {name: say(language, en=name, zh=_HEADINGS[name]).replace(" %", "\xa0%") for name in columns}
    frame = pd.DataFrame({names[name]: list(values) for name, values in columns.items()})
    return ReadableTable(frame=frame, words=frozenset(names[word] for word in words if word in names), folded=folded)


def texts(values: Iterable[object]) -> list[str]:
    """Return values as texts, a missing one as an empty text."""
    return ["" if pd.isna(value) else str(value) for value in values]  # type: ignore[call-overload]


def grades(values: Iterable[object], language: Language) -> list[str]:
    """Return what grades are called."""
    return [name_grade(str(grade), language) for grade in values]


def figures(values: Iterable[float], form: str = ",.0f") -> list[str]:
    """Return numbers in a format, or a dash where one is not known."""
    return ["-" if pd.isna(value) else format(value, form) for value in values]


def between(low: Iterable[float], high: Iterable[float], written: Callable[[float], str] = share) -> list[str]:
    """Return intervals as texts, or a dash where one is not known."""
    return [f"{written(a)} - {written(b)}" if pd.notna(a) else "-" for a, b in zip(low, high, strict=True)]


def write_expected(number: float) -> str:
    """Return an expected number of records: with a decimal below ten.

    Examples
    --------
    >>> write_expected(13.24), write_expected(1.52), write_expected(0.04)
    ('13', '1.5', '0')
    """
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}".removesuffix(".0")
