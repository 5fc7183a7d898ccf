from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.survival.causes import CAUSES
from funnelml.survival.evaluation.calibration import bin_calibration
from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.losses import brier_losses, mean_over_times
from funnelml.survival.evaluation.predictions import pair_predictions
from funnelml.survival.evaluation.ranking import rank_by_chance
from funnelml.survival.evaluation.standard_errors import clustered_error
from funnelml.survival.evaluation.survival_evaluation import TOGETHER
from tests.survival.evaluation.worlds import competing, outcomes_of, peer_example, wins

TIMES = np.array([0.0, 7.0, 14.0, 30.0])


def test_brier_score_of_four_records_by_hand():
    """By day 5 a is won, b is lost, c still sits there, and d is followed for two days only.

    One of four is lost from sight, on day 2, when a is still there with b and c: the others followed to day 5 stand for
    4/3 each, a as well, for it was won on day 3. (4/3) {(1 - 0.7)^2 + 0.2^2 + 0.4^2} / 4 = 0.29 / 3.
    """
    predicted = wins([3.0, 4.0, 9.0, 2.0], [1, 2, 0, 0], [[0.7], [0.2], [0.4], [0.9]], [5.0])
    told = evaluate_incidence(predicted)
    assert predicted.weights()[:, 0].tolist() == pytest.approx([4 / 3, 4 / 3, 4 / 3, 0])
    assert told.value("won", "brier", 5.0) == pytest.approx(0.29 / 3)
    assert told.value("won", "integrated_brier") == pytest.approx(0.29 / 3)
    assert told.value("won", "observed", 5.0) == pytest.approx(1 / 3)
    assert told.value("won", "auc", 5.0) == 1.0


def test_scores_are_those_of_scikit_survival():
    # scikit-survival 0.28.0, on the same draws:
    #   y = Surv.from_arrays(event.astype(bool), days)
    #   brier_score(y, y, 1 - chance, times)[1][[6, 13, 29]]
    #   integrated_brier_score(y, y, 1 - chance, times)
    #   cumulative_dynamic_auc(y, y, chance[:, [6, 13, 29]], times[[6, 13, 29]])[0]
    days, event, chance, times = peer_example()
    told = evaluate_incidence(wins(days, event, chance, times), at_days=[7, 14, 30])
    brier = [told.value("won", "brier", day) for day in (7, 14, 30)]
    assert brier == pytest.approx([0.1991681967773366, 0.19205392728155765, 0.1719187768387583], abs=1e-12)
    assert told.value("won", "integrated_brier") == pytest.approx(0.18039846982689775, abs=1e-12)
    areas = [told.value("won", "auc", day) for day in (7, 14, 30)]
    assert areas == pytest.approx([0.72667102, 0.80307125, 0.84107441], abs=5e-9)


def test_scores_of_competing_causes_are_those_of_hazardous():
    # hazardous 0.2.0, on the same draws, for k in 1..4:
    #   y = pd.DataFrame({"event": outcomes.event, "duration": outcomes.days})
    #   integrated_brier_score_incidence(y, y, incidence[:, k], times, event_of_interest=k)
    times = np.linspace(1, 30, 12)
    outcomes, incidence = competing(500, 0, times=times, followed=(2, 45))
    told = evaluate_incidence(pair_predictions(outcomes, incidence, times))
    integrated = [told.value(cause, "integrated_brier") for cause in CAUSES]
    expected = [0.12653925518350986, 0.1773758095756081, 0.08125210748151225, 0.04335369162143192]
    assert integrated == pytest.approx(expected, abs=1e-12)


DAYS = arrays(float, 12, elements=st.integers(0, 12).map(float))
EVENTS = arrays(int, 12, elements=st.integers(0, 4))


@st.composite
def told_stays(draw, censored=True):
    """Outcomes of twelve stays, tied, and incidences that rise to anything."""
    days, event = draw(DAYS), draw(EVENTS)
    if not censored:
        days = np.where(event == 0, 12.0, days)
    share = draw(arrays(float, (12, 5), elements=st.floats(0.05, 1)))
    share /= share.sum(axis=1, keepdims=True)
    gone = np.array([0.1, 0.5, 0.8])
    incidence = share[:, :, None] * gone
    incidence[:, 0] = 1 - incidence[:, 1:].sum(axis=1)
    return days, event, incidence


