"""A kind of model judged in time and at random: known drift, refusals, and a real log that drifts."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.schema import DAY
from funnelml.scoring.evaluation.evaluate_model import evaluate_model
from funnelml.scoring.rows import ScoringRows


def world(*, drift, n=6_000, seed=1, dated=True):
    """Rows of which one feature tells the label; with ``drift`` it does so no more in the newest quarter."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(0, 100, n)) * DAY
    x = rng.normal(size=(n, 2))
    strength = np.where(drift & (at >= 75 * DAY), 0.0, 1.2)
    label = (rng.random(n) < 1 / (1 + np.exp(1 - strength * x[:, 0]))).astype(float)
    return ScoringRows(
        features=pd.DataFrame({"预算": x[:, 0], "noise": x[:, 1], "source": np.where(x[:, 1] > 0, "a", "b")}),
        record_id=np.array([f"r{k}" for k in range(n)], dtype=object),
        outcome="won within 10 days",
        label=label,
        at=at if dated else None,
        known_at=at + 10 * DAY if dated else None,
    )


class NumbersOnly:
    """The two numeric features in a logistic regression."""

    def fit(self, rows):
        self.model_ = LogisticRegression().fit(rows.features[["预算", "noise"]], rows.label)

    def predict_proba(self, X):
        return self.model_.predict_proba(X[["预算", "noise"]])


def evaluate(rows, **settings):
    return evaluate_model(NumbersOnly, rows, fit=NumbersOnly.fit, resamples=100, **settings)


def test_a_steady_world_costs_nothing():
    told = evaluate(world(drift=False))
    assert told.verdict.verdict == "publish"
    assert abs(told.auc_lost_to_drift) < 0.03
    assert told.main is told.time and told.time.in_time and not told.random.in_time
    assert told.time.training.positives + told.time.training.negatives == told.time.train_rows
    assert told.time.embargoed > 0 and told.time.already_learned == 0
    assert told.time.test_from == 81 * DAY and told.time.test_to == 99 * DAY
    assert "what time costs" not in told.summary()


def test_drift_is_seen_in_time_and_not_at_random():
    told = evaluate(world(drift=True))
    assert told.verdict.verdict == "no usable signal" and told.random.verdict.verdict != "no usable signal"
    assert told.auc_lost_to_drift > 0.15
    assert "the difference is what time costs" in told.summary() and "差距即时间推移的代价" in told.summary("zh")


def test_the_figures_are_those_of_the_test_scores():
    rows = world(drift=False)
    told = evaluate(rows, segments=["source"])
    scores = told.time.test_scores
    assert list(scores) == ["record_id", "at", "label", "probability"]
    assert scores["label"].mean() == pytest.approx(told.time.scores.base_rate)
    base = told.time.against_base_rate.metrics.loc["log_loss", "second"]
    rate = told.time.train_base_rate
    y = scores["label"]
    assert base == pytest.approx(-(y * np.log(rate) + (1 - y) * np.log(1 - rate)).mean())
    assert set(told.time.scores.by_segment["segment"]) == {"a", "b"}
    frame = told.to_frame()
    assert frame.groupby("split").size().to_dict() == {"random": 9, "time": 9}


def test_training_never_sees_what_was_not_known():
    rows = world(drift=False)
    seen = []
    told = evaluate_model(NumbersOnly, rows, fit=lambda m, train: (seen.append(train), m.fit(train)), resamples=5)
    assert len(seen) == 2
    assert seen[0].known_at.max() <= told.time.test_from == told.time.test_scores["at"].min()


def test_without_dates_drift_cannot_be_seen():
    told = evaluate(world(drift=True, dated=False))
    assert told.time is None and told.main is told.random and np.isnan(told.auc_lost_to_drift)
    assert "drift could not be seen" in told.summary() and "无法看出漂移" in told.summary("zh")
    assert list(told.random.test_scores) == ["record_id", "label", "probability"]
    assert set(told.to_frame()["split"]) == {"random"}


def test_leaks_that_are_used_decide_the_verdict():
    assert evaluate(world(drift=False), leaks=["预算"]).verdict.verdict == "suspected leak"


