"""Scores watched over time: who crossed a grade, what became of past scores, and what has moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.history.dates import day_of
from funnelml.runs.scoring import watch as watching
from funnelml.runs.scoring.score import score_workspace
from funnelml.runs.scoring.watch import Watch
from funnelml.schema import DAY
from funnelml.scoring.grades import grade_scores
from funnelml.scoring.grading import Grading
from funnelml.scoring.training_rows import find_conversions, outcomes_known_until, scoring_rows
from funnelml.scoring.walk_forward import score_walking_forward
from tests.runs.scoring.small_crm import AS_OF, in_pandas

ASKED = {"horizon_days": 28, "funnel": "generic", "outcome": "won"}


@pytest.fixture(scope="module")
def watch(workspace, run):
    return Watch(
        history=workspace.history,
        as_of=AS_OF,
        trusted=(),
        learned=run.learned,
        model=run.model,
        grading=Grading(),
        open_rows=run.open_rows,
        **ASKED,
    )


def rows_of(watch, day):
    return scoring_rows(watch.history, as_of=day, **ASKED)


def test_the_trend_is_that_of_the_present_model_on_what_was_known_then(run, watch):
    trend = run["trend"].result
    assert list(trend.dates) == [AS_OF - timedelta(days=7 * k) for k in (4, 3, 2, 1, 0)]
    table = trend.table.set_index(["as_of", "record_id"])["probability"]
    pd.testing.assert_series_equal(
        table[AS_OF].sort_index(), run.scores.set_index("record_id")["probability"].sort_index(), check_names=False
    )
    week_ago = AS_OF - timedelta(days=7)
    then = run.model.score(rows_of(watch, week_ago)).set_index("record_id")["probability"]
    pd.testing.assert_series_equal(table[week_ago].sort_index(), then.sort_index(), check_names=False)


def test_who_rose_is_to_be_contacted_and_who_was_not_there_did_not_rise(run, watch):
    trend = run["trend"].result
    grade = trend.table.set_index(["as_of", "record_id"])["grade"]
    week_ago, order = AS_OF - timedelta(days=7), ["Cold", "Warm", "Hot"]
    then, now = grade[week_ago], grade[AS_OF]
    both = now.index.intersection(then.index)
    rank = {name: k for k, name in enumerate(order)}
    rose = {i for i in both if rank[now[i]] > rank[then[i]]}
    new = {i for i in now.index.difference(then.index) if now[i] == "Hot"}
    assert rose and set(trend.contact_now["record_id"]) == rose | new
    assert set(trend.losing["record_id"]) == {i for i in both if rank[now[i]] < rank[then[i]]}


def test_a_workspace_without_a_past_has_no_trend(watch):
    history = watch.history
    first = day_of(history.recorded_span(history.funnel("generic"))[0], history.time_zone)
    with pytest.raises(NotEnoughDataError, match="in the weeks before no record was open"):
        replace(watch, as_of=first).trend()


def with_first_change_of_owner(history, ids, at):
    """Return the history as if no owner had ever changed before an instant."""
    history = in_pandas(history)
    changes = history.tables["field_changes"]
    told = {"funnel": "generic", "record_id": ids, "field": "owner", "changed_at": at, "recorded_at": at}
    others = changes[changes["field"] != "owner"]
    added = pd.DataFrame({**told, "old": "A", "new": "B"})
    return history.with_tables(field_changes=pd.concat([others, added], ignore_index=True))


def test_a_field_whose_history_begins_late_is_used_from_then_on(workspace, monkeypatch):
    """The owner of a past day is known only from the first change of an owner on."""
    monkeypatch.setattr(watching, "MONTHS", 2)
    still = scoring_rows(workspace.history, as_of=AS_OF, **ASKED).record_id[:20]
    first = workspace.history.cut(AS_OF - timedelta(days=10))
    later = replace(workspace, history=with_first_change_of_owner(workspace.history, still, first))
    found = score_workspace(later, as_of=AS_OF)
    assert "owner" in found.model.features
    assert "owner" not in scoring_rows(later.history, as_of=AS_OF - timedelta(days=14), **ASKED).features
    # Unknown then is empty, and the columns are those of today.
    assert len(found["trend"].result.dates) == watching.WEEKS + 1
    assert found["past"].result is not None and found["past"].result.by_grade["records"].sum() > 0


def test_past_scores_walk_forward_where_none_went_out(run, watch):
    """Each past date is scored by a model of then, and its records are those that were open then."""
    rows = run.learned.rows
    lag = int(np.ceil((rows.known_at - rows.at).max() / DAY)) - 28
    end = outcomes_known_until(watch.history, as_of=AS_OF)
    days = [end - timedelta(days=28 + lag + 28 * k) for k in range(watching.MONTHS)]
    then = {day: rows_of(watch, day) for day in days}
    scored = score_walking_forward(run.model.scorer, rows, then)
    assert 3 <= len(scored) <= watching.MONTHS
    parts = []
    for day, told in scored.items():
        of = grade_scores(told["probability"], told["record_id"], base_rate=told["base_rate"].iloc[0])
        parts.append(of.table.assign(as_of=day))
    every = pd.concat(parts)
    first = every.sort_values("as_of", kind="stable").drop_duplicates(["grade", "record_id"])
    won = find_conversions(watch.history, as_of=AS_OF, funnel="generic").set_index("record_id")["converted_on"]
    on = first["record_id"].map(won)
    came = [
        pd.notna(day) and since < day <= since + timedelta(days=28)
        for day, since in zip(on, first["as_of"], strict=True)
    ]
    wanted = first.assign(came=came).groupby("grade")
    told = run["past"].result.by_grade.set_index("grade")
    for grade in wanted.groups:
        assert told["records"][grade] == wanted.size()[grade]
        assert told["converted"][grade] == wanted["came"].sum()[grade]
        assert told["expected"][grade] == pytest.approx(wanted["probability"].sum()[grade])
    assert run["past"].result.waiting == 0
    assert not run["past"].result.went_out


def told_on(watch, day, probability=0.9, grade="Hot", outcome="won within 28 days"):
    ids = rows_of(watch, day).record_id
    told = {"record_id": ids, "as_of": day, "probability": probability, "grade": grade, "outcome": outcome}
    return pd.DataFrame(told)


def test_scores_that_went_out_count_as_they_were_told_once_they_are_due(run, watch):
    due, young = AS_OF - timedelta(days=60), AS_OF - timedelta(days=7)
    old, new = told_on(watch, due), told_on(watch, young, probability=0.1, grade="Cold")
    past = replace(watch, told=pd.concat([old, new])).past
    counted = past.by_grade.set_index("grade")
    assert counted["records"].to_dict() == {"Hot": len(old), "Warm": 0, "Cold": 0}
    assert counted["expected"]["Hot"] == pytest.approx(0.9 * len(old))
    assert past.waiting == len(new) and past.went_out
    pd.testing.assert_frame_equal(replace(watch, told=pd.concat([old, new])).past_by_grade(), past.by_grade)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"day": 7}, id="none is due"),
        pytest.param({"outcome": "won within 90 days"}, id="another outcome"),
        pytest.param({"grade": "A"}, id="grades of another scale"),
    ],
)
def test_scores_that_cannot_be_counted_are_not(watch, monkeypatch, odd):
    instead = told_on(watch, AS_OF - timedelta(days=90), probability=0.3, grade="Warm")
    monkeypatch.setattr(Watch, "_as_would_have_been_told", lambda _: instead)
    day = AS_OF - timedelta(days=odd.get("day", 60))
    told = told_on(watch, day, **{key: value for key, value in odd.items() if key != "day"})
    past = replace(watch, told=told).past
    assert past.by_grade["records"].tolist() == [0, len(instead), 0] and past.waiting == 0


def test_after_a_change_of_grades_only_the_new_ones_count(watch):
    old, new = AS_OF - timedelta(days=90), AS_OF - timedelta(days=60)
    told = pd.concat([told_on(watch, old), told_on(watch, new, grade="A")])
    past = replace(watch, told=told, grading=Grading(scale="letters", borders=(2.0, 1.0, 0.5))).past
    assert past.by_grade["grade"].tolist() == ["A", "B", "C", "D"]
    assert past.by_grade["records"].tolist() == [len(rows_of(watch, new)), 0, 0, 0]


def test_the_best_grade_is_compared_by_a_field_that_is_there(run, watch):
    with pytest.raises(NotEnoughDataError, match="no field 'region'; name another as compare_by in \\[scoring\\]"):
        watch.selection(run.grades, "region")
    with pytest.raises(ModelInputError, match="field 'amount' holds numbers"):
        watch.selection(run.grades, "amount")
    order = run.open_rows.record_id.argsort().argsort()
    region = np.where(order % 3, "North", "South").astype(object)
    there = replace(run.open_rows, features=run.open_rows.features.assign(region=region))
    told = replace(watch, open_rows=there).selection(run.grades, "region").table.set_index("level")
    grades = run.scores.set_index("record_id")["grade"]
    for level in ("North", "South"):
        own = grades[there.record_id[region == level]]
        assert (told["records"][level], told["selected"][level]) == (len(own), (own == "Hot").sum())


def test_drift_holds_the_open_records_against_those_learned_from(run):
    told = run["inputs"].result.to_frame()
    fields = set(told[next(c for c in told if told[c].isin(["owner"]).any())])
    assert "owner" in fields and fields <= set(run.learned.rows.features)


def test_the_base_rate_of_the_judged_rows_is_held_against_what_was_known_before(run):
    rows, told = run.learned.rows, run["base_rate"].result
    judged = run.learned.evaluation.main
    assert told.train_rate == pytest.approx(rows.label[rows.known_at <= judged.test_from].mean())
    assert told.new_rate == pytest.approx(judged.test_scores["label"].mean())