@given(told_stays(censored=False))
@settings(max_examples=10)
def test_where_all_are_followed_it_is_the_plain_brier_score(data):
    days, event, incidence = data
    times = np.array([2.0, 6.0, 12.0])
    predicted = pair_predictions(outcomes_of(days, event), incidence, times)
    assert (predicted.weights() == 1).all()
    told = evaluate_incidence(predicted, at_days=times)
    state = np.where(days[:, None] <= times, event[:, None], 0)
    plain = [((state == k) - incidence[:, k]) ** 2 for k in range(5)]
    for k, cause in enumerate(CAUSES, start=1):
        for j, day in enumerate(times):
            assert told.value(cause, "brier", day) == pytest.approx(plain[k][:, j].mean(), abs=1e-12)
    assert told.value(TOGETHER, "brier", 6.0) == pytest.approx(sum(p[:, 1] for p in plain).mean(), abs=1e-12)
    given_to_it = np.take_along_axis(incidence[:, :, 1], state[:, 1:2], axis=1)
    assert told.value(TOGETHER, "log_loss", 6.0) == pytest.approx(-np.log(given_to_it).mean(), abs=1e-9)


@given(DAYS, EVENTS)
@settings(max_examples=10)
def test_who_knows_the_future_scores_zero(days, event):
    days = np.where(event == 0, 12.0, days)
    times = np.array([2.0, 6.0, 12.0])
    state = np.where(days[:, None] <= times, event[:, None], 0)
    known = (state[:, None, :] == np.arange(5)[:, None]).astype(float)
    told = evaluate_incidence(pair_predictions(outcomes_of(days, event), known, times), at_days=times).figures
    assert (told.loc[told["measure"].isin(["brier", "integrated_brier", "log_loss"]), "value"] == 0).all()
    assert told.loc[told["measure"] == "auc", "value"].dropna().eq(1).all()
    assert told.loc[told["measure"] == "calibration_error", "value"].abs().max() < 1e-12


