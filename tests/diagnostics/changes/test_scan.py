"""The scan for a lasting change: its threshold, its date, and shocks that records share."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from funnelml.diagnostics.changes.false_alarms import yearly_threshold
from funnelml.diagnostics.changes.scan import (
    LEAST_AFTER,
    LEAST_BEFORE,
    LONGEST,
    LOOK_BACK,
    WeeklySeries,
    scan_for_change,
)
from funnelml.diagnostics.changes.shared_shocks import TYPICAL_SHOCK, shared_variance


def counts(observed, expected=None) -> WeeklySeries:
    observed = np.asarray(observed, dtype=float)
    expected = np.full(len(observed), 100.0) if expected is None else np.asarray(expected, dtype=float)
    return WeeklySeries(observed=observed, expected=expected, trials=None, information=expected)


def shares(went_on, trials, p) -> WeeklySeries:
    trials = np.asarray(trials, dtype=float)
    information = trials * p * (1 - p)
    return WeeklySeries(
        observed=np.asarray(went_on, dtype=float), expected=trials * p, trials=trials, information=information
    )


def scan(series, **settings):
    return scan_for_change(series, **{"tau2": 0.0, "least": 1.0, "sign": -1, **settings})


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


def test_estimate_is_the_log_odds_ratio_of_the_two_sides():
    """60 of 100 a week for 80 weeks, then 45 of 100."""
    found = scan(shares(np.r_[np.full(80, 60.0), np.full(20, 45.0)], np.full(100, 100.0), 0.57))
    assert found.week == 80
    assert found.shift == pytest.approx(np.log(45 / 55) - np.log(60 / 40), abs=1e-3)
    assert found.error == pytest.approx(np.sqrt(1 / 900 + 1 / 1100 + 1 / 4800 + 1 / 3200), rel=1e-3)


def test_z_is_the_signed_root_of_the_likelihood_ratio():
    """Of a Poisson series at 100 a week that falls to 90: checked against statsmodels' GLM."""
    observed = np.r_[np.full(80, 100.0), np.full(20, 90.0)] + np.tile([-4.0, 4.0], 50)
    found = scan(counts(observed, np.full(100, 98.0)))
    assert found.week == 80
    after = (np.arange(100) >= 80).astype(float)
    full = sm.GLM(observed, sm.add_constant(after), family=sm.families.Poisson()).fit()
    none = sm.GLM(observed, np.ones(100), family=sm.families.Poisson()).fit()
    assert found.z == pytest.approx(-np.sqrt(none.deviance - full.deviance), rel=1e-3)
    assert found.shift == pytest.approx(full.params[1], abs=1e-3)


def test_a_fall_and_the_rise_that_mirrors_it_count_alike():
    fall = shares(np.r_[np.full(80, 60.0), np.full(20, 45.0)], np.full(100, 100.0), 0.5)
    rise = shares(100 - fall.observed, fall.trials, 0.5)
    assert scan(rise, sign=1).z == pytest.approx(-scan(fall).z)


def test_a_short_run_of_bad_luck_near_one_is_no_alarm():
    """39 of 55 where 90 % is usual: a plain z-score says -4.7, the binomial tail 6e-5, that is -3.9."""
    weeks = np.full(104, 55.0 / 3)
    series = shares(np.r_[0.9 * weeks[:101], np.full(3, 13.0)], weeks, 0.9)
    assert scan(series, least=4.0).z == pytest.approx(-3.9, abs=0.1)


def test_shared_shocks_do_not_average_out():
    series = counts(np.r_[np.full(80, 100_000.0), np.full(20, 90_000.0)], np.full(100, 98_000.0))
    found = scan(series, tau2=0.04)
    shared = 0.04 * 8 * (1 / 20 + 1 / 80)
    assert found.error == pytest.approx(np.sqrt(shared), rel=1e-2)
    assert found.z == pytest.approx(found.shift / np.sqrt(shared), rel=0.03)


def test_a_change_older_than_what_is_looked_at_is_the_stages_own_history():
    weeks = 2 * LOOK_BACK + 30
    assert scan(counts(np.r_[np.full(20, 200.0), np.full(weeks - 20, 100.0)])).z > -2


@pytest.mark.parametrize("weeks", [0, 1, LEAST_BEFORE + LEAST_AFTER - 1])
def test_too_short_a_series_has_no_change(weeks):
    assert scan(counts(np.full(weeks, 100.0))) is None


def test_too_few_records_have_no_change():
    assert scan(counts(np.zeros(104), np.full(104, 0.001))) is None
    assert scan(counts(np.zeros(104), np.zeros(104))) is None


@pytest.mark.parametrize("went_on", [0.0, 20.0])
def test_shares_of_none_and_all_are_no_trouble(went_on):
    found = scan(
        shares(np.r_[np.full(90, 10.0), np.full(14, went_on)], np.full(104, 20.0), 0.5), sign=1 if went_on else -1
    )
    assert found.week == 90 and np.isfinite([found.z, found.shift, found.error]).all()


def test_date_set_holds_the_true_week_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(400):
        found = scan(counts(rng.poisson(np.where(np.arange(104) >= 80, 88.0, 100.0))))
        hits.append(found.first <= 80 <= found.last)
    assert 0.76 <= np.mean(hits) <= 0.95


def test_shared_variance_recovers_shocks_and_shrinks_without_data():
    rng = np.random.default_rng(11)
    weeks, sd, volume = 1600, 0.15, 200.0
    shock = np.repeat(rng.normal(0, sd, weeks // 8), 8)
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
