"""The records against which scores are held: the truth is calibrated, and nothing of later days is in training."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from funnelml.history.snapshot import take_snapshot
from tests.scoring.truth import ScoringTruth, synthetic_scoring_data


@pytest.fixture(scope="module")
def truth() -> ScoringTruth:
    return synthetic_scoring_data(1)


def test_the_truth_is_as_calibrated_as_chance_allows(truth: ScoringTruth) -> None:
    p, y = truth.probability, truth.label
    assert len(p) == len(truth.test_moments) > 18_000
    assert abs((y - p).sum()) < 3 * np.sqrt((p * (1 - p)).sum())
    for own in np.array_split(np.argsort(p, kind="stable"), 10):
        assert abs((y[own] - p[own]).sum()) < 3.5 * np.sqrt((p[own] * (1 - p[own])).sum()) + 1


def test_moments_are_the_open_records_of_the_log(truth: ScoringTruth) -> None:
    on = truth.test_dates[0]
    seen = take_snapshot(truth.history, as_of=on).open["record_id"]
    asked = truth.test_moments[truth.test_moments["as_of"] == on]
    assert sorted(asked["record_id"]) == sorted(seen)
    assert set(asked["cut"]) == {truth.history.cut(on)}


def test_training_ends_where_the_test_begins(truth: ScoringTruth) -> None:
    last = truth.train_dates[-1] + timedelta(days=truth.horizon_days)
    assert last == truth.as_of_train == truth.test_dates[0]
    learnt = sum(len(take_snapshot(truth.history, as_of=on).open) for on in truth.train_dates)
    assert learnt == pytest.approx(len(truth.test_moments), rel=0.1)
