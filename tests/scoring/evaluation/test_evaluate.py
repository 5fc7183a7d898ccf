"""Evaluation of scores: intervals on known truth, records kept together, segments, and refusals."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.evaluation.evaluate import evaluate_scores
from funnelml.scoring.evaluation.metrics import METRIC_NAMES
from funnelml.scoring.evaluation.segments import MOST_SEGMENTS, REST, UNKNOWN


def sample(n, seed, each=1):
    rng = np.random.default_rng(seed)
    record = np.repeat(np.arange(n), each)
    p = 1 / (1 + np.exp(2 - rng.normal(size=n)[record] - (each > 1) * 0.2 * rng.normal(size=n * each)))
    return (rng.random(n)[record] < p).astype(float), p, record


def test_intervals_hold_the_truth_as_often_as_they_say():
    y, p, _ = sample(200_000, 99)
    truth = evaluate_scores(y, p, resamples=2).metrics["value"].drop("calibration_error")
    hits = pd.Series(0, index=truth.index)
    for seed in range(80):
        told = evaluate_scores(*sample(400, seed)[:2], seed=seed, resamples=200).metrics.loc[truth.index]
        hits += (told["low"] <= truth) & (truth <= told["high"])
    # 95 % of 80 is 76; 69 is three standard deviations below.
    assert hits.min() >= 69, hits.to_dict()
    assert hits.mean() < 79.5


def test_rows_of_one_record_are_drawn_together():
    y, p, record = sample(300, 1, each=5)
    together = evaluate_scores(y, p, record_id=record).metrics
    apart = evaluate_scores(y, p).metrics
    pd.testing.assert_series_equal(together["value"], apart["value"])
    ratio = (together["high"] - together["low"]) / (apart["high"] - apart["low"])
    assert ratio.drop("calibration_error").min() > 1.4


def test_the_same_seed_gives_the_same_result():
    y, p, record = sample(200, 2, each=2)
    one, other = (evaluate_scores(y, p, record_id=record, seed=7, resamples=50) for _ in range(2))
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    pd.testing.assert_frame_equal(one.gains, other.gains)


def test_blocks_of_resamples_do_not_matter(monkeypatch):
    y, p, _ = sample(300, 3)
    one = evaluate_scores(y, p, resamples=30).to_frame()
    monkeypatch.setattr("funnelml.scoring.evaluation.resampling._CELLS", 2_000)
    monkeypatch.setattr("funnelml.scoring.evaluation.calibration._CELLS", 2_000)
    pd.testing.assert_frame_equal(one, evaluate_scores(y, p, resamples=30).to_frame())


def test_a_constant_score_knows_the_base_rate_and_nothing_else():
    y = np.array([1.0] * 30 + [0.0] * 70)
    told = evaluate_scores(y, np.full(100, 0.3), resamples=50).metrics
    same = ["auc", "average_precision", "log_loss", "brier", "calibration_in_the_large", "top_decile_capture"]
    np.testing.assert_allclose(told.loc[same, "value"], told.loc[same, "reference"], atol=1e-9)
    assert told.loc["calibration_error", "value"] == pytest.approx(0, abs=1e-12)


def test_every_metric_has_a_name_and_a_reference():
    y, p, _ = sample(300, 4)
    told = evaluate_scores(y, p, resamples=20)
    assert set(told.to_frame()["metric"]) == set(METRIC_NAMES)
    assert told.metrics["reference"].notna().all()
    assert told.histogram["rows"].sum() == 300


def test_segments_are_told_apart():
    y, p, _ = sample(3_000, 5)
    source = np.array(["转介绍", "web", None], dtype=object)[np.arange(3_000) % 3]
    wrong = np.where(source == "web", p**0.5, p)
    fields = pd.DataFrame({"source": source, "rare": [f"r{k}" for k in range(3_000)]})
    told = evaluate_scores(y, wrong, segments=fields, resamples=100).by_segment.set_index(["field", "segment"])
    web, other = told.loc[("source", "web")], told.loc[("source", "转介绍")]
    assert web["calibration_in_the_large_high"] < 0 < other["calibration_in_the_large_high"]
    assert web["calibration_error"] > web["calibration_error_95"]
    assert other["calibration_error"] < other["calibration_error_95"] * 1.3
    alone = evaluate_scores(y[source == "web"], wrong[source == "web"], resamples=100)
    assert web["auc"] == pytest.approx(alone.estimate("auc").value)
    assert told.loc[("source", UNKNOWN), "rows"] == 1_000
    assert told.loc["rare"].index.tolist() == [REST]


def test_a_segment_of_one_outcome_has_counts_only():
    y = np.array([1.0] * 50 + [0.0] * 150)
    fields = pd.DataFrame({"source": ["a"] * 50 + ["b"] * 150})
    told = evaluate_scores(y, np.linspace(0.9, 0.1, 200), segments=fields, resamples=20).by_segment
    assert told["rows"].tolist() == [150, 50]
    assert told["base_rate"].tolist() == [0, 1]
    assert told["auc"].isna().all()


def test_many_levels_are_put_together():
    y, p, _ = sample(5_000, 6)
    fields = pd.DataFrame({"owner": np.arange(5_000) % 50})
    told = evaluate_scores(y, p, segments=fields, resamples=5).by_segment
    assert len(told) == MOST_SEGMENTS + 1
    assert told["segment"].iloc[0] == REST and told["rows"].sum() == 5_000


def test_both_languages_say_the_same_figures():
    y, p, record = sample(400, 7, each=2)
    told = evaluate_scores(y, p, record_id=record)
    figures = [sorted(re.findall(r"\d+(?:[.,]\d+)*", told.summary(language))) for language in ("en", "zh")]
    assert figures[0] == figures[1]
    assert "400 records" in told.summary() and "800" in told.summary("zh")


@pytest.mark.parametrize(
    ("label", "probability", "ids", "text"),
    [
        ([1, 0, 1], [0.1, np.nan, 0.2], None, "probability is missing in 1 of 3 rows (1)"),
        ([1, 0, 1], [0.1, 1.2, -0.2], ["a", "b", "c"], "does not lie between 0 and 1 in 2 of 3 rows (b, c)"),
        ([1, 0, 1], [0.1, np.inf, 0.2], None, "does not lie between 0 and 1"),
        ([1, 0, 2], [0.1, 0.2, 0.2], ["a", "b", "c"], "label is neither 0 nor 1 in 1 of 3 rows (c)"),
        ([1, 0, np.nan], [0.1, 0.2, 0.2], None, "label is neither 0 nor 1"),
        ([1, 0], [[0.1, 0.9], [0.8, 0.2]], None, "hand over that of label 1: predict_proba(X)[:, 1]"),
        ([1, 0], [0.1, 0.2, 0.3], None, "label has shape (2,) and probability (3,)"),
        ([1, 0], ["high", "low"], None, "probability holds something that is no number"),
        ([1, 0], [0.1, 0.2], ["a"], "record_id has 1 values for 2 rows"),
        ([1, 0], [0.1, 0.2], ["a", None], "record_id is missing in 1 of 2 rows"),
    ],
)
def test_bad_input_is_refused_in_words(label, probability, ids, text):
    with pytest.raises(ModelInputError, match=re.escape(text)):
        evaluate_scores(label, probability, record_id=ids)


@pytest.mark.parametrize(
    ("label", "ids", "text"),
    [
        ([0, 0, 0], None, "all 3 rows to judge a score on have label 0; it takes rows of both outcomes"),
        ([], None, "there are no rows"),
        ([0, 1, 0], ["a", "a", "a"], "all 3 rows speak of one record"),
    ],
)
def test_too_little_is_said_in_words(label, ids, text):
    with pytest.raises(NotEnoughDataError, match=re.escape(text)):
        evaluate_scores(label, [0.2] * len(label), record_id=ids)


def test_segments_of_another_length_are_refused():
    with pytest.raises(ModelInputError, match="segments has 2 rows for 3 scored rows"):
        evaluate_scores([1, 0, 1], [0.2, 0.1, 0.4], segments=pd.DataFrame({"a": [1, 2]}))


def test_labels_of_any_kind_of_array_are_read():
    y, p, _ = sample(100, 8)
    expected = evaluate_scores(y, p, resamples=5).metrics
    for label in (y.astype(bool), pd.Series(y, index=range(5, 105), dtype="Int64"), y.tolist()):
        pd.testing.assert_frame_equal(evaluate_scores(label, pd.Series(p), resamples=5).metrics, expected)
