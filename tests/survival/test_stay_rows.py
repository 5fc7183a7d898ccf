"""Rows of stays: taken apart, set back to an earlier instant, and refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from funnelml.errors import ModelInputError
from funnelml.schema import DAY
from tests.survival.small_stays import MONDAY, cyclic_stays, rows_of


def test_rows_may_be_taken_by_position_and_by_mask():
    rows = cyclic_stays(20, 1)
    mask = rows.event > 0
    by_mask, by_place = rows.take(mask), rows.take(np.flatnonzero(mask))
    assert len(by_mask) == mask.sum()
    assert by_mask.covariates.equals(by_place.covariates)
    np.testing.assert_array_equal(by_mask.duration, rows.duration[mask])
    assert rows.place.tolist() == [rows.stages.index(name) for name in rows.stage]


def test_before_an_instant_later_ends_are_not_known():
    rows = rows_of(["Lead"] * 3, [5.0, 20.0, 3.0], [1, 2, 3], entered_at=[MONDAY, MONDAY, MONDAY + 15 * DAY])
    then = rows.known_by(MONDAY + 10 * DAY)
    assert then.event.tolist() == [1, 0]
    # The last microsecond that was known.
    np.testing.assert_array_equal(then.duration, [5.0, 10.0 - 1 / DAY])


def test_in_whole_days_a_running_stay_lasts_until_just_before_the_first_unknown_day():
    rows = rows_of(["Lead", "Lead"], [10.0, 9.0], [1, 1], grain="day")
    then = rows.known_by(MONDAY + 10 * DAY)
    assert then.event.tolist() == [0, 1]
    np.testing.assert_array_equal(then.duration, [10.0 - 1 / DAY, 9.0])


def test_an_unknown_stage_and_a_missing_age_are_refused():
    rows = cyclic_stays(5, 1)
    with pytest.raises(ModelInputError, match=r"1 rows stand in stages the funnel does not have \(.*Demo"):
        replace(rows, stage=np.array(["Demo", *rows.stage[1:]], dtype=object))
    with pytest.raises(ModelInputError, match="2 rows have no age in their stage"):
        replace(rows, age=np.array([np.nan, 1.0, 2.0, np.inf, 0.0]))


def test_each_stay_is_seen_first_once_and_two_visits_of_one_day_are_two():
    rows = rows_of(
        ["Lead"] * 4, [6.0, 6.0, 0.0, 2.0], [1, 1, 1, 3], age=[3.0, -1.0, -1.0, -1.0], ids=["a", "a", "b", "b"]
    )
    assert rows.seen_first().tolist() == [False, True, True, True]
    assert rows.take(np.zeros(0, dtype=np.intp)).seen_first().tolist() == []
