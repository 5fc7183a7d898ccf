"""Risk sets: who is at risk when, and sums that lose no digit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.survival.risk_sets import add_exactly, count_risk_sets
from tests.survival.stays import stays


@given(stays())
@settings(max_examples=80, deadline=None)
def test_the_weight_at_risk_is_that_of_the_stays_around_each_time(data):
    duration, event, entry, weights = data
    sets = count_risk_sets(duration, event, entry=entry, weights=weights, n_causes=2)
    for j, t in enumerate(sets.times):
        here = (duration >= t) & ((entry < t) | ((entry == t) & ((t == 0) | (entry == duration))))
        leaves = (duration == t) & (event > 0)
        assert sets.at_risk[j] == float(sum(map(Fraction, weights[here])))
        assert sets.left[j] == float(sum(map(Fraction, weights[here & ~leaves])))
        assert sets.exits[:, j] == pytest.approx([weights[leaves & (event == k)].sum() for k in (1, 2)])


def test_events_come_before_censorings_and_entries_after_both():
    sets = count_risk_sets(
        np.array([4.0, 4.0, 9.0]), np.array([1, 0, 0]), entry=np.array([0.0, 1.0, 4.0]), weights=np.ones(3), n_causes=1
    )
    assert (sets.at_risk.tolist(), sets.left.tolist()) == ([2.0], [1.0])


@given(st.lists(st.floats(1e-30, 1e30), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_sums_lose_no_digit(values):
    ups = np.array(values)
    there_and_back = np.concatenate((ups, -ups[::-1]))
    sums = add_exactly(there_and_back, np.cumsum)
    exact = np.cumsum([Fraction(v) for v in there_and_back])
    np.testing.assert_allclose(sums, [float(e) for e in exact], rtol=1e-15, atol=0)
    assert sums[-1] == 0.0


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-300, np.inf, np.nan])
def test_sums_of_what_cannot_be_taken_apart_still_end(value):
    np.testing.assert_array_equal(add_exactly(np.array([value]), np.cumsum), [value])
