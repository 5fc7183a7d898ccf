"""A small CRM in which every feature of a record can be counted by hand."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from funnelml.history.history import History
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY
from tests.logs import EPOCH, FUNNEL, stage_log

MICROSECOND = 1 / DAY


def day(n: int):
    return EPOCH + timedelta(days=n)


def field_log(rows):
    """Rows of (record, field, day, day recorded, old, new)."""
    table = pd.DataFrame(rows, columns=["record_id", "field", "changed_at", "recorded_at", "old", "new"])
    times = {c: (table[c].astype("float64") * DAY).astype("int64") for c in ("changed_at", "recorded_at")}
    return table.assign(funnel="f", **times).astype({"old": object, "new": object})


def activity_log(rows):
    """Rows of (record, kind, day, day recorded, direction, contact)."""
    table = pd.DataFrame(rows, columns=["record_id", "kind", "occurred_at", "recorded_at", "direction", "contact"])
    times = {c: (table[c].astype("float64") * DAY).astype("int64") for c in ("occurred_at", "recorded_at")}
    return table.assign(**times).astype({"direction": object, "contact": object})


def moments_at(cut, *ids):
    return pd.DataFrame({"record_id": list(ids), "cut": int(cut * DAY)})


def small_crm(engine="pandas"):
    """Five opportunities in ten days; what a is known for at the end of day 9 is computed by hand below."""
    stages = [
        ("a", "Lead", 2.375),
        ("a", "Closing", 4),
        ("a", "Proposal", 6),
        ("a", "won", 9, 11),
        ("b", "Lead", 0),
        ("b", "won", 3),
        ("c", "Lead", 1),
        ("c", "lost", 5),
        ("d", "Lead", 8),
        ("e", "Lead", 9),
    ]
    fields = [
        ("a", "amount", 4, 4, "100", "150"),
        ("a", "amount", 7, 7, "150", "120"),
        ("a", "amount", 8, 12, "120", "500"),
        ("a", "expected_close_date", 5, 5, "1970-01-09", "1970-01-13"),
        ("a", "expected_close_date", 9, 9, "1970-01-13", "1970-01-11"),
        ("b", "owner", 0, 0, "Zoe", "Ann"),
        ("d", "owner", 9, 9, "Ann", "Bob"),
        ("a", "competitors", 3, 3, None, "2"),
        ("a", "next step", 3, 3, None, "寄样"),
        ("d", "next step", 9, 11, None, "call"),
        ("d", "competitors", 9, 9, "1", None),
    ]
    activities = [
        ("a", "call", 2.875, 2.875, "outbound", "p"),
        ("a", "website visit", 5, 5, None, None),
        ("a", "电话", 6, 11, "outbound", "r"),
        ("a", "email", 8, 8, "inbound", "q"),
        ("a", "meeting", 9.25, 9.25, "outbound", "p"),
        ("z", "call", 1, 1, "outbound", "p"),
    ]
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": list("abcde"),
            "created_at": 0,
            "recorded_at": 0,
            "amount": [100.0, 10.0, np.nan, 50.0, 5.0],
            "expected_close_date": pd.array([8 * DAY, None, None, 20 * DAY, None], dtype="Int64"),
            "owner": ["Ann", "Ann", "Bob", "Ann", "Ann"],
            "source": ["Web", "Web", "展会", "展会", None],
            "segment": ["SMB", "SMB", None, None, None],
            "account": ["X", "X", "X", "Y", "Y"],
            "team": ["North"] * 5,
            "probability": [0.5] * 5,
            "lead_id": ["l1", None, None, "l2", None],
        }
    )
    leads = pd.DataFrame(
        {
            "lead_id": ["l1", "l2"],
            "created_at": [DAY // 2, 5 * DAY],
            "recorded_at": [DAY // 2, 12 * DAY],
            "opportunity_id": ["a", "d"],
        }
    )
    tables = {
        "stage_changes": stage_log(stages),
        "field_changes": field_log(fields),
        "activities": activity_log(activities),
        "opportunities": opportunities,
        "leads": leads,
    }
    history = History(tables=tables, funnels=(FUNNEL,))
    return on_duckdb(history) if engine == "duckdb" else history
