"""The shared shock: what few and many misses say of its width, and what it does to bookings."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.errors import ModelInputError
from funnelml.forecast.shock import PRIOR_SD, learn_shock
from funnelml.forecast.simulate import simulate_bookings


def misses(sd, luck, n, seed=0):
    rng = np.random.default_rng(seed)
    variance = np.full(n, luck**2)
    return rng.normal(-(sd**2 + variance) / 2, np.sqrt(sd**2 + variance)), variance, np.ones(n)


def test_without_misses_the_prior_speaks():
    shock = learn_shock(np.empty(0), np.empty(0), np.empty(0))
    assert shock.misses == 0
    # The mean of a half-normal is its scale times the square root of 2 over pi.
    assert shock.mean_sd == pytest.approx(PRIOR_SD * np.sqrt(2 / np.pi), rel=0.01)


@pytest.mark.parametrize("sd", [0.05, 0.15, 0.3])
def test_many_misses_tell_the_width(sd):
    assert learn_shock(*misses(sd, 0.05, 2_000)).mean_sd == pytest.approx(sd, rel=0.12)


def test_windows_of_no_history_say_nothing_and_calm_ones_narrow():
    log_miss, variance, _ = misses(0.5, 0.05, 12)
    prior = learn_shock(np.empty(0), np.empty(0), np.empty(0)).mean_sd
    assert learn_shock(log_miss, variance, np.zeros(12)).mean_sd == pytest.approx(prior)
    assert learn_shock(np.zeros(12), np.full(12, 1e-4), np.ones(12)).mean_sd < prior / 2
    assert learn_shock(log_miss, variance, np.ones(12)).mean_sd > 2 * prior


def test_the_order_of_the_windows_does_not_matter():
    log_miss, variance, history = misses(0.2, 0.1, 6)
    turned = learn_shock(log_miss[::-1], variance[::-1], history)
    np.testing.assert_allclose(turned.weight, learn_shock(log_miss, variance, history).weight)


def test_shocks_have_mean_one_and_move_all_bookings_together():
    shock = learn_shock(*misses(0.2, 0.02, 500))
    drawn = shock.draw(200_000, np.random.default_rng(3))
    assert drawn.mean() == pytest.approx(1.0, abs=4 * drawn.std() / np.sqrt(len(drawn)))
    won_by, amounts, draws = np.full((400, 1), 0.2), np.full(400, 1.0), 20_000
    totals = simulate_bookings(won_by, amounts, draws=draws, seed=1, shocks=drawn[:draws]).sum(axis=1)
    assert totals.mean() == pytest.approx(80.0, rel=0.01)
    # Variance of the mean's factor beside that of independent luck.
    assert totals.var() == pytest.approx(80**2 * drawn.var() + 400 * 0.2 * 0.8, rel=0.06)


def test_sets_of_chances_serve_equally_many_futures():
    sets = np.array([[[0.0]], [[1.0]], [[1.0]]])
    bookings = simulate_bookings(sets, np.array([10.0]), draws=9, seed=0)
    np.testing.assert_array_equal(bookings[:, 0], [0, 10, 10] * 3)


@pytest.mark.parametrize("shocks", [np.ones(3), np.array([1.0, 0.0, 1.0, 1.0, 1.0]), np.full(5, np.nan)])
def test_shocks_that_cannot_be(shocks):
    with pytest.raises(ModelInputError, match="5 futures need as many positive shocks"):
        simulate_bookings(np.array([[0.5]]), np.array([1.0]), draws=5, seed=0, shocks=shocks)
