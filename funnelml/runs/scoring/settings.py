"""What funnelml.toml says of scores: [scoring], [grades] and [[bant]]."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from funnelml.errors import FunnelmlError, SettingsError, did_you_mean
from funnelml.history.funnel import WON, Funnel
from funnelml.scoring.bant.rules import BantRules, parse_bant
from funnelml.scoring.grading import Grading, parse_grading

TABLES: Mapping[str, type | tuple[type, ...]] = {"scoring": dict, "grades": dict, "bant": list}
"""Keys of funnelml.toml that are read here."""
_SCORING: Mapping[str, type | tuple[type, ...]] = {
    "funnel": str,
    "outcome": str,
    "horizon_days": int,
    "trusted": list,
    "keep": list,
    "leave_out": list,
    "compare_by": str,
    "directions": dict,
}


@dataclass(frozen=True, kw_only=True)
class ScoringSettings:
    """What is scored, and how it is told.

    Parameters
    ----------
    funnel : str or None
        Funnel whose open records are scored; the first if not given.
    outcome : str
        ``won``, or a stage to be reached.
    horizon_days : int
        Days within which it counts.
    trusted : tuple of str
        Fields without a history that are taken as unchanged since the record was created.
    keep, leave_out : tuple of str
        Features that stay although they look like leaks, and features that are not to be used.
    compare_by : str
        Field by whose values records and evaluation are compared.
    directions : mapping of str to {-1, 0, 1}
        Features of numbers whose direction is known.
    grading : Grading
        Where grades end.
    bant : BantRules or None
        Points for budget, authority, need and timing.
    """

    funnel: str | None = None
    outcome: str = WON
    horizon_days: int = 28
    trusted: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    compare_by: str = "source"
    directions: Mapping[str, int] = field(default_factory=dict)
    grading: Grading = field(default_factory=Grading)
    bant: BantRules | None = None


def parse_scoring(
    told: Mapping[str, Any],
    funnels: Sequence[Funnel],
    check: Callable[[Mapping[str, Any], Mapping[str, type | tuple[type, ...]], str], None],
) -> ScoringSettings:
    """Turn the tables of ``TABLES`` into settings.

    Parameters
    ----------
    told : mapping
        The parsed TOML.
    funnels : sequence of Funnel
        Funnels of the workspace.
    check : callable
        Refuses unknown keys and wrong types of one table.

    Raises
    ------
    SettingsError
        Naming the entry, and what was probably meant.
    """
    own = told.get("scoring", {})
    check(own, _SCORING, "[scoring] ")
    names = [funnel.name for funnel in funnels]
    if "funnel" in own and own["funnel"] not in names:
        raise SettingsError(f"[scoring] names an unknown funnel '{own['funnel']}'{did_you_mean(own['funnel'], names)}")
    if own.get("horizon_days", 28) < 1:
        raise SettingsError(f"[scoring] horizon_days is {own['horizon_days']}; it must be at least 1")
    for name, way in own.get("directions", {}).items():
        if way not in (-1, 0, 1) or isinstance(way, bool):
            raise SettingsError(f"[scoring] directions: '{name}' is {way!r}; 1 rises, -1 falls, 0 is free")
    values: dict[str, Any] = {key: tuple(map(str, v)) if isinstance(v, list) else v for key, v in own.items()}
    try:
        grading = parse_grading(told["grades"]) if "grades" in told else Grading()
        bant = parse_bant(told["bant"]) if told.get("bant") else None
    except SettingsError:
        raise
    except FunnelmlError as error:
        raise SettingsError(str(error)) from None
    return ScoringSettings(grading=grading, bant=bant, **values)
