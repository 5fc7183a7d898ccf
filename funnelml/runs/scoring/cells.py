"""Cells of tables for a terminal, where a reason or a list of fields would not fit."""

from __future__ import annotations

import math

LONGEST = 40
"""Characters of a cell."""


def as_cell(value: object) -> str:
    r"""Return a value on one line of at most forty characters; a dash if it is missing.

    Examples
    --------
    >>> as_cell(1234), as_cell(0.51234), as_cell(None), as_cell("two\nlines")
    ('1,234', '0.5123', '-', 'two lines')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "-"
    text = " ".join(str("" if value is None else value).split()) or "-"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
