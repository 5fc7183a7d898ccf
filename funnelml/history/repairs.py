"""What had to be mended, or merely looks odd, in a stage log: counted and named, never silent.

Nothing here depends on rows recorded later: a duplicate is a duplicate on any date, and everything else that is odd
(moves back, re-openings, skips) stays in the log and is only counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from funnelml.errors import first_few
from funnelml.history.dates import cut_of
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.moves import known_moves
from funnelml.schema import DAY

_END_OF_TIME = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class RepairReport:
    """What was found in the log and what was done about it.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per finding: ``funnel, finding, rows, action, first_ids``.
    """

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding."""
        return self.table

    def summary(self) -> str:
        """Return one sentence: how many findings there are and which touches most rows."""
        if self.table.empty:
            return "The log needed no repair."
        most = self.table.sort_values("rows", ascending=False, kind="stable").iloc[0]
        largest = f"{most['finding']}, {most['rows']:,} rows ({most['action']})"
        return f"{len(self.table)} kinds of finding; the largest: {largest}."


def repair_tables(
    tables: dict[str, pd.DataFrame], *, exported_at: date | None = None, time_zone: str = "UTC"
) -> tuple[dict[str, pd.DataFrame], RepairReport]:
    """Drop exact duplicates and rows dated after the export, and mend closings dated before their creation.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Canonical tables with canonical stages.
    exported_at : datetime.date, optional
        Day of the export: rows recorded or dated after it are set aside.
    time_zone : str
        Zone in which that day ends.

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        Mended copies.
    report : RepairReport
        What was done.
    """
    found: list[dict[str, Any]] = []
    tables = dict(tables)
    for name in ("stage_changes", "field_changes", "activities"):
        if name in tables:
            table = tables[name]
            twice = table.duplicated()
            # Several raw names may mean one end, and a CRM may write all of them at one moment: no mistake.
            ends = twice & table["stage"].isin((WON, LOST)) if "stage" in table else twice & False
            found += _rows(table, twice & ~ends, f"exact duplicates in {name}", "dropped")
            found += _rows(table, ends, "one end written several times at one instant", "kept once")
            tables[name] = table[~twice].reset_index(drop=True)
    log = tables["stage_changes"]
    if exported_at is not None:
        cut = cut_of(exported_at, time_zone)
        late = (log["entered_at"] >= cut) | (log["recorded_at"] >= cut)
        found += _rows(log, late, f"dated after the export ({exported_at})", "set aside")
        log = log[~late].reset_index(drop=True)
    if "opportunities" in tables:
        log, early = _close_after_creation(log, tables["opportunities"])
        found += _rows(log, early, "closed before it was created", "closing dated when it was recorded")
        tables["opportunities"], revised = _first_known(tables["opportunities"], tables.get("field_changes"))
        found += revised
    return tables | {"stage_changes": log}, RepairReport(table=_table(found))


def describe_log(history: History) -> RepairReport:
    """Count what looks odd in the stage log but is kept as it is.

    Parameters
    ----------
    history : History
        Canonical tables.

    Returns
    -------
    RepairReport
    """
    found: list[dict[str, Any]] = []
    log = history.lazy("stage_changes")
    assert log is not None
    for funnel in history.funnels:
        moves = known_moves(history, funnel, _END_OF_TIME).collect(backend="pandas").to_native()
        moves = moves.sort_values(["record_id", "entered_at", "recorded_at", "rank"]).reset_index(drop=True)
        found += _describe_moves(moves, funnel)
        found += _missing_amounts(history, funnel, moves["record_id"])
    return RepairReport(table=_table(found))


def _describe_moves(moves: pd.DataFrame, funnel: Funnel) -> Iterable[dict[str, Any]]:
    ends = moves["stage"].isin((WON, LOST))
    following = moves["next_rank"].astype("float64")
    rank = moves["rank"].astype("float64")
    stays_open = following.notna() & (following < len(funnel.stages))
    at_once = following.notna() & (moves["next_entered_at"].astype("float64") == moves["entered_at"])
    checks = (
        (
            at_once,
            "several changes at one instant",
            "ordered by record time, then by funnel; a stay of length zero",
        ),
        (
            at_once & ends & (following >= len(funnel.stages)),
            "won and lost at one instant",
            "the later one stands",
        ),
        (moves["visit"].astype("int64") > 1, "re-entered a stage", "kept as a further visit"),
        (ends & stays_open, "re-opened after it was closed", "kept; open again from then on"),
        (~ends & stays_open & (following < rank), "moved back", "kept"),
        (~ends & stays_open & (following > rank + 1), "skipped a stage", "kept"),
        (
            moves["recorded_at"] > moves["entered_at"] + DAY,
            "recorded over a day after it happened",
            "known from then",
        ),
        (moves["recorded_at"] < moves["entered_at"], "recorded before it happened", "known when it happens"),
    )
    for mask, finding, action in checks:
        yield from _rows(moves, mask, finding, action, funnel=funnel.name)


