"""The parameters of a synthetic world, one part each; every one of them is part of the known truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

BUSINESS_DAYS = (1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0)
EVERY_DAY = (1.0,) * 7
"""Factors Monday to Sunday, one on average."""


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """New opportunities per day: gamma-mixed Poisson, its mean moved by trend, season and weekday.

    Parameters
    ----------
    per_day : float
        Mean number per calendar day at the start.
    yearly_growth : float
        Growth of the mean per year (0.1 is 10 %).
    yearly_swing : float
        Half the range of the yearly season, as a share of the mean.
    weekday : tuple of float
        Factors Monday to Sunday.
    dispersion : float
        Variance of a day is ``m + dispersion * m ** 2``; 0 is Poisson.
    """

    per_day: float = 12.5
    yearly_growth: float = 0.10
    yearly_swing: float = 0.0
    weekday: tuple[float, ...] = BUSINESS_DAYS
    dispersion: float = 0.15


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """What a day does to all records at once.

    Parameters
    ----------
    weekday : tuple of float
        Factors on all hazards, Monday to Sunday.
    quarter_end_factor, quarter_end_days : float, int
        Factor on the hazard to be won in the last days of a calendar quarter.
    drift_per_year : float
        Change per year of the log odds of going on rather than being lost.
    shifts : tuple of (datetime.date, float)
        Lasting changes of the log odds from a date on (change points).
    shock_sd, shock_memory : float
        Standard deviation of the weekly shock to the log odds, and its correlation from week to week.
    """

    weekday: tuple[float, ...] = BUSINESS_DAYS
    quarter_end_factor: float = 1.5
    quarter_end_days: int = 10
    drift_per_year: float = 0.0
    shifts: tuple[tuple[date, float], ...] = ()
    shock_sd: float = 0.10
    shock_memory: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A segment: its share of accounts, and the median and log standard deviation of amounts."""

    name: str
    share: float
    median: float
    spread: float = 0.6


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source of leads: its share of opportunities, effect on the log odds, share of leads that convert, and cost.

    ``cost`` is what a lead costs on average, in the world's currency; nothing is spent on a source of cost 0.
    """

    name: str
    share: float
    effect: float = 0.0
    converts: float = 0.5
    cost: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A criterion of qualification, such as a confirmed budget: whether a record meets it is entered at its creation.

    Parameters
    ----------
    name : str
        Field of the history of fields in which the CRM keeps it, as ``yes`` or ``no``.
    share : float
        Share of records that meet it.
    effect : float
        By how much the log odds of records that meet it are above those of the others; zero on average.
    """

    name: str
    share: float
    effect: float


