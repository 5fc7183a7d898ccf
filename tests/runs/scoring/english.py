"""English that is left in a Chinese text."""

from __future__ import annotations

import re

_COMMANDS = re.compile(r"funnelml [a-z]+(?: --[a-z]+ [a-z]+)?")
_WORDS = re.compile(r"[A-Za-z][A-Za-z'’]*(?:[ ,;:.()]+[A-Za-z][A-Za-z'’]*)+")
"""Two words or more: a name, an id and an abbreviation are one, and Chinese stands between any two."""


def find_english(text: str) -> list[str]:
    """Return runs of two English words or more, but for the commands that a person is to type."""
    return _WORDS.findall(_COMMANDS.sub("", text))


def figures_of(text: str) -> list[str]:
    """Return the numbers of a text in order of size, as they are written."""
    return sorted(re.findall(r"\d+(?:[.,-]\d+)*", text))
