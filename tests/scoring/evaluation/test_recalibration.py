"""Slope and intercept of the logistic recalibration against statsmodels, and where they cannot be told."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import logit

from funnelml.scoring.evaluation.evaluate import evaluate_scores
from funnelml.scoring.evaluation.recalibration import fit_recalibration


def sample(n=2_000, seed=1):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 5, n)
    return (rng.random(n) < p).astype(float), p


def refit(y, p, weights):
    x = logit(p)
    both = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial(), freq_weights=weights).fit().params
    large = sm.GLM(y, np.ones(len(x)), family=sm.families.Binomial(), offset=x, freq_weights=weights).fit().params
    return both[1], both[0], large[0]


def test_the_fit_is_that_of_statsmodels():
    y, p = sample()
    distorted = p**1.5
    told = fit_recalibration(y, distorted)
    expected = refit(y, distorted, np.ones(len(y)))
    np.testing.assert_allclose((told.slope, told.intercept, told.in_the_large), expected, rtol=1e-8)


def test_no_weights_leave_the_fit_where_it_is():
    y, p = sample()
    told = fit_recalibration(y, p)
    again = told.measure(np.ones((1, len(y))))
    assert again["calibration_slope"][0] == pytest.approx(told.slope, abs=1e-9)
    assert again["calibration_in_the_large"][0] == pytest.approx(told.in_the_large, abs=1e-9)


def test_one_step_is_close_to_a_full_fit_of_each_resample():
    y, p = sample()
    told = fit_recalibration(y, p)
    weights = np.random.default_rng(2).multinomial(len(y), np.full(len(y), 1 / len(y)), 40).astype(float)
    steps = np.array(list(told.measure(weights).values())).T
    full = np.array([refit(y, p, w) for w in weights])
    # Apart by less than a tenth of the spread of the resamples.
    assert (np.abs(steps - full).max(axis=0) < 0.35 * full.std(axis=0)).all()
    assert (np.abs((steps - full).mean(axis=0)) < 0.1 * full.std(axis=0)).all()


def test_known_distortion_is_found_back():
    y, p = sample(n=100_000)
    twice = 1 / (1 + np.exp(-2 * logit(p) - 1))
    told = fit_recalibration(y, twice)
    assert told.slope == pytest.approx(0.5, abs=0.01)
    assert told.intercept == pytest.approx(-0.5, abs=0.03)


@pytest.mark.parametrize("p", [[0.2] * 8, [0.9, 0.9, 0.8, 0.7, 0.2, 0.1, 0.1, 0.1]], ids=["constant", "faultless"])
def test_without_a_single_maximum_there_is_no_slope(p):
    told = evaluate_scores([1, 1, 1, 1, 0, 0, 0, 0], p, resamples=50)
    slope = told.estimate("calibration_slope")
    assert np.isnan([slope.value, slope.low, slope.high]).all()
    assert np.isfinite(told.estimate("calibration_in_the_large").value)


def test_zero_and_one_are_no_trouble():
    told = evaluate_scores([1, 1, 0, 0, 1, 0], [1.0, 1.0, 0.0, 0.0, 0.0, 1.0], resamples=50)
    assert told.estimate("log_loss").value == pytest.approx(52 * np.log(2) / 3, rel=1e-6)
