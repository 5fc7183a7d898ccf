"""Conversions that chance allows: exact for independent records."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from funnelml.scoring.intervals import conversions_distribution, conversions_interval

chances = st.lists(st.floats(0, 1), max_size=40)


def test_equal_chances_are_binomial():
    np.testing.assert_allclose(conversions_distribution([0.3] * 17), binom.pmf(range(18), 17, 0.3), atol=1e-14)
    # scipy.stats.binom.interval(0.8, 100, 0.3) == (24, 36)
    assert conversions_interval([0.3] * 100, 0.8) == (24, 36)


@given(chances)
def test_distribution_has_the_sum_of_the_chances_as_its_mean(p):
    mass = conversions_distribution(p)
    assert len(mass) == len(p) + 1
    assert mass.sum() == pytest.approx(1)
    assert mass @ np.arange(len(mass)) == pytest.approx(sum(p), abs=1e-9)


@given(chances, st.randoms(use_true_random=False))
def test_order_of_records_does_not_matter(p, random):
    shuffled = random.sample(p, len(p))
    np.testing.assert_allclose(conversions_distribution(p), conversions_distribution(shuffled), atol=1e-12)


def test_certain_and_no_records():
    assert conversions_interval([], 0.8) == (0, 0)
    assert conversions_interval([1.0, 1.0, 0.0], 0.8) == (2, 2)


def test_interval_holds_as_many_conversions_as_it_says():
    rng = np.random.default_rng(1)
    p = rng.beta(1, 5, 300)
    low, high = conversions_interval(p, 0.8)
    came = (rng.random((4_000, 300)) < p).sum(axis=1)
    assert 0.79 < np.mean((came >= low) & (came <= high)) < 0.86
