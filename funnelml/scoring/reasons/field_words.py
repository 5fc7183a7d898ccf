"""What is said of a field: its name, and a phrase for its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = tuple[str, str]
"""What is said, in English and in Chinese."""
Value = float | str | None
"""A value as a phrase takes it: None if it is not known."""
Rounding = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_LONGEST = 60
"""Letters of a text from which on the rest is cut off."""


@dataclass(frozen=True, kw_only=True)
class FieldWords:
    """What is said of one field.

    Parameters
    ----------
    name : (str, str)
        What the field is called.
    tell : callable
        From its value, and those of ``beside``, to a phrase.
    beside : tuple of str
        Further fields that the phrase tells.
    rounding : callable, optional
        How a number is rounded before it is told; texts have none.
    """

    name: Words
    tell: Callable[..., Words]
    beside: tuple[str, ...] = ()
    rounding: Rounding | None = None


def text_words(name: Words) -> FieldWords:
    """Return what is said of a text: ``source: Referral``, or ``source unknown``."""
    return FieldWords(name=name, tell=lambda value: _name_value(name, value, ("unknown", "未知")))


def _name_value(name: Words, value: str | None, missing: Words) -> Words:
    if value is not None:
        return f"{name[0]}: {value}", f"{name[1]}：{value}"
    gap = " " if name[1][-1].isascii() else ""
    return f"{name[0]} {missing[0]}", f"{name[1]}{gap}{missing[1]}"


def number_words(name: Words) -> FieldWords:
    """Return what is said of a number with no phrase of its own: ``probability in the CRM: 60``."""

    def tell(value: float | None) -> Words:
        return _name_value(name, None if value is None else write_number(value), ("unknown", "未知"))

    return FieldWords(name=name, tell=tell, rounding=round_readably)


def count_words(name: Words, *, none: Words, one: Words, many: Words, unknown: Words) -> FieldWords:
    """Return what is said of a count: a phrase each for 0, for 1, for more (with ``{n}``), and for an unknown one."""

    def tell(value: float | None) -> Words:
        if value is None:
            return unknown
        words = none if value == 0 else one if value == 1 else many
        return words[0].format(n=f"{value:,.0f}"), words[1].format(n=f"{value:,.0f}")

    return FieldWords(name=name, tell=tell, rounding=np.rint)


def other_words(field: str, *, number: bool) -> FieldWords:
    """Return what is said of a field of which nothing is known but its name: a column of a table, or a CRM's own field.

    Examples
    --------
    >>> other_words("Total Time Spent on Website", number=True).tell(1532.0)
    ('Total Time Spent on Website: 1,532', 'Total Time Spent on Website：1,532')
    >>> other_words("field:budget", number=False).tell(None)
    ('budget unknown', 'budget 未知')
    """
    name = " ".join(field.removeprefix("field:").replace("_", " ").split()) or field
    missing = ("unknown", "未知") if field.startswith("field:") else ("is empty", "为空")

    def tell(value: Value) -> Words:
        return _name_value((name, name), write_number(value) if isinstance(value, float) else value, missing)

    return FieldWords(name=(name, name), tell=tell, rounding=round_readably if number else None)


def round_readably(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers rounded to three significant digits, but never coarser than to whole ones.

    Examples
    --------
    >>> round_readably(np.array([1532.4, 0.012345, -7.006, 0.0])).tolist()
    [1532.0, 0.0123, -7.01, 0.0]
    """
    # A number below 1e-290 would need a step that float64 does not have.
    step = 10.0 ** np.clip(2 - _digits(values), 0, 290)
    return np.rint(values * step) / step


def round_shortly(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers rounded to three significant digits, as ``short_amount`` writes them.

    Examples
    --------
    >>> round_shortly(np.array([1532.4, 123456.0, 45.0])).tolist()
    [1530.0, 123000.0, 45.0]
    """
    step = 10.0 ** np.clip(_digits(values) - 2, 0, None)
    return np.rint(values / step) * step


def _digits(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.floor(np.log10(np.abs(values), out=np.zeros_like(values), where=np.abs(values) > 0))


def write_number(value: float) -> str:
    """Return a number of ``round_readably`` as text.

    Examples
    --------
    >>> write_number(1532.0), write_number(0.0123), write_number(2.5e-7), write_number(1e21)
    ('1,532', '0.0123', '2.5e-07', '1e+21')
    """
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    # no "-0"
    value += 0.0
    return f"{value:,.0f}" if value.is_integer() else f"{value:.3g}"


def write_text(value: object) -> str:
    """Return a text on one line and not too long.

    Examples
    --------
    >>> write_text("two  words "), len(write_text("x" * 100))
    ('two words', 60)
    """
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
