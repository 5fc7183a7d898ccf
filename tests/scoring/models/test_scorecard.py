"""The scorecard: points that add up, go one way where they should, and find a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from funnelml.scoring.models.scorecard import POINT, Scorecard


def table(n=4_000, seed=0):
    """Visits raise the odds up to ten of them, a referral doubles them, and the rest is noise."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "visits": rng.poisson(6, n).astype(float),
            "来源": rng.choice(["转介绍", "展会", "官网"], n),
            "noise": rng.normal(size=n),
        }
    )
    X.loc[rng.random(n) < 0.1, "visits"] = np.nan
    odds = -1.5 + 0.15 * np.minimum(X["visits"].fillna(2), 10) + np.log(2) * (X["来源"] == "转介绍")
    return X, (rng.random(n) < expit(odds)).astype(int), odds.to_numpy()


def test_contributions_add_up_to_the_log_odds():
    X, y, _ = table()
    card = Scorecard().fit(X, y)
    parts = card.contributions(X)
    assert parts.shape == (len(X), 4)
    np.testing.assert_allclose(parts.sum(axis=1), logit(card.predict_proba(X)[:, 1]), atol=1e-9)


def test_a_person_can_add_up_the_points_of_the_card():
    X, y, _ = table()
    card = Scorecard().fit(X, y)
    record = pd.DataFrame({"visits": [np.nan], "来源": ["转介绍"], "noise": [0.0]})
    points = card.points_table().set_index(["column", "bin"])["points"]
    noise = int(card.bins_[2].bin(record["noise"])[0])
    total = points["visits", "missing"] + points["来源", "转介绍"] + card.points_[2][noise]
    assert card.decision_function(record)[0] == pytest.approx(total * POINT + card.constant_)


def test_rounding_many_columns_to_points_leaves_the_level():
    # Most rows of a rare count lie in one bin, so that what rounding takes there is taken from nearly all of them.
    rng = np.random.default_rng(4)
    X = pd.DataFrame({f"count {j}": rng.poisson(0.05, 3_000).astype(float) for j in range(60)})
    y = (rng.random(3_000) < expit(-2 + 0.5 * X.sum(axis=1) / np.sqrt(3))).astype(int)
    weight = rng.uniform(0.5, 1.5, 3_000)
    chance = Scorecard().fit(X, y, sample_weight=weight).predict_proba(X)[:, 1]
    assert np.average(chance, weights=weight) == pytest.approx(np.average(y, weights=weight), abs=1e-3)


def test_points_of_one_column_are_the_odds_of_its_levels():
    # Without a penalty the fit is exact: odds 3 and 1/3, so 20 log2(9) = 63.4 points apart.
    X = pd.DataFrame({"x": ["a"] * 400 + ["b"] * 400})
    y = np.r_[np.ones(300), np.zeros(100), np.ones(100), np.zeros(300)]
    points = Scorecard(penalty=1e-6).fit(X, y).points_table().set_index("bin")["points"]
    assert points["a"] - points["b"] in (63, 64)
    assert points["missing"] == points["other"] == 0


@pytest.mark.parametrize("direction", [1, -1])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_known_direction_is_kept(direction, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=300)
    y = (rng.random(300) < expit(np.sin(3 * x))).astype(int)
    card = Scorecard(directions={"x": direction}, penalty=0.5).fit(pd.DataFrame({"x": x}), y)
    assert (np.diff(card.points_[0][1:]) * direction >= 0).all()


def test_the_direction_is_found_where_there_is_one_and_given_up_where_there_is_none():
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"up": rng.normal(size=6_000), "hill": rng.normal(size=6_000)})
    y = rng.random(6_000) < expit(X["up"] - X["hill"] ** 2)
    up, hill = Scorecard().fit(X, y).bins_
    assert (up.direction, hill.direction) == (1, 0)


def test_a_known_truth_is_found():
    X, y, _ = table(40_000)
    test, _, odds = table(5_000, seed=1)
    found = Scorecard().fit(X, y).decision_function(test)
    assert np.sqrt(np.mean((found - odds) ** 2)) < 0.12


def test_weights_count_rows():
    X, y, _ = table(600)
    twice = pd.concat([X, X[y == 1]])
    by_rows = Scorecard(most_bins=1).fit(twice, np.r_[y, y[y == 1]]).decision_function(X)
    by_weight = Scorecard(most_bins=1).fit(X, y, np.where(y == 1, 2.0, 1.0)).decision_function(X)
    # both are rounded to points
    np.testing.assert_allclose(by_weight, by_rows, atol=3 * POINT)


def test_a_great_penalty_leaves_the_base_rate():
    X, y, _ = table(500)
    chance = Scorecard(penalty=1e9).fit(X, y).predict_proba(X)[:, 1]
    np.testing.assert_allclose(chance, y.mean(), atol=1e-4)


def test_odd_columns_speak_neither_for_nor_against():
    X, y, _ = table(500)
    odd = X.assign(empty=np.nan, same="x", none=None, big=1e300)
    card = Scorecard().fit(odd, y)
    parts = pd.DataFrame(card.contributions(odd), columns=[*odd.columns, "constant"])
    assert (parts[["empty", "same", "none", "big"]] == 0).all(axis=None)
    new = odd.head(3).assign(来源=["邮件", None, "转介绍"], visits=[np.inf, -np.inf, 1e9])
    assert np.isfinite(card.decision_function(new)).all()
    assert card.contributions(new)[0, 1] == 0
