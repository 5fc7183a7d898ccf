"""Repairs are reported with their counts, and keep what is known on earlier dates."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from funnelml.history.history import History
from funnelml.history.repairs import describe_log, repair_tables
from funnelml.history.snapshot import take_snapshot
from funnelml.schema import DAY
from tests.logs import EPOCH, FUNNEL, amount_log, history_of, stage_log


def counts(report):
    return dict(zip(report.table["finding"], report.table["rows"], strict=True))


def test_exact_duplicates_are_dropped_and_counted():
    log = stage_log([("a", "Lead", 0), ("a", "Lead", 0), ("a", "Lead", 0, 2)])
    tables, report = repair_tables({"stage_changes": log})
    assert len(tables["stage_changes"]) == 2
    assert report.table.to_dict("records") == [
        {
            "funnel": "f",
            "finding": "exact duplicates in stage_changes",
            "rows": 1,
            "action": "dropped",
            "first_ids": "a",
        }
    ]


def test_rows_dated_after_the_export_are_set_aside():
    log = stage_log([("a", "Lead", 0), ("a", "won", 99), ("b", "Lead", 4, 50)])
    tables, report = repair_tables({"stage_changes": log}, exported_at=EPOCH + timedelta(days=10))
    assert tables["stage_changes"]["record_id"].tolist() == ["a"]
    assert counts(report) == {"dated after the export (1970-01-11)": 2}


def test_a_closing_before_the_creation_is_dated_when_it_was_recorded():
    log = stage_log([("a", "Lead", 5), ("a", "Closing", 6), ("a", "lost", 3, 8), ("b", "Lead", 5), ("b", "lost", 6)])
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": ["a", "b"],
            "created_at": [5 * DAY] * 2,
            "recorded_at": [5 * DAY] * 2,
        }
    )
    tables, report = repair_tables({"stage_changes": log, "opportunities": opportunities})
    assert counts(report) == {"closed before it was created": 1}
    history = History(tables=tables, funnels=(FUNNEL,))
    assert take_snapshot(history, as_of=date(1970, 1, 9)).records["stage"].tolist() == ["lost", "lost"]


def test_the_amount_of_an_export_is_not_known_before_its_change():
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": ["a", "b"],
            "created_at": [0, 0],
            "recorded_at": [0, 0],
            "amount": [120.0, 50.0],
        }
    )
    changes = amount_log([("a", 4, 120.0), ("b", 4, 60.0)]).assign(old=["100", "50.0"])
    log = stage_log([("a", "Lead", 0), ("b", "Lead", 0)])
    tables, report = repair_tables({"stage_changes": log, "opportunities": opportunities, "field_changes": changes})
    assert counts(report) == {"amount is a later one": 1}
    history = History(tables=tables, funnels=(FUNNEL,))
    assert take_snapshot(history, as_of=date(1970, 1, 3)).records["amount"].tolist() == [100.0, 50.0]
    assert take_snapshot(history, as_of=date(1970, 1, 6)).records["amount"].tolist() == [120.0, 60.0]


def test_oddities_are_counted_and_kept():
    rows = [
        ("skip", "Lead", 0),
        ("skip", "Closing", 1),
        ("back", "Proposal", 0),
        ("back", "Lead", 1),
        ("back", "Proposal", 2),
        ("open again", "Lead", 0),
        ("open again", "lost", 1),
        ("open again", "Proposal", 4),
        ("at once", "Lead", 0),
        ("at once", "Proposal", 0),
        ("both ends", "Lead", 0),
        ("both ends", "won", 1),
        ("both ends", "lost", 1),
        ("late", "Lead", 0, 7),
        ("early", "Lead", 7, 0),
    ]
    report = describe_log(history_of(rows))
    assert counts(report) == {
        "several changes at one instant": 2,
        "won and lost at one instant": 1,
        "re-entered a stage": 1,
        "re-opened after it was closed": 1,
        "moved back": 1,
        "skipped a stage": 1,
        "recorded over a day after it happened": 1,
        "recorded before it happened": 1,
        "without an amount": 7,
    }
    assert report.summary().startswith("9 kinds of finding; the largest: without an amount, 7 rows")


def test_a_clean_log_says_so():
    assert describe_log(history_of([("a", "Lead", 0)], [("a", 0, 1.0)])).summary() == "The log needed no repair."


def test_a_lead_misses_no_amount():
    leads = pd.DataFrame({"lead_id": ["a"], "created_at": [0], "recorded_at": [0]})
    history = history_of([("a", "Lead", 0), ("b", "Lead", 0)]).with_tables(leads=leads)
    assert counts(describe_log(history)) == {"without an amount": 1}
