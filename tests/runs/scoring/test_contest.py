"""The model in use against the one of today: judged on rows that neither has seen, and never by what came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from funnelml.errors import NotEnoughDataError
from funnelml.history.history import History
from funnelml.runs.scoring import contest
from funnelml.runs.scoring.contest import Champion, hold_contest
from funnelml.runs.scoring.unanswered import UnansweredError
from funnelml.schema import DAY, empty_table
from funnelml.scoring import learn
from funnelml.scoring.learn import learn_score
from funnelml.scoring.recipe import Part, Recipe
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.why_not import WhyNot

HISTORY = History(tables={"stage_changes": empty_table("stage_changes")}, funnels=(), time_zone="Asia/Shanghai")
FIRST, WEEKS, EACH = date(2025, 1, 5), 40, 60
DAYS = [FIRST + timedelta(days=7 * k) for k in range(WEEKS)]
AS_OF = DAYS[-1] + timedelta(days=28)


def make_rows(seed=0):
    """Sixty records a week, each seen once; ``x`` tells, ``noise`` does not."""
    rng = np.random.default_rng(seed)
    n = WEEKS * EACH
    at = np.repeat([HISTORY.cut(day) for day in DAYS], EACH)
    x = rng.normal(size=n)
    label = (rng.random(n) < expit(1.2 * x - 1)).astype(float)
    ids = np.array([f"r{k}" for k in range(n)], dtype=object)
    features = pd.DataFrame({"x": x, "noise": rng.normal(size=n)})
    return ScoringRows(features=features, record_id=ids, label=label, at=at, known_at=at + 28 * DAY, assumed=())


def learned_from(rows, monkeypatch, penalty=8.0, **asked):
    recipe = Recipe(parts=(Part(kind="scorecard", penalty=penalty),))
    monkeypatch.setattr(learn, "LeadScorer", partial(LeadScorer, recipe=recipe))
    return learn_score(rows, **asked)


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def learned(rows):
    with pytest.MonkeyPatch.context() as patch:
        return learned_from(rows, patch)


def champion_of(rows, day, monkeypatch, **asked):
    known = rows.known_by(HISTORY.cut(day))
    return Champion(model=learned_from(known, monkeypatch, **asked).model, model_id="m-1", as_of=day)


def hold(champion, learned, rows, as_of=AS_OF, **more):
    return hold_contest(champion, learned, rows, history=HISTORY, as_of=as_of, seed=0, **more)


def test_the_first_model_wins_without_a_contest(rows, learned):
    found = hold(None, learned, rows)
    assert (found.winner, found.winner_id) == (learned.model, None)
    with pytest.raises(NotEnoughDataError, match=r"^no model was in use before$"):
        found.result()
    found = hold(None, learned, rows, why_no_champion=WhyNot(en="model.skops was changed", zh="模型已被改动"))
    with pytest.raises(UnansweredError, match=r"model\.skops was changed") as raised:
        found.result()
    assert raised.value.why.zh == "模型已被改动"


@pytest.mark.parametrize("days_ago", [0, 7, 27])
def test_without_newer_outcomes_the_champion_stays(rows, learned, monkeypatch, days_ago):
    """An outcome takes 28 days: none is known of what was seen since."""
    day = AS_OF - timedelta(days=days_ago)
    champion = replace(champion_of(rows, DAYS[-5], monkeypatch), as_of=day)
    found = hold(champion, learned, rows)
    assert (found.winner, found.winner_id) == (champion.model, "m-1")
    with pytest.raises(NotEnoughDataError, match=f"since the model in use was learned .{day}.; the model in use stays"):
        found.result()


def test_with_too_few_newer_outcomes_it_stays_for_half_a_year(rows, learned, monkeypatch):
    champion = champion_of(rows, DAYS[-1], monkeypatch)
    found = hold(champion, learned, rows)
    assert found.winner_id == "m-1"
    few = int(rows.label[-EACH:].sum())
    with pytest.raises(NotEnoughDataError, match=f"only {few} have the rarer outcome; 40 would do .* in use stays"):
        found.result()
    for days, winner_id in ((179, "m-1"), (180, None)):
        found = hold(champion, learned, rows, as_of=champion.as_of + timedelta(days=days))
        assert found.winner_id == winner_id
    with pytest.raises(NotEnoughDataError, match="180 days old or more and is replaced uncompared"):
        found.result()


@pytest.fixture
def asked(monkeypatch):
    """What was compared."""
    told = {}

    def spy(one, other, label, **named):
        told.update(named, champion=np.asarray(one), challenger=np.asarray(other), label=np.asarray(label))
        return compare(one, other, label, **named)

    compare = contest.challenge
    monkeypatch.setattr(contest, "challenge", spy)
    return told


@pytest.mark.parametrize(("weeks", "days_later"), [(5, 0), (5, 2), (20, 0)])
def test_both_are_judged_on_the_same_rows_that_neither_has_learned_from(
    rows, learned, monkeypatch, asked, weeks, days_later
):
    """From the end of the day of the champion on, or from where the test of today's model begins."""
    day = DAYS[-weeks] + timedelta(days=days_later)
    champion = champion_of(rows, day, monkeypatch)
    hold(champion, learned, rows)
    begin = max(HISTORY.cut(day), learned.evaluation.main.test_from)
    newer = rows.at >= begin
    assert newer.sum() == {(5, 0): 5, (5, 2): 4, (20, 0): 8}[weeks, days_later] * EACH
    assert asked["record_id"].tolist() == rows.record_id[newer].tolist()
    assert asked["label"].tolist() == rows.label[newer].tolist()
    assert np.array_equal(asked["champion"], champion.model.predict_proba(rows.features[newer])[:, 1])
    assert asked["champion_age_days"] == (AS_OF - day).days
    # The challenger is fitted to what was known when these rows begin: later labels turned round change nothing.
    before, turned = (
        asked["challenger"],
        replace(rows, label=np.where(rows.known_at > begin, 1 - rows.label, rows.label)),
    )
    hold(champion, replace(learned, rows=turned), rows)
    assert np.array_equal(asked["challenger"], before)
    hold(champion, replace(learned, rows=upside_down(rows)), rows)
    assert not np.allclose(asked["challenger"], before)