@given(told_stays(), st.permutations(range(12)))
@settings(max_examples=12)
def test_the_order_of_rows_does_not_matter(data, order):
    days, event, incidence = data
    days[0], event[0] = 12.0, 0
    times, ids = np.array([2.0, 6.0, 12.0]), np.array(list("aabbcdefghij"))
    order = list(order)
    one = evaluate_incidence(pair_predictions(outcomes_of(days, event, record_id=ids), incidence, times))
    shuffled = outcomes_of(days[order], event[order], record_id=ids[order])
    other = evaluate_incidence(pair_predictions(shuffled, incidence[order], times))
    pd.testing.assert_frame_equal(one.figures, other.figures, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(one.curve, other.curve, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(one.bins, other.bins, rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def truth():
    outcomes, incidence = competing(4_000, 1, times=TIMES)
    return evaluate_incidence(pair_predictions(outcomes, incidence, TIMES))


def test_the_truth_is_calibrated_and_beats_one_share_for_all(truth):
    figures = truth.figures.set_index(["measure", "cause", "day"]).sort_index()
    for cause in CAUSES:
        for day in (14.0, 30.0):
            slope = figures.loc[("calibration_slope", cause, day)]
            assert abs(slope["value"] - 1) < 3 * slope["std_err"] and slope["std_err"] < 0.15
            error = figures.loc[("calibration_error", cause, day)]
            assert error["value"] < 2 * error["reference"]
            assert truth.value(cause, "predicted", day) == pytest.approx(
                truth.value(cause, "observed", day), abs=3 * figures.loc[("observed", cause, day), "std_err"]
            )
    integrated = truth.figures[truth.figures["measure"] == "integrated_brier"]
    assert (integrated["value"] < integrated["reference"]).all()
    auc = truth.figures[truth.figures["measure"] == "auc"]
    assert (auc["value"] - 0.5 > 5 * auc["std_err"]).all()


def test_chances_that_are_too_extreme_have_a_slope_under_one(truth):
    outcomes, incidence = competing(4_000, 1, times=TIMES, sharpness=2.0)
    told = evaluate_incidence(pair_predictions(outcomes, incidence, TIMES))
    figures = told.figures[told.figures["measure"] == "calibration_slope"]
    assert (figures["value"] + 3 * figures["std_err"] < 1).all()
    for cause in (*CAUSES, TOGETHER):
        assert told.value(cause, "integrated_brier") > truth.value(cause, "integrated_brier")
        if cause != TOGETHER:
            assert told.value(cause, "calibration_error", 30.0) > 2 * truth.value(cause, "calibration_error", 30.0)


def test_bins_hold_the_truth_as_often_as_they_say():
    """95 % intervals of ten bins in 40 worlds, two causes each: 800 intervals, of which many are censored."""
    hits = []
    for seed in range(40):
        outcomes, incidence = competing(1_000, seed, times=TIMES, followed=(10, 60))
        predicted = pair_predictions(outcomes, incidence, TIMES)
        for cause in (0, 1):
            bins = bin_calibration(predicted, cause, 3)
            hits.append(((bins["low"] <= bins["predicted"]) & (bins["predicted"] <= bins["high"])).mean())
    assert 0.925 < np.mean(hits) < 0.975


def score(outcomes, incidence, times):
    """Integrated Brier score and AUC of "won" by the last time, and their standard errors."""
    predicted = pair_predictions(outcomes, incidence, times)
    weights = predicted.weights()
    losses = brier_losses(predicted, weights)[:, 2] @ mean_over_times(predicted.times)
    area, influence = rank_by_chance(predicted.chance[:, 1, -1], predicted.came_about()[:, 1, -1], weights[:, -1])
    errors = [clustered_error(values, predicted.record) for values in (losses - losses.mean(), influence)]
    return np.array([losses.mean(), area]), np.array(errors)


def test_censoring_weights_leave_the_figures_where_they_were():
    """Half of the rows are lost from sight at random: scores of the same chances scatter around those of all."""
    gaps = []
    for seed in range(200):
        full = score(*competing(600, seed, times=TIMES), TIMES)[0]
        gaps.append(score(*competing(600, seed, times=TIMES, followed=(2, 45)), TIMES)[0] - full)
    spread = np.std(gaps, axis=0, ddof=1) / np.sqrt(len(gaps))
    assert (np.abs(np.mean(gaps, axis=0)) < 3 * spread).all()


def test_standard_errors_are_the_scatter_of_the_figures():
    """Each record twice, with one outcome: 300 worlds, whose standard deviations are known to 4 %."""
    seen = []
    for seed in range(300):
        outcomes, incidence = competing(300, seed, times=TIMES)
        twice = np.repeat(np.arange(300), 2)
        doubled = outcomes_of(outcomes.days[twice], outcomes.event[twice], record_id=twice.astype(str))
        seen.append(score(doubled, incidence[twice], TIMES))
    values, errors = (np.array(column) for column in zip(*seen, strict=True))
    np.testing.assert_allclose(errors.mean(axis=0), values.std(axis=0, ddof=1), rtol=0.12)


def test_figures_by_date_need_two_dates():
    outcomes, incidence = competing(200, 3, times=TIMES)
    told = evaluate_incidence(pair_predictions(outcomes, incidence, TIMES)).figures
    assert told["std_err_dates"].isna().all()
    outcomes.table["cut"] = np.arange(200) % 4
    told = evaluate_incidence(pair_predictions(outcomes, incidence, TIMES))
    assert told.dates == 4
    assert told.figures.loc[told.figures["measure"] == "brier", "std_err_dates"].notna().all()


def test_words_in_two_languages(truth):
    english, chinese = truth.summary(), truth.summary("zh")
    assert english.startswith(
        "4,000 predictions of 4,000 records (as-of dates: 1). Integrated Brier score over day 0 to 30, beside that of "
        f"one share for all: all causes together {truth.value(TOGETHER, 'integrated_brier'):.4f} / "
    )
    assert chinese.startswith("在 1 个时点对 4,000 条记录作了 4,000 次预测。第 0 至 30 天的积分 Brier 分数")
    for figure in (f"{truth.value('won', 'integrated_brier'):.4f}", f"{truth.value('won', 'observed', 30.0):.1%}"[:-1]):
        assert figure in english and figure in chinese


def test_a_cause_that_never_happens_has_a_score_but_no_rank():
    times = np.array([0.0, 14.0])
    incidence = np.tile(np.array([[1.0, 0.5], [0, 0], [0, 0.5], [0, 0], [0, 0]]), (20, 1, 1))
    days = np.where(np.arange(20) < 10, 5.0, 20.0)
    told = evaluate_incidence(pair_predictions(outcomes_of(days, np.where(days < 9, 2, 0)), incidence, times))
    assert np.isnan(told.value("lost", "auc", 14.0)) and np.isnan(told.value("lost", "calibration_slope", 14.0))
    assert told.value("lost", "integrated_brier") == 0 and told.value("won", "auc", 14.0) == 0.5
    assert told.causes == ("won",) and "lost" not in told.summary()


def test_days_that_were_not_predicted_are_refused():
    outcomes, incidence = competing(20, 3, times=TIMES)
    predicted = pair_predictions(outcomes, incidence, TIMES)
    with pytest.raises(ModelInputError, match="nothing was predicted for day 21, 28; the times run from 0 to 30"):
        evaluate_incidence(predicted, at_days=[14, 21, 28])


def test_times_that_nobody_was_followed_to_are_refused():
    predicted = wins([3.0, 4.0, 9.0], [1, 0, 0], np.full((3, 1), 0.5), [12.0])
    with pytest.raises(
        NotEnoughDataError, match="nobody was followed for 12 days after being looked at, the longest 9"
    ):
        evaluate_incidence(predicted)
    assert wins([3.0, 4.0, 9.0], [1, 0, 0], np.full((3, 1), 0.5), [9.0]).weights()[2, 0] > 0


@pytest.mark.parametrize(
    ("incidence", "times", "message"),
    [
        (np.full((3, 5, 2), 0.2), [1.0], r"predictions have shape \(3, 5, 2\); for 3 records and 1 times it must be"),
        (np.full((3, 5, 1), 0.3), [1.0], r"does not add up to 1 with the others for 3 of 3 records \(a, b, c\)"),
        (np.array([[0.2], [np.nan], [0.1]]), [1.0], r"a predicted chance is missing for 1 of 3 records \(b\)"),
        (np.array([[0.2], [0.2], [1.1]]), [1.0], r"does not lie between 0 and 1 for 1 of 3 records \(c\)"),
        (np.full((3, 2), 0.2), [2.0, 1.0], "times must be increasing days from 0 on"),
        ([[0.1], [0.2, 0.3], [0.1]], [1.0], "predictions must be one array of numbers"),
    ],
)
def test_predictions_that_are_none_are_refused_in_words(incidence, times, message):
    outcomes = outcomes_of([1, 2, 3], [0, 1, 2], record_id=["a", "b", "c"])
    with pytest.raises(ModelInputError, match=message):
        pair_predictions(outcomes, incidence, times)


def test_nothing_to_evaluate_is_said():
    with pytest.raises(NotEnoughDataError, match="no record was open, so there is nothing to evaluate"):
        pair_predictions(outcomes_of([], []), np.empty((0, 1)), [1.0])


def test_losses_add_up_over_the_causes():
    outcomes, incidence = competing(50, 3, times=TIMES)
    predicted = pair_predictions(outcomes, incidence, TIMES)
    losses = brier_losses(predicted, predicted.weights())
    none = (1 - predicted.came_about().sum(axis=1) - incidence[:, 0]) ** 2
    np.testing.assert_allclose(losses[:, 0], losses[:, 1:].sum(axis=1) + none, atol=1e-12)
