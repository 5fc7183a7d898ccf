"""Shares and chances: reference values, laws, and the coverage of their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.diagnostics.conversion.waits import chance_by, days_to_mature, share_of
from funnelml.survival.incidence import estimate_incidence


def test_wilson_interval_equals_that_of_a_textbook():
    """Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 at 95 % is 0.2553 to 0.3662."""
    assert share_of(81, 263, level=0.95) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=5e-5)


def test_nothing_to_share_is_not_a_number():
    assert np.isnan(share_of(0, 0, level=0.8)).all()


def test_without_open_records_the_interval_is_wilsons_own():
    days, event = np.arange(1.0, 11.0), np.array([1, 2] * 5)
    chance, low, high, day = chance_by(days, event, np.zeros(10), by_day=30.0, level=0.8)
    assert (chance, low, high) == pytest.approx(share_of(5, 10, level=0.8))
    assert day == 30.0


def test_the_chance_is_the_aalen_johansen_estimate_read_at_the_day():
    rng = np.random.default_rng(5)
    days, event, weight = rng.exponential(10, 80), rng.integers(0, 3, 80), rng.exponential(1.0, 80)
    chance, *_ = chance_by(days, event, np.zeros(80), by_day=12.0, level=0.8, weights=weight)
    assert chance == pytest.approx(estimate_incidence(days, event, weights=weight)([12.0])[1, 0])


def test_the_day_is_the_last_observed_one_where_the_wish_lies_beyond():
    *_, day = chance_by(np.array([2.0, 5.0]), np.array([1, 0]), np.zeros(2), by_day=9.0, level=0.8)
    assert day == 5.0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=30), st.integers(1, 12))
def test_the_interval_holds_the_chance_and_stays_between_zero_and_one(waits, by_day):
    days, event = np.array([w[0] for w in waits], dtype=float), np.array([w[1] for w in waits])
    chance, low, high, _ = chance_by(days, event, np.zeros(len(days)), by_day=by_day, level=0.8)
    assert 0 <= low <= chance <= high <= 1
    assert high - low > 0


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Chance 0.3 to convert, in 20 days on average, half of the records censored: 600 repetitions at 80 %."""
    rng, inside = np.random.default_rng(8), 0
    truth = 0.3 * -np.expm1(-30 / 20)
    for _ in range(600):
        event = np.where(rng.random(60) < 0.3, 1, 2)
        days, seen = rng.exponential(20, 60), rng.uniform(0, 60, 60)
        event = np.where(days <= seen, event, 0)
        _, low, high, _ = chance_by(np.minimum(days, seen), event, np.zeros(60), by_day=30.0, level=0.8)
        inside += low <= truth <= high
    # Three standard errors of 600 repetitions are 0.05.
    assert inside / 600 == pytest.approx(0.8, abs=0.05)


def test_days_to_mature_needs_ten_conversions():
    days = np.arange(1.0, 21.0)
    few = np.where(days <= 9, 1, 2)
    assert np.isnan(days_to_mature(days, few, np.zeros(20)))
    enough = np.where(days <= 10, 1, 2)
    assert days_to_mature(days, enough, np.zeros(20)) == 9.0
