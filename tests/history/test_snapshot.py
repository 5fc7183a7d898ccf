"""Snapshots: what was known on a day, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import AsOfError
from funnelml.history.snapshot import take_snapshot
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY
from tests.logs import EPOCH, STAGES, amount_log, history_of, log_rows, stage_log


def day(n: int):
    return EPOCH + timedelta(days=n)


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_amount_is_the_last_one_recorded_by_then(engine):
    rows = [("a", "Lead", 0), ("a", "Proposal", 3)]
    history = history_of(rows, [("a", 0, 100.0), ("a", 2, 150.0), ("a", 9, 70.0)], engine=engine)
    assert take_snapshot(history, as_of=day(1)).records["amount"].tolist() == [100.0]
    assert take_snapshot(history, as_of=day(5)).records["amount"].tolist() == [150.0]
    assert take_snapshot(history, as_of=day(5)).records["age_days"].tolist() == [3 - 1 / DAY]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_a_backdated_row_is_known_only_from_its_recording(engine):
    history = history_of([("a", "Lead", 0, 0), ("a", "Proposal", 1, 6)], engine=engine)
    assert take_snapshot(history, as_of=day(5)).records["stage"].tolist() == ["Lead"]
    assert take_snapshot(history, as_of=day(6)).records["stage"].tolist() == ["Proposal"]


def test_a_correction_at_the_same_instant_stands_after_what_it_corrects():
    history = history_of([("a", "Closing", 1, 1), ("a", "Lead", 1, 4)])
    assert take_snapshot(history, as_of=day(2)).records["stage"].tolist() == ["Closing"]
    assert take_snapshot(history, as_of=day(4)).records["stage"].tolist() == ["Lead"]


def test_fields_without_history_come_from_the_opportunities_table():
    history = history_of([("a", "Lead", 0), ("b", "Lead", 0)], [("a", 0, 5.0)])
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": ["a", "b"],
            "created_at": [0, 0],
            "recorded_at": [0, 0],
            "amount": [99.0, 7.0],
            "owner": ["Ann", "王芳"],
        }
    )
    records = take_snapshot(history.with_tables(opportunities=opportunities), as_of=day(1)).records
    assert records["amount"].tolist() == [5.0, 7.0]
    assert records["owner"].tolist() == ["Ann", "王芳"]


@given(
    rows=log_rows(),
    amounts=st.lists(st.tuples(st.sampled_from(["r0", "r1"]), st.integers(0, 20), st.floats(1, 9)), min_size=1),
    later=st.lists(
        st.tuples(
            st.sampled_from(["r0", "r1", "new"]),
            st.sampled_from(STAGES),
            st.integers(0, 30),
            st.integers(0, 9),
        )
    ),
    as_of=st.integers(min_value=0, max_value=20),
)
@settings(max_examples=60, deadline=None)
def test_rows_recorded_later_change_nothing(rows, amounts, later, as_of):
    rows = [("r0", "Lead", 0.0, 0.0), *rows]
    history = history_of(rows, amounts)
    before = take_snapshot(history, as_of=day(as_of)).records
    moved = stage_log([(r, s, float(entered), float(as_of + 1 + lag)) for r, s, entered, lag in later])
    revised = amount_log([(r, entered, 1e6) for r, _, entered, _ in later])
    revised["recorded_at"] = (as_of + 1) * DAY
    appended = history.with_tables(
        stage_changes=pd.concat([history.tables["stage_changes"], moved], ignore_index=True),
        field_changes=pd.concat([history.tables["field_changes"], revised], ignore_index=True),
    )
    pd.testing.assert_frame_equal(before, take_snapshot(appended, as_of=day(as_of)).records)


@given(rows=log_rows(), as_of=st.integers(min_value=0, max_value=25))
@settings(max_examples=40, deadline=None)
def test_engines_agree(rows, as_of):
    rows = [("r0", "Lead", 0.0, 0.0), *rows]
    amounts = [("r0", 0, 12.5), ("r1", 3, 8.25), ("r0", 9, 11.0)]
    answers = [take_snapshot(history_of(rows, amounts, engine=e), as_of=day(as_of)) for e in ("pandas", "duckdb")]
    pd.testing.assert_frame_equal(answers[0].records, answers[1].records, check_exact=True)
    assert answers[0].data_age_days == answers[1].data_age_days


def test_before_the_first_row_there_is_nothing_to_say():
    with pytest.raises(AsOfError, match="first row was recorded on 1970-01-06; choose a later as-of"):
        take_snapshot(history_of([("a", "Lead", 5)]), as_of=day(2))


def test_an_as_of_after_the_last_row_says_how_old_the_data_are():
    snapshot = take_snapshot(history_of([("a", "Lead", 5)], [("a", 5, 10.0)]), as_of=day(40))
    assert snapshot.data_age_days == 35
    assert snapshot.records["age_days"].tolist() == [36 - 1 / DAY]
    assert snapshot.summary().startswith("As of 1970-02-10 1 of 1 records are open, together 10;")


def test_won_between_takes_the_end_as_excluded():
    snapshot = take_snapshot(history_of([("a", "won", 3), ("b", "won", 5), ("c", "lost", 4)]), as_of=day(9))
    assert snapshot.won_between(3 * DAY, 5 * DAY)["record_id"].tolist() == ["a"]


def test_a_missing_amount_is_told():
    snapshot = take_snapshot(history_of([("a", "Lead", 0), ("b", "Lead", 0)], [("a", 0, 3.0)]), as_of=day(1))
    assert np.isnan(snapshot.records["amount"]).tolist() == [False, True]
    assert "1 of them without an amount" in snapshot.summary()


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_every_field_is_known_as_of_the_day(engine):
    rows = [("a", "Lead", 0), ("a", "lost", 8), ("b", "Lead", 0)]
    changes = [
        ("a", "expected_close_date", 2, None, "1970-01-20"),
        ("a", "expected_close_date", 6, "1970-01-20", "1970-02-01"),
        ("a", "team", 3, None, "North"),
    ]
    log = pd.DataFrame(changes, columns=["record_id", "field", "day", "old", "new"])
    at = log.pop("day") * DAY
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": ["a", "b"],
            "created_at": 0,
            "recorded_at": 0,
            "segment": ["SMB", None],
            "team": ["South", "West"],
            "loss_reason": ["price", None],
            "expected_close_date": [4 * DAY, 9 * DAY],
        }
    )
    tables = {
        "stage_changes": stage_log(rows),
        "field_changes": log.assign(funnel="f", changed_at=at, recorded_at=at),
        "opportunities": opportunities,
    }
    history = history_of(rows, engine="pandas").with_tables(**tables)
    history = on_duckdb(history) if engine == "duckdb" else history
    told = {n: take_snapshot(history, as_of=day(n)).records for n in (1, 5, 9)}
    assert told[1]["expected_close_date"].tolist() == [4 * DAY, 9 * DAY]
    assert told[5]["expected_close_date"].tolist() == [19 * DAY, 9 * DAY]
    assert told[9]["expected_close_date"].tolist() == [31 * DAY, 9 * DAY]
    assert [told[n]["team"].tolist() for n in (1, 5)] == [["South", "West"], ["North", "West"]]
    assert told[1]["segment"].tolist() == ["SMB", None]
    # The export tells why it was lost; before it was, nobody knew.
    assert [told[n]["loss_reason"].tolist() for n in (5, 9)] == [[None, None], ["price", None]]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_a_cleared_value_is_cleared_and_not_that_of_the_export(engine):
    rows = [("a", "Lead", 0), ("b", "Lead", 0)]
    changes = [
        ("a", "amount", 2, "5", None),
        ("a", "team", 2, "South", None),
        ("a", "expected_close_date", 2, "1970-01-20", None),
        ("a", "owner", 2, "Ann", "Bo"),
    ]
    log = pd.DataFrame(changes, columns=["record_id", "field", "day", "old", "new"])
    at = log.pop("day") * DAY
    fixed = {"amount": 7.0, "team": "South", "expected_close_date": 4 * DAY, "owner": "Ann"}
    opportunities = pd.DataFrame(
        {"opportunity_id": ["a", "b"], "funnel": "f", "created_at": 0, "recorded_at": 0} | fixed
    )
    history = history_of(rows).with_tables(
        field_changes=log.assign(funnel="f", changed_at=at, recorded_at=at), opportunities=opportunities
    )
    history = on_duckdb(history) if engine == "duckdb" else history
    before, after = (take_snapshot(history, as_of=day(n)).records.set_index("record_id") for n in (1, 2))
    assert before.loc["a", list(fixed)].tolist() == before.loc["b", list(fixed)].tolist() == list(fixed.values())
    assert after.loc["b", list(fixed)].tolist() == list(fixed.values())
    assert after.loc["a", ["amount", "team", "expected_close_date"]].isna().all()
    assert after.loc["a", "owner"] == "Bo" and after.loc["a", "team"] is None
