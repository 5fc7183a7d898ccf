"""Stays to learn from and those of today: each once at its entry, again at past dates, and nothing of the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import NotEnoughDataError
from funnelml.history.episodes import stage_episodes
from funnelml.history.snapshot import take_snapshot
from funnelml.schema import DAY
from funnelml.survival.learning_stays import AT_ENTRY, learn_stays, open_stays, stays_of_episodes
from funnelml.survival.stage_model import StageModel
from funnelml.synthetic import Arrivals, SyntheticWorld, simulate_crm
from tests.logs import FUNNEL, history_of

AS_OF = date(2024, 1, 1) + timedelta(days=119)


@pytest.fixture(scope="module")
def histories():
    """One world, exported on the day that is asked about, and 40 days later with late entries on the way."""
    known = {"future_days": 30, "arrivals": Arrivals(per_day=4.0), "speed_sd": 0.3}
    return [simulate_crm(SyntheticWorld(days=days, **known), seed=5).history for days in (120, 160)]


def same(first, second):
    """Hold that two sets of rows are the same in all that they say."""
    for name in ("record_id", "stage", "at", "entered_at", "age", "duration", "event", "next_stage"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
    pd.testing.assert_frame_equal(first.covariates, second.covariates)


def test_what_was_recorded_later_changes_nothing(histories):
    then, later = histories
    same(learn_stays(then, as_of=AS_OF), learn_stays(later, as_of=AS_OF))
    same(open_stays(then, as_of=AS_OF), open_stays(later, as_of=AS_OF))


def test_each_stay_stands_once_at_its_entry_and_again_only_while_it_runs(histories):
    rows = learn_stays(histories[0], as_of=AS_OF)
    episodes = stage_episodes(histories[0], as_of=AS_OF)
    first = rows.age == AT_ENTRY
    assert first.sum() == len(episodes.table)
    np.testing.assert_array_equal(rows.duration[first], episodes.table["duration_days"])
    assert (~first).sum() > 100
    assert (rows.duration[~first] > rows.age[~first]).all()
    # The last known microsecond before each row is as many days after the entry as its age.
    seen = (rows.at - 1 - rows.entered_at) / DAY
    np.testing.assert_allclose(seen[~first], rows.age[~first], atol=1e-9)
    assert rows.at.max() <= episodes.cut
    assert StageModel(ratios="none").fit(rows).n_stays_ == len(episodes.table)


def test_open_rows_stand_in_the_order_of_the_snapshot(histories):
    rows = open_stays(histories[0], as_of=AS_OF)
    now = take_snapshot(histories[0], as_of=AS_OF).to_frame()
    assert list(rows.record_id) == list(now.loc[now["stage"].isin(rows.stages), "record_id"])
    assert (rows.age >= 0).all()
    assert rows.duration is None


def test_the_path_alone_is_enough_to_learn(histories):
    episodes = stage_episodes(histories[0], as_of=AS_OF)
    rows = stays_of_episodes(episodes)
    assert list(rows.covariates) == ["visit", "days_before_stage"]
    firsts = episodes.table.groupby("record_id")["entered_at"].transform("min")
    np.testing.assert_allclose(rows.covariates["days_before_stage"], (episodes.table["entered_at"] - firsts) / DAY)
    seen = open_stays(histories[0], as_of=AS_OF)
    by_path, by_rows = (
        StageModel(ratios="none").fit(part).predict_won_by(seen, [30.0])
        for part in (episodes, learn_stays(histories[0], as_of=AS_OF))
    )
    np.testing.assert_allclose(by_path, by_rows, atol=1e-12)


def test_before_the_first_record_there_is_nothing_to_learn_from(histories):
    with pytest.raises(NotEnoughDataError, match="no stay in a stage is known by 2023-12-01"):
        learn_stays(histories[0], as_of=date(2023, 12, 1))
    assert len(open_stays(histories[0], as_of=date(2023, 12, 1))) == 0


def test_a_log_that_ended_weeks_ago_teaches_what_it_did_on_its_last_day(histories):
    """In the days since then nothing is recorded: that is no sign that nobody moved."""
    log = histories[0].lazy("stage_changes").collect(backend="pandas").to_native()
    ended = (pd.Timestamp(log["recorded_at"].max(), unit="us")).date()
    same(learn_stays(histories[0], as_of=ended), learn_stays(histories[0], as_of=ended + timedelta(days=45)))
    ages = [open_stays(histories[0], as_of=ended + timedelta(days=k)).age.mean() for k in (0, 45)]
    assert ages[1] - ages[0] == pytest.approx(45)


def test_a_record_first_heard_of_when_a_stay_was_over_tells_nothing_that_moves():
    moves = [("a", "Lead", 0.0, 9.0), ("a", "Proposal", 4.0, 9.0), ("b", "Lead", 2.0), ("b", "won", 8.0)]
    calls = pd.DataFrame(
        {
            "funnel": "f",
            "record_id": ["a", "a", "b", "b"],
            "kind": "call",
            "occurred_at": np.array([1, 2, 3, 4]) * DAY,
            "recorded_at": np.array([1, 2, 3, 4]) * DAY,
        }
    )
    history = history_of(moves)
    history = replace(history, tables=history.tables | {"activities": calls})
    rows = learn_stays(history, as_of=date(1970, 1, 20))
    entries = rows.take(np.flatnonzero(rows.age == AT_ENTRY))
    assert list(zip(entries.record_id, entries.stage, entries.at // DAY, strict=True)) == [
        ("a", "Lead", 9),
        ("a", "Proposal", 9),
        ("b", "Lead", 2),
    ]
    # Both calls of a were during its first stay, which was over when anything was heard of a.
    told = entries.covariates["activities_total"].to_numpy()
    assert np.isnan(told[0]) and told[1:].tolist() == [2.0, 0.0]


def test_what_began_before_it_was_under_observation_is_seen_from_then_on():
    funnel = replace(FUNNEL, observed_from=100 * DAY)
    rows = learn_stays(
        history_of([("a", "Lead", 10.0), ("a", "won", 130.0), ("b", "Lead", 120.0)], funnels=(funnel,)),
        as_of=date(1970, 5, 20),
    )
    first = rows.take(np.flatnonzero((rows.at == 100 * DAY + 1) | (rows.age == AT_ENTRY)))
    assert list(zip(first.record_id, first.at // DAY, first.age, strict=True)) == [("a", 100, 90.0), ("b", 120, -1.0)]
    assert rows.at.min() > 100 * DAY
