"""Predictions of past dates against what came, as a picture."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.plots.survival.forward_calibration import plot_forward_calibration
from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.predictions import pair_predictions
from funnelml.survival.evaluation.stay_outcomes import StayOutcomes


@pytest.fixture(scope="module")
def evaluation():
    rng = np.random.default_rng(4)
    n = 400
    on = rng.uniform(0.1, 0.8, n)
    event = np.where(rng.random(n) < on, 1, np.where(rng.random(n) < 0.4, 3, 0))
    came = pd.DataFrame({"record_id": [f"r{i}" for i in range(n)], "cut": 0, "days": np.where(event, 9.0, 99.0)})
    came = came.assign(event=event, close_days=np.where(event == 3, 9.0, 99.0), close_event=np.where(event == 3, 3, 0))
    end = np.stack([1 - on - 0.2 * (1 - on), on, 0 * on, 0.2 * (1 - on), 0 * on], axis=1)
    start = np.zeros_like(end)
    start[:, 0] = 1.0
    chances = np.stack([start, end, end], axis=2)
    return evaluate_incidence(pair_predictions(StayOutcomes(table=came), chances, [0.0, 14.0, 30.0]))


@pytest.mark.parametrize(("language", "title"), [("en", "promised to have advanced"), ("zh", "天内前进：预测")])
def test_each_way_that_was_promised_or_came_has_its_points(evaluation, language, title):
    _, ax = plt.subplots()
    assert plot_forward_calibration(evaluation, 30.0, ax, language=language) is ax
    named = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
    assert len(named) == len(evaluation.causes) == 2
    bins = evaluation.bins.query("cause == 'advanced' and day == 30.0")
    np.testing.assert_allclose(named[0].get_ydata(), bins["observed"])
    written = " ".join(text.get_text() for text in ax.figure.findobj(plt.Text))
    assert title in written.replace("\n", " ")
    plt.close("all")


def test_a_day_that_was_not_measured_is_named(evaluation):
    with pytest.raises(ModelInputError, match=r"nothing was measured on day 7; choose one of 14, 30"):
        plot_forward_calibration(evaluation, 7.0)
