"""Before and after: whether a change of the process changed what happens in its stage, and by how much."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from funnelml.diagnostics.before_after.effect import (
    Missing,
    check_design,
    count_sides,
    count_weeks,
    find_missing,
    fit_lines,
    measure_effect,
)
from funnelml.diagnostics.before_after.level_shift import fit_shift
from funnelml.diagnostics.before_after.weekly_cells import Measure, count_cells
from funnelml.diagnostics.before_after.words import tell_assumptions, tell_result
from funnelml.errors import AsOfError, FunnelError, InputError, did_you_mean, first_few
from funnelml.history.episodes import stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language

GROUPS: Final = ("owner", "team", "source", "segment", "product", "account")
"""Fields of a record by which a control group can be told."""
SURE: Final = 0.95
"""Two-sided confidence from which on a change is said to have helped or harmed, whatever the level of the intervals."""


@dataclass(frozen=True, kw_only=True)
class ProcessChange:
    """A change of the process, as it was decided beforehand.

    Parameters
    ----------
    name : str
        What changed, for a person.
    date : datetime.date
        First day on which it held.
    stage : str
        Stage that it was meant for.
    measure : {"conversion", "dwell"}
        Whether it was meant to make more stays go on, or to make stays shorter.
    treated_by : {"owner", "team", "source", "segment", "product", "account"}, optional
        Field that tells whom it concerned; everybody if not given.
    treated : tuple of str
        Values of that field that it concerned; all other records are the control group.

    Raises
    ------
    InputError
        If the measure or the field is something else, or only one of ``treated_by`` and ``treated`` is given.
    """

    name: str
    date: dt.date
    stage: str
    measure: Measure = "conversion"
    treated_by: str | None = None
    treated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.measure not in ("conversion", "dwell"):
            raise InputError(f"change '{self.name}': measure '{self.measure}' is neither conversion nor dwell")
        if self.treated_by is not None and self.treated_by not in GROUPS:
            hint = did_you_mean(self.treated_by, GROUPS)
            raise InputError(f"change '{self.name}': no field '{self.treated_by}'{hint}; one of {', '.join(GROUPS)}")
        if (self.treated_by is None) != (not self.treated):
            raise InputError(f"change '{self.name}': give both treated_by and treated, or neither")


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """What a change of the process did, as known on ``as_of``.

    Parameters
    ----------
    change : ProcessChange
        The change.
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    level : float
        Level of the intervals.
    design : {"interrupted_time_series", "difference_in_differences"}
        The latter where the change names whom it concerned.
    counts : pandas.DataFrame
        One row per group and side: ``treated, after, weeks, ended, went_on, share`` (NaN if no stay ended).
    effect : pandas.DataFrame
        One row per quantity: ``quantity, estimate, low, high``. For conversion ``odds_ratio`` and ``points``
        (difference of shares after the change), for dwell ``rate_ratio`` (of leaving) and ``days`` (difference of a
        mean stay within the usual ages). NaN if there are too few data.
    p_value : float
        Two-sided p-value of no effect; NaN if there are too few data.
    weekly : pandas.DataFrame
        One row per week and group: ``week_start, treated, after, base`` (ended stays, or days stayed), ``observed``
        (share, or exits per 100 days stayed), ``fitted`` and ``without_change`` at the average mix of ages (NaN if
        there are too few data).
    checks : pandas.DataFrame
        One row per check that could be made: ``check, estimate, low, high`` (ratios), ``p_value``.
    dispersion : float
        Factor on the variance for records of a week, and weeks in a row, that do well or badly together.
    missing : tuple of (what, there, needed, treated)
        What is too little, with how much there is and how much would be enough; empty if the effect is told.
    """

    change: ProcessChange
    as_of: dt.date
    funnel: Funnel
    level: float
    design: Literal["interrupted_time_series", "difference_in_differences"]
    counts: pd.DataFrame
    effect: pd.DataFrame
    p_value: float
    weekly: pd.DataFrame
    checks: pd.DataFrame
    dispersion: float
    missing: tuple[Missing, ...]

    @property
    def ratio(self) -> tuple[float, float, float]:
        """Odds ratio (or ratio of the rates of leaving) with the ends of its interval."""
        estimate, low, high = self.effect.iloc[0][["estimate", "low", "high"]]
        return float(estimate), float(low), float(high)

    @property
    def clear(self) -> bool:
        """Whether the 95 % interval leaves out that nothing changed, even where the shown interval is narrower."""
        return self.p_value < 1 - SURE

    def to_frame(self) -> pd.DataFrame:
        """Return one row per quantity: ``change, quantity, estimate, low, high, level``."""
        table = self.effect.assign(level=self.level)
        table.insert(0, "change", self.change.name)
        return table

    def assumptions(self, language: Language = "en") -> tuple[str, ...]:
        """Return what must hold for the effect to be that of the change, one sentence each."""
        return tell_assumptions(self.design, language)

    def summary(self, language: Language = "en") -> str:
        """Return the effect with its interval, or what is missing, and what it rests on."""
        return tell_result(self, language)


def compare_before_after(
    history: History, *, as_of: dt.date, change: ProcessChange, funnel: str | None = None, level: float = 0.8
) -> BeforeAfter:
    """Estimate what a change of the process did in its stage.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    change : ProcessChange
        What changed, when, in which stage and for whom.
    funnel : str, optional
        Name of the funnel; the first by default.
    level : float
        Level of the central intervals, in (0, 1). The verdict does not depend on it: it is given at 95 %, since an 80 %
        interval leaves out the truth in one case of five.

    Returns
    -------
    BeforeAfter

    Raises
    ------
    AsOfError
        If the change is later than ``as_of``, or nothing was known by then.
    FunnelError
        If the stage is not in the funnel.
    InputError
        If no record has one of the treated values, or the level is not in (0, 1).

    Notes
    -----
    *Conversion* is judged by the stays that ended in a week: of those, the share that went on (advanced or won).
    Given that a stay of age a ends on day t, it goes on with chance :math:`h_{on} / (h_{on} + h_{out})`, a ratio of
    hazards at that age and day. Who is still in the stage does not enter, so recent weeks need not mature and no stay
    has to survive to be counted: there is no immortal time. What does enter is the mix of ages among the exits, which
    follows earlier inflow; bands of age in the model take it out.

    *Dwell* is judged by the rate of leaving: exits per day stayed, in the same bands of age, open stays included (the
    mean length of ended stays would be too short as long as the long ones have not ended). Ages beyond the 95 %
    quantile of the ended stays before the change are left out, where sleepers pile up. ``days`` is the mean time spent
    up to that age at the fitted rates after the change, less that at the rates without it.

    At most 52 weeks before and after are used. Without a control group the effect is the shift of the level at the
    date, beside one straight trend; with one it is the shift of the treated beyond that of the others, and what both
    groups share falls out. Groups are those of the records as known on ``as_of``. ``points`` holds the share after the
    change as it was fitted, and asks what it would have been without.

    Measured on synthetic worlds of 18 months, with and without weekly shocks (50 to 100 seeds, six stages each): 80 %
    intervals held the planted effect in 81 to 85 of 100 cases. With a control group, on simulated weekly counts whose
    groups share shocks or have their own (200 seeds each), it was 80 to 86 of 100.

    Checks: the same method on a made-up date in the middle of the time before (``placebo``); whether the trend differs
    after the date (``trend_after``; the effect then grows or fades); with a control group whether the trends of the two
    groups differed before (``treated_trend``).
    """
    of = history.funnel(funnel)
    if change.stage not in of.stages:
        raise FunnelError(f"funnel '{of.name}' has no stage '{change.stage}'{did_you_mean(change.stage, of.stages)}")
    if change.date > as_of:
        raise AsOfError(f"'{change.name}' of {change.date} is later than {as_of}; choose a later as-of date")
    if not 0 < level < 1:
        raise InputError(f"level is {level}; it must lie between 0 and 1")
    cells = count_cells(
        stage_episodes(history, as_of=as_of, funnel=of.name),
        stage=change.stage,
        change_date=change.date,
        measure=change.measure,
        time_zone=history.time_zone,
        treated=_find_treated(history, as_of, of, change),
    )
    grouped = change.treated_by is not None
    counts = count_sides(cells, grouped=grouped)
    missing = find_missing(counts, change.measure)
    effect = "treated_after" if grouped else "after"
    shift = None if missing else fit_shift(cells.table, measure=change.measure, effect=effect, grouped=grouped)
    weekly = count_weeks(cells, change_date=change.date, measure=change.measure)
    checks = pd.DataFrame(columns=["check", "estimate", "low", "high", "p_value"])
    if shift is not None:
        checks = check_design(cells, change.measure, grouped=grouped, level=level)
    return BeforeAfter(
        change=change,
        as_of=as_of,
        funnel=of,
        level=level,
        design="difference_in_differences" if grouped else "interrupted_time_series",
        counts=counts,
        effect=measure_effect(cells, shift, change.measure, level),
        p_value=float("nan") if shift is None else shift.p_value,
        weekly=pd.concat([weekly, fit_lines(cells, shift, change.measure, grouped=grouped)], axis=1),
        checks=checks,
        dispersion=float("nan") if shift is None else shift.dispersion,
        missing=missing,
    )


def _find_treated(history: History, as_of: dt.date, funnel: Funnel, change: ProcessChange) -> list[str] | None:
    if change.treated_by is None:
        return None
    records = take_snapshot(history, as_of=as_of, funnel=funnel.name).records
    known = sorted(records[change.treated_by].dropna().astype(str).unique())
    for value in change.treated:
        if value not in known:
            hint = did_you_mean(value, known)
            raise InputError(
                f"change '{change.name}': no record has {change.treated_by} '{value}'{hint}; "
                f"{len(known):,} are known: {first_few(known)}"
            )
    return records.loc[records[change.treated_by].isin(change.treated), "record_id"].tolist()
