from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.survival.evaluation.comparison import compare_incidence
from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.predictions import pair_predictions
from funnelml.survival.evaluation.survival_evaluation import TOGETHER
from tests.survival.evaluation.worlds import competing, outcomes_of, peer_example, wins

TIMES = np.array([0.0, 14.0, 30.0])


def both(n, seed, sharpness=2.0, dates=1):
    outcomes, right = competing(n, seed, times=TIMES)
    outcomes.table["cut"] = np.arange(n) % dates
    _, other = competing(n, seed, times=TIMES, sharpness=sharpness)
    return pair_predictions(outcomes, right, TIMES), pair_predictions(outcomes, other, TIMES)


def test_the_truth_beats_what_is_too_extreme_beyond_chance():
    told = compare_incidence(*both(2_000, 1, dates=5))
    assert (told.rows, told.records, told.dates) == (2_000, 2_000, 5)
    integrated = told.figures[told.figures["measure"] == "integrated_brier"]
    assert integrated["cause"].tolist() == [TOGETHER, "advanced", "won", "lost", "moved_back"]
    assert (integrated["low"] > 0).all()
    first, second, gain = (f"{integrated[c].iloc[0]:.4f}" for c in ("first", "second", "advantage"))
    assert float(gain) == pytest.approx(float(second) - float(first), abs=1.1e-4)
    assert told.summary().startswith(
        f"The integrated Brier score of the first model over day 0 to 30 is {first}, {gain} lower than that of the "
    )
    assert "beyond chance: 2,000 predictions of 2,000 records (as-of dates: 5)." in told.summary()
    assert f"分数为 {first}，比第二个低 {gain}" in told.summary("zh") and "超出偶然范围" in told.summary("zh")


def test_the_figures_are_those_of_each_model_and_turn_with_the_order():
    first, second = both(500, 2, dates=3)
    one, other = compare_incidence(first, second).figures, compare_incidence(second, first).figures
    ours = evaluate_incidence(first)
    for row in one.itertuples():
        day = None if np.isnan(row.day) else row.day
        assert row.first == pytest.approx(ours.value(row.cause, row.measure, day), abs=1e-12)
    np.testing.assert_allclose(one["advantage"], -other["advantage"], atol=1e-12)
    np.testing.assert_allclose(one["low"], -other["high"], atol=1e-12)
    assert (one["high"] - one["advantage"] >= 1.95 * one[["std_err", "std_err_dates"]].max(axis=1)).all()


def test_a_model_does_not_differ_from_itself():
    first, _ = both(200, 3)
    told = compare_incidence(first, first)
    assert (told.figures[["advantage", "std_err", "low", "high"]].abs() < 1e-12).all(axis=None)
    assert "within chance" in told.summary()


def test_errors_of_the_difference_are_its_scatter():
    """A model of the same quality, wrong in other places: 100 worlds, standard deviations known to 7 %."""
    seen = []
    for seed in range(100):
        outcomes, right = competing(300, seed, times=TIMES)
        lean = np.random.default_rng(seed).uniform(-0.2, 0.2, 300)[:, None] * right[:, 0]
        other = right.copy()
        other[:, 0] -= lean
        other[:, 2] += lean
        other = np.clip(other, 0, 1)
        other /= other.sum(axis=1, keepdims=True)
        pair = pair_predictions(outcomes, right, TIMES), pair_predictions(outcomes, other, TIMES)
        seen.append(compare_incidence(*pair).figures.query("cause == 'won'")[["advantage", "std_err"]].to_numpy())
    advantage, error = np.array(seen).transpose(2, 0, 1)
    np.testing.assert_allclose(error.mean(axis=0), advantage.std(axis=0, ddof=1), rtol=0.25)


def test_chances_to_be_won_are_compared_by_that_alone():
    days, event, chance, times = peer_example()
    told = compare_incidence(wins(days, event, chance, times), wins(days, event, np.sqrt(chance), times))
    assert told.figures["cause"].eq("won").all()
    assert told.figures["measure"].tolist() == ["integrated_brier", *["log_loss", "auc"] * 2]
    assert told.figures["day"].tolist()[1:] == [14, 14, 30, 30]
    auc = told.figures.query("measure == 'auc'")
    assert auc["advantage"].eq(0).all() and auc["std_err"].eq(0).all()  # a root leaves the order as it is


def test_models_of_other_records_or_times_are_refused():
    first, _ = both(20, 3)
    with pytest.raises(ModelInputError, match=r"do not speak of the same records .* \(20 and 30 rows\)"):
        compare_incidence(first, both(30, 3)[0])
    outcomes, right = competing(20, 3, times=TIMES)
    other = pair_predictions(outcomes_of(first.days, first.event), right[:, :, :2], TIMES[:2])
    with pytest.raises(ModelInputError, match="the two models predict other causes or other times"):
        compare_incidence(pair_predictions(outcomes, right, TIMES), other)
    assert isinstance(compare_incidence(first, first).to_frame(), pd.DataFrame)
