"""The log of a funnel: the last value of a field, as a snapshot has it, and what was known before."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.history.record_log import read_log
from funnelml.history.snapshot import take_snapshot
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY
from tests.logs import EPOCH, history_of

AS_OF = EPOCH + timedelta(days=9)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(["team", "owner"]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(["North", "South", "华东", None]),
    ),
    max_size=12,
)


def history_with(changes, recorded=(0, 0, 0)):
    """Records a, b, c with fixed values; changes as (record, field, day, lag of recording, new)."""
    log = pd.DataFrame(changes, columns=["record_id", "field", "day", "lag", "new"])
    at = log.pop("day").astype("int64") * DAY
    log = log.assign(funnel="f", changed_at=at, recorded_at=at + log.pop("lag").astype("int64") * DAY, old="before")
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": list("abc"),
            "created_at": 0,
            "recorded_at": [n * DAY for n in recorded],
            "team": ["South", "West", "East"],
            "owner": ["Ann", None, "王芳"],
        }
    )
    rows = [(record, "Lead", 0) for record in "abc"]
    return history_of(rows).with_tables(field_changes=log, opportunities=opportunities)


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
@given(changes=CHANGES)
@settings(max_examples=30, deadline=None)
def test_the_last_value_is_that_of_the_snapshot(engine, changes):
    history = history_with(changes)
    history = on_duckdb(history) if engine == "duckdb" else history
    log = read_log(history, as_of=AS_OF)
    records = take_snapshot(history, as_of=AS_OF).records.set_index("record_id")
    for field in ("team", "owner"):
        assert log.values_now(field, "abc").tolist() == records[field].tolist()


def test_a_late_correction_of_the_past_is_not_the_last_value():
    # The change of day 1 was recorded on day 5, after that of day 3: the value since day 3 stands.
    log = read_log(history_with([("a", "team", 1, 4, "North"), ("a", "team", 3, 0, "华东")]), as_of=AS_OF)
    assert log.values_now("team", "a").tolist() == ["华东"]


def test_fixed_values_of_the_past_are_those_recorded_then_and_before_the_first_change():
    log = read_log(history_with([("a", "team", 5, 0, "North")], recorded=(0, 6, 0)), as_of=AS_OF)
    assert log.values_now("team", "abc").tolist() == ["North", "West", "East"]
    assert log.known_at(4 * DAY).values_now("team", "abc").tolist() == ["before", None, "East"]
    assert log.known_at(7 * DAY).values_now("team", "abc").tolist() == ["North", "West", "East"]


def test_without_opportunities_the_past_is_read_all_the_same():
    log = read_log(history_of([("a", "Lead", 0)]), as_of=AS_OF)
    assert log.known_at(DAY).values_now("team", "a").tolist() == [None]