def upside_down(rows):
    return replace(rows, label=1 - rows.label)


def test_a_better_challenger_replaces(rows, learned, monkeypatch):
    champion = champion_of(upside_down(rows), DAYS[-9], monkeypatch)
    found = hold(champion, learned, rows)
    assert (found.result().decision, found.result().reason) == ("replace", "better")
    assert (found.winner, found.winner_id) == (learned.model, None)


def test_a_worse_challenger_does_not(rows, monkeypatch):
    champion = champion_of(rows, DAYS[-9], monkeypatch)
    dull = learned_from(rows, monkeypatch, penalty=1e6)
    found = hold(champion, dull, rows)
    assert (found.result().decision, found.result().reason) == ("keep", "worse")
    assert (found.winner, found.winner_id) == (champion.model, "m-1")


def test_an_equal_challenger_replaces_only_an_old_champion(rows, learned, monkeypatch):
    champion = champion_of(rows, DAYS[-9], monkeypatch)
    assert hold(champion, learned, rows).result().reason == "not_shown"
    found = hold(champion, learned, rows, as_of=champion.as_of + timedelta(days=180))
    assert found.result().reason == "fresh" and found.winner is learned.model


@pytest.mark.parametrize("days_ago", [0, 63])
@pytest.mark.parametrize("how", ["gone", "left out", "leaks"])
def test_a_champion_that_asks_for_a_field_which_is_no_more_is_replaced(rows, monkeypatch, how, days_ago):
    """Also while no newer outcome is known: it could not score, or would score by what it must not know."""
    champion = champion_of(rows, AS_OF - timedelta(days=63), monkeypatch)
    champion = replace(champion, as_of=AS_OF - timedelta(days=days_ago))
    now, asked = rows, {}
    if how == "gone":
        now = rows.without("noise")
    elif how == "left out":
        asked["leave_out"] = ["noise"]
    else:
        now = replace(rows, features=rows.features.assign(noise=rows.label * 10 + rows.features["noise"]))
    learned = learned_from(now, monkeypatch, **asked)
    assert list(learned.model.features) == ["x"]
    found = hold(champion, learned, now)
    assert (found.winner, found.winner_id) == (learned.model, None)
    with pytest.raises(NotEnoughDataError, match=r"replaced: it uses fields that are .* left out now: noise"):
        found.result()


def test_a_model_learned_later_is_none_of_that_day(rows, learned, monkeypatch):
    champion = replace(champion_of(rows, AS_OF, monkeypatch), as_of=AS_OF + timedelta(days=1))
    found = hold(champion, learned, rows)
    assert (found.winner, found.winner_id) == (learned.model, None)
    with pytest.raises(NotEnoughDataError, match="knows more than was known on"):
        found.result()
