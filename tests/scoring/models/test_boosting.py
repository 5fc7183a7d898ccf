"""Boosted trees on columns of any kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from funnelml.scoring.models.boosting import BoostedTrees


def table(n=3_000, seed=0):
    """A text matters only where a number is positive."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.normal(size=n), "stage": rng.choice(["a", "b", "c"], n), "z": rng.normal(size=n)})
    X.loc[rng.random(n) < 0.1, "x"] = np.nan
    X.loc[rng.random(n) < 0.1, "stage"] = None
    odds = np.where((X["x"] > 0) & (X["stage"] == "b"), 2.0, -1.0)
    return X, (rng.random(n) < expit(odds)).astype(int), odds


def test_an_interaction_is_found():
    X, y, _ = table(8_000)
    test, _, odds = table(2_000, seed=1)
    found = BoostedTrees().fit(X, y).decision_function(test)
    assert np.sqrt(np.mean((found - odds) ** 2)) < 0.3


def test_contributions_add_up_to_the_log_odds():
    X, y, _ = table()
    model = BoostedTrees(trees=30).fit(X, y)
    parts = model.contributions(X)
    assert parts.shape == (len(X), 4)
    np.testing.assert_allclose(parts.sum(axis=1), logit(model.predict_proba(X)[:, 1]), atol=1e-9)


def test_stages_end_where_the_model_does():
    X, y, _ = table(500)
    model = BoostedTrees(trees=7).fit(X, y)
    stages = list(model.staged_decision_function(X))
    assert len(stages) == 7
    np.testing.assert_allclose(stages[-1], model.decision_function(X))


@pytest.mark.parametrize("direction", [1, -1])
def test_a_known_direction_is_kept(direction):
    rng = np.random.default_rng(5)
    X = pd.DataFrame({"x": rng.normal(size=1_000), "z": rng.normal(size=1_000)})
    y = rng.random(1_000) < expit(np.sin(3 * X["x"]))
    model = BoostedTrees(directions={"x": direction}).fit(X, y)
    line = pd.DataFrame({"x": np.linspace(-3, 3, 200), "z": 0.0})
    assert (np.diff(model.decision_function(line)) * direction >= -1e-12).all()


def test_levels_too_rare_or_never_seen_are_one():
    X, y, _ = table(2_000)
    ids = [f"id-{i}" for i in range(len(X))]
    model = BoostedTrees(trees=20).fit(X.assign(id=ids), y)
    assert model.columns_[3].levels == ()
    new = X.head(2).assign(stage="unseen", id=["id-0", "never"])
    assert np.isfinite(model.decision_function(new)).all()


def test_same_seed_same_trees():
    X, y, _ = table(800)
    first, second = (BoostedTrees(random_state=4).fit(X, y).decision_function(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_columns_of_which_nothing_is_known_have_no_effect():
    X, y, _ = table(500)
    odd = X.assign(empty=np.nan, none=None, same=1.0)
    model = BoostedTrees(trees=10).fit(odd, y)
    assert (model.contributions(odd)[:, 3:6] == 0).all()
    new = odd.assign(empty=7.0, none="x")
    np.testing.assert_array_equal(model.decision_function(new), model.decision_function(odd))


def test_a_field_that_is_ticked_or_blank_is_understood():
    # scikit-learn 1.9.1 gives everyone the same chance if the blank is NaN in a category of one level
    ticked = np.arange(2_000) % 2 == 0
    X = pd.DataFrame({"budget": np.where(ticked, "yes", None), "z": np.random.default_rng(0).normal(size=2_000)})
    y = np.random.default_rng(1).random(2_000) < np.where(ticked, 0.6, 0.2)
    chance = BoostedTrees(trees=50, share_of_columns=1.0).fit(X, y).predict_proba(X)[:, 1]
    assert chance[ticked].mean() == pytest.approx(0.6, abs=0.05)
    assert chance[~ticked].mean() == pytest.approx(0.2, abs=0.05)
