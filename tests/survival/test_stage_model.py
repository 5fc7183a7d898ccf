"""The stage model: laws, its exact special case, its own process drawn by brute force, and draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.schema import DAY
from funnelml.survival import hazards
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stay_rows import StayRows
from tests.survival.simulated_paths import simulate_wins
from tests.survival.small_stays import STAGES, cyclic_stays, open_rows, rows_of

TIMES = np.array([0.0, 1.0, 7.0, 14.0, 30.0, 60.0])
KINDS = ("none", "linear", "boosted")


def together(first, second):
    """Two sets of rows as one, those of the second being of other records."""
    names = ("at", "entered_at", "age", "duration", "event", "next_stage", "stage")
    joined = {name: np.concatenate((getattr(first, name), getattr(second, name))) for name in names}
    ids = np.concatenate((first.record_id, np.array([f"copy of {name}" for name in second.record_id], dtype=object)))
    covariates = pd.concat((first.covariates, second.covariates), ignore_index=True)
    return replace(first, record_id=ids, covariates=covariates, **joined)


def open_of(rows: StayRows, n=30):
    """Running stays that look like rows of the past."""
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(rows), n, replace=False)
    age = np.where(rng.random(n) < 0.3, 0.0, np.round(rng.uniform(0, 25, n), 2 if rows.grain == "instant" else 0))
    covariates = rows.covariates.iloc[chosen].reset_index(drop=True)
    return open_rows(rows.stage[chosen], age + (rows.grain == "day"), grain=rows.grain, covariates=covariates)


@pytest.fixture(scope="module", params=["instant", "day"])
def learned(request):
    rows = cyclic_stays(600, 3, grain=request.param, busy_weekdays=True)
    models = {(r, c): StageModel(ratios=r, calendar=c).fit(rows) for r in KINDS for c in (False, True)}
    return rows, models


def test_rows_sum_to_one_and_never_fall(learned):
    rows, models = learned
    seen = open_of(rows)
    for model in models.values():
        incidence = model.predict_cumulative_incidence(seen, TIMES)
        won = model.predict_won_by(seen, TIMES)
        np.testing.assert_allclose(incidence.sum(axis=1), 1.0, atol=1e-12)
        assert (np.diff(incidence[:, 1:], axis=2) >= -1e-12).all()
        assert (np.diff(won, axis=1) >= -1e-12).all()
        assert not won[:, 0].any()
        assert not incidence[:, 1:, 0].any()
        # What is won in the present stage is won.
        assert (won >= incidence[:, 2] - 1e-9).all()
        # The last stage cannot advance, the first not fall back.
        assert not incidence[seen.place == 2, 1].any()
        assert not incidence[seen.place == 0, 4].any()


def test_the_order_of_rows_does_not_matter(learned):
    rows, models = learned
    seen = open_of(rows)
    shuffled = np.random.default_rng(1).permutation(len(rows))
    back = np.random.default_rng(2).permutation(len(seen))
    for ratios in ("none", "linear"):
        again = StageModel(ratios=ratios).fit(rows.take(shuffled))
        expected = models[ratios, False].predict_won_by(seen, TIMES)[back]
        np.testing.assert_allclose(again.predict_won_by(seen.take(back), TIMES), expected, rtol=0, atol=1e-5)


def test_a_weight_of_two_is_two_records(learned):
    rows, _ = learned
    seen, weights = open_of(rows), np.ones(len(rows))
    weights[:100] = 2.0
    weighed = StageModel(ratios="none").fit(rows, weights)
    doubled = StageModel(ratios="none").fit(together(rows, rows.take(np.arange(100))))
    np.testing.assert_allclose(weighed.predict_won_by(seen, TIMES), doubled.predict_won_by(seen, TIMES), atol=1e-12)


def test_a_record_censored_before_the_first_event_changes_nothing(learned):
    rows, models = learned
    # In whole days an end on day 0 comes first: what was seen for less than that is seen for nothing.
    brief = rows_of(["方案"], [0.0], [0], covariates=rows.covariates.iloc[:1], grain="instant")
    brief = replace(brief, grain=rows.grain, duration=np.array([-1e-12]))
    again = StageModel(ratios="none").fit(together(rows, brief))
    seen = open_of(rows)
    expected = models["none", False].predict_cumulative_incidence(seen, TIMES)
    np.testing.assert_allclose(again.predict_cumulative_incidence(seen, TIMES), expected, atol=1e-12)


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_without_ratios_it_is_aalen_johansen_given_that_it_still_sits_there(grain, monkeypatch):
    """Against ``estimate_incidence``, which equals R's ``survfit`` on ties, delayed entry and weights."""
    monkeypatch.setattr(hazards, "PRIOR_STAYS", 1e-12)
    rows = cyclic_stays(900, 5, grain=grain)
    rng = np.random.default_rng(6)
    late = np.where(rng.random(len(rows)) < 0.3, rng.integers(1, 6, len(rows)), 0)
    kept = np.flatnonzero((late == 0) | (rows.duration > late))
    rows = replace(rows, age=np.where(late > 0, late, -1.0)).take(kept)
    weights = rng.choice([0.5, 1.0, 3.0], len(rows))
    model = StageModel(ratios="none").fit(rows, weights)
    for place, stage in enumerate(STAGES):
        own = rows.place == place
        entry = np.maximum(rows.age[own], 0.0)
        curve = estimate_incidence(
            rows.duration[own], rows.event[own], entry=entry, weights=weights[own], n_causes=4, variance=False
        )
        for age in (0.0, 1.0, 4.0, 9.0):
            seen = open_rows([stage], [age + (grain == "day")], grain=grain)
            times = np.array([1.0, 3.0, 8.0])
            told = model.predict_cumulative_incidence(seen, times)[0]
            gone, later = curve(np.array([age])), curve(age + times)
            np.testing.assert_allclose(told[1:], (later - gone)[1:] / gone[0], rtol=0, atol=1e-9)


