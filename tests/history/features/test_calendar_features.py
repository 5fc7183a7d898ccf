"""The calendar of moments, in the time zone of the workspace."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from funnelml.history.features.calendar_features import days_between, describe_calendar, local_times


def micros(*stamp):
    return int(datetime(*stamp, tzinfo=UTC).timestamp()) * 1_000_000


def test_days_are_local_days():
    # 16:30 in UTC on Sunday the 31st of March is 00:30 on Monday the 1st of April in Shanghai.
    created = np.array([micros(2024, 3, 31, 16, 30), np.nan])
    cut = np.array([micros(2024, 6, 30, 16), micros(2024, 9, 30, 16)])
    told = describe_calendar(cut, created, time_zone="Asia/Shanghai", grain="instant")
    np.testing.assert_array_equal(told["created_hour"], [0, np.nan])
    np.testing.assert_array_equal(told["created_weekday"], [1, np.nan])
    np.testing.assert_array_equal(told["created_month"], [4, np.nan])
    # The cuts end Sunday the 30th of June and Monday the 30th of September, the last days of two quarters.
    assert [told[n].tolist() for n in ("weekday", "month", "days_to_quarter_end")] == [[7, 1], [6, 9], [0, 0]]


def test_a_log_of_days_has_no_hours():
    assert "created_hour" not in describe_calendar(np.array([0]), np.array([0.0]), time_zone="UTC", grain="day")


def test_days_before_the_epoch_and_in_december_are_counted_on():
    told = describe_calendar(np.array([micros(1969, 12, 2)]), np.array([np.nan]), time_zone="UTC", grain="day")
    assert {n: told[n][0] for n in ("weekday", "month", "days_to_quarter_end")} == {
        "weekday": 1,
        "month": 12,
        "days_to_quarter_end": 30,
    }


def test_a_day_of_a_change_of_clocks_is_one_day():
    ends = local_times(np.array([micros(2024, 3, 30, 23), micros(2024, 3, 31, 22)]), "Europe/Berlin")
    assert days_between(ends[:1], ends[1:]).tolist() == [1]
    assert np.isnan(days_between(ends[:1], local_times(np.array([np.nan]), "UTC"))).all()