@dataclass(frozen=True, kw_only=True)
class LeadCare:
    """What happens to leads between their arrival and their end.

    Parameters
    ----------
    fast_share : float
        Share of leads answered within 24 hours.
    lift : float
        Known truth: of the leads of one source that are still undecided 24 hours after they came, those answered by
        then become an opportunity more often by this difference of shares.
    hot_first : float
        By how much the share answered within 24 hours grows with the source's ``converts`` (0: all sources alike). It
        confounds: sources that convert anyway are then answered sooner.
    never_share : float
        Share of the leads not answered within 24 hours, and not converted, that are never answered.
    median_hours : float
        Median of the log-normal response time, in hours of business (nine a day, weekends too).
    stages_from : datetime.date or None
        First day from which the CRM keeps the stages of new leads; all days by default.
    reviewed_share : float
        Share of leads that the rep accepts or rejects in writing.
    """

    fast_share: float = 0.62
    lift: float = 0.15
    hot_first: float = 0.0
    never_share: float = 0.30
    median_hours: float = 5.0
    stages_from: date | None = None
    reviewed_share: float = 0.6


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Why records are lost, and how often the CRM is told.

    Parameters
    ----------
    filled_share : float
        Share of lost records with a reason.
    gap_share : float
        Share of the losses in a planted gap's stage, once it has begun, that go to competitors whatever the usual mix.
    """

    filled_share: float = 0.85
    gap_share: float = 0.35


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """How amounts bear on winning, and how they move.

    Parameters
    ----------
    slope : float
        Change of the log odds per unit of log amount (at creation).
    change_chance : float
        Chance that the amount changes at a move forward or at the win.
    change_mean, change_sd : float
        Normal law of the log of final over former amount at a change.
    """

    slope: float = -0.20
    change_chance: float = 0.35
    change_mean: float = -0.04
    change_sd: float = 0.15


@dataclass(frozen=True, kw_only=True)
class Team:
    """The reps.

    Parameters
    ----------
    seats : int
        Reps at any time.
    effect_sd : float
        Standard deviation of the reps' effects on the log odds.
    effects : tuple of float
        Effects of the reps in order of joining; the rest is drawn.
    turnover_per_year : float
        Share of seats that change hands in a year; open records go to the successor, the effect of the first
        owner stays with them.
    optimism_mean, optimism_sd : float
        Normal law of a rep's bias on the log of the days to closing that are promised.
    """

    seats: int = 8
    effect_sd: float = 0.25
    effects: tuple[float, ...] = ()
    turnover_per_year: float = 0.15
    optimism_mean: float = -0.25
    optimism_sd: float = 0.25


@dataclass(frozen=True, kw_only=True)
class CloseDates:
    """Expected close dates: promised at creation, pushed when they have passed.

    Parameters
    ----------
    promised_days : float
        Median promise of an unbiased rep, in days from creation.
    spread : float
        Log standard deviation of the promise.
    push_chance : float
        Chance per day, once the date has passed, that the rep enters a new one.
    push_days : float
        Mean days by which it is then put off.
    most_pushes : int
        Pushes after which the rep gives up and leaves the date in the past.
    """

    promised_days: float = 75.0
    spread: float = 0.35
    push_chance: float = 0.25
    push_days: float = 30.0
    most_pushes: int = 6


@dataclass(frozen=True, kw_only=True)
class Recording:
    """When a move enters the CRM: at once, or days later with the share ``late_share``.

    Late entries come a geometric number of days later (at least one), ``mean_days`` on average. A creation is
    recorded at once. ``first_values`` names fields (of ``amount, owner, source, segment``) whose value at creation
    stands in the history of fields too, as a change from nothing; in many CRMs none does.
    """

    late_share: float = 0.15
    mean_days: float = 4.0
    first_values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A planted gap: from ``begins`` on, the share that goes on from a stage falls.

    ``before`` and ``after`` are shares of the stays that end, for a record of quality zero on a flat
    calendar.
    """

    stage: str
    begins: date
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class PileUp:
    """A planted pile-up: from ``begins`` until before ``ends``, hazards of a stage are multiplied."""

    stage: str
    begins: date
    ends: date
    factor: float = 0.2


@dataclass(frozen=True, kw_only=True)
class BulkMove:
    """A planted bulk move: at one instant of ``day`` the older records of a stage go to another or an end.

    ``older_than_days`` picks those that have sat there longer, sleepers among them.
    """

    stage: str
    day: date
    to: str
    older_than_days: int = 60


@dataclass(frozen=True, kw_only=True)
class Dirt:
    """How many dirty rows the export has; each kind spoils other records, so that every count is exact.

    Parameters
    ----------
    exact_duplicates : int
        Stage changes that are there twice.
    same_instant : int
        Records of which two changes bear one instant.
    reopenings : int
        Lost records that were opened again for a few days and lost again.
    skipped_stages : int
        Records of which one stage is missing.
    unknown_stages : int
        Stage changes, beside the true ones, into a stage that is not in the funnel.
    closed_before_creation : int
        Records whose closing bears a date before their creation.
    after_export : int
        Stage changes dated a year too late, after the export.
    missing_amounts : int
        Opportunities without an amount.
    undated : int
        Records that are in a stage but have no date yet; canonical tables cannot say so, only the CSV does.
    mixed_formats : float
        Share of times and amounts that the CSV writes in another format.
    """

    exact_duplicates: int = 0
    same_instant: int = 0
    reopenings: int = 0
    skipped_stages: int = 0
    unknown_stages: int = 0
    closed_before_creation: int = 0
    after_export: int = 0
    missing_amounts: int = 0
    undated: int = 0
    mixed_formats: float = 0.0
