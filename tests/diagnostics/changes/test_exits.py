"""Exits by week, and the pace of a stage, against counting by hand."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.diagnostics.changes.exits import Place, collect_exits, quarter_end, week_starts
from funnelml.diagnostics.changes.pace import _days_per_week, measure_pace
from funnelml.history.dates import instant_of
from funnelml.history.episodes import stage_episodes
from funnelml.history.snapshot import take_snapshot
from funnelml.schema import DAY
from funnelml.synthetic import SyntheticWorld, simulate_crm
from tests.logs import EPOCH, history_of, log_rows


def day(n: int) -> date:
    return EPOCH + timedelta(days=n)


def exits_of(history, as_of, **settings):
    episodes, snapshot = stage_episodes(history, as_of=as_of), take_snapshot(history, as_of=as_of)
    return collect_exits(episodes, snapshot, time_zone="UTC", **settings)


def test_weeks_end_with_the_as_of_date():
    rows = [("a", "Lead", 0), ("a", "Proposal", 6.9), ("b", "Lead", 1), ("b", "lost", 7), ("c", "Lead", 2)]
    exits = exits_of(history_of(rows), day(13))
    assert exits.starts == (day(0), day(7))
    assert exits.table["week"].tolist() == [0, 1]
    assert exits.table["went_on"].tolist() == [True, False]


def test_weekly_scores_sum_to_observed_minus_expected():
    rows = [
        (f"r{k}", s, k / 3 + d) for k in range(60) for s, d in (("Lead", 0), ("won" if k % 3 else "lost", 2 + k % 5))
    ]
    exits = exits_of(history_of(rows), day(40))
    expected = exits.table["expected"].to_numpy()
    whole = exits.series(expected, 3)[Place(stage=None, group_by="", group="")]
    assert whole.score.sum() == pytest.approx(exits.table["went_on"].sum() - expected.sum())
    assert whole.information.sum() == pytest.approx((expected * (1 - expected)).sum())
    assert whole.trials.sum() == len(exits.table)
    assert ((expected > 0) & (expected < 1)).all()


def test_series_of_groups_hold_each_exit_once():
    crm = simulate_crm(SyntheticWorld(days=200), seed=1)
    episodes = stage_episodes(crm.history, as_of=crm.as_of)
    snapshot = take_snapshot(crm.history, as_of=crm.as_of)
    exits = collect_exits(episodes, snapshot, time_zone="Europe/Berlin", by=("segment",))
    series = exits.series(exits.table["expected"].to_numpy(), 6, ("segment",))
    for place, weekly in series.items():
        rows = exits.at(place)
        assert weekly.trials.sum() == rows.sum()
        assert weekly.observed.sum() == exits.table["went_on"][rows].sum()
    whole = series[Place(stage=2, group_by="", group="")]
    parts = [s for place, s in series.items() if place.stage == 2 and place.group_by == "segment"]
    np.testing.assert_allclose(sum(s.observed for s in parts), whole.observed)


def test_bulk_moves_are_left_out():
    rows = [(f"r{k}", s, d) for k in range(20) for s, d in (("Lead", k + 0.3), ("lost", 120.4))]
    rows += [(f"x{k}", s, k + d) for k in range(300) for s, d in (("Lead", 0.35), ("won", 5.45))]
    exits = exits_of(history_of(rows), day(320))
    assert len(exits.table) > 280
    assert exits.table["record_id"].str.startswith("x").all()


def test_the_first_weeks_of_a_log_hold_only_the_quick_ones_and_are_left_out():
    rows = [(f"r{k}", s, k + d) for k in range(100) for s, d in (("Lead", 0), ("won", 3.0 if k % 2 else 21.0))]
    exits = exits_of(history_of(rows), day(130))
    assert exits.table["left_at"].min() == 21 * DAY
    assert exits.starts[0] <= day(21) < exits.starts[1]


def test_no_exits_is_an_empty_table():
    exits = exits_of(history_of([("a", "Lead", 0)]), day(3))
    assert (len(exits.table), exits.weeks, exits.starts) == (0, 0, ())


def test_last_two_weeks_of_a_quarter():
    at = np.array([instant_of(d, "Asia/Shanghai") for d in (date(2025, 3, 17), date(2025, 3, 18), date(2025, 4, 1))])
    told = quarter_end(at, time_zone="Asia/Shanghai", fiscal_year_start=1)
    assert told.tolist() == [False, True, False]
    told = quarter_end(at, time_zone="Asia/Shanghai", fiscal_year_start=2)
    assert told.tolist() == [False, False, False]
    assert week_starts(date(2025, 3, 30), 2) == (date(2025, 3, 17), date(2025, 3, 24))


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), max_size=20)


@given(spans=SPANS)
def test_days_per_week_are_those_of_a_plain_loop(spans):
    bounds = DAY * np.arange(0, 71, 7)
    start = DAY * np.array([s for s, _ in spans], dtype=np.int64)
    end = start + DAY * np.array([n for _, n in spans], dtype=np.int64)
    told = _days_per_week(start, end, bounds)
    by_hand = [
        sum(max(0, min(e, hi) - max(s, lo)) / DAY for s, e in zip(start, end, strict=True))
        for lo, hi in pairwise(bounds)
    ]
    np.testing.assert_allclose(told, by_hand, atol=1e-9)


@given(rows=log_rows(most=60))
def test_expected_exits_add_up_to_those_observed(rows):
    history = history_of(rows)
    pace = measure_pace(stage_episodes(history, as_of=day(30)), time_zone="UTC")
    np.testing.assert_allclose(pace.expected.sum(axis=1), pace.observed.sum(axis=1), rtol=1e-9, atol=1e-9)
    snapshot = take_snapshot(history, as_of=day(30))
    counts = snapshot.open["stage"].value_counts()
    for stage, row in zip(snapshot.funnel.stages, pace.open, strict=True):
        assert row[-1] == counts.get(stage, 0)


def test_a_slow_week_shows_in_the_pace():
    enter = [(f"r{k}", "Lead", float(k // 4)) for k in range(400)]
    leave = [(f"r{k}", "won", k // 4 + (3.0 if k // 4 < 70 else 9.0)) for k in range(400)]
    pace = measure_pace(stage_episodes(history_of(enter + leave), as_of=day(97)), time_zone="UTC")
    ratio = pd.Series(pace.observed[0]).rolling(4).sum() / pd.Series(pace.expected[0]).rolling(4).sum()
    assert ratio.iloc[8] > 1.0 > ratio.iloc[-1]
