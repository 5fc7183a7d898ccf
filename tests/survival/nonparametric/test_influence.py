"""Influences: the derivative by each weight, and draws with the covariance of the jackknife."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from funnelml.survival.incidence import curve_of
from funnelml.survival.nonparametric import influence
from funnelml.survival.nonparametric.influence import draw_deviations, influence_on_area
from funnelml.survival.nonparametric.restricted_mean import area_until
from funnelml.survival.stays import read_stays
from tests.survival.stays import stays

UNTIL = 5.5


def area(duration, event, entry, weights):
    read = read_stays(duration, event, entry=entry, weights=weights, n_causes=2)
    return area_until(read, curve_of(read, variance=False), UNTIL)[0]


@given(stays(max_size=12, whole_weights=True))
@settings(max_examples=40)
def test_the_influence_on_an_area_is_its_derivative_by_the_weight(data):
    duration, event, entry, weights = data
    read = read_stays(duration, event, entry=entry, weights=weights, n_causes=2)
    curve = curve_of(read, variance=False)
    if curve.observed_until < UNTIL:
        return
    ours = influence_on_area(read, curve, UNTIL)
    for i, row in enumerate(read.row):
        step = np.where(np.arange(len(weights)) == row, 1e-5, 0.0)
        up, down = (area(duration, event, entry, weights + sign * step) for sign in (1, -1))
        np.testing.assert_allclose(ours[i], (up - down) / 2e-5, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cells", [influence.CHUNK_CELLS, 1_000])
def test_draws_scatter_as_the_jackknife_says(monkeypatch, cells):
    monkeypatch.setattr(influence, "CHUNK_CELLS", cells)
    rng = np.random.default_rng(0)
    n, draws = 200, 3_000
    duration = np.ceil(rng.exponential(10, n))
    entry = np.where(rng.random(n) < 0.4, np.floor(duration * rng.random(n)), 0)
    read = read_stays(
        duration,
        rng.integers(0, 4, n),
        entry=entry,
        weights=rng.exponential(1, n) + 0.01,
        cluster=rng.integers(0, 90, n),
        n_causes=3,
    )
    curve = curve_of(read)
    parts: dict[int, list] = {}
    for row, deviation in draw_deviations(read, curve, draws=draws, seed=1):
        parts.setdefault(row, []).append(deviation)
    for row, rows in parts.items():
        drawn = np.concatenate(rows, axis=1)
        assert drawn.shape == (len(curve.times), draws)
        known = curve.variance[row] > 1e-9
        # The variance of 3,000 normal draws is known to 2.6 %; dozens of days, so five times that.
        np.testing.assert_allclose(drawn.var(axis=1)[known], curve.variance[row][known], rtol=0.13)
    assert sorted(parts) == [0, 1, 2, 3]


def test_draws_do_not_depend_on_how_they_are_parted(monkeypatch):
    read = read_stays([1, 2, 2, 4, 5], [1, 2, 0, 1, 0])
    curve = curve_of(read)

    def draw():
        rows = list(draw_deviations(read, curve, draws=7, seed=3))
        return {k: np.concatenate([d for row, d in rows if row == k], axis=1) for k in range(3)}

    whole = draw()
    monkeypatch.setattr(influence, "CHUNK_CELLS", 10)
    for k, deviation in draw().items():
        np.testing.assert_allclose(deviation, whole[k], rtol=1e-12, atol=1e-15)
