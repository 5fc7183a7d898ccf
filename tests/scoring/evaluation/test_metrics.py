"""Metrics against scikit-learn, with and without weights, and the laws they obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from funnelml.scoring.evaluation.evaluate import evaluate_scores
from funnelml.scoring.evaluation.metrics import measure_losses, measure_order
from funnelml.scoring.evaluation.ranking import rank_rows
from funnelml.scoring.evaluation.scored_rows import check_scored


def sample(n=500, seed=1, digits=None):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 3, n)
    if digits is not None:
        p = p.round(digits)
    return (rng.random(n) < p).astype(float), p


@pytest.mark.parametrize("digits", [None, 1], ids=["no ties", "many ties"])
def test_values_are_those_of_scikit_learn(digits):
    y, p = sample(digits=digits)
    told = evaluate_scores(y, p, resamples=20)
    for metric, expected in (
        ("auc", roc_auc_score(y, p)),
        ("average_precision", average_precision_score(y, p)),
        ("log_loss", log_loss(y, p)),
        ("brier", brier_score_loss(y, p)),
    ):
        assert told.estimate(metric).value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("digits", [None, 1], ids=["no ties", "many ties"])
def test_weighted_values_are_those_of_scikit_learn(digits):
    y, p = sample(digits=digits)
    ranking = rank_rows(check_scored(y, p))
    weights = np.random.default_rng(2).integers(0, 4, (3, len(y))).astype(float)
    order = ranking.record
    told = measure_order(ranking.accumulate(weights[:, order])) | measure_losses(ranking, weights[:, order])
    for k, w in enumerate(weights):
        assert told["auc"][k] == pytest.approx(roc_auc_score(y, p, sample_weight=w), rel=1e-12)
        assert told["average_precision"][k] == pytest.approx(average_precision_score(y, p, sample_weight=w), rel=1e-12)
        assert told["log_loss"][k] == pytest.approx(log_loss(y, p, sample_weight=w), rel=1e-12)
        assert told["brier"][k] == pytest.approx(brier_score_loss(y, p, sample_weight=w), rel=1e-12)


def test_auc_counts_pairs():
    # Pairs (label 1, label 0): 0.9 > 0.4, 0.9 > 0.2, 0.4 = 0.4 (half), 0.4 > 0.2: 3.5 of 4.
    assert evaluate_scores([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.2]).estimate("auc").value == 0.875


def test_certain_and_wrong_is_dear_but_finite():
    told = evaluate_scores([1, 0, 1], [0.0, 0.0, 1.0], resamples=20)
    # -log(2**-52) / 3
    assert told.estimate("log_loss").value == pytest.approx(52 * np.log(2) / 3)


def test_capture_splits_ties_evenly():
    # The top 4 rows are tied and hold 2 of 3 conversions: half of them hold one third on average.
    capture = rank_rows(check_scored([1, 1, 0, 0, 1, 0, 0, 0], [0.5] * 4 + [0.1] * 4)).accumulate(np.ones((1, 8)))
    np.testing.assert_allclose(capture.capture(np.array([0.25, 0.5, 0.75, 1.0]))[0], [1 / 3, 2 / 3, 5 / 6, 1])


def test_gains_are_what_a_count_from_the_top_gives():
    y, p = sample(n=1_000)
    gains = evaluate_scores(y, p, resamples=20).gains.set_index("top")
    order = np.argsort(-p)
    for top in (0.01, 0.1, 0.35, 1.0):
        first = order[: round(top * 1_000)]
        assert gains.loc[top, "capture"] == pytest.approx(y[first].sum() / y.sum())
        assert gains.loc[top, "rate"] == pytest.approx(y[first].mean())
        assert gains.loc[top, "lift"] == pytest.approx(y[first].mean() / y.mean())
        assert gains.loc[top, "lowest_probability"] == p[first].min()


@given(st.integers(0, 10_000), st.sampled_from([1, 2, 9]))
def test_order_of_rows_and_monotone_maps_do_not_matter(seed, digits):
    y, p = sample(n=60, seed=seed, digits=digits)
    if y.min() == y.max():
        return
    shuffled = np.random.default_rng(seed).permutation(60)

    def order_of(label, probability):
        return measure_order(rank_rows(check_scored(label, probability)).accumulate(np.ones((1, 60))))

    told = order_of(y, p)
    for other in (order_of(y[shuffled], p[shuffled]), order_of(y, p**3)):
        np.testing.assert_allclose(list(told.values()), list(other.values()), rtol=1e-12)
    np.testing.assert_allclose(order_of(1 - y, 1 - p)["auc"], told["auc"], rtol=1e-12)


def delong_variance(y, p):
    # DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988): the variance of the placements of either label.
    ones, zeros = p[y == 1], p[y == 0]
    above = (ones[:, None] > zeros) + (ones[:, None] == zeros) / 2
    return above.mean(axis=1).var(ddof=1) / len(ones) + above.mean(axis=0).var(ddof=1) / len(zeros)


def test_interval_of_auc_agrees_with_delong():
    y, p = sample(n=1_500, digits=2)
    auc = evaluate_scores(y, p, resamples=2_000, seed=3).estimate("auc")
    assert (auc.high - auc.low) / (2 * 1.96) == pytest.approx(np.sqrt(delong_variance(y, p)), rel=0.06)
    assert (auc.low + auc.high) / 2 == pytest.approx(auc.value, abs=0.002)
