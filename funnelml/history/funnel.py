"""The funnel: ordered stages, the names that mean won and lost, and dated renames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from funnelml.errors import FunnelError, did_you_mean

WON: Final = "won"
LOST: Final = "lost"
"""Canonical names of the two ends; raw names such as ``A_APPROVED`` or ``赢单`` become one of them at load."""


@dataclass(frozen=True, kw_only=True)
class StageRename:
    """A stage that had another name, or another meaning, before an instant.

    Parameters
    ----------
    old, new : str
        Rows named ``old`` that entered before ``until`` are read as stage ``new``.
    until : int
        Instant (microseconds since the epoch) from which ``old`` no longer means ``new``.
    """

    old: str
    new: str
    until: int


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Ordered stages and the two ends of one process.

    Parameters
    ----------
    name : str
        Name of the funnel, unique in a workspace.
    stages : tuple of str
        Open stages in order.
    won, lost : tuple of str
        Raw names of the two ends; several names may mean one end.
    renames : tuple of StageRename
        Dated versions: how older rows map onto today's stages.
    probabilities : mapping of str to float
        The CRM's own stage probabilities in [0, 1], where there are any.
    observed_from : int or None
        First instant at which an ending could have been recorded; stays that began earlier enter late.

    Raises
    ------
    FunnelError
        If there is no stage, a name is used twice, a probability is not in [0, 1] or names no stage.
    """

    name: str
    stages: tuple[str, ...]
    won: tuple[str, ...] = ("Won",)
    lost: tuple[str, ...] = ("Lost",)
    renames: tuple[StageRename, ...] = ()
    probabilities: Mapping[str, float] = field(default_factory=dict)
    observed_from: int | None = None

    def __post_init__(self) -> None:
        where = f"funnel '{self.name}'"
        if not self.stages:
            raise FunnelError(f"{where} has no stages; list them in order under 'stages'")
        for end, names in (("won", self.won), ("lost", self.lost)):
            if not names:
                raise FunnelError(f"{where}: no stage name means {end}; set '{end} = [...]'")
        names_of = [*self.stages, *self.won, *self.lost]
        twice = sorted({n for n in names_of if names_of.count(n) > 1})
        if twice:
            raise FunnelError(f"{where} names {', '.join(map(repr, twice))} twice; each name has one meaning")
        reserved = sorted({WON, LOST} & set(self.stages))
        if reserved:
            raise FunnelError(f"{where}: '{reserved[0]}' is an end, not a stage; list it under '{reserved[0]}'")
        for rename in self.renames:
            if rename.new not in names_of:
                hint = did_you_mean(rename.new, names_of)
                raise FunnelError(f"{where}: rename to unknown stage '{rename.new}'{hint}")
        for stage, p in self.probabilities.items():
            if stage not in self.stages:
                hint = did_you_mean(stage, self.stages)
                raise FunnelError(f"{where}: probability for unknown stage '{stage}'{hint}")
            if not 0 <= p <= 1:
                raise FunnelError(f"{where}: probability of '{stage}' is {p}; it must lie between 0 and 1")

    @property
    def order(self) -> dict[str, int]:
        """Position of each canonical name: stages 0 to k - 1, then won, then lost."""
        return {name: i for i, name in enumerate((*self.stages, WON, LOST))}

    @property
    def canonical(self) -> dict[str, str]:
        """Canonical name of every raw name that the funnel knows today."""
        own = {s: s for s in self.stages}
        return own | dict.fromkeys((*self.won, WON), WON) | dict.fromkeys((*self.lost, LOST), LOST)
