"""The calibration error and that of a perfect model, by brute force and on known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from funnelml.scoring.evaluation.calibration import assign_bins, measure_calibration
from funnelml.scoring.evaluation.scored_rows import check_scored


def sample(n, seed, each=1):
    """Draw labels of a perfect model; all rows of a record share one uniform, so that their labels go together."""
    rng = np.random.default_rng(seed)
    record = np.repeat(np.arange(n), each)
    p = 1 / (1 + np.exp(2 - rng.normal(size=n)[record] - (each > 1) * 0.2 * rng.normal(size=n * each)))
    return (rng.random(n)[record] < p).astype(float), p, record


def error_of(y, p):
    order = np.argsort(p)
    return sum(
        len(part) / len(y) * abs(y[part].mean() - p[part].mean()) for part in np.array_split(order, 10) if len(part)
    )


def test_bins_are_tenths_of_the_rows():
    y, p, _ = sample(1_000, 1)
    told = measure_calibration(check_scored(y, p))
    assert told.curve["rows"].tolist() == [100] * 10
    assert told.error == pytest.approx(error_of(y, p), rel=1e-12)
    first = np.argsort(p)[:100]
    expected = binomtest(int(y[first].sum()), 100).proportion_ci(method="wilson")
    assert tuple(told.curve.loc[0, ["low", "high"]]) == pytest.approx((expected.low, expected.high))


def test_a_perfect_model_is_what_a_brute_simulation_gives():
    y, p, _ = sample(800, 2)
    told = measure_calibration(check_scored(y, p), seed=5)
    rng = np.random.default_rng(6)
    errors = [error_of((rng.random(len(p)) < p).astype(float), p) for _ in range(1_500)]
    assert told.perfect_error == pytest.approx(np.mean(errors), rel=0.03)
    assert told.perfect_error_95 == pytest.approx(np.quantile(errors, 0.95), rel=0.04)


def test_ties_stay_together_whatever_the_order_of_the_rows():
    rng = np.random.default_rng(3)
    p = rng.choice([0.05, 0.2, 0.21, 0.7], 500, p=[0.45, 0.3, 0.05, 0.2])
    y = (rng.random(500) < p).astype(float)
    told = measure_calibration(check_scored(y, p))
    np.testing.assert_allclose(told.curve["promised"], [0.05, 0.2, 0.21, 0.7])
    order = rng.permutation(500)
    again = measure_calibration(check_scored(y[order], p[order]))
    assert (again.error, again.perfect_error_95) == pytest.approx((told.error, told.perfect_error_95), rel=1e-12)


def test_a_constant_probability_makes_one_bin():
    assert set(assign_bins(np.full(37, 0.3))) == {5}
    told = measure_calibration(check_scored([1.0] * 10 + [0.0] * 27, np.full(37, 0.3)))
    assert told.curve["rows"].tolist() == [37]
    assert told.error == pytest.approx(abs(10 / 37 - 0.3))


def test_a_perfect_model_is_beyond_chance_in_five_of_a_hundred():
    beyond = [measure_calibration(check_scored(*sample(400, seed))).beyond_chance for seed in range(200)]
    # 5 % of 200, and three standard deviations.
    assert 1 <= sum(beyond) <= 19


def test_rows_that_go_together_are_no_news():
    beyond = as_if_apart = 0
    for seed in range(60):
        y, p, record = sample(200, seed, each=4)
        beyond += measure_calibration(check_scored(y, p, record)).beyond_chance
        as_if_apart += measure_calibration(check_scored(y, p)).beyond_chance
    assert beyond <= 8
    assert as_if_apart >= 15


def test_the_design_effect_of_doubled_rows_is_two():
    y, p, record = sample(500, 4)
    once = measure_calibration(check_scored(y, p, record))
    doubled = measure_calibration(check_scored(np.tile(y, 2), np.tile(p, 2), np.tile(record, 2)))
    assert once.design_effect == 1 and doubled.design_effect == pytest.approx(2)
    np.testing.assert_allclose(doubled.curve[["observed", "low", "high"]], once.curve[["observed", "low", "high"]])
    assert doubled.perfect_error_95 == pytest.approx(once.perfect_error_95, rel=0.1)
