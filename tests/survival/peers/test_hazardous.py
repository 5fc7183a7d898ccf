"""Brier scores of competing causes beside hazardous', where it is installed; values are stored in ``evaluation``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.survival.evaluation.losses import brier_losses, mean_over_times
from funnelml.survival.evaluation.predictions import pair_predictions
from tests.survival.evaluation.worlds import competing

metrics = pytest.importorskip("hazardous.metrics", reason="hazardous is not among the dependencies")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(3))
def test_competing_causes_censored_at_random(seed):
    times = np.linspace(1, 30, 12)
    outcomes, incidence = competing(500, seed, times=times, followed=(2, 45))
    predicted = pair_predictions(outcomes, incidence, times)
    losses = brier_losses(predicted, predicted.weights()).mean(axis=0)
    y = pd.DataFrame({"event": outcomes.event, "duration": outcomes.days})
    for k in (1, 2, 3, 4):
        brier = metrics.brier_score_incidence(y, y, incidence[:, k], times, event_of_interest=k)
        np.testing.assert_allclose(losses[k], brier, atol=1e-12)
        integrated = metrics.integrated_brier_score_incidence(y, y, incidence[:, k], times, event_of_interest=k)
        assert losses[k] @ mean_over_times(times) == pytest.approx(integrated, abs=1e-12)
