from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.survival.ratios.cox_fit import fit_effects
from funnelml.survival.ratios.partial_likelihood import (
    cover_effects,
    evaluate_partial_likelihood,
    lay_stage_risks,
)
from tests.survival.stay_worlds import proportional_stays
from tests.survival.stays import stays


def slow_log_likelihood(x, effects, place, duration, happened, entry, weights, factor=None):
    """By its definition, one event after the other; ``factor`` has the power of each term at its age."""
    total = 0.0
    ratio = np.exp(x @ effects)
    for i in np.flatnonzero(happened & (weights > 0)):
        t = duration[i]
        started = (entry < t) | ((entry == t) & ((t == 0) | (entry == duration)))
        here = (place == place[i]) & started & (duration >= t)
        power = 1.0 if factor is None else factor[i]
        total += power * weights[i] * (np.log(ratio[i]) - np.log((weights * ratio)[here].sum()))
    return total


@given(stays(causes=2, min_size=2, whole_weights=True), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_value_scores_and_information_are_those_of_the_definition(drawn, seed):
    duration, event, entry, weights = drawn
    rng = np.random.default_rng(seed)
    n = len(duration)
    x, place = rng.normal(size=(n, 2)), rng.integers(0, 2, n)
    effects, happened = rng.normal(size=2) / 2, event == 1
    risks = lay_stage_risks(place, duration, happened, entry=entry, weights=weights)
    ours = evaluate_partial_likelihood(x[risks.row], effects, risks)

    def slow(b):
        return slow_log_likelihood(x, b, place, duration, happened, entry, weights)

    assert ours.terms.sum() == pytest.approx(slow(effects), abs=1e-9)
    step = 1e-4 * np.eye(2)
    slope = [(slow(effects + h) - slow(effects - h)) / 2e-4 for h in step]
    assert ours.scores.sum(axis=0) == pytest.approx(slope, abs=1e-5)
    for j, h in enumerate(step):
        ahead = [evaluate_partial_likelihood(x[risks.row], effects + s * h, risks).scores.sum(axis=0) for s in (1, -1)]
        assert ours.information[j] == pytest.approx((ahead[1] - ahead[0]) / 2e-4, abs=1e-5)


def test_scores_and_covariance_without_a_prior_are_those_of_lifelines():
    """One stage, untied: there lifelines' score residuals are exact, though quadratic."""
    from lifelines import CoxPHFitter

    rows, _ = proportional_stays(500, 3)
    x = np.column_stack((rows.covariates["amount"], rows.covariates["channel"] == "web"))
    place, happened, weights = np.zeros(500, np.int64), rows.event == 3, np.ones(500)
    risks = lay_stage_risks(place, rows.duration, happened, entry=np.zeros(500), weights=weights)
    table = rows.covariates.assign(channel=x[:, 1], days=rows.duration, lost=happened, who=np.arange(500) // 2)
    peer = CoxPHFitter().fit(table, "days", "lost", cluster_col="who")
    effects = fit_effects(x[risks.row], risks, prior_sd=np.inf)
    assert effects == pytest.approx(peer.params_.to_numpy(), abs=1e-6)
    ours = evaluate_partial_likelihood(x[risks.row], effects, risks)
    assert np.linalg.inv(ours.information) == pytest.approx(peer.variance_matrix_.to_numpy(), rel=1e-5)
    covariance = cover_effects(ours, (np.arange(500) // 2)[risks.row], prior_sd=1e9)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(peer.standard_errors_.to_numpy(), rel=1e-4)


@pytest.mark.parametrize("late", [0.0, 1.0])
def test_the_fit_stands_where_the_penalised_likelihood_is_level(late):
    """Untied, so that Efron's and Breslow's are one: the scores add up to what the prior pulls."""
    rows, _ = proportional_stays(500, 5, late=late)
    x = np.column_stack((rows.covariates["amount"], rows.covariates["channel"] == "web"))
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(rows))
    risks = lay_stage_risks(rows.place, rows.duration, rows.event == 3, entry=np.maximum(rows.age, 0), weights=weights)
    effects = fit_effects(x[risks.row], risks, prior_sd=0.3)
    scores = evaluate_partial_likelihood(x[risks.row], effects, risks).scores.sum(axis=0)
    assert scores == pytest.approx(effects / 0.3**2, abs=0.02)
    assert np.abs(effects).min() > 0.1


def test_many_times_are_put_in_groups_at_little_cost():
    rows, _ = proportional_stays(6_000, 6)
    x = rows.covariates[["amount"]].to_numpy()
    risks = lay_stage_risks(
        rows.place, rows.duration, rows.event == 3, entry=np.zeros(len(rows)), weights=np.ones(len(rows))
    )
    assert len(risks.times) > 900
    effects = fit_effects(x[risks.row], risks, prior_sd=np.inf)
    likelihood = evaluate_partial_likelihood(x[risks.row], effects, risks)
    # One step of Newton from there: what the groups moved the effect by, in standard errors.
    step = likelihood.scores.sum() / likelihood.information[0, 0]
    assert abs(step) < 0.05 / np.sqrt(likelihood.information[0, 0])
