"""The variance: against the slow recursion of its definition, by known identities, and in linear memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.survival.incidence import estimate_incidence
from tests.survival.stays import slow_incidence, stays


@given(stays(), st.integers(1, 25))
@settings(max_examples=150, deadline=None)
def test_equals_the_recursion_of_its_definition(data, clusters):
    duration, event, entry, weights = data
    cluster = np.arange(len(duration)) % clusters
    curve = estimate_incidence(duration, event, entry=entry, weights=weights, cluster=cluster, n_causes=2)
    times, incidence, variance = slow_incidence(*data, cluster)
    np.testing.assert_array_equal(curve.times, times)
    np.testing.assert_allclose(curve.incidence, incidence, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.variance, variance, rtol=0, atol=1e-10)


def test_a_heavy_risk_set_after_a_light_one_does_not_drown_it():
    """The light stays decide the curve first; what enters later is a thousand million times heavier."""
    curve = estimate_incidence(
        [2, 4, 4, 10, 4], [2, 0, 2, 2, 0], entry=[2, 2, 2, 5, 1], weights=[1e-9, 0.3, 1e-9, 0.3, 1e-9]
    )
    np.testing.assert_allclose(curve.variance[[0, 2]].T, [[0.125, 0.125]] * 2 + [[0, 0]], rtol=0, atol=1e-8)


@pytest.mark.parametrize("half_life", [20.0, 2.0, 0.7])
@pytest.mark.parametrize("clustered", [False, True])
def test_old_and_light_stays_keep_their_digits(half_life, clustered):
    """Recency weights: the longest stays are the oldest, and up to 1e35 times lighter than the others."""
    rng = np.random.default_rng(8)
    n = 400
    duration = np.round(rng.exponential(12.0, n), 1) + 0.1
    event = rng.integers(0, 3, n)
    entry = np.where(rng.random(n) < 0.4, duration * rng.random(n), 0.0)
    weights = 0.5 ** (duration / half_life)
    cluster = rng.integers(0, 150, n) if clustered else np.arange(n)
    curve = estimate_incidence(duration, event, entry=entry, weights=weights, cluster=cluster if clustered else None)
    _, incidence, variance = slow_incidence(duration, event, entry, weights, cluster)
    np.testing.assert_allclose(curve.incidence, incidence, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.variance, variance, rtol=1e-9, atol=1e-14)


def test_unweighted_one_cause_is_greenwood():
    rng = np.random.default_rng(1)
    duration, event = np.ceil(rng.exponential(10.0, 250)), rng.integers(0, 2, 250)
    curve = estimate_incidence(duration, event)
    d, y = curve.n_events[0], curve.at_risk
    still = curve.incidence[0]
    known = still > 0
    greenwood = still[known] ** 2 * np.cumsum(d[known] / (y[known] * (y[known] - d[known])))
    np.testing.assert_allclose(curve.variance[:, known], [greenwood, greenwood], rtol=1e-10)


@given(stays())
@settings(max_examples=60, deadline=None)
def test_a_stay_doubled_within_its_cluster_is_one_of_twice_the_weight(data):
    duration, event, entry, weights = data
    cluster = np.arange(len(duration))
    twice = [np.tile(column, 2) for column in (duration, event, entry, weights)]
    curve = estimate_incidence(duration, event, entry=entry, weights=2 * weights, n_causes=2)
    other = estimate_incidence(
        twice[0], twice[1], entry=twice[2], weights=twice[3], cluster=np.tile(cluster, 2), n_causes=2
    )
    np.testing.assert_allclose(curve.variance, other.variance, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("scale", [1e-40, 1e40])
def test_the_scale_of_the_weights_does_not_matter(scale):
    rng = np.random.default_rng(2)
    duration, event, weights = rng.exponential(10.0, 60), rng.integers(0, 3, 60), rng.exponential(1.0, 60)
    curve = estimate_incidence(duration, event, weights=weights)
    other = estimate_incidence(duration, event, weights=weights * scale)
    np.testing.assert_allclose(curve.variance, other.variance, rtol=1e-9, atol=1e-14)


def test_memory_grows_with_the_stays_not_with_their_square():
    rng = np.random.default_rng(5)
    duration, event = rng.exponential(10.0, 20_000), rng.integers(1, 3, 20_000)
    entry = duration * rng.random(20_000)
    tracemalloc.start()
    try:
        estimate_incidence(duration, event, entry=entry, weights=rng.exponential(1.0, 20_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000 * 1_000  # the matrix of influences alone would take 20,000 x 20,000 x 8
