"""SHAP values of boosted trees against their definition, and the laws they keep."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from funnelml.errors import ModelInputError
from funnelml.scoring.models import tree_shap as module
from funnelml.scoring.models.tree_shap import tree_shap


def rows(n, *, seed=0, columns=6):
    """Numbers, two columns of categories (the second and the last), one in eight cells empty, and labels."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    X[:, 1] = rng.integers(0, 9, n) * 3
    X[:, -1] = rng.integers(0, 40, n)
    X[rng.random(X.shape) < 1 / 8] = np.nan
    known = np.nan_to_num(X)
    score = known[:, 0] + known[:, 0] * known[:, 2] + 2 * np.isin(X[:, 1], (3, 9)) + np.isin(X[:, -1], range(9, 20))
    return X, (score + rng.logistic(size=n) > 1).astype(int)


def fitted(X, y, **settings):
    wanted = {"max_iter": 4, "max_leaf_nodes": 8, "min_samples_leaf": 5, "early_stopping": False, "random_state": 0}
    wanted["categorical_features"] = [1, X.shape[1] - 1]
    return HistGradientBoostingClassifier(**(wanted | settings)).fit(X, y)


def value_of(model, x, known):
    """Return the log odds if only some columns are known: both ways at a node on any other, by its training rows."""
    columns = np.arange(len(x))
    if model.is_categorical_ is not None:
        columns = np.concatenate((np.flatnonzero(model.is_categorical_), np.flatnonzero(~model.is_categorical_)))
    encoded = model._preprocess_X(x[None], reset=False)[0]

    def walk(tree, number):
        node = tree.nodes[number]
        if node["is_leaf"]:
            return node["value"]
        if columns[node["feature_idx"]] not in known:
            ways = [(tree.nodes[node[side]]["count"], walk(tree, node[side])) for side in ("left", "right")]
            return sum(count / node["count"] * told for count, told in ways)
        at = encoded[node["feature_idx"]]
        if np.isnan(at):
            left = node["missing_go_to_left"]
        elif node["is_categorical"]:
            left = tree.raw_left_cat_bitsets[node["bitset_idx"]][int(at) // 32] >> (int(at) % 32) & 1
        else:
            left = at <= node["num_threshold"]
        return walk(tree, node["left" if left else "right"])

    return float(np.ravel(model._baseline_prediction)[0]) + sum(walk(tree, 0) for (tree,) in model._predictors)


def by_definition(model, x):
    """Return the Shapley values of ``value_of``, over all subsets of the columns."""
    k = len(x)
    value = {s: value_of(model, x, s) for size in range(k + 1) for s in combinations(range(k), size)}
    out = np.zeros(k + 1)
    out[k] = value[()]
    for i in range(k):
        for s in value:
            if i not in s:
                weight = factorial(len(s)) * factorial(k - len(s) - 1) / factorial(k)
                out[i] += weight * (value[tuple(sorted((*s, i)))] - value[s])
    return out


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"categorical_features": None},
        {"max_leaf_nodes": 31, "min_samples_leaf": 1},
        {"monotonic_cst": [1, 0, 0, 0, 0, 0]},
        {"interaction_cst": [{0, 1}, {2, 3, 4, 5}]},
        {"max_leaf_nodes": 2},
    ],
    ids=["categories", "numbers", "deep", "monotone", "constrained", "stumps"],
)
def test_they_are_the_shapley_values_of_the_definition(settings):
    X, y = rows(300)
    model = fitted(X, y, **settings)
    np.testing.assert_allclose(tree_shap(model, X[:8]), [by_definition(model, x) for x in X[:8]], rtol=0, atol=1e-12)


def test_a_stump_by_hand():
    # 6 of 10 rows lie left: a row on the left is worth 0.4 * (left - right) more than the mean.
    X = np.array([[0.0, 7.0]] * 6 + [[1.0, 7.0]] * 4)
    model = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1, early_stopping=False)
    model.fit(X, [0, 0, 0, 0, 0, 1, 1, 1, 1, 0])
    _, left, right = model._predictors[0][0].nodes
    assert (left["count"], right["count"]) == (6, 4)
    told = tree_shap(model, X[[0, 9]])
    gap = left["value"] - right["value"]
    np.testing.assert_allclose(told[:, 0], [0.4 * gap, -0.6 * gap], rtol=0, atol=1e-15)
    np.testing.assert_array_equal(told[:, 1], 0)
    np.testing.assert_allclose(told[:, 2], model.decision_function(X).mean(), rtol=0, atol=1e-15)


