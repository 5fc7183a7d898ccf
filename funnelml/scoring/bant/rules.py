"""The rules of a BANT score: which field says budget, authority, need or timing, and how many points that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any

from funnelml.errors import SettingsError, did_you_mean
from funnelml.language import Language, full_amount, join_words, say

PARTS: Mapping[str, str] = MappingProxyType({"budget": "预算", "authority": "决策权", "need": "需求", "timing": "时间"})
"""The four parts, with their Chinese names."""

_ALIASES = {zh: part for part, zh in PARTS.items()} | {"权限": "authority", "时机": "timing", "时间表": "timing"}
_KEYS = ("part", "field", "points", "at_least", "at_most", "is_one_of", "filled")


@dataclass(frozen=True, kw_only=True)
class BantRule:
    """Points for a record whose field is in a range, has one of some values, or is filled at all.

    Parameters
    ----------
    part : {"budget", "authority", "need", "timing"}
        What the field tells.
    field : str
        Name of a feature.
    points : float
        Points, above 0.
    at_least, at_most : float, optional
        Ends of the range, both included.
    is_one_of : tuple of str or float
        The values; texts are compared without case and outer blanks.
    """

    part: str
    field: str
    points: float
    at_least: float | None = None
    at_most: float | None = None
    is_one_of: tuple[str | float, ...] = ()

    @property
    def is_range(self) -> bool:
        """Whether the field is held against numbers."""
        return self.at_least is not None or self.at_most is not None

    def describe(self, language: Language = "en") -> str:
        """Return what the rule asks for: ``amount at least 50,000``."""
        told = []
        if self.at_least is not None:
            told.append(say(language, en=f"at least {_write(self.at_least)}", zh=f"不低于 {_write(self.at_least)}"))
        if self.at_most is not None:
            told.append(say(language, en=f"at most {_write(self.at_most)}", zh=f"不高于 {_write(self.at_most)}"))
        if self.is_one_of:
            values = join_words([_write(v) for v in self.is_one_of], language)
            told.append(say(language, en=f"is {values}", zh=f"为 {values}"))
        what = say(language, en=" and ", zh="且").join(told) or say(language, en="filled", zh="已填写")
        return f"{self.field} {what}"


@dataclass(frozen=True, kw_only=True)
class BantRules:
    """All rules of a score.

    Parameters
    ----------
    rules : tuple of BantRule
        At least one. Of the rules of one part about one field that hold, the one with the most points counts, so that
        steps may be written one below the other; points of different fields add up.
    default : bool
        Whether nobody stated them, so that they are only what the data happen to hold.

    Raises
    ------
    SettingsError
        If there is none.
    """

    rules: tuple[BantRule, ...]
    default: bool = False

    def __post_init__(self) -> None:
        if not self.rules:
            raise SettingsError("a BANT score needs at least one rule; write one under [[bant]]")

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that have a rule."""
        return tuple(part for part in PARTS if any(rule.part == part for rule in self.rules))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are read."""
        return tuple(dict.fromkeys(rule.field for rule in self.rules))

    def of(self, part: str) -> dict[str, list[BantRule]]:
        """Return the rules of a part by field."""
        found: dict[str, list[BantRule]] = {}
        for rule in self.rules:
            if rule.part == part:
                found.setdefault(rule.field, []).append(rule)
        return found

    def most(self, part: str) -> float:
        """Return the most points that a part can have."""
        return sum(max(rule.points for rule in rules) for rules in self.of(part).values())

    @property
    def maximum(self) -> float:
        """The most points that a record can have."""
        return sum(self.most(part) for part in self.parts)

    def describe(self, language: Language = "en") -> str:
        """Return which fields tell which part, and which part nothing tells."""
        told = [
            say(
                language,
                en=f"{part} ({join_words(list(self.of(part)))})",
                zh=f"{PARTS[part]}（{join_words(list(self.of(part)), 'zh')}）",
            )
            for part in self.parts
        ]
        missing = [name_part(part, language) for part in PARTS if part not in self.parts]
        en = f"BANT score of up to {self.maximum:g} points from {join_words(told)}"
        zh = f"BANT 评分满分 {self.maximum:g} 分，依据：{join_words(told, 'zh')}"
        if missing:
            en += f"; nothing is asked about {join_words(missing)}"
            zh += f"；未涉及{join_words(missing, 'zh')}"
        if self.default:
            en += "; nobody stated these rules, they are what the data hold: state your own under [[bant]]"
            zh += "；这些规则并非人工设定，仅取自现有数据，请在 [[bant]] 中填写自己的规则"
        return say(language, en=f"{en}.", zh=f"{zh}。")


def name_part(part: str, language: Language = "en") -> str:
    """Return what a part is called for a person."""
    return say(language, en=part, zh=PARTS[part])


def parse_bant(entries: Sequence[Any]) -> BantRules:
    """Return the rules that the tables ``[[bant]]`` of ``funnelml.toml`` state.

    Parameters
    ----------
    entries : sequence of mapping
        Each with ``part`` (``budget``, ``authority``, ``need``, ``timing`` or their Chinese names), ``field``,
        ``points`` and one condition: ``at_least`` and / or ``at_most`` (numbers), ``is_one_of`` (a list), or
        ``filled = true``.

    Raises
    ------
    SettingsError
        Naming the entry, and what was probably meant.

    Examples
    --------
    >>> rules = parse_bant([{"part": "预算", "field": "amount", "at_least": 50_000, "points": 25}])
    >>> rules.rules[0].describe()
    'amount at least 50,000'
    """
    return BantRules(
        rules=tuple(_parse(entry, f"[[bant]] {number}: ") for number, entry in enumerate(entries, start=1))
    )


def _parse(entry: Any, where: str) -> BantRule:
    if not isinstance(entry, Mapping):
        raise SettingsError(f"{where}write it as a table of its own under [[bant]], not as {entry!r}")
    for key in entry:
        if key not in _KEYS:
            raise SettingsError(f"{where}no key '{key}'{did_you_mean(key, _KEYS)}; there are {', '.join(_KEYS)}")
    if missing := [key for key in _KEYS[:3] if key not in entry]:
        raise SettingsError(f"{where}'{missing[0]}' is missing; it needs part, field, points and a condition")
    part = _ALIASES.get(entry["part"], entry["part"]) if isinstance(entry["part"], str) else entry["part"]
    if part not in PARTS:
        hint = did_you_mean(str(part), (*PARTS, *_ALIASES))
        raise SettingsError(f"{where}no part '{part}'{hint}; there are {', '.join(PARTS)}")
    if not isinstance(entry["field"], str) or not entry["field"].strip():
        raise SettingsError(f"{where}field is {entry['field']!r}; write the name of a field")
    if not (_is_number(entry["points"]) and entry["points"] > 0):
        raise SettingsError(f"{where}points is {entry['points']!r}; write a number above 0")
    for key in ("at_least", "at_most"):
        if key in entry and not _is_number(entry[key]):
            raise SettingsError(f"{where}{key} is {entry[key]!r}; write a number")
    if "filled" in entry and entry["filled"] is not True:
        raise SettingsError(f"{where}filled is {entry['filled']!r}; write filled = true, or leave it out")
    stated = [key for key in ("at_least", "at_most", "is_one_of", "filled") if key in entry]
    if not stated:
        raise SettingsError(f"{where}no condition; write at_least, at_most, is_one_of or filled = true")
    if len(stated) > 1 and stated != ["at_least", "at_most"]:
        raise SettingsError(f"{where}{' and '.join(stated)} do not go together; write them as rules of their own")
    if len(stated) == 2 and entry["at_least"] > entry["at_most"]:
        raise SettingsError(f"{where}at_least {entry['at_least']:g} is above at_most {entry['at_most']:g}")
    values = entry.get("is_one_of", ["-"])
    if not (isinstance(values, list | tuple) and values and all(isinstance(v, str) or _is_number(v) for v in values)):
        raise SettingsError(f"{where}is_one_of is {values!r}; write a list of values")
    return BantRule(
        part=part,
        field=entry["field"],
        points=float(entry["points"]),
        at_least=float(entry["at_least"]) if "at_least" in entry else None,
        at_most=float(entry["at_most"]) if "at_most" in entry else None,
        is_one_of=tuple(entry.get("is_one_of", ())),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _write(value: str | float) -> str:
    return value if isinstance(value, str) else full_amount(value) if abs(value) >= 1000 else f"{value:g}"
