"""Factors of dates: weekdays and quarter ends recovered, one where dates say nothing, and where days begin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.schema import DAY
from funnelml.survival.calendar import fit_calendar, local_days, place_in_calendar
from funnelml.survival.stage_model import StageModel
from tests.survival.small_stays import MONDAY, rows_of

FIRST_DAY = MONDAY // DAY


def stays_by_date(n, seed, factor, *, grain):
    """Stays in one stage that advance at 0.05 a day and are lost at 0.02, times the factor of each date."""
    rng = np.random.default_rng(seed)
    entered = rng.integers(0, 400, n)
    ends, event = np.full(n, 60), np.zeros(n, dtype=int)
    for age in range(60):
        rate = np.outer(factor(FIRST_DAY + entered + age), [1.0, 0.0]) * 0.05 + [0.0, 0.02]
        leaves = (event == 0) & (rng.random(n) < 1 - np.exp(-rate.sum(axis=1)))
        cause = np.where(rng.random(n) * rate.sum(axis=1) < rate[:, 0], 1, 3)
        ends[leaves], event[leaves] = age, cause[leaves]
    begun = entered * DAY
    within = rng.integers(1, DAY, n) if grain == "instant" else 0
    duration = ends.astype(float) if grain == "day" else (ends * DAY + DAY - 1 - within) / DAY
    return rows_of(["方案"] * n, duration, event, entered_at=MONDAY + begun + within, grain=grain)


def fitted(rows):
    model = StageModel(ratios="none", calendar=True).fit(rows)
    return model.calendar_


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_busy_and_idle_days_are_recovered(grain):
    def factor(day):
        return np.where((day + 3) % 7 >= 5, 0.1, 1.36)

    told = fitted(stays_by_date(6_000, 1, factor, grain=grain))
    np.testing.assert_allclose(told.weekday[0, :5] / told.weekday[0, 0], 1.0, atol=0.15)
    np.testing.assert_allclose(told.weekday[0, 5:] / told.weekday[0, :5].mean(), 0.1 / 1.36, atol=0.06)
    # Losses know no weekdays.
    np.testing.assert_allclose(told.weekday[2], 1.0, atol=0.15)


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_the_end_of_a_quarter_is_recovered(grain):
    def factor(day):
        return np.where(place_in_calendar(day)[1] == 1, 3.0, 1.0)

    told = fitted(stays_by_date(6_000, 2, factor, grain=grain))
    assert told.quarter_end[0, 1] / told.quarter_end[0, 0] == pytest.approx(3.0, rel=0.15)
    assert told.quarter_end[2, 1] / told.quarter_end[2, 0] == pytest.approx(1.0, rel=0.2)


def test_few_events_say_little_and_none_nothing():
    rows = rows_of(["Lead"] * 20, np.linspace(1, 9, 20), [1, 0] * 10)
    told = fitted(rows)
    assert np.abs(told.weekday[0] - 1).max() < 0.25
    np.testing.assert_allclose(told.weekday[3], 1.0, atol=0.05)
    np.testing.assert_array_equal(told.on(np.arange(5)).shape, (4, 5))
    assert list(told.to_frame()["outcome"]) == ["advanced", "won", "lost", "moved_back"]


def test_weights_count_as_copies():
    rows = stays_by_date(300, 4, lambda day: np.where((day + 3) % 7 == 0, 3.0, 1.0), grain="instant")
    hazards = StageModel(ratios="none").fit(rows).hazards_
    twice = rows.take(np.repeat(np.arange(300), 2))
    one, two = fit_calendar(rows, hazards, np.full(300, 2.0)), fit_calendar(twice, hazards, np.ones(600))
    np.testing.assert_allclose(one.weekday, two.weekday)
    np.testing.assert_allclose(one.quarter_end, two.quarter_end)


def test_days_begin_at_local_midnight_and_quarters_end_on_their_last_day():
    # 23:30 UTC on 2024-03-24 is the Monday after in Berlin.
    instant = np.array([np.datetime64("2024-03-24T23:30", "us").astype(np.int64)])
    assert local_days(instant, "Europe/Berlin")[0] == np.datetime64("2024-03-25", "D").astype(int)
    days = np.array(["2024-03-24", "2024-03-25", "2024-03-31", "2024-04-01"], dtype="datetime64[D]").astype(np.int64)
    weekday, last = place_in_calendar(days)
    assert weekday.tolist() == [6, 0, 6, 0]
    assert last.tolist() == [0, 1, 1, 0]


def test_a_model_with_a_calendar_tells_the_weekend_apart():
    rows = stays_by_date(3_000, 5, lambda day: np.where((day + 3) % 7 >= 5, 0.0, 1.4), grain="instant")
    model = StageModel(ratios="none", calendar=True).fit(rows)
    friday_night = MONDAY + 5 * DAY
    seen = replace(
        rows.take(np.array([0])),
        at=np.array([friday_night]),
        age=np.array([3.0]),
        duration=None,
        event=None,
        next_stage=None,
    )
    by = model.predict_cumulative_incidence(seen, [2.0, 3.0])[0, 1]
    assert by[0] < 0.02
    assert by[1] > 0.04


def test_a_change_of_clocks_moves_no_end_to_another_day():
    # All leave on Thursday 2024-10-31 in Berlin, where the 27th has 25 hours.
    entered = pd.date_range("2024-10-21", periods=5, tz="Europe/Berlin").as_unit("us").asi8
    days = np.repeat(np.arange(10.0, 5.0, -1.0), 40)
    rows = rows_of(["方案"] * 200, days, [1] * 200, entered_at=np.repeat(entered, 40), grain="day")
    told = fitted(replace(rows, time_zone="Europe/Berlin")).weekday[0]
    assert told[3] > 1.2
    assert (np.delete(told, 3) <= 1).all()
