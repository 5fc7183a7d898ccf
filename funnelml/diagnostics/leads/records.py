"""Every lead as known on a day: where it came from, whose it is, and what has become of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from funnelml.diagnostics.losses.rules import UNKNOWN
from funnelml.errors import AsOfError, NotEnoughDataError
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot


def read_table(history: History, name: str, event_time: str, cut: int) -> pd.DataFrame:
    """Return the rows of a canonical table that happened and were recorded before ``cut``; no rows if there is none."""
    lazy = history.lazy(name)
    if lazy is None:
        return pd.DataFrame()
    known = lazy.filter(nw.col("recorded_at") < cut, nw.col(event_time) < cut)
    table: pd.DataFrame = known.collect(backend="pandas").to_native().reset_index(drop=True)
    return table


def find_lead_funnel(history: History, *, as_of: date, funnel: str | None = None) -> Funnel | None:
    """Return the funnel whose records are leads: the one of that name, else the first with a lead among its records.

    Raises
    ------
    FunnelError
        If there is no funnel of that name.
    """
    if funnel is not None:
        return history.funnel(funnel)
    there = _funnels_of(history, "leads", as_of)
    return next((f for f in history.funnels if f.name in there), None)


def find_opportunity_funnel(history: History, *, as_of: date, funnel: str | None = None) -> Funnel:
    """Return the funnel of that name, or if its records are leads the first one whose records are opportunities.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.

    Returns
    -------
    Funnel
        The one asked for too where no funnel has opportunities, or where leads and opportunities share it.

    Raises
    ------
    FunnelError
        If there is no funnel of that name.
    """
    wanted = history.funnel(funnel)
    if wanted.name not in _funnels_of(history, "leads", as_of):
        return wanted
    there = _funnels_of(history, "opportunities", as_of)
    if wanted.name in there:
        return wanted
    return next((f for f in history.funnels if f.name in there), wanted)


def _funnels_of(history: History, table: str, as_of: date) -> set[str]:
    """Return the names of the funnels with a lead, or with an opportunity that is no lead, among their records."""
    named, log, leads = history.lazy(table), history.lazy("stage_changes"), history.lazy("leads")
    assert log is not None
    if named is None:
        return set()
    cut = history.cut(as_of)
    moves = log.filter(nw.col("recorded_at") < cut, nw.col("entered_at") < cut).select("funnel", "record_id").unique()
    key = "lead_id" if table == "leads" else "opportunity_id"
    ids = named.filter(nw.col("recorded_at") < cut).select(record_id=nw.col(key))
    if table != "leads" and leads is not None:
        # The attributes of leads may stand in the opportunities table, with the funnel of the leads.
        own = leads.filter(nw.col("recorded_at") < cut).select(record_id=nw.col("lead_id"))
        ids = ids.join(own, on="record_id", how="anti")
    pairs = moves.join(ids, on="record_id", how="semi").select("funnel").unique()
    return set(pairs.collect(backend="pandas").to_native()["funnel"])


def take_leads(history: History, *, as_of: date) -> pd.DataFrame:
    """Return every lead as known on ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables; an opportunity names its lead (``lead_id``), or a lead its opportunity.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.

    Returns
    -------
    pandas.DataFrame
        One row per lead, by time of creation: ``lead_id, created_at`` (microseconds), ``source, owner`` (``unknown`` if
        empty), ``opportunity_id`` (None), ``opened_at`` (when it became an opportunity; float64 microseconds, NaN if it
        has not), ``disqualified_at`` (where it stands as lost in a funnel of leads; NaN). An opportunity dated before
        its lead counts from the lead's creation.

    Raises
    ------
    NotEnoughDataError
        If no lead is known.
    """
    cut = history.cut(as_of)
    table = read_table(history, "leads", "created_at", cut)
    if table.empty:
        raise NotEnoughDataError(
            f"no lead had been recorded by {as_of}; map a source to the table 'leads' (lead_id, created_at, source, "
            "owner)"
        )
    table = table.sort_values(["created_at", "lead_id"], kind="stable", ignore_index=True)
    leads = pd.DataFrame(
        {
            "lead_id": table["lead_id"].astype(object),
            "created_at": table["created_at"].astype("int64"),
            **{name: _filled(table, name) for name in ("source", "owner")},
        }
    )
    opened = _opportunities(history, table, cut)
    leads["opportunity_id"] = leads["lead_id"].map(opened["opportunity_id"]).astype(object)
    leads["opportunity_id"] = leads["opportunity_id"].where(leads["opportunity_id"].notna(), None)
    ends = _ends(history, as_of)
    at = pd.concat([leads["lead_id"].map(opened["created_at"]), leads["lead_id"].map(ends[WON])], axis=1)
    became = at.astype("float64").min(axis=1)
    lost = leads["lead_id"].map(ends[LOST]).astype("float64").where(became.isna())
    created = leads["created_at"].astype("float64")
    return leads.assign(
        opened_at=np.where(became.notna(), np.maximum(became, created), np.nan),
        disqualified_at=np.where(lost.notna(), np.maximum(lost, created), np.nan),
    )


def _filled(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table:
        return pd.Series(UNKNOWN, index=table.index, dtype=object)
    values = table[name].astype(object)
    return values.where(values.notna(), UNKNOWN)


def _opportunities(history: History, leads: pd.DataFrame, cut: int) -> pd.DataFrame:
    """Return the first opportunity of each lead, indexed by lead."""
    columns = ["opportunity_id", "created_at"]
    table = read_table(history, "opportunities", "created_at", cut)
    if table.empty:
        return pd.DataFrame({c: pd.Series(dtype=object) for c in columns})
    by_lead = table["lead_id"] if "lead_id" in table else pd.Series(None, index=table.index, dtype=object)
    if "opportunity_id" in leads:
        named = leads.dropna(subset=["opportunity_id"]).drop_duplicates("opportunity_id")
        by_lead = by_lead.fillna(table["opportunity_id"].map(named.set_index("opportunity_id")["lead_id"]))
    own = table[columns].assign(lead_id=by_lead.astype(object)).dropna(subset=["lead_id"])
    first = own.sort_values(["created_at", "opportunity_id"], kind="stable").drop_duplicates("lead_id")
    return first.set_index("lead_id")[columns]


def _ends(history: History, as_of: date) -> dict[str, Any]:
    """Return when leads stood as won and as lost in their funnel, by lead."""
    empty = pd.Series(dtype="float64")
    funnel = find_lead_funnel(history, as_of=as_of)
    if funnel is None:
        return {WON: empty, LOST: empty}
    try:
        records = take_snapshot(history, as_of=as_of, funnel=funnel.name).records
    except AsOfError:
        return {WON: empty, LOST: empty}
    of = records.set_index("record_id")
    return {end: of.loc[of["stage"] == end, "entered_at"].astype("float64") for end in (WON, LOST)}