def test_both_languages_say_the_same_figures():
    told = evaluate(world(drift=False))
    plain = [re.sub(r"won within 10 days", "", told.summary(language)) for language in ("en", "zh")]
    figures = [sorted(re.findall(r"\d+(?:[.,]\d+)*", text)) for text in plain]
    assert figures[0] == figures[1]


def test_too_few_outcomes_are_refused():
    with pytest.raises(NotEnoughDataError, match=r"won within 10 days and \d+ not among .* a score takes 40 of each"):
        evaluate(world(drift=False, n=120))


def test_a_test_of_one_outcome_is_refused():
    rows = world(drift=False)
    rows.label[rows.at >= 75 * DAY] = 0
    with pytest.raises(NotEnoughDataError, match="rows to judge a score on have label 0; it takes rows of both"):
        evaluate(rows)


def test_a_missing_probability_is_refused():
    class Broken(NumbersOnly):
        def predict_proba(self, X):
            return np.full((len(X), 2), np.nan)

    with pytest.raises(ModelInputError, match="probability is missing in"):
        evaluate_model(Broken, world(drift=False), fit=Broken.fit)


def test_a_segment_that_is_no_feature_is_refused():
    with pytest.raises(
        ModelInputError, match=r"segment 'sourse' is no feature of the rows \(did you mean 'source'\?\)"
    ):
        evaluate(world(drift=False), segments=["sourse"])


@pytest.mark.realdata
def test_bank_marketing_drifts(real_data):
    table = pd.read_csv(real_data / "bank_marketing.csv.gz", sep=";")
    # Calls stand in the order of time; weeks of 500 calls are as good as any.
    at = np.arange(len(table)) // 500 * 7 * DAY
    features = table[["age", "campaign", "previous", "pdays"]].astype(float)
    features["cellular"] = (table["contact"] == "cellular").astype(float)
    rows = ScoringRows(
        features=features / features.max(),
        record_id=np.arange(len(table)).astype(object),
        label=(table["y"] == "yes").to_numpy(dtype=float),
        at=at,
        known_at=at + 7 * DAY,
    )
    told = evaluate_model(
        LogisticRegression, rows, fit=lambda m, train: m.fit(train.features, train.label), test_share=0.3, resamples=50
    )
    # Counted in the table: base rate 5.6 % before the cut at 70 %, 24.6 % after.
    assert told.time.train_base_rate == pytest.approx(0.056, abs=0.003)
    assert told.time.scores.base_rate == pytest.approx(0.246, abs=0.005)
    assert told.auc_lost_to_drift > 0.03
    assert told.time.verdict.verdict in ("ranks only", "no usable signal")


class SignAlone:
    """One number in a logistic regression."""

    def fit(self, rows):
        self.model_ = LogisticRegression().fit(rows.features[["sign"]], rows.label)

    def predict_proba(self, X):
        return self.model_.predict_proba(X[["sign"]])


def test_what_stage_and_age_tell_explains_a_high_auc():
    """The stages of a log are known of any day: where they sort the records, a score that sorts them is no leak."""
    rng = np.random.default_rng(5)
    n = 3_000
    late = rng.random(n) < 0.3
    label = np.where(late, rng.random(n) < 0.85, rng.random(n) < 0.01).astype(float)
    days = np.sort(rng.integers(0, 300, n))
    rows = ScoringRows(
        features=pd.DataFrame(
            {
                "stage": np.where(late, "成交", "初步接触").astype(object),
                "age_days": rng.gamma(2.0, 20.0, n),
                "sign": np.where(label == 1, 1.0, 0.0) + rng.normal(0, 0.3, n),
            }
        ),
        record_id=np.array([f"R{k}" for k in range(n)], dtype=object),
        outcome="won within 28 days",
        label=label,
        at=days * 86_400_000_000,
        known_at=(days + 28) * 86_400_000_000,
    )
    both = {"make_scorer": SignAlone, "rows": rows, "fit": SignAlone.fit, "resamples": 100}
    assert evaluate_model(**both).main.scores.estimate("auc").value > 0.95
    assert evaluate_model(**both).verdict.verdict != "suspected leak"
    assert evaluate_model(**both | {"rows": rows.without("stage")}).verdict.verdict == "suspected leak"
