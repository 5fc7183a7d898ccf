"""What funnelml.toml says of stalled records: [stall]."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from funnelml.errors import SettingsError, did_you_mean
from funnelml.history.funnel import Funnel
from funnelml.survival.stall.days_rule import DaysRule
from funnelml.survival.stall.verdict_rules import WIN_FLOOR

TABLES: Mapping[str, type | tuple[type, ...]] = {"stall": dict}
"""Keys of funnelml.toml that are read here."""
_STALL: Mapping[str, type | tuple[type, ...]] = {
    "funnel": str,
    "win_days": (int, float),
    "floor": (int, float),
    "days": dict,
    "compare_by": str,
}


@dataclass(frozen=True, kw_only=True)
class StallSettings:
    """How open records are judged.

    Parameters
    ----------
    funnel : str or None
        Funnel whose open records are judged; the first if not given.
    win_days : float
        Days of the horizon within which a record is to be won.
    floor : float
        Chance to be won within the horizon under which a record is hopeless.
    days : mapping of str to float
        Days allowed in each stage of that funnel, which stand beside the verdict; empty: the average of won records.
    compare_by : str
        Field by whose values stays are compared.
    """

    funnel: str | None = None
    win_days: float = 90.0
    floor: float = WIN_FLOOR
    days: Mapping[str, float] = field(default_factory=dict)
    compare_by: str = "segment"

    def days_rule(self, funnel: str, first: str) -> DaysRule | None:
        """Return the days per stage that were stated for a funnel; None if none were.

        Parameters
        ----------
        funnel : str
            Name of the funnel that is judged.
        first : str
            Name of the first funnel of the workspace.
        """
        if not self.days or funnel != (self.funnel or first):
            return None
        return DaysRule(name="own", limit_days=self.days)


def parse_stall(
    told: Mapping[str, Any],
    funnels: Sequence[Funnel],
    check: Callable[[Mapping[str, Any], Mapping[str, type | tuple[type, ...]], str], None],
) -> StallSettings:
    """Turn ``[stall]`` into settings.

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
    own = told.get("stall", {})
    check(own, _STALL, "[stall] ")
    names = [funnel.name for funnel in funnels]
    name = own.get("funnel", names[0])
    if name not in names:
        raise SettingsError(f"[stall] names an unknown funnel '{name}'{did_you_mean(name, names)}")
    win_days, floor = own.get("win_days", 90.0), own.get("floor", WIN_FLOOR)
    if not 1 <= win_days < math.inf:
        raise SettingsError(f"[stall] win_days is {win_days}; write the days within which a record is to be won")
    if not 0 < floor < 1:
        raise SettingsError(f"[stall] floor is {floor}; write a chance between 0 and 1, such as {WIN_FLOOR:g}")
    days, stages = own.get("days", {}), funnels[names.index(name)].stages
    for stage, limit in days.items():
        if stage not in stages:
            raise SettingsError(f"[stall] days: no stage '{stage}' in funnel '{name}'{did_you_mean(stage, stages)}")
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit < math.inf:
            raise SettingsError(f"[stall] days: '{stage}' is {limit!r}; write a number of days from 0 on")
    values = {key: value for key, value in own.items() if key not in ("win_days", "floor", "days")}
    return StallSettings(
        win_days=float(win_days),
        floor=float(floor),
        days={stage: float(limit) for stage, limit in days.items()},
        **values,
    )
