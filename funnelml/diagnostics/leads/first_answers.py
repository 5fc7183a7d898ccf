"""The first answer to each lead, and how many are answered in time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.diagnostics.directions import is_outbound
from funnelml.diagnostics.leads.records import read_table
from funnelml.diagnostics.proportions import count_shares
from funnelml.errors import NotEnoughDataError
from funnelml.history.history import History
from funnelml.schema import DAY
from funnelml.survival.incidence import estimate_incidence


def find_answers(history: History, leads: pd.DataFrame, cut: int) -> pd.DataFrame:
    """Return the leads with when each was first answered.

    Parameters
    ----------
    leads : pandas.DataFrame
        As ``take_leads`` returns them.
    cut : int
        First instant that is not known.

    Returns
    -------
    pandas.DataFrame
        ``leads`` with ``answered_at`` (float64 microseconds, NaN if not answered): the first outbound activity at or
        after the creation of the lead.

    Raises
    ------
    NotEnoughDataError
        If no lead has an activity.
    """
    done = read_table(history, "activities", "occurred_at", cut)
    if len(done):
        done = done[done["record_id"].isin(leads["lead_id"])]
    if done.empty:
        raise NotEnoughDataError(
            f"none of {len(leads):,} leads has an activity: load the calls and emails to leads with record_id = lead_id"
        )
    if "direction" in done and done["direction"].notna().any():
        done = done[is_outbound(done["direction"])]
    created = done["record_id"].map(leads.set_index("lead_id")["created_at"])
    first = done[done["occurred_at"] >= created].groupby("record_id")["occurred_at"].min()
    return leads.assign(answered_at=leads["lead_id"].map(first).astype("float64"))


def measure_groups(leads: pd.DataFrame, cut: int, level: float) -> pd.DataFrame:
    """Return how many leads were answered in time, and how soon: all, by owner and by source.

    Parameters
    ----------
    leads : pandas.DataFrame
        Leads whose deadline has passed, with ``answered_at, opened_at, disqualified_at, in_time``.

    Returns
    -------
    pandas.DataFrame
        ``by, group, leads, in_time, share, low, high, median_hours``: time by which half were answered, leads that are
        still open counted as waiting, and those that ended unanswered as never answered (Aalen-Johansen).
    """
    parts = []
    for by in ("all", "owner", "source"):
        rows = leads.assign(group="all" if by == "all" else leads[by])
        table = count_shares(rows, ["group"], "in_time", counted="leads", level=level)
        medians = {name: _median_hours(own, cut) for name, own in rows.groupby("group")}
        parts.append(table.assign(median_hours=table["group"].map(medians)).assign(by=by))
    table = pd.concat(parts, ignore_index=True)
    return table[["by", "group", "leads", "in_time", "share", "low", "high", "median_hours"]]


def _median_hours(leads: pd.DataFrame, cut: int) -> float:
    decided = leads[["opened_at", "disqualified_at"]].min(axis=1)
    answered = leads["answered_at"]
    first = pd.concat([answered, decided], axis=1).min(axis=1)
    event = np.select([answered.notna() & (answered <= first), decided.notna()], [1, 2], default=0)
    hours = (first.fillna(float(cut)) - leads["created_at"]).clip(lower=0) / (DAY / 24)
    curve = estimate_incidence(hours.to_numpy(), event, n_causes=2, variance=False)
    half = np.flatnonzero(curve.incidence[1] >= 0.5)
    return float(curve.times[half[0]]) if len(half) else float("nan")
