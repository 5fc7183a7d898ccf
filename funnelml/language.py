"""Figures and sentences for a person, in English and in Chinese.

Everything that a result says in its ``summary()`` is written here or through ``say``; tables and pictures use the same
figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Literal

Language = Literal["en", "zh"]

_STEPS = {"en": ((1e9, "bn"), (1e6, "M"), (1e3, "k")), "zh": ((1e8, "亿"), (1e4, "万"))}
_NO_BREAK = "\xa0%"


def say(language: Language, *, en: str, zh: str) -> str:
    """Return the sentence of that language.

    Examples
    --------
    >>> say("zh", en="won", zh="赢单")
    '赢单'
    """
    return zh if language == "zh" else en


def join_words(words: Sequence[str], language: Language = "en") -> str:
    """Return a list as a sentence has it: with commas, or with ``、``.

    Examples
    --------
    >>> join_words(["Lead", "Proposal"]), join_words(["线索", "方案"], "zh")
    ('Lead, Proposal', '线索、方案')
    """
    return ("、" if language == "zh" else ", ").join(words)


def short_amount(value: float, currency: str = "", language: Language = "en") -> str:
    """Return an amount with three significant digits: in thousands, millions and billions, or in 万 and 亿.

    Examples
    --------
    >>> short_amount(1_234_567, "EUR")
    '1.23M EUR'
    >>> short_amount(1_234_567, "元", "zh")
    '123万元'
    >>> short_amount(999_600)
    '1M'
    >>> short_amount(-45)
    '-45'
    """
    if not math.isfinite(value):
        return say(language, en="unknown", zh="未知")
    # Rounded first: 999,600 is 1M, not 1000k.
    rounded = float(f"{value:.3g}")
    size, suffix = next(((s, name) for s, name in _STEPS[language] if abs(rounded) >= s), (1.0, ""))
    # In Chinese a step holds four digits: 1235万 keeps three significant ones as 1230万, never as 1.23e+03万.
    digits = f"{float(f'{rounded / size:.3g}'):.10g}"
    gap = "" if language == "zh" and not currency.isascii() else " "
    return f"{digits}{suffix}{gap}{currency}".strip()


def full_amount(value: float) -> str:
    """Return an amount in whole units with thousands separators, or a dash if it is not known."""
    return f"{value:,.0f}" if math.isfinite(value) else "-"


def share(value: float, digits: int = 0) -> str:
    r"""Return a share as a percentage that no line break divides, or a dash if it is not known.

    Examples
    --------
    >>> share(0.4234)
    '42\xa0%'
    """
    return f"{value:,.{digits}%}".replace("%", _NO_BREAK) if math.isfinite(value) else "-"


def signed_share(value: float) -> str:
    """Return a difference as a percentage with its sign, or a dash if it is not known."""
    return f"{value:+,.0%}".replace("%", _NO_BREAK) if math.isfinite(value) else "-"


def points(value: float, language: Language = "en") -> str:
    """Return a difference of two shares in percentage points, with its sign.

    Examples
    --------
    >>> points(-0.153)
    '-15 points'
    >>> points(0.02, "zh")
    '+2 个百分点'
    """
    if not math.isfinite(value):
        return "-"
    return f"{100 * value:+.0f}" + say(language, en=" points", zh=" 个百分点")


def days(value: float, language: Language = "en") -> str:
    """Return a length of time in days.

    Examples
    --------
    >>> days(12.34), days(1.0), days(3, "zh")
    ('12.3 days', '1 day', '3 天')
    """
    if not math.isfinite(value):
        return "-"
    figure = f"{value:,.0f}" if abs(value) >= 20 or float(value).is_integer() else f"{value:,.1f}"
    return f"{figure}" + say(language, en=" day" if figure == "1" else " days", zh=" 天")


def month_name(day: date, language: Language = "en") -> str:
    """Return the month of a day.

    Examples
    --------
    >>> month_name(date(2025, 10, 6)), month_name(date(2025, 10, 6), "zh")
    ('October 2025', '2025年10月')
    """
    return say(language, en=f"{day:%B %Y}", zh=f"{day.year}年{day.month}月")
