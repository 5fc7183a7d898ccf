"""Two scores on the same rows: paired differences against their theory, by record, and in words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from funnelml.errors import ModelInputError
from funnelml.scoring.evaluation.comparison import compare_scores


def sample(n=1_000, seed=1):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    p = 1 / (1 + np.exp(1.5 - z))
    worse = 1 / (1 + np.exp(1.5 - z - rng.normal(0, 1, n)))
    return (rng.random(n) < p).astype(float), p, worse


def test_the_better_score_has_the_advantage_everywhere():
    y, p, worse = sample()
    told = compare_scores(y, p, worse)
    assert (told.metrics["low"] > 0).all() and (told.metrics["share_in_favour"] > 0.99).all()
    other_way = compare_scores(y, worse, p)
    np.testing.assert_allclose(other_way.metrics["advantage"], -told.metrics["advantage"])
    np.testing.assert_allclose(other_way.metrics["share_in_favour"], 1 - told.metrics["share_in_favour"])


def test_the_interval_of_a_mean_difference_is_that_of_its_rows():
    y, p, worse = sample()
    brier = compare_scores(y, p, worse, resamples=2_000).advantage("brier")
    rows = (worse - y) ** 2 - (p - y) ** 2
    assert brier.value == pytest.approx(rows.mean())
    assert (brier.high - brier.low) / (2 * 1.96) == pytest.approx(rows.std() / np.sqrt(len(rows)), rel=0.05)


def test_pairing_narrows_the_interval():
    y, p, _ = sample()
    near = np.clip(p * 1.1, 0, 1)
    paired = compare_scores(y, p, near).advantage("log_loss")
    losses = -np.where(y == 1, np.log(p), np.log(1 - p))
    assert (paired.high - paired.low) < 0.2 * 2 * 1.96 * losses.std() / np.sqrt(len(y))


def test_rows_of_one_record_are_drawn_together():
    y, p, worse = (np.repeat(values, 4) for values in sample(300))
    record = np.repeat([f"单{k}" for k in range(300)], 4)
    together = compare_scores(y, p, worse, record_id=record).advantage("log_loss")
    apart = compare_scores(y, p, worse).advantage("log_loss")
    assert together.value == apart.value
    # Four equal rows for one: the standard error is twice as large.
    assert (together.high - together.low) / (apart.high - apart.low) == pytest.approx(2, rel=0.25)


def test_a_score_against_itself_is_even():
    y, p, _ = sample(200)
    told = compare_scores(y, p, p, resamples=50).metrics
    assert (told[["advantage", "low", "high"]] == 0).all(axis=None) and (told["share_in_favour"] == 0.5).all()


def test_a_constant_may_be_compared_with():
    y, p, _ = sample()
    told = compare_scores(y, p, np.full(len(y), y.mean()), resamples=50).metrics
    assert told.loc["auc", "second"] == 0.5
    assert told.loc["average_precision", "second"] == pytest.approx(y.mean())


def test_both_languages_say_the_same_figures():
    y, p, worse = sample()
    told = compare_scores(y, p, worse)
    figures = [sorted(re.findall(r"\d+\.\d+", told.summary(language))) for language in ("en", "zh")]
    assert figures[0] == figures[1] and len(figures[0]) == 9
    assert "lower" in told.summary() and "beyond chance" in told.summary()
    assert "higher" in compare_scores(y, worse, p).summary()


def test_the_score_with_a_fault_is_named():
    with pytest.raises(ModelInputError, match="second is missing in 1 of 2 rows"):
        compare_scores([0, 1], [0.1, 0.2], [0.1, np.nan])
