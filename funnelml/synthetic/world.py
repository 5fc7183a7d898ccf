"""The synthetic world: every parameter of a CRM whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from funnelml.errors import FunnelError, InputError, did_you_mean
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.templates import funnel_from_template
from funnelml.synthetic.names import SEGMENTS, SOURCES
from funnelml.synthetic.parameters import (
    EVERY_DAY,
    Amounts,
    Arrivals,
    BulkMove,
    CloseDates,
    Criterion,
    Dirt,
    Gap,
    LeadCare,
    Losses,
    PileUp,
    Recording,
    Rhythm,
    Segment,
    Source,
    Team,
)
from funnelml.synthetic.stages import StageLaw, default_laws

MOST_LEAD_DAYS = 21
"""Most days from a lead to its opportunity; the future reaches further, so that no lead is missing."""

FIRST_VALUES = ("amount", "owner", "source", "segment")
"""Fields whose value at creation the CRM may keep in the history of fields too."""

LEAD_FUNNELS = {
    "en": Funnel(
        name="leads",
        stages=("Acquired", "Marketing-qualified", "Sales-qualified"),
        won=("Opportunity",),
        lost=("Disqualified",),
    ),
    "zh": Funnel(name="线索", stages=("新获取", "市场合格", "销售合格"), won=("转为商机",), lost=("无效线索",)),
}
"""The funnel of leads in each language."""


@dataclass(frozen=True, kw_only=True)
class SyntheticWorld:
    """Everything that decides what a synthetic CRM contains, but for the seed.

    Parameters
    ----------
    template : str
        Template of the funnel (``funnelml.history.templates``).
    language : {"en", "zh"}
        Language of stages, names, sources and segments.
    start : datetime.date
        First day.
    days : int
        Days of history; the export holds what was recorded by the end of the last of them.
    future_days : int
        Days simulated past the export and kept as truth; at least 30.
    time_zone, currency : str
        IANA zone of the calendar, and currency of amounts.
    laws : tuple of StageLaw
        One law per stage; those of ``default_laws`` if empty.
    arrivals, rhythm, amounts, team, close_dates, recording, lead_care, losses
        The parts of the process.
    segments, sources : tuple
        Those of the language if empty.
    criteria : tuple of Criterion
        Criteria of qualification that the CRM keeps; none by default.
    accounts : int
        Number of accounts among which opportunities fall.
    frailty_sd : float
        Standard deviation of each record's own effect on the log odds of going on.
    speed_sd : float
        Standard deviation of each record's own effect on the log of all its hazards.
    activities_per_day : float
        Mean activities per day of an open record that is awake.
    gaps, pile_ups, bulk_moves : tuple
        What is planted.
    dirt : Dirt
        Dirty rows of the export.

    Raises
    ------
    InputError, FunnelError
        If a number is out of range, or a planted stage is not in the funnel.
    """

    template: str = "generic"
    language: Literal["en", "zh"] = "en"
    start: date = date(2024, 1, 1)
    days: int = 730
    future_days: int = 365
    time_zone: str = "Europe/Berlin"
    currency: str = "EUR"
    laws: tuple[StageLaw, ...] = ()
    arrivals: Arrivals = field(default_factory=Arrivals)
    rhythm: Rhythm = field(default_factory=Rhythm)
    amounts: Amounts = field(default_factory=Amounts)
    team: Team = field(default_factory=Team)
    close_dates: CloseDates = field(default_factory=CloseDates)
    recording: Recording = field(default_factory=Recording)
    lead_care: LeadCare = field(default_factory=LeadCare)
    losses: Losses = field(default_factory=Losses)
    segments: tuple[Segment, ...] = ()
    sources: tuple[Source, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    accounts: int = 800
    frailty_sd: float = 0.35
    speed_sd: float = 0.0
    activities_per_day: float = 0.12
    gaps: tuple[Gap, ...] = ()
    pile_ups: tuple[PileUp, ...] = ()
    bulk_moves: tuple[BulkMove, ...] = ()
    dirt: Dirt = field(default_factory=Dirt)

    def __post_init__(self) -> None:
        if self.language not in SOURCES:
            raise InputError(f"synthetic world: language '{self.language}' is not one of {', '.join(SOURCES)}")
        stages = self.funnel.stages
        defaults = {
            "laws": default_laws(len(stages)),
            "segments": SEGMENTS[self.language],
            "sources": SOURCES[self.language],
        }
        for name, value in defaults.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)
        if len(self.laws) != len(stages):
            raise InputError(f"synthetic world: {len(stages)} stages need as many laws, not {len(self.laws)}")
        if any(self.laws[-1].advance) or any(self.laws[0].back):
            raise InputError("synthetic world: the last stage cannot advance, nor the first move back")
        if self.days < 1 or self.future_days < MOST_LEAD_DAYS + 9:
            raise InputError("synthetic world: 'days' must be at least 1 and 'future_days' at least 30")
        for name in self.recording.first_values:
            if name not in FIRST_VALUES:
                hint = did_you_mean(name, FIRST_VALUES)
                raise InputError(f"synthetic world: no first value '{name}'{hint}; there are {', '.join(FIRST_VALUES)}")
        planted = [p.stage for p in self.gaps] + [p.stage for p in self.pile_ups]
        for stage in [*planted, *(p.stage for p in self.bulk_moves)]:
            _check_stage(stage, stages)
        for move in self.bulk_moves:
            _check_stage(move.to, (*stages, WON, LOST))

    @property
    def funnel(self) -> Funnel:
        """The funnel, with the stage probabilities that its CRM shows (too rosy, as they are)."""
        funnel = funnel_from_template(self.template, language=self.language)
        shown = np.round(np.linspace(0.10, 0.90, len(funnel.stages)), 2)
        return replace(funnel, probabilities=dict(zip(funnel.stages, shown.tolist(), strict=True)))

    @property
    def lead_funnel(self) -> Funnel:
        """The funnel of leads: it is won when the lead becomes an opportunity, lost when it is disqualified."""
        return LEAD_FUNNELS[self.language]

    @property
    def as_of(self) -> date:
        """Last day of the export."""
        return self.start + timedelta(days=self.days - 1)

    @property
    def total_days(self) -> int:
        """Days that are simulated, history and future together."""
        return self.days + self.future_days

    def day_index(self, day: date) -> int:
        """Return the number of days from the start to ``day``."""
        return (day - self.start).days


def _check_stage(stage: str, known: tuple[str, ...]) -> None:
    if stage not in known:
        raise FunnelError(f"synthetic world: planted in unknown stage '{stage}'{did_you_mean(stage, known)}")


def plain_world(**changes: Any) -> SyntheticWorld:
    """Return a world whose records are alike on all days: no effects, rhythm, shocks or sleepers.

    Parameters
    ----------
    **changes
        Parameters of ``SyntheticWorld`` that differ.
    """
    plain: dict[str, Any] = {
        "arrivals": Arrivals(weekday=EVERY_DAY, dispersion=0.0, yearly_growth=0.0),
        "rhythm": Rhythm(weekday=EVERY_DAY, quarter_end_factor=1.0, shock_sd=0.0),
        "amounts": Amounts(slope=0.0, change_chance=0.0),
        "team": Team(effect_sd=0.0, turnover_per_year=0.0, optimism_mean=0.0, optimism_sd=0.0),
        "recording": Recording(late_share=0.0),
        "frailty_sd": 0.0,
    }
    world = SyntheticWorld(**(plain | changes))
    if "laws" not in changes:
        world = replace(world, laws=tuple(replace(law, never=0.0) for law in world.laws))
    if "sources" not in changes:
        world = replace(world, sources=tuple(replace(s, effect=0.0) for s in world.sources))
    return world
