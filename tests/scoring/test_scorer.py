"""The scorer: an estimator as scikit-learn knows them, and choices that see only the past."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from funnelml.scoring.models.boosting import BoostedTrees
from funnelml.scoring.models.scorecard import Scorecard
from funnelml.scoring.scorer import LeadScorer


@parametrize_with_checks([LeadScorer()])
@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings of their own
def test_it_is_an_estimator(estimator, check):
    check(estimator)


def additive(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"calls": rng.poisson(3, n).astype(float), "source": rng.choice(["web", "fair", "转介绍"], n)})
    odds = -2 + shift + 0.3 * X["calls"] + (X["source"] == "转介绍")
    return X, (rng.random(n) < expit(odds)).astype(int)


def crossed(n, seed):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    return X, (rng.random(n) < expit(2.5 * np.sign(X["a"] * X["b"]))).astype(int)


def test_the_readable_model_is_kept_where_nothing_is_better():
    X, y = additive(3_000, 0)
    scorer = LeadScorer().fit(X, y)
    assert scorer.recipe_.kind == "scorecard"
    assert set(scorer.trials_) == {"scorecard", "boosting", "blend"}


def test_trees_are_taken_where_columns_work_together():
    X, y = crossed(3_000, 0)
    scorer = LeadScorer().fit(X, y)
    assert scorer.recipe_.kind == "boosting"
    assert scorer.trials_["boosting"] < scorer.trials_["scorecard"] - 0.2


@pytest.mark.parametrize(("model", "kinds"), [("scorecard", [Scorecard]), ("blend", [Scorecard, BoostedTrees])])
def test_contributions_add_up_after_everything(model, kinds):
    X, y = additive(2_000, 1)
    at = np.arange(len(y))
    # the newest rows convert twice as often: level and calibration have something to do
    y = np.where((at > 1_500) & (np.random.default_rng(2).random(len(y)) < 0.4), 1, y)
    scorer = LeadScorer(model=model).fit(X, y, at=at)
    assert [type(m) for m in scorer.models_] == kinds
    parts = scorer.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1), logit(scorer.predict_proba(X)[:, 1]), atol=1e-9)


def test_the_level_follows_the_latest_labels():
    X, y = additive(4_000, 3)
    newer, later = additive(2_000, 4, shift=2.0)
    test, truth = additive(2_000, 5, shift=2.0)
    both, labels = pd.concat([X, newer], ignore_index=True), np.r_[y, later]
    blind = LeadScorer().fit(both, labels)
    seeing = LeadScorer().fit(both, labels, at=np.arange(len(labels)))
    losses = [log_loss(truth, s.predict_proba(test)) for s in (blind, seeing)]
    assert losses[1] < losses[0] - 0.02
    assert seeing.predict_proba(test)[:, 1].mean() == pytest.approx(truth.mean(), abs=0.04)


def test_choices_do_not_see_labels_before_they_were_known():
    # Labels are known a thousand rows later. Those that no fold may learn from are turned round: the recipe stays.
    X, y = additive(3_000, 6)
    at = np.arange(len(y))
    folds_begin = int(0.6 * len(y))
    late = np.where((at > folds_begin - 300) & (at < folds_begin), 5_000_000, at)
    turned = np.where(late == 5_000_000, 1 - y, y)
    first, second = (LeadScorer(model="scorecard").fit(X, labels, at=at, known_at=late) for labels in (y, turned))
    assert first.recipe_ == second.recipe_
    assert first.trials_ == second.trials_


def test_few_rows_are_drawn_to_the_mean():
    X, y = additive(150, 7)
    few = LeadScorer().fit(X, y)
    assert few.recipe_.kind == "scorecard" and few.recipe_.parts[0].penalty > 8
    assert np.ptp(few.predict_proba(X)[:, 1]) < np.ptp(Scorecard(penalty=2).fit(X, y).predict_proba(X)[:, 1])


def test_odd_columns_are_handled():
    X, y = additive(600, 8)
    odd = X.assign(
        empty=np.nan,
        same=1,
        id=[f"L-{i}" for i in range(len(X))],
        essay=[f"we talked about {i} and then about {i * 7}" for i in range(len(X))],
        flag=X["calls"] > 2,
        when=pd.Categorical(np.where(X["calls"] > 3, "now", None)),
    )
    scorer = LeadScorer().fit(odd, np.where(y == 1, "成交", "流失"))
    assert scorer.classes_.tolist() == sorted(["成交", "流失"])
    new = odd.head(3).assign(source="never seen", id="new", when=None, calls=[np.nan, np.inf, -1e9])
    assert np.isfinite(scorer.predict_proba(new)).all()
    assert set(scorer.predict(new)) <= {"成交", "流失"}


def test_a_million_levels_do_not_hurt():
    rng = np.random.default_rng(9)
    n = 200_000
    X = pd.DataFrame({"id": rng.permutation(1_000_000)[:n].astype(str), "x": rng.normal(size=n)})
    y = (rng.random(n) < expit(X["x"])).astype(int)
    scorer = LeadScorer(model="scorecard").fit(X, y)
    assert len(scorer.models_[0].points_[0]) == 2
    assert (scorer.contributions(X.head(100))[:, 0] == 0).all()


def test_the_same_seed_gives_the_same_scores_and_a_clone_too():
    X, y = crossed(1_500, 10)
    scorer = LeadScorer(random_state=3).fit(X, y)
    np.testing.assert_array_equal(clone(scorer).fit(X, y).predict_proba(X), scorer.predict_proba(X))


def test_it_works_in_a_pipeline():
    X, y = additive(600, 11)
    pipeline = make_pipeline(FunctionTransformer(lambda frame: frame.assign(double=frame["calls"] * 2)), LeadScorer())
    assert pipeline.fit(X, y).predict_proba(X).shape == (600, 2)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.ones(50), "one class"),
        (np.arange(50) % 3, "3 different labels"),
        (np.ones(20), "50 rows of features and 20 labels"),
    ],
)
def test_bad_labels_are_refused(y, words):
    X, _ = additive(50, 12)
    with pytest.raises(ValueError, match=words):
        LeadScorer().fit(X, y)
