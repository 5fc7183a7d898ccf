"""BANT points as chances: monotone, learned from past rows, measured like a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import log_loss, roc_auc_score

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.bant.evaluation import evaluate_bant
from funnelml.scoring.bant.rules import parse_bant
from funnelml.scoring.bant.scorer import BantScorer
from funnelml.scoring.rows import ScoringRows

RULES = parse_bant(
    [
        {"part": "budget", "field": "x", "at_least": 1, "points": 50},
        {"part": "need", "field": "y", "at_least": 1, "points": 50},
    ]
)


def frame(points) -> pd.DataFrame:
    """Features of records with 0, 50, 100 points, or None: nothing known."""
    x = [np.nan if p is None else float(p >= 50) for p in points]
    y = [np.nan if p is None else float(p >= 100) for p in points]
    return pd.DataFrame({"x": x, "y": y})


def test_chances_by_hand():
    # Base rate 0.5. Shrunken: 0 points (5 + 10) / (30 + 20) = 0.3, 50 points (20 + 10) / (40 + 20) = 0.5,
    # 100 points (25 + 10) / (30 + 20) = 0.7; already rising, so that isotonic regression changes nothing.
    y = np.r_[np.repeat([1, 0], [5, 25]), np.repeat([1, 0], [20, 20]), np.repeat([1, 0], [25, 5])]
    scorer = BantScorer(RULES).fit(frame([0] * 30 + [50] * 40 + [100] * 30), y)
    assert scorer.points_.tolist() == [0, 50, 100]
    assert scorer.chances_.tolist() == pytest.approx([0.3, 0.5, 0.7])
    assert scorer.predict_proba(frame([100, 0, None]))[:, 1].tolist() == pytest.approx([0.7, 0.3, 0.5])
    assert scorer.predict(frame([100, 0])).tolist() == [1, 0]


def test_unknown_records_have_the_chance_of_unknown_records():
    y = np.r_[np.repeat([1, 0], [40, 40]), np.repeat([1, 0], [0, 20])]
    scorer = BantScorer(RULES).fit(frame([50] * 80 + [None] * 20), y)
    # (0 + 20 * 0.4) / (20 + 20)
    assert scorer.predict_proba(frame([None]))[0, 1] == pytest.approx(0.2)
    # A total between or beyond those seen has the chance of its neighbours.
    assert scorer.predict_proba(frame([0, 100]))[:, 1].tolist() == pytest.approx([0.48, 0.48])


def test_points_that_mislead_give_everyone_the_base_rate():
    y = np.repeat([1, 0], [50, 50])
    scorer = BantScorer(RULES).fit(frame([0] * 50 + [100] * 50), y)
    assert scorer.predict_proba(frame([0, 50, 100]))[:, 1].tolist() == pytest.approx([0.5] * 3)


rows = st.lists(st.tuples(st.sampled_from([0, 50, 100, None]), st.integers(0, 1)), min_size=2, max_size=60)


@given(rows.filter(lambda rows: len({y for _, y in rows}) == 2))
def test_more_points_never_mean_less_and_no_chance_is_certain(told):
    scorer = BantScorer(RULES).fit(frame([p for p, _ in told]), [y for _, y in told])
    chance = scorer.predict_proba(frame([0, 50, 100, None]))[:, 1]
    assert (np.diff(chance[:3]) >= 0).all()
    assert (chance > 0).all() and (chance < 1).all()


def test_a_weight_counts_as_so_many_rows():
    points, y = [0, 0, 50, 100], np.array([0, 1, 1, 1])
    twice = BantScorer(RULES).fit(frame(points), y, sample_weight=[3, 1, 1, 2])
    rows = BantScorer(RULES).fit(frame([0, 0, 0, 0, 50, 100, 100]), [0, 0, 0, 1, 1, 1, 1])
    assert twice.chances_.tolist() == pytest.approx(rows.chances_.tolist())
    assert clone(twice).rules == RULES


def test_faults():
    with pytest.raises(ModelInputError, match="1 labels and 1 weights for 2 rows"):
        BantScorer(RULES).fit(frame([0, 50]), [1])
    with pytest.raises(ModelInputError, match="1 labels are neither 0 nor 1"):
        BantScorer(RULES).fit(frame([0, 50]), [1, 2])
    with pytest.raises(NotEnoughDataError, match="all labels are the same"):
        BantScorer(RULES).fit(frame([0, 50]), [1, 1])


@pytest.fixture(scope="module")
def measured():
    rng = np.random.default_rng(3)
    points = rng.choice(np.array([0, 50, 100, None], dtype=object), 3_000, p=[0.4, 0.3, 0.2, 0.1])
    truth = pd.Series(points).map({0: 0.1, 50: 0.2, 100: 0.5}).fillna(0.15).to_numpy(dtype=float)
    y = (rng.random(3_000) < truth).astype(float)
    past, later = np.arange(3_000) < 2_000, np.arange(3_000) >= 2_000
    scorer = BantScorer(RULES).fit(frame(points[past]), y[past])
    ids = np.array([f"r{i // 2}" for i in range(1_000)], dtype=object)
    rows = ScoringRows(features=frame(points[later]), record_id=ids, label=y[later])
    return scorer, rows, points[later], truth[later]


def test_the_figures_are_those_of_scikit_learn(measured):
    scorer, rows, points, truth = measured
    result = evaluate_bant(scorer, rows, model_probability=truth)
    known = np.array([p is not None for p in points])
    assert result.points_auc == pytest.approx(roc_auc_score(rows.label[known], points[known].astype(float)))
    chance = scorer.predict_proba(rows.features)[:, 1]
    assert result.chances.estimate("log_loss").value == pytest.approx(log_loss(rows.label, chance))
    assert result.against_model.metrics["second"]["auc"] == pytest.approx(roc_auc_score(rows.label, chance))
    assert abs(result.against_model.advantage("log_loss").value) < 0.01
    assert "AUC of the points is" in result.summary() and "The model's log loss is" in result.summary()
    assert "模型的对数损失" in result.summary("zh")


def test_conversion_by_band_is_counted(measured):
    scorer, rows, points, _ = measured
    bands = evaluate_bant(scorer, rows).bands.set_index("band")
    assert bands.index.tolist() == ["0-25", "25-50", "50-75", "75-100", "unknown"]
    for band, value in (("0-25", 0), ("50-75", 50), ("75-100", 100), ("unknown", None)):
        mine = np.array([p == value if value is not None else p is None for p in points])
        assert bands["rows"][band] == mine.sum()
        assert bands["records"][band] == len(set(rows.record_id[mine]))
        assert bands["rate"][band] == pytest.approx(rows.label[mine].mean())
    assert bands["rows"]["25-50"] == 0 and np.isnan(bands["rate"]["25-50"])
    assert (bands["low"] <= bands["rate"]).drop("25-50").all()


def test_rows_without_labels_are_refused(measured):
    scorer, rows, *_ = measured
    with pytest.raises(ModelInputError, match="rows have no labels"):
        evaluate_bant(scorer, ScoringRows(features=rows.features, record_id=rows.record_id))
