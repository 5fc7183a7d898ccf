from __future__ import annotations

from datetime import timedelta
from functools import partial

import numpy as np
import pytest

from funnelml.errors import AsOfError, ModelInputError, NotEnoughDataError
from funnelml.history.episodes import stage_episodes
from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.forward import evaluate_forward, predict_forward
from funnelml.survival.landmark import landmark_incidence
from funnelml.survival.landmark_stays import landmark_stays
from tests.logs import EPOCH, history_of

TIMES = np.array([0.0, 5.0, 10.0])


def day(k):
    return EPOCH + timedelta(days=k)


@pytest.fixture(scope="module")
def log():
    """Two hundred records, one a day: Lead for some days, then won, lost or Proposal."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(200):
        stay, turn = rng.exponential(8), rng.random()
        then = "won" if turn < 0.3 else "lost" if turn < 0.6 else "Proposal"
        rows += [(f"r{i:03d}", "Lead", i / 2), (f"r{i:03d}", then, i / 2 + stay)]
        if then == "Proposal":
            rows.append((f"r{i:03d}", "won" if turn < 0.8 else "lost", i / 2 + stay + rng.exponential(6)))
    return rows


def fit_landmark(history, as_of):
    return partial(landmark_stays, stage_episodes(history, as_of=as_of))


DATES = [day(60), day(70), day(80)]


def test_dates_are_pooled_in_their_order_and_each_counts_once(log):
    history = history_of(log)
    told = predict_forward(history, fit_landmark, [*DATES[::-1], day(60)], times=TIMES, known_until=day(120))
    cuts = told.outcomes.table["cut"]
    assert cuts.is_monotonic_increasing and cuts.nunique() == 3
    for date_ in DATES:
        one = predict_forward(history, fit_landmark, [date_], times=TIMES, known_until=day(120))
        own = np.flatnonzero(cuts == one.outcomes.table["cut"].iloc[0])
        np.testing.assert_array_equal(told.chance[own], one.chance)
        np.testing.assert_array_equal(told.days[own], one.days)
    assert told.summary().startswith(
        f"{len(told):,} predictions of {told.record.max() + 1:,} records (as-of dates: 3), "
    )
    assert told.summary("zh").startswith("在 3 个时点对")


def test_nothing_recorded_after_the_as_of_date_reaches_a_prediction(log):
    """Later entries, dated back, change outcomes but no prediction."""
    later = [*log, *((f"r{i:03d}", "lost", 40.0, 85.0) for i in range(0, 120))]
    one, other = (
        predict_forward(history_of(rows), fit_landmark, DATES, times=TIMES, known_until=day(120))
        for rows in (log, later)
    )
    np.testing.assert_array_equal(one.chance, other.chance)
    assert not np.array_equal(one.days, other.days)


def test_the_model_is_fitted_once_for_each_date_and_sees_what_was_open(log):
    asked = []

    def fit(history, as_of):
        def predict(records, times):
            asked.append((as_of, set(records.columns), len(records)))
            return np.zeros((len(records), len(times)))

        return predict

    told = predict_forward(history_of(log), fit, DATES, times=TIMES, known_until=day(120))
    assert [a[0] for a in asked] == DATES and sum(a[2] for a in asked) == len(told)
    assert {"record_id", "stage", "age_days", "cut", "as_of", "amount", "owner"} <= asked[0][1]
    assert told.causes == ("won",) and told.chance.shape == (len(told), 1, 3)


def test_evaluation_forward_is_that_of_the_pooled_predictions(log):
    history = history_of(log)
    ask = {"times": TIMES, "known_until": day(120)}
    told = evaluate_forward(history, fit_landmark, DATES, at_days=[5, 10], **ask)
    pooled = evaluate_incidence(predict_forward(history, fit_landmark, DATES, **ask), at_days=[5, 10])
    assert told.figures.equals(pooled.figures)
    assert told.value("advanced", "integrated_brier") < 0.2 and told.days == (5.0, 10.0)


def test_chances_to_be_won_are_followed_through_later_stages(log):
    def fit(history, as_of):
        episodes = stage_episodes(history, as_of=as_of)
        return lambda records, times: landmark_incidence(episodes, records, times).won

    told = evaluate_forward(history_of(log), fit, DATES, times=TIMES, known_until=day(120))
    assert told.figures["cause"].eq("won").all()
    assert told.value("won", "integrated_brier") < told.figures["reference"].iloc[0] + 0.02


def test_windows_that_had_not_ended_are_censored(log):
    history = history_of(log)
    early = predict_forward(history, fit_landmark, DATES, times=TIMES, known_until=day(86))
    late = predict_forward(history, fit_landmark, DATES, times=TIMES, known_until=day(120))
    assert (early.days <= late.days).all() and (early.days < late.days).any()
    assert set(np.unique(late.weights())) == {1.0}
    assert 0.0 in early.weights() and early.weights().max() > 1


def test_what_cannot_be_asked_is_refused_in_words(log):
    history, ask = history_of(log), {"times": TIMES, "known_until": day(120)}
    with pytest.raises(AsOfError, match="there is no as-of date to predict on"):
        predict_forward(history, fit_landmark, [], **ask)
    with pytest.raises(AsOfError, match="nothing that came after 1970-05-01 is known by 1970-05-01"):
        predict_forward(history, fit_landmark, [day(120)], **ask)
    closed = history_of([("a", "Lead", 0), ("a", "won", 1)])
    with pytest.raises(NotEnoughDataError, match="no record was open on any of 1 dates"):
        predict_forward(closed, fit_landmark, [day(60)], **ask)
    with pytest.raises(ModelInputError, match="predictions have shape"):
        predict_forward(history, lambda *_: lambda records, times: np.zeros(3), DATES, **ask)

    def changes_its_mind(_, as_of):
        if as_of == DATES[0]:
            return fit_landmark(history, as_of)
        return lambda records, times: np.zeros((len(records), len(times)))

    with pytest.raises(ModelInputError, match="predictions of some dates tell how the stay ends"):
        predict_forward(history, changes_its_mind, DATES, **ask)
