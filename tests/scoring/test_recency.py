"""What drifts: weights and levels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from funnelml.scoring.recency import recency_weights, shift_of_level


def test_weights_halve():
    np.testing.assert_allclose(recency_weights(np.array([100, 90, 80]), 100, 10.0), [1, 0.5, 0.25])
    assert (recency_weights(np.array([1, 2]), 100, None) == 1).all()


def test_the_level_is_found():
    rng = np.random.default_rng(0)
    odds = rng.normal(-1, 1, 50_000)
    label = (rng.random(50_000) < expit(odds + 0.7)).astype(float)
    assert shift_of_level(odds, label, np.ones(50_000)) == pytest.approx(0.7, abs=0.03)


def test_the_posterior_mode_is_stationary():
    # d/ds [sum w (y (o + s) - log(1 + exp(o + s))) - s^2 / 2] = 0
    odds, label, weight = np.array([0.2, -1.0, 3.0]), np.array([1.0, 1.0, 1.0]), np.array([1.0, 0.5, 2.0])
    shift = shift_of_level(odds, label, weight)
    assert np.sum(weight * (label - expit(odds + shift))) == pytest.approx(shift, abs=1e-8)


def test_few_rows_move_the_level_little():
    assert shift_of_level(np.array([0.0]), np.array([1.0]), np.array([1.0])) < 0.5
    assert shift_of_level(np.array([]), np.array([]), np.array([])) == 0
