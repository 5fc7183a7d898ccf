"""Text cells that no spreadsheet runs as a formula.

A spreadsheet that opens a CSV file runs a cell that begins with ``=``, ``+``, ``-`` or ``@``, of any width. The usual
remedy is an apostrophe before it (OWASP, *CSV Injection*); here it can be taken off again without loss.
"""

from __future__ import annotations

import unicodedata

_SIGNS = frozenset("=+-@")
_INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def begins_like_formula(text: str) -> bool:
    r"""Return whether a spreadsheet could run a text: by its first visible sign, or because it begins a new cell.

    Examples
    --------
    >>> [begins_like_formula(text) for text in ("=1+1", "＝1+1", " @sum", "a=1", "")]
    [True, True, True, False, False]
    """
    if text[:1] in ("\t", "\r", "\n"):
        return True
    for sign in text:
        if unicodedata.category(sign) not in _INVISIBLE:
            # full-width and small variants become plain
            return unicodedata.normalize("NFKC", sign)[0] in _SIGNS
    return False


def neutralise(text: str) -> str:
    """Return a text with an apostrophe before it if it begins like a formula.

    A text that has apostrophes before such a beginning gets one more, so that :func:`restore` knows ours.

    Examples
    --------
    >>> neutralise("=1+1"), neutralise("0012"), neutralise("'=1+1")
    ("'=1+1", '0012', "''=1+1")
    """
    return f"'{text}" if begins_like_formula(text.lstrip("'")) else text


def restore(cell: str) -> str:
    """Return the text that :func:`neutralise` made a cell of.

    Examples
    --------
    >>> restore("'=1+1"), restore("'quoted'")
    ('=1+1', "'quoted'")
    """
    return cell[1:] if cell.startswith("'") and begins_like_formula(cell.lstrip("'")) else cell