def test_its_chance_to_win_is_zero_where_all_wins_were_sooner(monkeypatch):
    """Five won on day 3, five lost on day 5, one still open at age 3: "at least as old" would give 0.45."""
    monkeypatch.setattr(hazards, "PRIOR_STAYS", 1e-12)
    rows = rows_of(["Closing"] * 10, [3.0] * 5 + [5.0] * 5, [2] * 5 + [3] * 5, grain="day")
    model = StageModel(ratios="none").fit(rows)
    # At the end of day 3 the stay is longer than 3: its age is 4 days less the last microsecond.
    won = model.predict_won_by(open_rows(["Closing"], [4.0], grain="day"), [1.0, 30.0])
    np.testing.assert_allclose(won, 0.0, atol=1e-9)
    # A day earlier day 3 is the first unknown one, and counts within one day.
    won = model.predict_won_by(open_rows(["Closing"], [3.0], grain="day"), [1.0, 30.0])
    np.testing.assert_allclose(won, 0.5, atol=1e-9)


@pytest.mark.parametrize("calendar", [False, True])
@pytest.mark.parametrize("ratios", ["none", "linear"])
def test_the_renewal_equation_agrees_with_its_process_drawn_path_by_path(learned, ratios, calendar):
    rows, models = learned
    model = models[ratios, calendar]
    paths, times = 4_000, np.array([14.0, 30.0, 60.0, 182.0])
    example = rows.covariates.iloc[[7, 11, 30, 42]].reset_index(drop=True)
    age = np.array([0.5, 3.0, 12.0, 0.25]) if rows.grain == "instant" else np.array([1.0, 3.0, 12.0, 1.0])
    seen = open_rows(["Lead", "方案", "方案", "Closing"], age, grain=rows.grain, covariates=example)
    told = model.predict_won_by(seen, times)
    for number in range(len(seen)):
        row = seen.take(np.array([number]))
        drawn = simulate_wins(model, row, paths=paths, horizon=182.0, seed=number)
        share = (drawn[:, None] < times if rows.grain == "day" else drawn[:, None] <= times).mean(axis=0)
        # In whole days the equation is exact; else what enters a stage is put at any time of its day.
        grid = 0.0 if rows.grain == "day" else 0.004
        limit = 4 * np.sqrt(np.maximum(share * (1 - share), 1 / paths) / paths) + grid
        assert (np.abs(told[number] - share) < limit).all(), (number, told[number], share)


@pytest.mark.parametrize("ratios", ["none", "linear"])
def test_draws_are_seeded_and_spread_as_estimates_of_new_samples_do(ratios):
    seen = open_of(cyclic_stays(400, 9), 12)

    def mean_chance(model):
        return model.predict_won_by(seen, [30.0]).mean()

    model = StageModel(ratios=ratios).fit(cyclic_stays(400, 1000))
    drawn = [mean_chance(m) for m in model.draws(60, seed=1)]
    assert [mean_chance(m) for m in model.draws(3, seed=1)] == drawn[:3]
    fresh = [mean_chance(StageModel(ratios=ratios).fit(cyclic_stays(400, 1001 + s))) for s in range(60)]
    # A ratio of two standard deviations, of 60 values each, is itself known to about 13 % only.
    assert 0.7 < np.std(drawn) / np.std(fresh) < 1.4


def test_days_observed_end_with_the_longest_stay():
    rows = rows_of(["Lead", "Lead"], [10.0, 40.0], [1, 0])
    model = StageModel(ratios="none").fit(rows)
    np.testing.assert_allclose(model.days_observed(open_rows(["Lead", "Lead"], [15.0, 50.0])), [25.0, 0.0])


def test_a_stay_seen_several_times_is_one_stay_for_the_baseline():
    rows = cyclic_stays(200, 4)
    running = np.flatnonzero(rows.duration > 3)
    again = replace(rows.take(running), age=np.full(len(running), 3.0))
    both = replace(together(rows, again), record_id=np.concatenate((rows.record_id, again.record_id)))
    seen = open_of(rows, 20)
    once, twice = (StageModel(ratios="none").fit(part).predict_won_by(seen, TIMES) for part in (rows, both))
    np.testing.assert_array_equal(once, twice)
    assert StageModel(ratios="none").fit(both).n_stays_ == len(rows)


def test_two_visits_to_a_stage_on_one_day_are_two_stays():
    entered = np.array([19_723 * DAY] * 3)
    rows = rows_of(["方案", "Lead", "方案"], [0.0, 0.0, 9.0], [4, 1, 0], ids=["a"] * 3, entered_at=entered, grain="day")
    assert StageModel(ratios="none").fit(rows).n_stays_ == 3


def test_what_is_refused_says_why():
    rows = cyclic_stays(100, 1)
    model = StageModel(ratios="none", calendar=True).fit(rows)
    seen = open_of(rows, 4)
    with pytest.raises(ModelInputError, match="days ahead: finite numbers that are not negative"):
        model.predict_won_by(seen, [-1.0])
    apart = replace(seen, at=seen.at + np.arange(4) * DAY)
    with pytest.raises(ModelInputError, match="predict date by date"):
        model.predict_won_by(apart, [7.0])
    with pytest.raises(ModelInputError, match=r"weights must be of shape \(100,\)"):
        model.fit(rows, np.ones(3))
    with pytest.raises(ModelInputError, match="no end to learn from"):
        model.fit(seen)
