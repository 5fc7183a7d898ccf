"""Scores against their definitions."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.forecast.scores import count_disjoint, crps, interval_row


def test_crps_is_the_double_sum_of_its_definition():
    rng = np.random.default_rng(3)
    draws = rng.gamma(2.0, 50.0, 400)
    y = 130.0
    spread = np.abs(draws[:, None] - draws[None, :]).sum() / (2 * 400 * 399)
    assert crps(draws, y) == pytest.approx(np.abs(draws - y).mean() - spread)


def test_crps_of_a_point_is_the_absolute_error():
    assert crps(np.full(10, 7.0), 9.5) == pytest.approx(2.5)


def test_interval_score_is_width_plus_the_scaled_miss():
    draws = np.arange(101.0)
    row = interval_row(draws, 95.0)
    assert (row["low 80%"], row["high 80%"], row["hit 80%"]) == (pytest.approx(10), pytest.approx(90), False)
    assert row["score 80%"] == pytest.approx(80 + 2 / 0.2 * 5)
    assert row["hit 95%"] is True
    assert row["score 95%"] == pytest.approx(95)


@given(starts=st.lists(st.integers(0, 100), min_size=1, max_size=12), length=st.integers(1, 30))
def test_disjoint_windows_are_as_many_as_a_greedy_choice_of_equal_windows(starts, length):
    day = date(2024, 1, 1)
    windows = [(day + timedelta(days=s), day + timedelta(days=s + length)) for s in starts]
    chosen, free = 0, -1
    for s in sorted(starts):
        if s >= free:
            chosen, free = chosen + 1, s + length
    assert count_disjoint(*zip(*windows, strict=True)) == chosen
