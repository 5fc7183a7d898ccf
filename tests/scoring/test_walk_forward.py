"""Past scores know only what was known then."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.walk_forward import score_walking_forward


def rows(n=1_200, seed=0, turned_from=None):
    rng = np.random.default_rng(seed)
    at = np.arange(n, dtype=np.int64)
    x = rng.normal(size=n)
    label = (rng.random(n) < expit(x)).astype(float)
    if turned_from is not None:
        label = np.where(at + 50 > turned_from, 1 - label, label)
    ids = np.array([f"r{k}" for k in range(n)], dtype=object)
    return ScoringRows(features=pd.DataFrame({"x": x}), record_id=ids, label=label, at=at, known_at=at + 50)


def asked(at):
    ids = np.array(["a", "b"], dtype=object)
    return ScoringRows(features=pd.DataFrame({"x": [-1.0, 1.0]}), record_id=ids, at=np.full(2, at, dtype=np.int64))


def test_labels_known_later_have_no_effect():
    scorer = LeadScorer(model="scorecard").fit(rows().features, rows().label)
    then = {date(2026, 1, 1): asked(600)}
    plain, turned = (score_walking_forward(scorer, rows(turned_from=t), then) for t in (None, 600))
    pd.testing.assert_frame_equal(plain[date(2026, 1, 1)], turned[date(2026, 1, 1)])
    later = {date(2026, 6, 1): asked(1_200)}
    moved = [score_walking_forward(scorer, rows(turned_from=t), later)[date(2026, 6, 1)] for t in (None, 600)]
    assert abs(moved[0]["probability"] - moved[1]["probability"]).max() > 0.05


def test_the_base_rate_is_that_of_then():
    scorer = LeadScorer(model="scorecard").fit(rows().features, rows().label)
    told = score_walking_forward(scorer, rows(), {date(2026, 1, 1): asked(600)})[date(2026, 1, 1)]
    assert told["base_rate"].iloc[0] == pytest.approx(rows().label[:551].mean())


def test_dates_with_too_few_outcomes_are_left_out():
    scorer = LeadScorer(model="scorecard").fit(rows().features, rows().label)
    assert score_walking_forward(scorer, rows(), {date(2025, 1, 1): asked(60), date(2025, 2, 1): asked(20)}) == {}