def _missing_amounts(history: History, funnel: Funnel, ids: pd.Series) -> list[dict[str, Any]]:
    known: set[str] = set()
    if (changes := history.lazy("field_changes")) is not None:
        with_amount = changes.select("funnel", "record_id", "field", "new").collect(backend="pandas").to_native()
        with_amount = with_amount[(with_amount["field"] == "amount") & with_amount["new"].notna()]
        known |= set(with_amount.loc[with_amount["funnel"] == funnel.name, "record_id"])
    fixed = history.lazy("opportunities")
    if fixed is not None and "amount" in fixed.collect_schema().names():
        rows = fixed.select("funnel", "opportunity_id", "amount").collect(backend="pandas").to_native()
        rows = rows[(rows["funnel"] == funnel.name) & rows["amount"].notna()]
        known |= set(rows["opportunity_id"])
    if (leads := history.lazy("leads")) is not None:
        # A lead has no amount before it becomes an opportunity; none is missing.
        known |= set(leads.select("lead_id").collect(backend="pandas").to_native()["lead_id"])
    records = pd.DataFrame({"record_id": ids.unique()})
    action = "forecast with the mean amount of the open records"
    return _rows(records, ~records["record_id"].isin(known), "without an amount", action, funnel=funnel.name)


def _close_after_creation(log: pd.DataFrame, opportunities: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    keys = opportunities.rename(columns={"opportunity_id": "record_id"})[["funnel", "record_id", "created_at"]]
    created = log[["funnel", "record_id"]].merge(keys, on=["funnel", "record_id"], how="left")["created_at"]
    early = log["stage"].isin((WON, LOST)) & (log["entered_at"] < created.fillna(log["entered_at"]).to_numpy())
    # When it was recorded is the next best date; at the latest, the record was closed when somebody wrote so.
    known = np.maximum(log["recorded_at"], created.fillna(0).astype("int64"))
    moved = log["entered_at"].where(~early, known)
    return log.assign(entered_at=moved, recorded_at=np.maximum(log["recorded_at"], moved)), early


def _first_known(
    opportunities: pd.DataFrame, changes: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Put what a field held before its first change where an export shows today's value: that would be look-ahead."""
    found: list[dict[str, Any]] = []
    if changes is None or "old" not in changes:
        return opportunities, found
    first = changes.sort_values(["changed_at", "recorded_at"], kind="stable")
    first = first.drop_duplicates(["funnel", "record_id", "field"]).rename(columns={"record_id": "opportunity_id"})
    for field in sorted({"amount", "owner", "probability"} & set(opportunities.columns)):
        before = opportunities[["funnel", "opportunity_id"]].merge(
            first.loc[(first["field"] == field) & first["old"].notna(), ["funnel", "opportunity_id", "old"]], how="left"
        )["old"]
        told = opportunities[field].reset_index(drop=True)
        held = before.astype(told.dtype)
        later = held.notna() & (held != told)
        action = "earlier value taken from its first change"
        found += _rows(
            opportunities.rename(columns={"opportunity_id": "record_id"}), later, f"{field} is a later one", action
        )
        opportunities = opportunities.assign(**{field: told.where(~later, held).to_numpy()})
    return opportunities, found


def _rows(
    table: pd.DataFrame, mask: pd.Series, finding: str, action: str, *, funnel: str | None = None
) -> list[dict[str, Any]]:
    if not mask.any():
        return []
    hit = table[mask.to_numpy(dtype=bool)]
    ids = list(dict.fromkeys(hit["record_id"])) if "record_id" in hit else []
    name = funnel or (", ".join(hit["funnel"].unique()) if "funnel" in hit else "")
    return [{"funnel": name, "finding": finding, "rows": len(hit), "action": action, "first_ids": first_few(ids)}]


def _table(found: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=["funnel", "finding", "rows", "action", "first_ids"])
