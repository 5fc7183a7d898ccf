"""What was done with a record, how lately, by whom, and how fast it was answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.features.activity_words import KINDS, code_directions, code_kinds
from funnelml.history.features.known_rows import KnownPairs, KnownRows, Moments
from funnelml.schema import DAY

_HOUR = DAY // 24


def describe_activities(
    activities: pd.DataFrame, moments: Moments, created_at: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return what had been done with each record by each moment.

    Parameters
    ----------
    activities : pandas.DataFrame
        ``record_id, kind, occurred_at, recorded_at, contact, direction``.
    moments : Moments
        Records at instants.
    created_at : numpy.ndarray of float64, shape (n,)
        When each record was created, by what was known at the moment, in microseconds.

    Returns
    -------
    dict of str to numpy.ndarray of float64
        ``activities_total, activities_7d, activities_30d`` (in the last days before the moment),
        ``days_since_activity``, the same by kind, ``inbound_30d, days_since_inbound``, ``contacts`` (different ones; if
        any activity names one), ``response_hours`` (from creation to the first outbound activity at or after it; NaN
        until then), ``waiting_hours`` (unanswered so far; 0 once answered). Days since something are NaN before it.
    """
    ordered = activities.sort_values("occurred_at", kind="stable")
    wanted = ordered[ordered["record_id"].isin(moments.ids[np.unique(moments.record)])]
    record = moments.ids.get_indexer(pd.Index(wanted["record_id"])).astype(np.int64)
    log = KnownRows(wanted, record, wanted["occurred_at"].to_numpy(dtype=np.int64))
    kinds = code_kinds(log.rows["kind"])
    directions = code_directions(log.rows["direction"], kinds)

    def tell(known: KnownPairs) -> dict[str, NDArray[Any]]:
        return _recency(known, log, kinds, directions)

    told = log.describe(moments, tell)
    if activities["contact"].notna().any():
        told["contacts"] = _count_contacts(log, moments)
    return told | _responses(log, directions, moments, created_at)


def _recency(
    known: KnownPairs, log: KnownRows, kinds: NDArray[np.int64], directions: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    days = (known.cut[known.moment] - 1 - log.event_at[known.row]) / DAY
    month = days < 30
    inbound = known.take(directions[known.row] < 0)
    out = {
        "activities_total": known.count(),
        "activities_7d": known.count(days < 7),
        "activities_30d": known.count(month),
        # Within a record the log is in order of time, so the last is the latest.
        "days_since_activity": known.last(days, np.nan),
    }
    for code, kind in enumerate(KINDS):
        own = kinds[known.row] == code
        pairs = known.take(own)
        out[f"{kind}_30d"] = pairs.count(month[own])
        out[f"{kind}_total"] = pairs.count()
        out[f"days_since_{kind}"] = pairs.last(days[own], np.nan)
    theirs = directions[known.row] < 0
    return out | {
        "inbound_30d": inbound.count(month[theirs]),
        "days_since_inbound": inbound.last(days[theirs], np.nan),
    }


def _count_contacts(log: KnownRows, moments: Moments) -> NDArray[np.float64]:
    """Return how many different contacts were known: each from the first activity with it that was known."""
    seen = log.rows[["recorded_at", "contact"]].assign(record=log.record, at=log.known_at)
    first = seen.dropna(subset=["contact"]).sort_values("at", kind="stable").drop_duplicates(["record", "contact"])
    contacts = KnownRows(first, first["record"].to_numpy(), first["at"].to_numpy())
    return contacts.count(moments.record, moments.cut).astype(np.float64)


def _responses(
    log: KnownRows, directions: NDArray[np.int64], moments: Moments, created_at: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    def tell(known: KnownPairs) -> dict[str, NDArray[Any]]:
        at = log.event_at[known.row].astype(np.float64)
        answers = (directions[known.row] > 0) & (at >= created_at[known.block][known.moment])
        return {"answered_at": known.take(answers).first(at[answers], np.nan)}

    answered_at = log.describe(moments, tell)["answered_at"]
    waited = (moments.cut - created_at) / _HOUR
    return {
        "response_hours": (answered_at - created_at) / _HOUR,
        "waiting_hours": np.where(np.isnan(answered_at), waited, 0.0),
    }
