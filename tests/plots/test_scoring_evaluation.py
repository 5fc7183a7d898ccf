"""Pictures of how far a score is to be trusted: what is drawn is what was measured."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from sklearn.linear_model import LogisticRegression

from funnelml.plots.scoring.calibration import plot_calibration
from funnelml.plots.scoring.gains import plot_gains, plot_lift
from funnelml.plots.scoring.splits import SHOWN, plot_splits
from funnelml.plots.theme import MISS, OURS
from funnelml.schema import DAY
from funnelml.scoring.evaluation.evaluate import ScoreEvaluation, evaluate_scores
from funnelml.scoring.evaluation.evaluate_model import ModelEvaluation, evaluate_model
from funnelml.scoring.rows import ScoringRows


def evaluated(distort: float = 1.0) -> ScoreEvaluation:
    rng = np.random.default_rng(1)
    p = rng.beta(1, 5, 3_000)
    return evaluate_scores(rng.random(3_000) < p, p**distort, resamples=50)


def model(*, dated: bool = True) -> ModelEvaluation:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2_000, 1))
    at = np.arange(2_000) // 100 * DAY
    rows = ScoringRows(
        features=pd.DataFrame({"x": x[:, 0]}),
        record_id=np.arange(2_000).astype(object),
        label=(rng.random(2_000) < 1 / (1 + np.exp(1 - x[:, 0]))).astype(float),
        at=at if dated else None,
        known_at=at + DAY if dated else None,
    )
    return evaluate_model(
        LogisticRegression, rows, fit=lambda m, train: m.fit(train.features, train.label), resamples=50
    )


def texts(ax: plt.Axes) -> str:
    shown = [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *(t.get_text() for t in ax.texts)]
    return " ".join([*shown, *(t.get_text() for t in ax.get_yticklabels())]).replace("\n", " ")


def test_bins_are_drawn_where_they_are(ax: plt.Axes) -> None:
    told = evaluated()
    assert plot_calibration(told, ax) is ax
    curve = told.calibration.curve
    band, intervals, points = ax.collections
    np.testing.assert_allclose(points.get_offsets(), curve[["promised", "observed"]])
    ends = np.array([segment[:, 1] for segment in intervals.get_segments()])
    np.testing.assert_allclose(ends, curve[["low", "high"]])
    lowest = band.get_paths()[0].vertices
    np.testing.assert_allclose(lowest[:, 1].min(), curve["perfect_low"].min())
    assert len(ax.patches) == len(told.histogram)
    assert "within chance" in texts(ax) and "slope" in texts(ax)


def test_bins_outside_of_the_band_stand_out(ax: plt.Axes) -> None:
    told = evaluated(distort=2)
    plot_calibration(told, ax)
    curve = told.calibration.curve
    outside = (curve["observed"] < curve["perfect_low"]) | (curve["observed"] > curve["perfect_high"])
    colours = [to_hex(colour) for colour in ax.collections[2].get_facecolor()]
    assert outside.any() and colours == [MISS if out else OURS for out in outside]
    assert "beyond chance" in texts(ax)


def test_a_score_without_a_slope_is_drawn(ax: plt.Axes) -> None:
    plot_calibration(evaluate_scores([1.0] * 30 + [0.0] * 70, np.full(100, 0.3), resamples=20), ax)
    assert "slope" not in texts(ax)


def test_gains_and_lift_are_drawn_with_their_bands(ax: plt.Axes) -> None:
    told = evaluated()
    assert plot_gains(told, ax) is ax
    gains = told.gains
    np.testing.assert_allclose(ax.lines[2].get_ydata(), [0, *gains["capture"]])
    np.testing.assert_allclose(ax.lines[3].get_xydata(), [[0.1, told.estimate("top_decile_capture").value]])
    assert f"{told.estimate('top_decile_capture').value:.0%}".replace("%", "\xa0%") in texts(ax)
    lift = plot_lift(told)
    np.testing.assert_allclose(lift.lines[1].get_ydata(), gains["lift"])
    assert "The top fifth converts at" in texts(lift)


def test_both_splits_are_drawn(ax: plt.Axes) -> None:
    told = model()
    assert plot_splits(told, ax) is ax
    newest, drawn = (ax.collections[k].get_offsets()[:, 0] for k in (1, 4))
    assert told.time is not None
    np.testing.assert_allclose(newest, told.time.scores.metrics.loc[list(SHOWN), "value"])
    np.testing.assert_allclose(drawn, told.random.scores.metrics.loc[list(SHOWN), "value"])
    assert "on the newest rows" in texts(ax) and "average precision" in texts(ax)


def test_without_dates_only_the_random_split_is_drawn(ax: plt.Axes) -> None:
    plot_splits(model(dated=False), ax)
    assert len(ax.collections) == 3 and "drift cannot be seen" in texts(ax)


@pytest.mark.parametrize("plot", [plot_calibration, plot_gains, plot_lift])
def test_words_are_chinese_where_asked(plot, ax: plt.Axes) -> None:
    plot(evaluated(), ax, language="zh")
    assert "转化" in texts(ax)
    ax.figure.canvas.draw()


def test_splits_speak_chinese(ax: plt.Axes) -> None:
    plot_splits(model(), ax, language="zh")
    assert "随机划分" in texts(ax) and "校准误差" in texts(ax)
    ax.figure.canvas.draw()
