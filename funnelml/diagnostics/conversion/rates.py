"""Conversion from stage to stage and from stage to won: by cohort and by period, by count and by amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from funnelml.diagnostics.conversion.moves import count_moves
from funnelml.diagnostics.conversion.paths import PATH_RULES, trace_paths
from funnelml.diagnostics.conversion.rows import convert_rows, mature_days
from funnelml.diagnostics.conversion.words import explain_definitions, tell_conversion
from funnelml.diagnostics.record_groups import GroupBy, amounts_of, group_records
from funnelml.errors import InputError, NotEnoughDataError
from funnelml.history.dates import day_of
from funnelml.history.episodes import stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.periods import PeriodLength, calendar_periods
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """How records convert, with both definitions side by side.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    by : str or None
        Field that made the groups.
    period : {"week", "month", "quarter"}
        Length of the periods.
    currency : str
        Reporting currency.
    level : float
        Probability of the intervals.
    overall : pandas.DataFrame
        One row per ``group, stage, definition`` (``passed_through_all`` or ``any``) and goal ``to`` (``next``: the
        next stage or any later one or the win; ``won``): ``entered, converted, lost, still_open``; ``share_of_all``
        with Wilson's ``_low, _high`` (open ones counted as not converted: too low); ``share_of_closed`` with ends
        (open ones left out: wrong as long as those who convert and those who fall out take different times);
        ``conversion, low, high``: the chance to have converted ``by_day`` days after entering, open ones followed for
        as long as they were (see ``chance_by``); ``age_days`` of the median record; ``mature_days`` in which nine
        in ten of all conversions have come; ``immature``: the median record is younger than that, or too few have
        ever converted to know it; ``without_amount, amount_entered, amount_converted``; ``amount_conversion`` with
        ends: as ``conversion``, each record weighing its amount; ``amount_share`` with ends from the bootstrap by
        record: amount converted by amount entered, too low as ``share_of_all`` is.
    cohorts : pandas.DataFrame
        The same, but for ``amount_conversion``, for those who entered the stage in each period, by the definition
        ``any``, with ``period_start, period_end``.
    moves : pandas.DataFrame
        The other view: how those who left a stage in each period left it; see ``count_moves``.
    """

    as_of: date
    funnel: Funnel
    by: str | None
    period: str
    currency: str
    level: float
    overall: pd.DataFrame
    cohorts: pd.DataFrame
    moves: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``overall``."""
        return self.overall

    def rules(self, language: Language = "en") -> tuple[str, ...]:
        """Return the written rules for skips, late entry, moves back and re-openings."""
        return PATH_RULES[language]

    def definitions(self, language: Language = "en") -> pd.DataFrame:
        """Return both definitions side by side, with a sentence on why they differ.

        Returns
        -------
        pandas.DataFrame
            ``group, stage, passed_through_all, any`` (records in the stage), ``conversion_passed_through_all,
            conversion_any`` (to the next stage), ``why``.
        """
        return explain_definitions(self.overall, language)

    def summary(self, language: Language = "en") -> str:
        """Return how much is won, where most is lost, and which numbers are too young to be trusted."""
        return tell_conversion(self.overall, self.cohorts, self.funnel.stages, language)


def measure_conversion(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    by: GroupBy | None = None,
    period: PeriodLength = "month",
    horizon_days: float | None = None,
    fiscal_year_start: int = 1,
    currency: str = "",
    level: float = 0.8,
    draws: int = 200,
    seed: int = 0,
) -> Conversion:
    """Measure how records convert from stage to stage and to the win.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    by : {"owner", "team", "source", "segment", "product", "account"}, optional
        Field that makes groups, as last known on ``as_of``.
    period : {"week", "month", "quarter"}
        Length of the periods of cohorts and moves.
    horizon_days : float, optional
        Days after entering a stage by which conversion is read, so that cohorts of any age compare; a younger
        cohort is read at its age, the days for which half of its records could be followed. By default every
        cohort is read at its age.
    fiscal_year_start : int
        Month in which the fiscal year begins.
    currency : str
        Reporting currency.
    level : float
        Probability of the intervals.
    draws, seed : int
        Repetitions and seed of the bootstrap.

    Returns
    -------
    Conversion

    Raises
    ------
    AsOfError
        If nothing had been recorded by ``as_of``.
    NotEnoughDataError
        If no record was ever seen in an open stage.
    InputError
        If ``by`` is not a field that groups records, or the horizon is not positive.

    Notes
    -----
    The rules for skipped stages, late entries, moves back and re-openings are ``PATH_RULES``. Amounts are those known
    on ``as_of``, at the entry as well as at the end, so that a changed amount is no conversion.
    """
    if horizon_days is not None and not horizon_days > 0:
        raise InputError(f"horizon_days is {horizon_days}; give a positive number of days, or leave it out")
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    if episodes.table.empty:
        raise NotEnoughDataError(
            f"none of {len(snapshot.records):,} records of funnel '{episodes.funnel.name}' was ever seen in an open "
            f"stage by {as_of}; one that enters a stage is enough to begin with: check the names of the stages"
        )
    group, amount = group_records(snapshot, by), amounts_of(snapshot)
    paths = trace_paths(episodes).table
    paths = paths.assign(group=paths["record_id"].map(group), amount=paths["record_id"].map(amount), period=0)
    first = day_of(int(paths["entered_at"].min()), history.time_zone)
    periods = calendar_periods(
        first, as_of, by=period, time_zone=history.time_zone, fiscal_year_start=fiscal_year_start
    )
    mature = mature_days(paths)
    stages = episodes.funnel.stages
    work_out = partial(
        convert_rows, mature=mature, stages=stages, horizon_days=horizon_days, level=level, draws=draws, seed=seed
    )
    visits = paths[paths["definition"] == "any"]
    visits = visits.assign(period=periods.of(visits["entered_at"].to_numpy()))
    overall, cohorts = work_out(paths, weigh_amounts=True), work_out(visits, weigh_amounts=False)
    number = cohorts.pop("period").to_numpy(dtype=np.int64)
    cohorts.insert(1, "period_start", np.array(periods.starts, dtype=object)[number])
    cohorts.insert(2, "period_end", np.array(periods.ends, dtype=object)[number])
    return Conversion(
        as_of=as_of,
        funnel=episodes.funnel,
        by=by,
        period=period,
        currency=currency,
        level=level,
        overall=overall.drop(columns="period"),
        cohorts=cohorts,
        moves=count_moves(episodes, periods, group=group, amount=amount, level=level),
    )
