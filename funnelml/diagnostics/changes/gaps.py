"""Gaps and strengths: stages whose conversion fell, or rose, for good; since when, and what it costs.

Every stage, all stages together, and every stage within each group (segment, source ...) is one weekly series of exits.
The series with the likeliest lasting change is taken first; its change is put into the expectation, and the rest is
looked at again, so that one gap is told once and not again for every segment in which it shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from funnelml.diagnostics.changes.exits import Exits, Place, collect_exits
from funnelml.diagnostics.changes.false_alarms import yearly_threshold
from funnelml.diagnostics.changes.gap_report import COLUMNS, Gaps
from funnelml.diagnostics.changes.gap_size import QUARTER_WEEKS, Worth, size_change, value_stages
from funnelml.diagnostics.changes.scan import LONGEST, Change, WeeklySeries, scan_for_change
from funnelml.diagnostics.changes.settled import unsettled_weeks
from funnelml.diagnostics.changes.shared_shocks import shared_variance
from funnelml.errors import InputError, did_you_mean
from funnelml.history.episodes import stage_episodes
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot

LEAST_INFORMATION = 5.0
"""Least information on each side of a change: 20 exits at a share of one half, 31 at 20 %."""
MOST_FINDINGS = 20


def find_gaps(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    by: Sequence[str] = ("segment", "source"),
    rate: float = 0.05,
    level: float = 0.8,
    currency: str = "",
    fiscal_year_start: int = 1,
    seed: int = 0,
) -> Gaps:
    """Find the stages whose conversion changed for good within the last two years.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    by : sequence of str
        Attributes of records (columns of a snapshot) within whose values stages are looked at too.
    rate : float
        Chance of at least one false gap in a year of weekly looks at all series; as much for strengths.
    level : float
        Level of the intervals.
    currency : str
        Reporting currency.
    fiscal_year_start : int
        Month in which the fiscal year begins.
    seed : int
        Seed of the intervals.

    Returns
    -------
    Gaps

    Raises
    ------
    AsOfError
        If nothing had been recorded by then.
    InputError
        If records have no attribute of a name in ``by``, or ``rate`` is not between 0 and 0.2.
    """
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    if strange := [name for name in by if name not in snapshot.records]:
        raise InputError(f"records have no '{strange[0]}'{did_you_mean(strange[0], snapshot.records.columns)}")
    exits = collect_exits(
        episodes,
        snapshot,
        time_zone=history.time_zone,
        by=by,
        fiscal_year_start=fiscal_year_start,
        unsettled_weeks=unsettled_weeks(history, episodes),
    )
    stages = len(episodes.funnel.stages)
    expected = exits.table["expected"].to_numpy()
    series = exits.series(expected, stages, by)
    tau2 = first_tau2 = shared_by_all(series)
    judged = sum(scan_for_change(s, tau2=tau2, least=LEAST_INFORMATION, sign=1) is not None for s in series.values())
    threshold = yearly_threshold(rate, max(judged, 1))
    worth = value_stages(episodes, snapshot)
    found: list[dict[str, Any]] = []
    where: list[Place] = []
    while len(found) < MOST_FINDINGS:
        best = _most_likely(series, tau2=tau2, threshold=threshold)
        if best is None:
            break
        place, change = best
        where.append(place)
        rows = exits.at(place)
        sized = _size(exits, rows, change, worth, level=level, seed=seed)
        found.append(_name(exits, place, change, episodes.funnel.stages) | sized)
        after = rows & (exits.table["week"].to_numpy() >= change.week)
        expected = np.where(after, expit(logit(expected) + change.shift), expected)
        series = exits.series(expected, stages, by)
        tau2 = shared_by_all(series)
    return Gaps(
        as_of=as_of,
        table=pd.DataFrame(found, columns=list(COLUMNS)),
        rate=rate,
        series=judged,
        threshold=threshold,
        shared_sd=float(np.sqrt(first_tau2)),
        weeks=_weeks(exits, episodes.funnel.stages, where),
        level=level,
        currency=currency,
    )


def shared_by_all(series: Mapping[Place, WeeklySeries]) -> float:
    """Return the shared variance: of all stages together, where common shocks show best, or of single ones, if more."""
    of_stages = [
        (s.score, s.information) for place, s in series.items() if not place.group_by and place.stage is not None
    ]
    whole = [(s.score, s.information) for place, s in series.items() if not place.group_by and place.stage is None]
    return max(shared_variance(of_stages), shared_variance(whole or of_stages))


def _most_likely(series: Mapping[Place, WeeklySeries], *, tau2: float, threshold: float) -> tuple[Place, Change] | None:
    """Return the likeliest of the changes that pass the threshold, and where.

    A gap of a stage shows in every segment of it, and by luck more clearly in one of them than in all. So each kind
    of place is as likely as another beforehand: all stages together, one of the stages, all stages of one of the
    groups, one stage of one of them; the more places of a kind there are, the more must speak for each (``z ** 2 - 2
    ln count``).
    """
    kinds = Counter(_kind(place) for place in series)
    best: tuple[float, Place, Change] | None = None
    for place, weekly in series.items():
        for sign in (-1, 1):
            change = scan_for_change(weekly, tau2=tau2, least=LEAST_INFORMATION, sign=sign)
            if change is None or sign * change.z <= threshold:
                continue
            support = change.z**2 - 2 * np.log(kinds[_kind(place)])
            if best is None or support > best[0]:
                best = float(support), place, change
    return None if best is None else best[1:]


def _kind(place: Place) -> tuple[bool, bool]:
    return place.stage is None, bool(place.group_by)


def _size(
    exits: Exits, rows: NDArray[np.bool_], change: Change, worth: Worth, *, level: float, seed: int
) -> dict[str, float]:
    stages = len(worth.tries)
    week, stage = exits.table["week"].to_numpy(), exits.table["stage"].to_numpy()
    before = rows & (week < change.week) & (week >= change.week - LONGEST)
    after = rows & (week >= change.week)
    went_on = exits.table["went_on"].to_numpy()
    weeks_after = exits.weeks - change.week
    return size_change(
        shift=change.shift,
        error=change.error,
        went_on=np.bincount(stage[before & went_on], minlength=stages).astype(float),
        ended=np.bincount(stage[before], minlength=stages).astype(float),
        per_quarter=np.bincount(stage[after], minlength=stages) * QUARTER_WEEKS / weeks_after,
        worth=worth,
        level=level,
        seed=seed,
    )


def _name(exits: Exits, place: Place, change: Change, stages: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kind": "gap" if change.shift < 0 else "strength",
        "stage": "" if place.stage is None else stages[place.stage],
        "group_by": place.group_by,
        "group": place.group,
        "began_on": exits.starts[change.week],
        "began_first": exits.starts[change.first],
        "began_last": exits.starts[change.last],
        "shift": change.shift,
        "error": change.error,
        "z": change.z,
    }


def _weeks(exits: Exits, stages: tuple[str, ...], places: Sequence[Place]) -> pd.DataFrame:
    """Return the weekly counts of each stage, for all records and for each group in which something was found."""
    groups = dict.fromkeys([("", ""), *((place.group_by, place.group) for place in places)])
    parts = []
    for group_by, group in groups:
        rows = exits.at(Place(stage=None, group_by=group_by, group=group))
        weekly = (
            exits.table[rows]
            .groupby(["stage", "week"], as_index=False)
            .agg(exits=("went_on", "size"), went_on=("went_on", "sum"), expected=("expected", "sum"))
        )
        parts.append(
            pd.DataFrame(
                {
                    "group_by": group_by,
                    "group": group,
                    "stage": np.array(stages, dtype=object)[weekly["stage"].to_numpy()],
                    "week_start": [exits.starts[w] for w in weekly["week"]],
                    **{c: weekly[c] for c in ("exits", "went_on", "expected")},
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
