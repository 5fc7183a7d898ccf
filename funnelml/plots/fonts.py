"""Fonts for names in any script: find one with Chinese, Japanese and Korean characters, or say what to install."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from matplotlib import font_manager

CJK_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    # Before 3.11 matplotlib lists a collection under its first face, the Japanese one; its glyphs cover Chinese too.
    "Noto Sans CJK JP",
    "Source Han Sans",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)
"""Families with Chinese characters, best first."""
CJK_FILES = (
    "notosanscjk",
    "notosanssc",
    "sourcehansans",
    "msyh",
    "pingfang",
    "hiragino sans gb",
    "stheiti",
    "wqy-",
    "simhei",
    "droidsansfallback",
    "arial unicode",
)
"""How the names of their files begin, in lower case."""
FONT_PACKAGE = "notojp_matplotlib"
"""A package that carries Noto Sans CJK; its font file is used, the package itself is never imported."""
MISSING_GLYPHS = (
    "no installed font can draw the characters of some names (Chinese, Japanese and Korean need a font of their "
    "own), so plots number those stages instead; install one (Debian, Ubuntu: apt install fonts-noto-cjk; Fedora: "
    "dnf install google-noto-sans-cjk-fonts; anywhere: pip install notojp-matplotlib) and run again"
)


def font_families(texts: Iterable[str]) -> list[str]:
    """Return the families that ``texts`` need: matplotlib's own, and one with CJK characters where it falls short."""
    own = [font_manager.FontProperties().get_name()]
    if not any(_find_missing(text, own) for text in texts):
        return own
    family = _find_cjk_family()
    return own if family is None else [*own, family]


def legible(text: str, *, otherwise: str) -> str:
    """Return ``text`` if the installed fonts can draw it; else ``otherwise``, with a warning that comes once."""
    if _find_missing(text, font_families([text])):
        _warn_once()
        return otherwise
    return text


@cache
def _warn_once() -> None:
    warnings.warn(MISSING_GLYPHS, UserWarning, stacklevel=3)


def _find_missing(text: str, families: Sequence[str]) -> set[str]:
    missing = {character for character in text if character.isprintable() and not character.isspace()}
    for family in families:
        if missing:
            font = font_manager.get_font(font_manager.findfont(family))
            missing = {character for character in missing if font.get_char_index(ord(character)) == 0}
    return missing


def _find_cjk_family() -> str | None:
    if (family := _first_listed()) is not None:
        return family
    # matplotlib caches its list: a font that was installed since is on the disk, but not in the list.
    if (file := _find_cjk_file()) is not None:
        font_manager.fontManager.addfont(file)
    return _first_listed()


def _first_listed() -> str | None:
    listed = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((family for family in CJK_FAMILIES if family in listed), None)


def _find_cjk_file() -> str | None:
    files = sorted(font_manager.findSystemFonts())
    package = find_spec(FONT_PACKAGE)
    for folder in (package.submodule_search_locations or ()) if package else ():
        files += map(str, sorted(Path(folder).rglob("*.otf")))
    fitting = [file for start in CJK_FILES for file in files if Path(file).name.lower().startswith(start)]
    return min(fitting, key=lambda file: "regular" not in Path(file).name.lower(), default=None)