@given(
    seed=st.integers(0, 50),
    leaves=st.sampled_from([3, 8, 16, 64]),
    smallest=st.sampled_from([1, 20]),
    bins=st.sampled_from([2, 20, 255]),
)
@settings(max_examples=20)
def test_rows_sum_to_the_log_odds_and_the_last_column_is_their_mean(seed, leaves, smallest, bins):
    X, y = rows(400, seed=seed)
    X[:, -1] %= bins
    model = fitted(X, y, max_leaf_nodes=leaves, min_samples_leaf=smallest, max_bins=bins, categorical_features=[5])
    odds = model.decision_function(X)
    told = tree_shap(model, X)
    np.testing.assert_allclose(told.sum(axis=1), odds, rtol=0, atol=1e-9)
    np.testing.assert_allclose(told[:, -1], odds.mean(), rtol=0, atol=1e-9)


def test_neither_the_order_nor_the_number_of_rows_matters(monkeypatch):
    X, y = rows(500)
    model = fitted(X, y, max_leaf_nodes=24, min_samples_leaf=1)
    whole = tree_shap(model, X)
    shuffled = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(tree_shap(model, X[shuffled]), whole[shuffled])
    monkeypatch.setattr(module, "_ROWS", 7)
    np.testing.assert_array_equal(tree_shap(model, X), whole)
    assert tree_shap(model, X[:0]).shape == (0, 7)


@pytest.mark.parametrize(("nodes", "fields"), [(1, 12), (1, 2), (30, 12)], ids=["by leaf", "untabulated", "by tree"])
def test_every_way_to_look_up_a_leaf_gives_the_same(monkeypatch, nodes, fields):
    X, y = rows(400)
    model = fitted(X, y, max_leaf_nodes=13, min_samples_leaf=1)
    expected = tree_shap(model, X)
    monkeypatch.setattr(module, "_MOST_NODES", nodes)
    monkeypatch.setattr(module, "_MOST_FIELDS", fields)
    np.testing.assert_allclose(tree_shap(model, X), expected, rtol=0, atol=1e-12)


def test_paths_of_many_columns_are_exact():
    """Twenty columns that speak only together: one path too long for any table."""
    rng = np.random.default_rng(5)
    X = (rng.random((6_000, 20)) < 0.85).astype(float)
    model = fitted(X, X.all(axis=1), max_iter=2, max_leaf_nodes=21, min_samples_leaf=1, categorical_features=None)
    leaves = [leaf for (tree,) in model._predictors for leaf in module._follow_paths(tree.nodes)]
    leaf = max(leaves, key=lambda leaf: len(leaf.tests))
    m = len(leaf.tests)
    assert m > module._MOST_FIELDS
    np.testing.assert_allclose(tree_shap(model, X).sum(axis=1), model.decision_function(X), rtol=0, atol=1e-9)
    # the sums over subsets of each size are the coefficients of the product of (z_j + o_j t) over the other columns
    passed = rng.random(m) < 0.7
    weights = [factorial(size) * factorial(m - size - 1) / factorial(m) for size in range(m)]
    expected = np.zeros(m)
    for i in range(m):
        others = np.ones(1)
        for j in set(range(m)) - {i}:
            others = np.convolve(others, [leaf.shares[j], passed[j]])
        expected[i] = leaf.value * (passed[i] - leaf.shares[i]) * (others @ weights)
    np.testing.assert_allclose(module._share_value(passed[None], leaf)[0], expected, rtol=1e-10)


@pytest.mark.parametrize("odd", [1000.0, np.nan, 4.0], ids=["unseen", "missing", "between"])
def test_a_category_that_was_never_seen_counts_as_missing(odd):
    X, y = rows(300)
    model = fitted(X, y)
    x = X[:4].copy()
    x[:, 1] = odd
    missing = x.copy()
    missing[:, 1] = np.nan
    np.testing.assert_array_equal(tree_shap(model, x), tree_shap(model, missing))


def test_infinite_numbers_follow_the_trees():
    X, y = rows(300)
    model = fitted(X, y)
    X[0, 0], X[1, 0] = np.inf, -np.inf
    np.testing.assert_allclose(tree_shap(model, X).sum(axis=1), model.decision_function(X), rtol=0, atol=1e-9)


def test_trees_that_never_split_leave_the_base_rate():
    model = HistGradientBoostingClassifier(max_iter=3, early_stopping=False).fit(np.zeros((30, 2)), [0, 1, 1] * 10)
    told = tree_shap(model, np.zeros((2, 2)))
    np.testing.assert_array_equal(told[:, :2], 0)
    np.testing.assert_allclose(told[:, 2], np.log(2), rtol=0, atol=1e-9)


def test_what_cannot_be_explained_says_why():
    X, y = rows(60)
    with pytest.raises(ModelInputError, match="not fitted; call fit first"):
        tree_shap(HistGradientBoostingClassifier(), X)
    model = fitted(X, y)
    with pytest.raises(ModelInputError, match=r"take 6 columns; the rows have shape \(60, 5\)"):
        tree_shap(model, X[:, :5])
    with pytest.raises(ModelInputError, match="tell 3 classes apart; reasons are for two"):
        tree_shap(fitted(X, np.arange(60) % 3), X)
