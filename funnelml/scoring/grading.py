"""The rules by which chances become grades: Hot, Warm and Cold, or A to D."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from types import MappingProxyType
from typing import Any, Literal, get_args

from funnelml.errors import SettingsError, did_you_mean
from funnelml.language import Language, join_words, say, share

By = Literal["base_rate", "probability", "capacity"]

SCALES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "temperature": ("Hot", "Warm", "Cold"),
        "letters": ("A", "B", "C", "D"),
    }
)
"""Grades of each scale, the best first."""

_CHINESE = {"Hot": "热", "Warm": "温", "Cold": "冷"}
_MULTIPLES = {"temperature": (2.0, 1.0), "letters": (2.0, 1.0, 0.5)}
_THEN = {"temperature": (2.0,), "letters": (1.0, 2.0)}
_KEYS = ("scale", "multiples", "probabilities", "capacity", "then")


def name_grade(grade: str, language: Language = "en") -> str:
    """Return what a grade is called for a person.

    Examples
    --------
    >>> name_grade("Hot", "zh"), name_grade("A", "zh")
    ('热', 'A')
    """
    return say(language, en=grade, zh=_CHINESE.get(grade, grade))


@dataclass(frozen=True, kw_only=True)
class Grading:
    r"""Where one grade ends and the next begins.

    Parameters
    ----------
    scale : {"temperature", "letters"}
        Hot, Warm and Cold, or A to D.
    by : {"base_rate", "probability", "capacity"}
        What ``borders`` are.
    borders : tuple of float
        One for each grade but the last, the best first. ``base_rate``: multiples of the base rate from which on a
        record has the grade. ``probability``: chances from which on it has the grade. ``capacity``: how many records
        have the grade, the best ones first.

    Raises
    ------
    SettingsError
        If there are too few or too many borders, or they do not fall in order.

    Notes
    -----
    A multiple m > 1 of a base rate b asks for the chance :math:`\min(m b, 1 - (1 - b) / m)`: m times as likely as the
    average to convert or, where converting is common, m times less likely not to. Otherwise no record could be twice a
    base rate of 60 %. Both are the same at b = 1 / (m + 1).
    """

    scale: str = "temperature"
    by: By = "base_rate"
    borders: tuple[float, ...] = _MULTIPLES["temperature"]

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise SettingsError(
                f"grades: no scale '{self.scale}'{did_you_mean(self.scale, SCALES)}; there are {', '.join(SCALES)}"
            )
        if self.by not in get_args(By):
            raise SettingsError(f"grades by '{self.by}' are not understood; there are {', '.join(get_args(By))}")
        wanted = len(SCALES[self.scale]) - 1
        told = ", ".join(f"{b:g}" for b in self.borders)
        if len(self.borders) != wanted:
            raise SettingsError(
                f"grades: {len(self.borders)} borders ({told}) for {'/'.join(self.grades)}; give {wanted}, one "
                f"for each grade but {self.grades[-1]}"
            )
        if self.by == "capacity":
            if not all(b >= 1 and float(b).is_integer() for b in self.borders):
                raise SettingsError(f"grades: capacities ({told}) are whole numbers of records, 1 or more")
            return
        top = 1.0 if self.by == "probability" else float("inf")
        if not all(0 < b < top for b in self.borders):
            raise SettingsError(
                f"grades: {'probabilities lie between 0 and 1' if top == 1 else 'multiples are above 0'}, not {told}"
            )
        if any(first <= second for first, second in zip(self.borders, self.borders[1:], strict=False)):
            raise SettingsError(f"grades: borders fall from {self.grades[0]} on, but these do not: {told}")

    @property
    def grades(self) -> tuple[str, ...]:
        """The grades, the best first."""
        return SCALES[self.scale]

    def chances(self, base_rate: float) -> tuple[float, ...]:
        """Return the chances from which on a record has each grade but the last; not for a capacity."""
        if self.by == "probability":
            return self.borders
        return tuple(min(m * base_rate, 1 - (1 - base_rate) / m) if m > 1 else m * base_rate for m in self.borders)

    def describe(self, language: Language = "en", *, base_rate: float = nan) -> str:
        """Return the rule in words: ``Hot from 22 %, Warm from the base rate of 11 %, Cold below``.

        Parameters
        ----------
        language : {"en", "zh"}
            Language of the words.
        base_rate : float
            Base rate that the borders are multiples of, so that the chances themselves are told.
        """
        named = [name_grade(grade, language) for grade in self.grades]
        told = self._tell_borders(named, base_rate, language)
        rest = say(language, en=f"{named[-1]} below", zh=f"其余为{named[-1]}")
        if self.by == "base_rate" and 1.0 not in self.borders and isfinite(base_rate):
            rest += say(language, en=f" (base rate {_chance(base_rate)})", zh=f"（基准转化率 {_chance(base_rate)}）")
        return join_words([*told, rest], language)

    def _tell_borders(self, named: Sequence[str], base_rate: float, language: Language) -> list[str]:
        if self.by == "capacity":
            return [
                _tell_capacity(*own, language) for own in zip(named, self.borders, (False, True, True), strict=False)
            ]
        if self.by == "base_rate" and not isfinite(base_rate):
            return [_tell_multiple(*own, language) for own in zip(named, self.borders, strict=False)]
        told = []
        for grade, border, chance in zip(named, self.borders, self.chances(base_rate), strict=False):
            same = self.by == "base_rate" and border == 1
            en, zh = ("the base rate of ", "基准转化率") if same else ("", "")
            of = _chance(chance)
            told.append(say(language, en=f"{grade} from {en}{of}", zh=f"{grade}：不低于{zh} {of}"))
        return told


def parse_grading(told: Mapping[str, Any]) -> Grading:
    r"""Return the rules that the table ``[grades]`` of ``funnelml.toml`` states.

    Parameters
    ----------
    told : mapping
        ``scale`` (``temperature`` or ``letters``) and one of ``capacity`` (how many records can be worked: they have
        the best grade), with ``then`` (how many times as many have each next grade: 2 for Warm, 1 and 2 for B and C by
        default); ``probabilities``; or ``multiples`` of the base rate. Without any of these, multiples 2 and 1, and
        0.5 for C.

    Raises
    ------
    SettingsError
        If a key is unknown, two rules are stated, or numbers make no sense.

    Examples
    --------
    >>> parse_grading({"capacity": 50, "then": [3]}).describe()
    'Hot: the best 50, Warm: the next 150, Cold below'
    >>> parse_grading({}).describe("zh")
    '热：不低于基准转化率的 2 倍（基准高于 33\xa0% 时更低）、温：不低于基准转化率、其余为冷'
    >>> parse_grading({}).describe(base_rate=0.6)
    'Hot from 80\xa0%, Warm from the base rate of 60\xa0%, Cold below'
    """
    for key in told:
        if key not in _KEYS:
            raise SettingsError(f"[grades] has no key '{key}'{did_you_mean(key, _KEYS)}; there are {', '.join(_KEYS)}")
    scale = told.get("scale", "temperature")
    if not isinstance(scale, str) or scale not in SCALES:
        raise SettingsError(
            f"[grades] scale is {scale!r}{did_you_mean(str(scale), SCALES)}; there are {', '.join(SCALES)}"
        )
    stated = [key for key in ("capacity", "probabilities", "multiples") if key in told]
    if len(stated) > 1:
        raise SettingsError(f"[grades] states {' and '.join(stated)}; keep one of them")
    if "then" in told and "capacity" not in told:
        raise SettingsError("[grades] states then without capacity; then says how many times the capacity comes next")
    if "capacity" in told:
        first = told["capacity"]
        then = _numbers("then", told.get("then", _THEN[scale]))
        if isinstance(first, bool) or not isinstance(first, int) or first < 1:
            raise SettingsError(f"[grades] capacity is {first!r}; it is a whole number of records, 1 or more")
        return Grading(scale=scale, by="capacity", borders=(float(first), *(float(round(first * t)) for t in then)))
    if "probabilities" in told:
        return Grading(scale=scale, by="probability", borders=_numbers("probabilities", told["probabilities"]))
    return Grading(scale=scale, borders=_numbers("multiples", told.get("multiples", _MULTIPLES[scale])))


def _numbers(key: str, told: Any) -> tuple[float, ...]:
    listed = isinstance(told, list | tuple)
    if not listed or any(isinstance(x, bool) or not isinstance(x, int | float) or not isfinite(x) for x in told):
        raise SettingsError(f"[grades] {key} is {told!r}; write a list of numbers")
    return tuple(float(x) for x in told)


def _tell_capacity(grade: str, records: float, later: bool, language: Language) -> str:
    which = say(language, en="next" if later else "best", zh="其后" if later else "最优")
    return say(language, en=f"{grade}: the {which} {records:,.0f}", zh=f"{grade}：{which} {records:,.0f} 条")


def _tell_multiple(grade: str, multiple: float, language: Language) -> str:
    if multiple == 1:
        return say(language, en=f"{grade} from the base rate", zh=f"{grade}：不低于基准转化率")
    # Above this base rate the multiple asks for fewer failures instead.
    less = share(1 / (multiple + 1))
    en, zh = (f" (less where that is above {less})", f"（基准高于 {less} 时更低）") if multiple > 1 else ("", "")
    return say(
        language,
        en=f"{grade} from {multiple:g} times the base rate{en}",
        zh=f"{grade}：不低于基准转化率的 {multiple:g} 倍{zh}",
    )


def _chance(value: float) -> str:
    """Return a chance with two digits that count, so that a border under a small base rate is not 0 %."""
    return share(value, 0 if value >= 0.0995 else 1 if value >= 0.00995 else 2)
