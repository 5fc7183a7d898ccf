"""The scan for a lasting change: its threshold, its date, and shocks that records share."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from funnelml.diagnostics.change_scan import (
    LEAST_AFTER,
    LEAST_BEFORE,
    LONGEST,
    LOOK_BACK,
    TYPICAL_SHOCK,
    scan_for_change,
    shared_variance,
    yearly_threshold,
)

ONES = np.ones(104)


def scan(score, information=None, **settings):
    information = np.ones(len(score)) if information is None else information
    return scan_for_change(score, information, **{"tau2": 0.0, "least": 1.0, "sign": -1, **settings})


def greatest_in_a_year(paths: int, history: int, seed: int) -> np.ndarray:
    """The greatest z of each simulated series over 52 weekly looks and all admitted dates, by its definition."""
    rng = np.random.default_rng(seed)
    sums = np.cumsum(rng.standard_normal((paths, history + 52)), axis=1)
    sums = np.hstack((np.zeros((paths, 1)), sums))
    best = np.full(paths, -np.inf)
    for now in range(history, history + 52):
        k = np.arange(max(LEAST_BEFORE, now - LOOK_BACK), now - LEAST_AFTER + 1)
        since = np.maximum(k - LONGEST, 0)
        shift = (sums[:, [now]] - sums[:, k]) / (now - k) - (sums[:, k] - sums[:, since]) / (k - since)
        best = np.maximum(best, (shift / np.sqrt(1 / (now - k) + 1 / (k - since))).max(axis=1))
    return best


@pytest.mark.parametrize("history", [104, 156])
def test_threshold_is_passed_as_often_as_it_says(history):
    """Simulated from the definition; 120,000 series gave 0.0425 at 3.5, 0.0080 at 4.0 and 0.0011 at 4.5."""
    best = greatest_in_a_year(20_000, history, seed=7)
    for rate in (0.10, 0.05, 0.01):
        passed = (best > yearly_threshold(rate, 1)).mean()
        assert passed == pytest.approx(rate, abs=4 * np.sqrt(rate / 20_000) + 0.06 * rate)


def test_more_series_raise_the_threshold_as_bonferroni_asks():
    assert yearly_threshold(0.05, 20) == pytest.approx(yearly_threshold(0.0025, 1))
    assert yearly_threshold(0.05, 20) > norm.isf(0.05 / (20 * 52))


def test_estimate_is_the_difference_of_the_means():
    score = np.r_[np.zeros(80), -2.0 * np.ones(20)]
    found = scan(score)
    assert (found.week, found.shift) == (80, -2.0)
    assert found.error == pytest.approx(np.sqrt(1 / 20 + 1 / 80))
    assert scan(-score, sign=1).z == -found.z


def test_shared_shocks_do_not_average_out():
    score = np.r_[np.zeros(80), -2.0 * np.ones(20)]
    found = scan(1000 * score, 1000 * np.ones(100), tau2=0.04)
    assert found.error == pytest.approx(np.sqrt(1 / 20_000 + 1 / 80_000 + 0.04 * 4 * (1 / 20 + 1 / 80)))


def test_a_change_older_than_what_is_looked_at_is_the_stages_own_history():
    weeks = 2 * LOOK_BACK + 30
    score = np.r_[np.zeros(20), -2.0 * np.ones(weeks - 20)]
    assert scan(score).z > -2


@pytest.mark.parametrize("weeks", [0, 1, LEAST_BEFORE + LEAST_AFTER - 1])
def test_too_short_a_series_has_no_change(weeks):
    assert scan(np.zeros(weeks)) is None


def test_too_few_records_have_no_change():
    assert scan(np.zeros(104), 0.001 * ONES) is None
    assert scan(np.zeros(104), 0.0 * ONES) is None


def test_date_set_holds_the_true_week_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(400):
        score = rng.standard_normal(104) - 1.2 * (np.arange(104) >= 80)
        found = scan(score)
        hits.append(found.first <= 80 <= found.last)
    assert 0.76 <= np.mean(hits) <= 0.95


def test_shared_variance_recovers_shocks_and_shrinks_without_data():
    rng = np.random.default_rng(11)
    weeks, sd, volume = 400, 0.15, 200.0
    shock = np.repeat(rng.normal(0, sd, weeks // 4), 4)
    series = [(volume * shock + np.sqrt(volume) * rng.standard_normal(weeks), np.full(weeks, volume)) for _ in range(4)]
    assert np.sqrt(shared_variance(series)) == pytest.approx(sd, rel=0.2)
    assert shared_variance([]) == pytest.approx(TYPICAL_SHOCK**2)
    assert shared_variance([(np.zeros(3), np.ones(3))]) == pytest.approx(TYPICAL_SHOCK**2)


def test_a_lasting_change_hardly_moves_the_shared_variance():
    rng = np.random.default_rng(5)
    volume = np.full(104, 20.0)
    noise = [np.sqrt(20.0) * rng.standard_normal(104) for _ in range(6)]
    calm = shared_variance([(u, volume) for u in noise])
    step = volume * -0.6 * (np.arange(104) >= 60)
    moved = shared_variance([(u + (step if k == 0 else 0), volume) for k, u in enumerate(noise)])
    assert moved - calm < 0.004
