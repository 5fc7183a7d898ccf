"""Values of the opportunities table: what an export wrote over them is undone, or they say nothing of the past."""

from __future__ import annotations

import pandas as pd

from funnelml.history.features.fixed_values import read_fixed_values
from funnelml.history.record_log import read_log
from funnelml.schema import DAY
from tests.logs import EPOCH, history_of

ROWS = [(record, "Lead", 0) for record in "abc"]
AS_OF = EPOCH.replace(day=30)


def fixed_of(amounts, changes, field="amount", **tables):
    """Fixed values of records a, b, c; changes as (record, day, old, new)."""
    opportunities = pd.DataFrame(
        {"funnel": "f", "opportunity_id": list("abc"), "created_at": 0, "recorded_at": 0, field: amounts}
    )
    log = pd.DataFrame(changes, columns=["record_id", "day", "old", "new"]).astype({"old": object, "new": object})
    at = log.pop("day").astype("int64") * DAY
    log = log.assign(funnel="f", field=field, changed_at=at, recorded_at=at)
    history = history_of(ROWS).with_tables(opportunities=opportunities, field_changes=log, **tables)
    return read_fixed_values(history, read_log(history, as_of=AS_OF))


def values(fixed, field="amount"):
    return [None if pd.isna(v) else v for v in fixed.loc[list("abc"), field]]


def test_before_its_first_change_a_record_had_the_old_value():
    fixed = fixed_of([30.0, 7.0, 9.0], [("a", 3, "10", "20"), ("a", 5, "20", "30"), ("b", 4, None, "7")])
    # Of b the log says that nothing stood before: the table was written over, in a as in b.
    assert values(fixed) == ["10", None, 9.0]


def test_a_table_kept_as_entered_stands_where_the_log_tells_no_old_value():
    assert values(fixed_of([10.0, 7.0, 9.0], [("a", 3, None, "20"), ("b", 4, None, "8")])) == [10.0, 7.0, 9.0]


def test_a_table_written_over_says_nothing_where_the_log_tells_no_old_value():
    # A gap only where a change is to come would tell which records are going to change.
    assert values(fixed_of([20.0, 8.0, 9.0], [("a", 3, None, "20.0"), ("b", 4, None, "8")])) == [None, None, None]


def test_one_old_value_does_not_make_a_log_tell_old_values():
    # Whoever has a value before day 5 is one who is going to change.
    changes = [("a", 3, None, "20"), ("b", 5, "6", "8"), ("c", 4, None, "9")]
    assert values(fixed_of([20.0, 8.0, 9.0], changes)) == [None, None, None]
    # Here the log knows that 20 stood before 30 and does not say so.
    changes = [("a", 3, None, "20"), ("a", 4, None, "30"), ("b", 5, "6", "8"), ("c", 4, "3", "9"), ("c", 5, "9", "5")]
    assert values(fixed_of([30.0, 8.0, 5.0], changes)) == [None, None, None]


def test_texts_and_dates_are_compared_as_what_they_are():
    changes = [("a", 3, "Ann", "Bo"), ("a", 5, "Bo", "Di"), ("b", 3, None, "Cy")]
    owners = fixed_of(["Di", "Cy", "王芳"], changes, field="owner")
    assert values(owners, "owner") == ["Ann", None, "王芳"]
    midnights = pd.array([9 * DAY, 9 * DAY, None], "Int64")
    dates = fixed_of(midnights, [("a", 3, None, "1970-01-10")], field="expected_close_date")
    assert values(dates, "expected_close_date") == [None, None, None]


def test_of_a_funnel_without_opportunities_the_records_are_leads():
    leads = pd.DataFrame(
        {"lead_id": list("ab"), "created_at": 0, "recorded_at": [0, 40 * DAY], "source": ["Web", "展会"], "owner": None}
    )
    history = history_of(ROWS).with_tables(leads=leads)
    fixed = read_fixed_values(history, read_log(history, as_of=AS_OF))
    assert fixed["source"].to_dict() == {"a": "Web"} and fixed["owner"].tolist() == [None]


def test_without_both_tables_nothing_is_fixed():
    history = history_of(ROWS)
    assert read_fixed_values(history, read_log(history, as_of=AS_OF)).empty
