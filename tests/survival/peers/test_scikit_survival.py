"""Scores beside scikit-survival's, where it is installed; its values are also stored in ``evaluation``."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.losses import brier_losses
from tests.survival.evaluation.worlds import wins

metrics = pytest.importorskip("sksurv.metrics", reason="scikit-survival is GPL and not among the dependencies")


@pytest.mark.parametrize("seed", range(5))
def test_one_cause_censored_at_random(seed):
    from sksurv.util import Surv

    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=400), 1)  # ties of the chance
    end, last = rng.exponential(20 * np.exp(-x)), rng.uniform(2, 50, 400)
    days, event = np.minimum(end, last), (end <= last).astype(int)
    times = np.linspace(1, 40, 14)
    chance = 1 - np.exp(-0.04 * np.exp(0.7 * x)[:, None] * times)
    predicted = wins(days, event, chance, times)
    told = evaluate_incidence(predicted, at_days=times)
    y = Surv.from_arrays(event.astype(bool), days)
    brier = brier_losses(predicted, predicted.weights())[:, 1].mean(axis=0)
    np.testing.assert_allclose(brier, metrics.brier_score(y, y, 1 - chance, times)[1], atol=1e-12)
    integrated = metrics.integrated_brier_score(y, y, 1 - chance, times)
    assert told.value("won", "integrated_brier") == pytest.approx(integrated, abs=1e-12)
    areas = [told.value("won", "auc", day) for day in times]
    np.testing.assert_allclose(areas, metrics.cumulative_dynamic_auc(y, y, chance, times)[0], atol=1e-9)
