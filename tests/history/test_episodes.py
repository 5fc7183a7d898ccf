"""Stage episodes: against a plain reading of the rule, on both engines, and the law of no look-ahead."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.history.dates import instant_of
from funnelml.history.episodes import stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.schema import DAY
from tests.logs import EPOCH, FUNNEL, STAGES, history_of, log_rows, stage_log


def episodes_by_hand(rows, cut_day):
    """The written rule, record by record, in plain Python."""
    rank = {s: i for i, s in enumerate(STAGES)}
    known = [r for r in rows if r[2] < cut_day and r[3] < cut_day]
    out = []
    for record in sorted({r[0] for r in known}):
        moves = sorted((r for r in known if r[0] == record), key=lambda r: (r[2], r[3], rank[r[1]]))
        moves = [m for i, m in enumerate(moves) if i == 0 or m[1] != moves[i - 1][1]]
        visits: dict[str, int] = {}
        for i, (_, stage, entered, _) in enumerate(moves):
            visits[stage] = visits.get(stage, 0) + 1
            if stage in ("won", "lost"):
                continue
            following = moves[i + 1] if i + 1 < len(moves) else None
            if following is None:
                event, duration = 0, cut_day - entered - 1 / DAY
            else:
                duration = following[2] - entered
                to = rank[following[1]]
                event = 2 if to == 3 else 3 if to == 4 else 1 if to > rank[stage] else 4
            out.append((record, stage, visits[stage], duration, event, following and following[1]))
    return out


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
@given(rows=log_rows(), as_of=st.integers(min_value=0, max_value=25))
@settings(max_examples=60, deadline=None)
def test_episodes_follow_the_written_rule(engine, rows, as_of):
    found = stage_episodes(history_of(rows, engine=engine), as_of=EPOCH + timedelta(days=as_of)).table
    expected = episodes_by_hand(rows, as_of + 1)
    assert [tuple(r) for r in found[["record_id", "stage", "visit", "event", "next_stage"]].to_numpy()] == [
        (r, s, v, e, n) for r, s, v, _, e, n in expected
    ]
    np.testing.assert_allclose(found["duration_days"], [d for _, _, _, d, _, _ in expected], atol=1e-12)


@given(rows=log_rows(), as_of=st.integers(min_value=0, max_value=25))
@settings(max_examples=40, deadline=None)
def test_engines_agree_to_the_last_bit(rows, as_of):
    day = EPOCH + timedelta(days=as_of)
    answers = [stage_episodes(history_of(rows, engine=e), as_of=day).table for e in ("pandas", "duckdb")]
    pd.testing.assert_frame_equal(*answers, check_exact=True)


@given(
    rows=log_rows(),
    later=st.lists(
        st.tuples(
            st.sampled_from(["r0", "r1", "new"]),
            st.sampled_from(STAGES),
            st.integers(0, 30),
            st.integers(0, 9),
        )
    ),
    as_of=st.integers(min_value=0, max_value=20),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_rows_recorded_later_change_nothing(rows, later, as_of, order):
    day = EPOCH + timedelta(days=as_of)
    before = stage_episodes(history_of(rows), as_of=day).table
    appended = rows + [(r, s, float(entered), float(as_of + 1 + lag)) for r, s, entered, lag in later]
    order.shuffle(appended)
    pd.testing.assert_frame_equal(before, stage_episodes(history_of(appended), as_of=day).table)


def test_a_censored_stay_is_shorter_than_one_that_ends_the_next_day():
    rows = [("a", "Lead", 0), ("b", "Lead", 0), ("b", "won", 4)]
    table = stage_episodes(history_of(rows), as_of=EPOCH + timedelta(days=3)).table
    assert table["event"].tolist() == [0, 0]
    later = stage_episodes(history_of(rows), as_of=EPOCH + timedelta(days=4)).table
    assert later["duration_days"].iloc[1] == 4.0
    assert table["duration_days"].iloc[0] < 4.0


def test_day_grained_stays_are_whole_days_across_a_change_of_clocks():
    zone = "Europe/Amsterdam"
    entered, closed = (instant_of(d, zone) for d in (date(2011, 10, 20), date(2011, 11, 3)))
    log = stage_log([("a", "Lead", 0), ("a", "won", 1), ("b", "Lead", 0)])
    log["entered_at"] = log["recorded_at"] = [entered, closed, entered]
    history = History(tables={"stage_changes": log}, funnels=(FUNNEL,), time_zone=zone, grain="day")
    durations = stage_episodes(history, as_of=date(2011, 11, 5)).table["duration_days"].tolist()
    assert durations == [14.0, 17.0 - 1 / DAY]


def test_stays_that_began_before_observation_enter_late_and_earlier_endings_are_left_out():
    funnel = Funnel(name="f", stages=("Lead", "Proposal"), observed_from=10 * DAY)
    rows = [("a", "Lead", 4), ("a", "won", 12), ("b", "Lead", 2), ("b", "Proposal", 5), ("c", "Lead", 11)]
    history = History(tables={"stage_changes": stage_log(rows)}, funnels=(funnel,))
    table = stage_episodes(history, as_of=EPOCH + timedelta(days=14)).table
    assert table[["record_id", "stage", "from_age_days"]].to_numpy().tolist() == [
        ["a", "Lead", 6.0],
        ["b", "Proposal", 5.0],
        ["c", "Lead", 0.0],
    ]


def test_summary_counts_the_ends():
    rows = [("a", "Lead", 0), ("a", "won", 2), ("b", "Lead", 0), ("b", "Closing", 1), ("b", "Lead", 2)]
    told = stage_episodes(history_of(rows), as_of=EPOCH + timedelta(days=3)).summary()
    assert told == "4 stays by 1970-01-04: 1 advanced, 1 won, 0 lost, 1 moved back, 1 still running."
