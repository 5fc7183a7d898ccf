"""The records that a comparison of groups may count: old enough to have had their chance, each in one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import narwhals as nw
import numpy as np
import pandas as pd

from funnelml.errors import FunnelError, InputError, NotEnoughDataError, did_you_mean
from funnelml.history.dates import day_of
from funnelml.history.episodes import ADVANCED, LOST_EVENT, WON_EVENT, StageEpisodes, stage_episodes
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.periods import calendar_periods
from funnelml.history.snapshot import Snapshot, take_snapshot
from funnelml.schema import DAY
from funnelml.survival.incidence import estimate_incidence

Measure = Literal["win_rate", "conversion", "amount", "cycle"]
Attribution = Literal["first", "last"]
FIELDS = ("owner", "team", "source", "segment", "product")
PERIODS = ("month", "quarter")

_SHORTEST_CYCLE = 0.5
"""Days: a win within half a day has no log of its own."""


@dataclass(frozen=True, kw_only=True)
class ComparedRecords:
    """The records of a comparison.

    Parameters
    ----------
    funnel : Funnel
        The funnel.
    cut : int
        First instant that is not known.
    within_days : float
        Days within which it had to happen.
    records : pandas.DataFrame
        One row per record that was followed for that long: ``record_id, start`` (microseconds: created, or entered the
        stage), ``group`` (None if unknown), ``value`` (1 if it happened in time, else 0; or the log of the amount or
        of the days), ``first_amount`` and the fields that ``fields`` names, as first known.
    young : pandas.Series
        Records of each group that are too young to be counted.
    mature_periods : frozenset of str
        Periods of which no record is too young; empty if groups are not periods.
    """

    funnel: Funnel
    cut: int
    within_days: float
    records: pd.DataFrame
    young: pd.Series
    mature_periods: frozenset[str]


def gather_records(
    history: History,
    *,
    as_of: date,
    by: str,
    measure: Measure,
    stage: str | None,
    funnel: str | None,
    attribution: Attribution,
    within_days: float | None,
    fields: Sequence[str],
    fiscal_year_start: int,
) -> ComparedRecords:
    """Return the records to compare, and for how long each was followed.

    Parameters
    ----------
    history, as_of, by, measure, stage, funnel, attribution, within_days, fiscal_year_start
        As in ``compare_groups``.
    fields : sequence of str
        Further fields to carry along, as first known; ``month`` and ``quarter`` are periods of ``start``.

    Returns
    -------
    ComparedRecords

    Raises
    ------
    FunnelError, InputError, AsOfError
        If the stage, the field or the measure does not exist, or nothing was known by then.
    NotEnoughDataError
        If no record was followed for long enough.
    """
    _check(by, measure, stage, fields, attribution, within_days)
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    episodes = stage_episodes(history, as_of=as_of, funnel=funnel)
    of, cut = snapshot.funnel, snapshot.cut
    begun = _standings(snapshot, episodes) if stage is None else _first_stays(episodes, stage)
    starts = _observed(begun, of)
    days = float(within_days) if within_days is not None else _usual_days(starts)
    if stage is None:
        starts = _observed(_standings(snapshot, episodes, days), of)
    followed = (cut - starts["start"]) / DAY
    mature = (followed >= days).to_numpy()
    if not mature.any():
        due = day_of(int(starts["start"].min() + days * DAY), history.time_zone)
        raise NotEnoughDataError(
            f"none of the {len(starts):,} records was followed for {days:g} days by {as_of}: the first will have been "
            f"on {due}; choose a later as-of date, or ask for fewer with within_days"
        )
    starts = starts.assign(**_groups(history, snapshot, starts, by, attribution, fields, fiscal_year_start))
    in_time = starts["happened"] & (starts["days"] <= days)
    records = starts.assign(value=in_time.astype(float))[mature]
    if measure in ("amount", "cycle"):
        records = _of_the_won(records, measure)
    young = starts.loc[~mature, "group"].value_counts()
    mature_periods = frozenset(set(starts.loc[mature, "group"].dropna()) - set(young.index)) if by in PERIODS else ()
    return ComparedRecords(
        funnel=of,
        cut=cut,
        within_days=days,
        records=records.drop(columns=["happened", "days", "ended", "amount"]).reset_index(drop=True),
        young=young,
        mature_periods=frozenset(mature_periods),
    )


def first_known(history: History, funnel: Funnel, cut: int, fields: Sequence[str]) -> pd.DataFrame:
    """Return the first value of each field of the records in which it ever changed, as recorded before ``cut``.

    Returns
    -------
    pandas.DataFrame
        Indexed by record; the columns are those of ``fields`` that ever changed, as text. The first value is what the
        first change replaced, or, if nothing stood there before, what it entered.
    """
    log = history.lazy("field_changes")
    if log is None:
        return pd.DataFrame()
    known = log.filter(
        nw.col("funnel") == funnel.name,
        nw.col("field").is_in(list(fields)),
        nw.col("recorded_at") < cut,
        nw.col("changed_at") < cut,
    )
    changes = known.collect(backend="pandas").to_native().sort_values(["changed_at", "recorded_at", "new"])
    first = changes.drop_duplicates(["record_id", "field"])
    old = first["old"].astype(object) if "old" in first else pd.Series(None, index=first.index, dtype=object)
    first = first.assign(value=old.where(old.notna(), first["new"]))
    return first.pivot(index="record_id", columns="field", values="value")


def _check(
    by: str,
    measure: str,
    stage: str | None,
    fields: Sequence[str],
    attribution: str,
    within_days: float | None,
) -> None:
    if by not in (*FIELDS, *PERIODS):
        known = (*FIELDS, *PERIODS)
        raise InputError(f"groups by '{by}' are not known{did_you_mean(by, known)}; there are {', '.join(known)}")
    if measure not in get_args(Measure):
        raise InputError(f"measure '{measure}' is not one of {', '.join(get_args(Measure))}")
    if attribution not in get_args(Attribution):
        raise InputError(f"attribution '{attribution}' is not one of {', '.join(get_args(Attribution))}")
    if (measure == "conversion") != (stage is not None):
        raise InputError("conversion is that of a stage: give stage= with measure='conversion', and only with it")
    mixes = (*FIELDS, *PERIODS, "amount")
    for field in fields:
        if field not in mixes or field == by or {field, by} <= set(PERIODS):
            hint = did_you_mean(field, mixes)
            raise InputError(f"cannot adjust for '{field}' in groups by {by}{hint}; there are {', '.join(mixes)}")
    if within_days is not None and not 0 < within_days < np.inf:
        raise InputError(f"within_days is {within_days}; it must be a positive number of days")


def _first_stays(episodes: StageEpisodes, stage: str) -> pd.DataFrame:
    """Return how the first stay of each record in the stage ended, if it did: on, or otherwise."""
    funnel, table = episodes.funnel, episodes.table
    if stage not in funnel.stages:
        raise FunnelError(f"no stage '{stage}' in funnel '{funnel.name}'{did_you_mean(stage, funnel.stages)}")
    first = table[table["stage"] == stage].drop_duplicates("record_id")
    happened = first["event"].isin((ADVANCED, WON_EVENT))
    return first[["record_id"]].assign(
        start=first["entered_at"], days=first["duration_days"], happened=happened, ended=first["event"] > 0
    )


def _standings(snapshot: Snapshot, episodes: StageEpisodes, by_age: float = np.inf) -> pd.DataFrame:
    """Return how each record stood at an age in days: won, otherwise ended, or open.

    At an age, not today: a record that is opened again later must not count for less the older it is.
    """
    records = snapshot.records[["record_id", "created_at", "entered_at", "stage"]]
    stays = episodes.table.merge(records[["record_id", "created_at"]], on="record_id")
    stays["days"] = (stays["entered_at"] - stays["created_at"]) / DAY
    stays = stays[stays["days"] <= by_age].drop_duplicates("record_id", keep="last").set_index("record_id")
    last = stays.reindex(records["record_id"]).reset_index()
    # A record that was entered as won or lost was never in a stage.
    event = last["event"].fillna(records["stage"].map({WON: WON_EVENT, LOST: LOST_EVENT}))
    days = (last["days"] + last["duration_days"]).fillna((records["entered_at"] - records["created_at"]) / DAY)
    seen = days <= by_age
    return pd.DataFrame(
        {
            "record_id": records["record_id"],
            "start": records["created_at"],
            "days": np.maximum(days, 0.0),
            "happened": (event == WON_EVENT) & seen,
            "ended": event.isin((WON_EVENT, LOST_EVENT)) & seen,
        }
    )


def _observed(starts: pd.DataFrame, funnel: Funnel) -> pd.DataFrame:
    if funnel.observed_from is not None:
        # Of older records only those that lasted were ever seen: they would flatter whoever had them.
        starts = starts[starts["start"] >= funnel.observed_from]
    if starts.empty:
        raise NotEnoughDataError(f"no record of funnel '{funnel.name}' can be compared; at least one must have begun")
    return starts.reset_index(drop=True)


def _usual_days(starts: pd.DataFrame) -> float:
    """Return the days by which 95 % of what happens has happened, open records counted."""
    event = np.where(starts["happened"], 1, np.where(starts["ended"], 2, 0))
    if not event.any():
        raise NotEnoughDataError(
            f"none of the {len(starts):,} records has ended: nothing can be compared before the first one has"
        )
    curve = estimate_incidence(starts["days"], event, n_causes=2, variance=False)
    row = curve.incidence[1] if curve.incidence[1, -1] > 0 else curve.incidence[2]
    return max(float(np.ceil(curve.times[np.argmax(row >= 0.95 * row[-1])])), 1.0)


def _groups(
    history: History,
    snapshot: Snapshot,
    starts: pd.DataFrame,
    by: str,
    attribution: Attribution,
    fields: Sequence[str],
    fiscal_year_start: int,
) -> dict[str, pd.Series]:
    now = snapshot.records.set_index("record_id").reindex(starts["record_id"])
    before = first_known(history, snapshot.funnel, snapshot.cut, (*FIELDS, "amount")).reindex(now.index)

    def first(field: str) -> pd.Series:
        if field not in before:
            return now[field]
        return before[field].astype(object).where(before[field].notna(), now[field])

    out: dict[str, pd.Series] = {}
    for name in (by, *(f for f in fields if f != "amount")):
        if name in PERIODS:
            out[name] = _period_names(history, starts["start"], name, fiscal_year_start)
        else:
            values = now[name] if name == by and attribution == "last" else first(name)
            out[name] = values.reset_index(drop=True)
    out["group"] = out.pop(by)
    out["first_amount"] = pd.to_numeric(first("amount"), errors="coerce").reset_index(drop=True)
    out["amount"] = now["amount"].reset_index(drop=True)
    return out


def _period_names(history: History, start: pd.Series, by: str, fiscal_year_start: int) -> pd.Series:
    first, last = (day_of(int(at), history.time_zone) for at in (start.min(), start.max()))
    length: Literal["month", "quarter"] = "month" if by == "month" else "quarter"
    periods = calendar_periods(first, last, by=length, time_zone=history.time_zone, fiscal_year_start=fiscal_year_start)
    names = [
        f"{day:%Y-%m}" if by == "month" else f"{day:%Y-%m}–{(day.month + 1) % 12 + 1:02d}" for day in periods.starts
    ]
    return pd.Series(np.array(names, dtype=object)[periods.of(start.to_numpy())], index=start.index)


def _of_the_won(records: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    won = records[records["value"] == 1]
    if measure == "amount":
        won = won[won["amount"] > 0]
        return won.assign(value=np.log(won["amount"].astype(float)))
    return won.assign(value=np.log(np.maximum(won["days"], _SHORTEST_CYCLE)))
