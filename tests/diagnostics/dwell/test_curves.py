"""Curves under many weightings are, one by one, those of the exact estimator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.diagnostics.dwell.curves import first_reached, weigh_stays
from funnelml.survival.incidence import estimate_incidence


@given(st.data())
def test_each_weighting_gives_the_aalen_johansen_estimate(data):
    n = data.draw(st.integers(1, 25))
    days = np.array(data.draw(st.lists(st.integers(0, 8), min_size=n, max_size=n)), dtype=float)
    late = np.minimum(np.array(data.draw(st.lists(st.sampled_from([0, 0, 1, 3]), min_size=n, max_size=n))), days)
    place = np.array(data.draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n)))
    weights = np.vstack((np.ones(n), np.random.default_rng(n).standard_exponential((2, n)) + 0.01))
    curves = weigh_stays(days, late, place, weights)
    for draw, weight in enumerate(weights):
        exact = estimate_incidence(days, place + 1, entry=late, weights=weight, n_causes=3, variance=False)
        np.testing.assert_array_equal(curves.times, exact.times)
        np.testing.assert_allclose(curves.staying[:, draw], exact.incidence[0], rtol=0, atol=1e-9)
        for cause, row in enumerate(exact.incidence[1:]):
            ours = curves.leaving([cause])[:, draw]
            np.testing.assert_allclose(ours, row, rtol=0, atol=1e-9)


def test_the_restricted_mean_is_the_area_under_the_curve():
    curves = weigh_stays(np.array([2.0, 4.0, 10.0]), np.zeros(3), np.array([0, 1, -1]), np.ones((1, 3)))
    # All three to day 2, two thirds to day 4, one third to day 7.
    assert curves.mean_days(7.0)[0] == pytest.approx(2 + 2 * 2 / 3 + 3 / 3)
    np.testing.assert_allclose(curves.still_in(np.array([0.0, 2.0, 5.0]))[:, 0], [1, 2 / 3, 1 / 3])


def test_what_nobody_reached_is_infinitely_far():
    curve = np.array([[0.2], [0.4]])
    assert first_reached(np.array([1.0, 3.0]), curve, np.array([0.4]))[0] == 3.0
    assert first_reached(np.array([1.0, 3.0]), curve, np.array([0.5]))[0] == np.inf
    assert first_reached(np.zeros(0), np.zeros((0, 1)), np.array([0.5]))[0] == np.inf


def test_stays_that_never_ended_stay():
    curves = weigh_stays(np.array([3.0]), np.zeros(1), np.array([-1]), np.ones((2, 1)))
    assert curves.chance_of(0).tolist() == [0.0, 0.0]
    assert curves.mean_days(2.0).tolist() == [2.0, 2.0]
