"""Landmarks: open by what was known then, at the end of days and at ages."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import AsOfError
from funnelml.history.dates import instant_of
from funnelml.history.history import History
from funnelml.history.landmarks import age_landmarks, date_landmarks
from funnelml.history.snapshot import take_snapshot
from funnelml.schema import DAY
from tests.logs import EPOCH, FUNNEL, STAGES, history_of, log_rows, stage_log

ROWS = [
    ("a", "Lead", 0),
    ("a", "won", 5, 7),
    ("b", "Lead", 3),
    ("b", "lost", 4),
    ("b", "Proposal", 8),
    ("c", "Lead", 2.5),
]


def day(n: int):
    return EPOCH + timedelta(days=n)


def pairs(landmarks, by):
    return list(zip(landmarks["record_id"], landmarks[by], strict=True))


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_open_is_what_stood_in_a_stage_by_what_was_recorded(engine):
    found = date_landmarks(history_of(ROWS, engine=engine), as_of_dates=[day(6), day(2), day(9), day(3), day(6)])
    # a was won on day 5, which was recorded on day 7; b was lost on day 4 and opened again on day 8.
    assert pairs(found, "as_of") == [
        ("a", day(2)),
        ("c", day(2)),
        ("a", day(3)),
        ("b", day(3)),
        ("c", day(3)),
        ("a", day(6)),
        ("c", day(6)),
        ("b", day(9)),
        ("c", day(9)),
    ]
    assert found["cut"].tolist() == [(d - EPOCH).days * DAY + DAY for d in found["as_of"]]


@given(rows=log_rows(), days=st.lists(st.integers(0, 26), min_size=1, max_size=4, unique=True))
@settings(max_examples=30)
def test_at_the_end_of_a_day_the_open_records_are_those_of_the_snapshot(rows, days):
    history = history_of([("r0", "Lead", 0.0, 0.0), *rows])
    found = date_landmarks(history, as_of_dates=[day(n) for n in days])
    wanted = [(r, day(n)) for n in sorted(days) for r in take_snapshot(history, as_of=day(n)).open["record_id"]]
    assert pairs(found, "as_of") == wanted


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_ages_count_from_the_start_to_the_microsecond(engine):
    found = age_landmarks(history_of(ROWS, engine=engine), ages_days=[6, 1, 0.5], as_of=day(8))
    # The end of b comes at the very instant at which it is a day old, and is not known before it. At the age of 6 only
    # the win of a is not recorded yet (day 7), and b is open again just at the end of what is known.
    assert pairs(found, "age_days") == [
        ("a", 0.5),
        ("b", 0.5),
        ("c", 0.5),
        ("a", 1),
        ("b", 1),
        ("c", 1),
        ("a", 6),
        ("b", 6),
        ("c", 6),
    ]
    assert found["cut"].tolist() == [DAY // 2, 3.5 * DAY, 3 * DAY, DAY, 4 * DAY, 3.5 * DAY, 6 * DAY, 9 * DAY, 8.5 * DAY]
    assert found["started_at"].tolist() == (found["cut"] - found["age_days"] * DAY).tolist()
    earlier = age_landmarks(history_of(ROWS, engine=engine), ages_days=[6], as_of=day(7))
    assert earlier["record_id"].tolist() == ["a"]


def test_records_are_chosen_by_the_day_on_which_they_started():
    history = history_of(ROWS)
    found = age_landmarks(history, ages_days=[1], as_of=day(9), started_from=day(2), started_to=day(2))
    assert found["record_id"].tolist() == ["c"]
    found = age_landmarks(history, ages_days=[1], as_of=day(9), started_from=day(3))
    assert found["record_id"].tolist() == ["b"]
    assert age_landmarks(history, ages_days=[1], as_of=day(9), started_from=day(7)).empty


def test_a_start_dated_back_later_moves_no_landmark():
    rows = [("a", "Proposal", 5), ("a", "Lead", 1, 6)]
    found = age_landmarks(history_of(rows), ages_days=[0.5, 3], as_of=day(9))
    assert found["cut"].tolist() == [5.5 * DAY, 8 * DAY]


def test_a_record_entered_late_has_no_early_landmark():
    found = age_landmarks(history_of([("a", "Lead", 1, 4)]), ages_days=[1, 2, 3, 4], as_of=day(9))
    # Recorded at the start of day 4: at the age of three days it is not known yet.
    assert found["age_days"].tolist() == [4]


def test_in_a_log_of_days_ages_are_calendar_days():
    zone = "Europe/Berlin"
    rows = stage_log([("a", "Lead", 0)])
    rows[["entered_at", "recorded_at"]] = instant_of(date(2024, 3, 30), zone)
    history = History(tables={"stage_changes": rows}, funnels=(FUNNEL,), time_zone=zone, grain="day")
    found = age_landmarks(history, ages_days=[1, 2], as_of=date(2024, 4, 30))
    # The 31st of March has 23 hours.
    assert found["cut"].tolist() == [instant_of(date(2024, 3, 31), zone), instant_of(date(2024, 4, 1), zone)]


@given(
    rows=log_rows(),
    as_of=st.integers(2, 20),
    later=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(STAGES), st.integers(0, 30), st.integers(0, 9))),
)
@settings(max_examples=40)
def test_rows_recorded_later_change_no_landmark(rows, as_of, later):
    history = history_of([("r0", "Lead", 0.0, 0.0), *rows])
    moved = stage_log([(f"r{r}", stage, float(at), float(as_of + 1 + lag)) for r, stage, at, lag in later])
    both = pd.concat([history.tables["stage_changes"], moved], ignore_index=True)
    for landmarks in (
        lambda h: date_landmarks(h, as_of_dates=[day(as_of // 2), day(as_of)]),
        lambda h: age_landmarks(h, ages_days=[1, 3, 7], as_of=day(as_of)),
    ):
        pd.testing.assert_frame_equal(landmarks(history), landmarks(history.with_tables(stage_changes=both)))


def test_nothing_to_look_at_is_said():
    with pytest.raises(AsOfError, match="there is no as-of date to look at"):
        date_landmarks(history_of(ROWS), as_of_dates=[])
    with pytest.raises(AsOfError, match="ages are positive numbers of days"):
        age_landmarks(history_of(ROWS), ages_days=[], as_of=day(3))
    with pytest.raises(AsOfError, match="ages are positive numbers of days"):
        age_landmarks(history_of(ROWS), ages_days=[0], as_of=day(3))


def test_before_the_log_begins_nothing_is_open():
    found = date_landmarks(history_of([("a", "Lead", 5)]), as_of_dates=[day(1)])
    assert found.empty and list(found) == ["record_id", "cut", "as_of"]
