"""Text cells that no spreadsheet runs as a formula.

A spreadsheet that opens a CSV file runs a cell that begins with ``=``, ``+``, ``-`` or ``@``, of any width. Where it
splits lines at ``;`` or at tabs, as Excel does in many countries, a text may become several cells, and a new line of a
text a new row; so each of these parts is looked at. The usual remedy is an apostrophe before the sign (OWASP, *CSV
Injection*); here it can be taken off again without loss.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_SIGNS = frozenset("=+-@")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_BETWEEN = re.compile(r"([;\t\r\n])")
"""What may end a cell or a row inside a text."""


def begins_like_formula(text: str) -> bool:
    r"""Return whether a spreadsheet could run a text: by its first visible sign, or because it begins a new cell.

    Quotation marks do not count as signs: before a part of a text they are taken for those of a cell.

    Examples
    --------
    >>> [begins_like_formula(text) for text in ("=1+1", "＝1+1", ' "@sum', "a=1", "")]
    [True, True, True, False, False]
    """
    if text[:1] in ("\t", "\r", "\n"):
        return True
    for sign in text:
        if sign != '"' and unicodedata.category(sign) not in _INVISIBLE:
            # full-width and small variants become plain
            return unicodedata.normalize("NFKC", sign)[0] in _SIGNS
    return False


def neutralise(text: str) -> str:
    """Return a text with an apostrophe before each part of it that begins like a formula.

    A part that has apostrophes before such a beginning gets one more, so that :func:`restore` knows ours.

    Examples
    --------
    >>> neutralise("=1+1"), neutralise("0012"), neutralise("'=1+1"), neutralise("web;=1+1")
    ("'=1+1", '0012', "''=1+1", "web;'=1+1")
    """
    return _change_parts(text, lambda part: f"'{part}")


def restore(cell: str) -> str:
    """Return the text that :func:`neutralise` made a cell of.

    Examples
    --------
    >>> restore("'=1+1"), restore("'quoted'"), restore("web;'=1+1")
    ('=1+1', "'quoted'", 'web;=1+1')
    """
    return _change_parts(cell, lambda part: part.removeprefix("'"))


def _change_parts(text: str, change: Callable[[str], str]) -> str:
    """Return a text with each part changed that begins like a formula once the apostrophes before it are gone."""
    parts = _BETWEEN.split(text)
    for place in range(0, len(parts), 2):
        # Only at its beginning may a text begin with what lies between two parts.
        seen = parts[place] if place else "".join(parts[:2])
        if begins_like_formula(seen.lstrip("'")):
            parts[place] = change(parts[place])
    return "".join(parts)
