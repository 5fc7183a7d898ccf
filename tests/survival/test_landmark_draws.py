"""Draws of the landmark incidence: their centre, their spread against fresh logs, and recency."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from funnelml.history.episodes import stage_episodes
from funnelml.survival.landmark import landmark_incidence
from funnelml.survival.landmark_draws import draw_landmark_ratios
from tests.logs import EPOCH, history_of

HORIZON = np.array([5.0, 20.0])


def a_log(seed, n=300, late_rate=None):
    """Records that enter over 100 days and end about 15 days later, 40 % of them won."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(n):
        start = rng.uniform(0, 100)
        rate = 0.4 if late_rate is None or start < 50 else late_rate
        rows.append((f"r{k:04}", "Lead", start))
        rows.append((f"r{k:04}", "won" if rng.random() < rate else "lost", start + 2 + rng.exponential(13)))
    return stage_episodes(history_of(rows), as_of=EPOCH + timedelta(days=100))


OPEN = pd.DataFrame({"stage": ["Lead"] * 3, "age_days": [0.5, 6.0, 15.0]})


def test_draws_centre_on_the_estimate_and_spread_as_fresh_logs_do():
    told = [landmark_incidence(a_log(seed), OPEN, HORIZON).won for seed in range(60)]
    spread = np.std(told, axis=0)
    episodes = a_log(0)
    known = landmark_incidence(episodes, OPEN, HORIZON)
    ratios = draw_landmark_ratios(episodes, OPEN["stage"].to_numpy(), known.landmark_days, HORIZON, draws=400, seed=1)
    assert ratios.shape == (400, 3, 2)
    np.testing.assert_allclose(ratios.mean(axis=0), 1.0, atol=0.04)
    np.testing.assert_allclose((ratios * known.won).std(axis=0) / spread, 1.0, atol=0.35)


def test_a_half_life_follows_what_changed():
    episodes = a_log(3, n=1_500, late_rate=0.1)
    known = landmark_incidence(episodes, OPEN, HORIZON)
    asked = {"draws": 50, "seed": 1}
    stage = OPEN["stage"].to_numpy()
    slow = draw_landmark_ratios(episodes, stage, known.landmark_days, HORIZON, **asked)
    quick = draw_landmark_ratios(episodes, stage, known.landmark_days, HORIZON, half_life_days=15.0, **asked)
    assert slow.mean() == pytest.approx(1.0, abs=0.03)
    assert quick.mean() < 0.85


def test_the_seed_decides():
    episodes = a_log(1, n=60)
    stage, ages = OPEN["stage"].to_numpy(), OPEN["age_days"].to_numpy()
    one, same, other = (draw_landmark_ratios(episodes, stage, ages, HORIZON, draws=5, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
