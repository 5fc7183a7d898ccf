"""Shrinkage: laws, hand-computed values, and intervals that hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.comparison.shrinkage import (
    ShrunkenEffects,
    binomial_log_likelihood,
    effect_grid,
    limits_around,
    normal_log_likelihood,
    shrink,
)
from funnelml.errors import ModelInputError


def shrunken(means: list[float], errors: list[float], scale: float = 0.5, seed: int = 0) -> ShrunkenEffects:
    grid = effect_grid(means, errors, widest=5.0)
    return shrink(normal_log_likelihood(means, errors, grid), grid, spread_scale=scale, seed=seed)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(min_value=-2, max_value=2), st.floats(min_value=0.02, max_value=2)), min_size=1, max_size=6
    )
)
def test_estimates_lie_among_the_observed_and_rows_sum_to_one(groups: list[tuple[float, float]]) -> None:
    means, errors = [g[0] for g in groups], [g[1] for g in groups]
    told = shrunken(means, errors)
    np.testing.assert_allclose(told.posterior.sum(axis=1), 1.0)
    assert told.spread_posterior.sum() == pytest.approx(1.0)
    low, middle, high = told.quantiles([0.1, 0.5, 0.9]).T
    slack = 3 * max(errors) / np.sqrt(len(errors)) + 0.02
    assert (low < middle).all() and (middle < high).all()
    assert (middle > min(means) - slack).all() and (middle < max(means) + slack).all()


def test_one_known_group_of_two_is_the_closed_form() -> None:
    """As the prior of the spread narrows, all groups have the precision-weighted mean: (1 * 4 + 0 * 1) / 5."""
    told = shrunken([1.0, 0.0], [0.5, 1.0], scale=1e-4)
    np.testing.assert_allclose(told.quantiles([0.5])[:, 0], 0.8, atol=0.02)
    low, high = told.quantiles([0.1, 0.9])[0]
    assert high - low == pytest.approx(2 * 1.2816 * np.sqrt(1 / 5), rel=0.03)


def test_equal_groups_do_not_collapse_to_a_point() -> None:
    """Empirical Bayes would set the spread to zero, and give all the error of the pooled mean: 0.1 / sqrt(4)."""
    told = shrunken([0.0] * 4, [0.1] * 4)
    low, high = told.quantiles([0.1, 0.9])[0]
    assert high - low > 1.2 * 2 * 1.2816 * 0.1 / 2


def test_the_thin_group_is_pulled_further_than_the_thick_one() -> None:
    told = shrunken([0.5, 0.5, 0.0, 0.0, 0.0], [0.5, 0.05, 0.05, 0.05, 0.05])
    thin, thick = told.quantiles([0.5])[:2, 0]
    assert thin < thick - 0.1


def test_one_group_far_from_ten_equal_ones_is_not_swallowed() -> None:
    """Six standard errors below; with normal effects of the same scale nothing would be left of it."""
    told = shrunken([-1.2, *[0.0] * 10], [0.2, *[0.08] * 10])
    middle, high = told.quantiles([0.5, 0.95])[0]
    assert middle < -0.8 and high < -0.4
    assert told.spread < 0.15


def test_draws_agree_with_the_grid_and_depend_on_the_seed_alone() -> None:
    one, again, other = (shrunken([0.3, 0.0, -0.2], [0.1, 0.2, 0.3], seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.draws, again.draws)
    np.testing.assert_array_equal(one.posterior, other.posterior)
    mean = one.posterior @ one.grid
    error = one.draws.std(axis=0) / np.sqrt(len(one.draws))
    assert (np.abs(one.draws.mean(axis=0) - mean) < 5 * error).all()


def test_eighty_percent_intervals_hold_eighty_percent_of_the_truth() -> None:
    """30 worlds of 8 groups: 240 intervals, of which 0.80 +- 0.08 is three standard errors."""
    rng = np.random.default_rng(3)
    held = []
    for spread in np.repeat([0.0, 0.1, 0.3], 10):
        truth = rng.normal(-1, spread, size=8)
        errors = rng.uniform(0.05, 0.4, size=8)
        told = shrunken(list(truth + errors * rng.normal(size=8)), list(errors))
        low, high = told.quantiles([0.1, 0.9]).T
        held.append((low <= truth) & (truth <= high))
    assert 0.72 < np.mean(held) < 0.92


def test_binomial_likelihood_peaks_at_the_share() -> None:
    grid = np.linspace(-3, 3, 601)
    best = grid[binomial_log_likelihood([20.0], [100.0], grid).argmax()]
    assert best == pytest.approx(np.log(0.2 / 0.8), abs=0.01)


def test_limits_by_hand() -> None:
    """95 % of one record of unit error 2 in 100: log odds 0 +- 1.96 * 2 / 10."""
    low, high = limits_around(0.0, 2.0, [100.0], level=0.95, rate=True)[:, 0]
    assert low == pytest.approx(1 / (1 + np.exp(0.392)), abs=1e-4)
    assert high == pytest.approx(1 - low)


def test_no_group_is_refused() -> None:
    with pytest.raises(ModelInputError, match="likelihoods of 0 groups"):
        shrink(np.empty((0, 3)), np.array([0.0, 1.0, 2.0]), spread_scale=1.0)
