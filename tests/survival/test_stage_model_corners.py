"""Corners of the stage model, of every kind: a usable answer or a named error, and never a warning."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.survival.ratios import boosted
from funnelml.survival.stage_model import RatioKind, StageModel
from tests.survival.stay_worlds import STAGES, proportional_stays, running, stays_from

KINDS = get_args(RatioKind)
TIMES = [0.0, 0.5, 7.0, 30.0]

pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def trees_of_few(monkeypatch):
    # So that trees grow on these small data too.
    monkeypatch.setattr(boosted, "LEAST_EVENTS", 30)


def world(n=200, seed=0, **columns):
    rows, _ = proportional_stays(n, seed)
    return replace(rows, covariates=rows.covariates.assign(**columns))


def answer(kind, learned, asked, weights=None, **parameters):
    """Fit and predict; what is returned must be chances."""
    model = StageModel(ratios=kind, **parameters).fit(learned, weights)
    told = model.predict_cumulative_incidence(asked, TIMES)
    assert told.shape == (len(asked), 5, len(TIMES))
    assert told.sum(axis=1) == pytest.approx(np.ones((len(asked), len(TIMES))), abs=1e-9)
    assert told.min(initial=0.0) >= -1e-12
    assert np.diff(told[:, 1:], axis=2).min(initial=0.0) >= -1e-12
    won = model.predict_won_by(asked, TIMES)
    assert won.shape == (len(asked), len(TIMES))
    assert np.isfinite(won).all() and won.min(initial=0.0) >= 0 and won.max(initial=0.0) <= 1
    # Who is won from the present stage is won at all.
    assert (told[:, 2] <= won + 1e-9).all()
    assert np.isfinite(model.days_observed(asked)).all()
    return model, told, won


def now(rows, n=20, age=3.0):
    return running(rows.take(np.arange(n)), age)


def test_zero_events_of_every_cause(kind):
    rows = world()
    _, told, won = answer(kind, replace(rows, event=np.zeros(200, np.int64)), now(rows))
    assert told[:, 0] == pytest.approx(np.ones((20, len(TIMES)))) and won.max() == 0


@pytest.mark.parametrize("cause", [1, 2, 3, 4])
def test_one_event_of_one_cause(kind, cause):
    rows = world()
    place = {1: 0, 2: 2, 3: 0, 4: 2}[cause]
    lone = np.flatnonzero((rows.place == place) & (rows.duration > 4))[0]
    event = np.where(np.arange(200) == lone, cause, 0)
    to = np.array([None] * 200, dtype=object)
    to[lone] = {1: STAGES[1], 4: STAGES[1]}.get(cause)
    _, told, _ = answer(kind, replace(rows, event=event, next_stage=to), now(rows, 100))
    assert 0 < told[:, cause, -1].max() < 0.4
    others = [k for k in (1, 2, 3, 4) if k != cause]
    assert told[:, others].max() < 1e-9


def test_events_of_one_cause_only(kind):
    rows = world(600)
    only = replace(rows, event=np.where(rows.event == 3, 3, 0))
    _, told, won = answer(kind, only, now(rows))
    assert told[:, 3, -1].min() > 0.1 and won.max() < 1e-9


def test_one_record(kind):
    lone = stays_from(["方案"], [6.0], [2], {"amount": [1_000.0], "channel": np.array(["web"], object)})
    _, told, _ = answer(kind, lone, running(lone, 2.0))
    assert told[0, 2, -1] > 0.05


def test_one_running_record_of_age_zero(kind):
    lone = stays_from(["方案"], [0.0], [0], {"amount": [1_000.0]})
    answer(kind, lone, running(lone, 0.0))


def test_a_stage_seen_only_in_running_records(kind):
    rows = world(600)
    last = rows.stage == STAGES[2]
    _, told, _ = answer(kind, replace(rows, event=np.where(last, 0, rows.event)), now(rows, 100))
    assert told[rows.stage[:100] == STAGES[1], 3, -1].min() > 0.05


def test_a_stage_never_seen(kind):
    rows = world(600)
    learned = rows.take(rows.stage != STAGES[2])
    _, told, _ = answer(kind, learned, now(rows, 100))
    unseen = rows.stage[:100] == STAGES[2]
    # All stages together speak for it.
    assert told[unseen, 3, -1].min() > 0.05


def test_separation(kind):
    rows = world(600)
    spared = np.where(rows.covariates["channel"] == "web", 0, rows.event)
    _, told, _ = answer(kind, replace(rows, event=spared), now(rows, 100))
    web = rows.covariates["channel"][:100].to_numpy() == "web"
    if kind != "none":
        assert told[web, 3, -1].mean() < 0.6 * told[~web, 3, -1].mean()


def test_collinear_columns(kind):
    rows = world(400)
    amount = rows.covariates["amount"].to_numpy()
    twin = rows.covariates.assign(again=amount, minus=-3 * amount, other=rows.covariates["channel"])
    _, told, _ = answer(kind, replace(rows, covariates=twin), now(replace(rows, covariates=twin)))
    _, alone, _ = answer(kind, rows, now(rows))
    if kind != "boosted":
        assert np.abs(told - alone).max() < 0.12


def test_unknown_and_constant_covariates(kind):
    rows = world(300, unknown=np.nan, constant=5.0, nobody=np.array([None] * 300, object))
    answer(kind, rows, now(rows))


def test_only_unknown_covariates_are_none(kind):
    rows = world(300)
    blank = replace(rows, covariates=pd.DataFrame({"amount": np.full(300, np.nan)}))
    _, told, _ = answer(kind, blank, now(blank, 50, age=-1.0))
    if kind in ("none", "cox"):
        plain = StageModel(ratios="none").fit(rows).predict_cumulative_incidence(now(rows, 50, age=-1.0), TIMES)
        assert told == pytest.approx(plain, abs=1e-12)


def test_no_covariates_at_all(kind):
    rows = world(300)
    bare = replace(rows, covariates=pd.DataFrame(index=range(300)))
    answer(kind, bare, now(bare))


def test_a_covariate_that_is_absent_at_prediction_is_average(kind):
    rows = world(600)
    asked = now(rows)
    without = replace(asked, covariates=asked.covariates.drop(columns="amount"))
    model, told, _ = answer(kind, rows, without)
    # An amount of 0 is the average of this world.
    average = replace(asked, covariates=asked.covariates.assign(amount=rows.covariates["amount"].mean()))
    if kind != "boosted":
        assert told == pytest.approx(model.predict_cumulative_incidence(average, TIMES), abs=0.02)


def test_unseen_categories_are_average(kind):
    rows = world(600)
    asked = now(rows)
    strange = replace(asked, covariates=asked.covariates.assign(channel=np.array(["展会"] * 20, object)))
    missing = replace(asked, covariates=asked.covariates.assign(channel=np.array([None] * 20, object)))
    model, told, _ = answer(kind, rows, strange)
    assert told == pytest.approx(model.predict_cumulative_incidence(missing, TIMES))


def test_a_new_column_at_prediction_changes_nothing(kind):
    rows = world(300)
    asked = now(rows)
    model, told, _ = answer(kind, rows, asked)
    more = replace(asked, covariates=asked.covariates.assign(new=1.0))
    assert np.array_equal(told, model.predict_cumulative_incidence(more, TIMES))


def test_infinite_values_are_unknown(kind):
    rows = world(300)
    extreme = [np.inf, -np.inf, 1e308, np.nan]
    amount = rows.covariates["amount"].to_numpy().copy()
    amount[::4] = np.resize(extreme, 75)
    asked = now(rows, 4)
    wild = replace(asked, covariates=asked.covariates.assign(amount=extreme))
    model, told, _ = answer(kind, replace(rows, covariates=rows.covariates.assign(amount=amount)), wild)
    unknown = replace(asked, covariates=asked.covariates.assign(amount=np.nan))
    assert np.array_equal(told, model.predict_cumulative_incidence(unknown, TIMES))


def test_other_kinds_of_column(kind):
    rows = world(300)
    text = rows.covariates["channel"]
    table = {dtype: text.astype(dtype) for dtype in ("string", "category")}
    table |= {dtype: (text == "web").astype(dtype) for dtype in ("Int64", "bool", "float32")}
    for dtype in ("string", "Int64"):
        table[dtype][::7] = pd.NA
    typed = replace(rows, covariates=pd.DataFrame(table))
    answer(kind, typed, now(typed))


def test_texts_where_numbers_were_learned_are_an_error(kind):
    rows = world(300)
    asked = now(rows)
    texts = replace(asked, covariates=asked.covariates.assign(amount=np.array(["12 万"] * 20, object)))
    model = StageModel(ratios=kind).fit(rows)
    if kind == "none":
        assert len(model.predict_cumulative_incidence(texts, TIMES)) == 20
        return
    with pytest.raises(ModelInputError, match=r"covariate 'amount' was of numbers .* now holds texts .12 万.; hand it"):
        model.predict_cumulative_incidence(texts, TIMES)


def test_no_running_record(kind):
    rows = world(300)
    none = now(rows).take(np.arange(0))
    _, told, won = answer(kind, rows, none)
    assert told.shape == (0, 5, 4) and won.shape == (0, 4)


def test_no_time_asked(kind):
    rows = world(300)
    model = StageModel(ratios=kind).fit(rows)
    assert model.predict_cumulative_incidence(now(rows), []).shape == (20, 5, 0)
    assert model.predict_won_by(now(rows), []).shape == (20, 0)


def test_no_stay_to_learn_from(kind):
    with pytest.raises(NotEnoughDataError, match="no stay to learn from"):
        StageModel(ratios=kind).fit(world(20).take(np.arange(0)))


def test_stays_of_length_zero(kind):
    rows = world(600)
    instant = replace(rows, duration=np.where(np.arange(600) % 3 == 0, 0.0, rows.duration))
    model, told, _ = answer(kind, instant, now(rows))
    fresh = model.predict_cumulative_incidence(now(rows, 20, age=-1.0), [0.0, 0.1])
    # Those who leave at once are there at the entry, and no longer at any age.
    assert fresh[:, 0, -1].max() < 0.95 and told[:, 0, 0] == pytest.approx(np.ones(20))


def test_all_stays_of_length_zero(kind):
    rows = world(300)
    rows = replace(rows, duration=np.zeros(300))
    answer(kind, rows, now(rows))


def test_older_than_any_seen(kind):
    rows = world(300)
    model, told, _ = answer(kind, rows, now(rows, age=5_000.0))
    assert told[:, 0] == pytest.approx(np.ones((20, len(TIMES))))
    assert not model.days_observed(now(rows, age=5_000.0)).any()


def test_weights_of_zero_are_rows_left_out(kind):
    rows = world(600)
    weights = (np.arange(600) < 450).astype(float)
    _, told, _ = answer(kind, rows, now(rows), weights)
    _, alone, _ = answer(kind, rows.take(np.arange(450)), now(rows))
    if kind in ("none", "cox"):
        assert told == pytest.approx(alone, abs=1e-9)
    else:
        assert np.abs(told - alone).max() < 0.1


def test_all_weights_zero(kind):
    rows = world(300)
    _, told, _ = answer(kind, rows, now(rows), np.zeros(300))
    assert told[:, 0] == pytest.approx(np.ones((20, len(TIMES))))


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_that_are_none_are_an_error(kind, bad):
    rows = world(60)
    with pytest.raises(ModelInputError, match="weights"):
        StageModel(ratios=kind).fit(rows, np.where(np.arange(60) == 3, bad, 1.0))


def test_very_light_weights(kind):
    rows = world(300)
    answer(kind, rows, now(rows), np.where(np.arange(300) % 2 == 0, 1e-12, 1.0))
    answer(kind, rows, now(rows), half_life_days=0.5)


def test_delayed_entry(kind):
    rows, _ = proportional_stays(400, 3, late=1.0)
    answer(kind, rows, now(rows, age=20.0))


def test_calendar_with_corners(kind):
    rows = world(300)
    answer(kind, replace(rows, event=np.where(rows.event == 3, 3, 0)), now(rows), calendar=True)
    answer(kind, replace(rows, event=np.zeros(300, np.int64)), now(rows), calendar=True)


def test_another_funnel_is_an_error(kind):
    rows = world(60)
    model = StageModel(ratios=kind).fit(rows)
    other = stays_from(["A"], [3.0], [0], {"amount": [1.0]}, stages=("A", "B"))
    with pytest.raises(ModelInputError, match="another funnel"):
        model.predict_cumulative_incidence(running(other, 1.0), TIMES)
    with pytest.raises(ModelInputError, match="another funnel"):
        model.predict_won_by(running(other, 1.0), TIMES)


def test_draws_of_corners(kind):
    rows = world(300)
    few = np.where(np.arange(300) % 30 == 0, rows.event, 0)
    model = StageModel(ratios=kind).fit(replace(rows, event=few))
    for drawn in model.draws(3, seed=0):
        told = drawn.predict_cumulative_incidence(now(rows), TIMES)
        assert told.sum(axis=1) == pytest.approx(np.ones((20, len(TIMES)))) and told.min() >= -1e-12
