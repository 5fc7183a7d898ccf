"""A workspace scored: every open record, in two languages, with nothing from after the as-of date."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import FunnelError, ModelInputError, NotEnoughDataError
from funnelml.history.snapshot import take_snapshot
from funnelml.runs.scoring import watch
from funnelml.runs.scoring.score import TITLES, score_workspace
from funnelml.schema import DAY
from funnelml.scoring.training_rows import scoring_rows, training_rows
from tests.runs.scoring.small_crm import AS_OF, BEFORE, in_pandas, with_rows


def with_settings(workspace, **changes):
    scoring = replace(workspace.settings.scoring, **changes)
    return replace(workspace, settings=replace(workspace.settings, scoring=scoring))


def on_history(workspace, history):
    return replace(workspace, history=history)


@pytest.fixture(scope="module")
def in_pandas_run(workspace):
    return score_workspace(on_history(workspace, in_pandas(workspace.history)), as_of=AS_OF)


def test_every_open_record_has_one_score_with_its_interval_and_grade(workspace, run):
    snapshot = take_snapshot(workspace.history, as_of=AS_OF).to_frame()
    still = snapshot[~snapshot["stage"].isin(["won", "lost"])]
    assert sorted(run.scores["record_id"]) == sorted(still["record_id"])
    assert list(run.scores) == ["record_id", "probability", "low", "high", "grade"]
    chance = run.scores["probability"]
    assert chance.is_monotonic_decreasing and chance.between(0, 1).all()
    assert (run.scores["low"] < run.scores["high"]).all()
    assert chance.between(run.scores["low"] - 0.02, run.scores["high"] + 0.02).mean() > 0.9
    hot, warm = (min(m * run.model.base_rate, 1 - (1 - run.model.base_rate) / m) for m in (2, 1 + 1e-12))
    wanted = np.select([chance >= hot, chance >= warm], ["Hot", "Warm"], "Cold")
    assert run.scores["grade"].tolist() == wanted.tolist()
    assert run.model_id is None and run.model.outcome == "won within 28 days"


def test_all_questions_are_there_in_order_and_two_are_not_answered(run):
    assert [section.name for section in run.sections] == list(TITLES)
    why_not = {section.name: section.why_not for section in run.sections if section.result is None}
    assert set(why_not) == {"selection", "challenge"}
    assert why_not["challenge"] == "no model was in use before"
    assert "no level has 30 records" in why_not["selection"]
    assert run["grades"].result is run.grades and run["evaluation"].result is run.learned.evaluation


def test_two_languages_tell_the_same_scores(run):
    english, chinese = run.table("en"), run.table("zh")
    same = ["record_id", "probability", "low", "high", "grade"]
    pd.testing.assert_frame_equal(english[same], chinese[same])
    for column in ("reasons_for", "reasons_against"):
        told = english[column].fillna("") != ""
        assert told.sum() > 10 and (told == (chinese[column].fillna("") != "")).all()
        assert (english.loc[told, column] != chinese.loc[told, column]).all()
    assert chinese["reasons_for"].str.contains("[\u4e00-\u9fff]").any()
    assert run.summary("en").startswith("Provisional") and run.summary("zh").startswith("暂定")
    for section in run.sections:
        assert section.summary("en") != section.summary("zh"), section.name


def test_a_program_gets_one_object_that_json_can_hold(run):
    told = json.loads(json.dumps(run.to_dict(), allow_nan=False))
    assert told["schema_version"] == 1 and told["as_of"] == "2026-06-30" and told["model_id"] is None
    assert (told["verdict"], told["outcome"]) == ("provisional", "won within 28 days")
    assert list(told["sections"]) == list(TITLES)
    assert told["scores"][0]["record_id"] == run.scores["record_id"][0]
    assert told["sections"]["challenge"]["rows"] == []
    assert json.loads(json.dumps(run.to_dict("zh")))["sections"]["trend"]["title"] == "立即联系"


def assert_same(one, other):
    pd.testing.assert_frame_equal(one.table(), other.table())
    for mine, theirs in zip(one.sections, other.sections, strict=True):
        assert mine.why_not == theirs.why_not, mine.name
        assert mine.summary() == theirs.summary(), mine.name
        if mine.result is not None:
            pd.testing.assert_frame_equal(mine.result.to_frame(), theirs.result.to_frame())


def test_pandas_and_duckdb_give_the_same_scores(run, in_pandas_run):
    assert_same(run, in_pandas_run)


def with_backdated_rows(history, run, recorded_at):
    """Wins, losses, reopenings, fields, activities and records, all dated before the as-of date."""
    at = {"recorded_at": recorded_at}
    back, lately = history.cut(BEFORE), history.cut(AS_OF) - 10
    closed, still = list(dict.fromkeys(run.rows.record_id))[:150], list(run.scores["record_id"])
    ids = still + closed
    of = {"funnel": "generic", "record_id": ids}
    stages = ["won" if k % 2 else "lost" for k in range(len(still))] + ["Proposal"] * len(closed)
    entered = [back if k % 3 else lately for k in range(len(ids))]
    history = with_rows(history, "stage_changes", pd.DataFrame({**of, "stage": stages, "entered_at": entered, **at}))
    for field, new in (("amount", "9999999"), ("owner", "nobody"), ("budget", "yes")):
        told = {**of, "field": field, "changed_at": back, "old": "1", "new": new, **at}
        history = with_rows(history, "field_changes", pd.DataFrame(told))
    calls = {"record_id": ids, "kind": "demo", "direction": "inbound", "contact": "x", "occurred_at": entered, **at}
    history = with_rows(history, "activities", pd.DataFrame(calls))
    names = [f"X-{k}" for k in range(60)]
    won = {"funnel": "generic", "record_id": names, "stage": "won", "entered_at": back, **at}
    history = with_rows(history, "stage_changes", pd.DataFrame(won))
    owner = run.open_rows.features["owner"].dropna().iloc[0]
    own = {"funnel": "generic", "opportunity_id": names, "created_at": back - 30 * DAY, "amount": 5e6, "owner": owner}
    own |= {"source": "Referral", "expected_close_date": back, **at}
    return with_rows(history, "opportunities", pd.DataFrame(own))


def test_what_was_recorded_later_has_no_effect(workspace, in_pandas_run):
    history = in_pandas(workspace.history)
    later = with_backdated_rows(history, in_pandas_run, history.cut(AS_OF))
    assert_same(in_pandas_run, score_workspace(on_history(workspace, later), as_of=AS_OF))


def test_the_same_rows_recorded_in_time_have_an_effect(workspace, in_pandas_run):
    history = in_pandas(workspace.history)
    asked = {"as_of": AS_OF, "horizon_days": 28}
    told = with_backdated_rows(history, in_pandas_run, history.cut(AS_OF) - 1)
    known, still = training_rows(told, **asked), scoring_rows(told, **asked)
    assert known.positives != in_pandas_run.rows.positives and "field:budget" in known.features
    assert len(still) != len(in_pandas_run.open_rows)


def test_too_few_outcomes_say_how_many_would_do(workspace):
    with pytest.raises(
        NotEnoughDataError, match=r"^14 won within 28 days and 106 not .* takes 40 of each, .* about 343 records"
    ):
        score_workspace(workspace, as_of=date(2025, 6, 30))


def test_a_day_before_any_outcome_says_which_day_would_do(workspace):
    with pytest.raises(NotEnoughDataError, match=r"no outcome is known by 2025-01-20: .*or later would do"):
        score_workspace(workspace, as_of=date(2025, 1, 20))


def test_an_empty_pipeline_has_nothing_to_score(workspace, run):
    history = in_pandas(workspace.history)
    still = list(run.scores["record_id"])
    told = {"funnel": "generic", "record_id": still, "stage": "lost", "entered_at": history.cut(AS_OF) - 10}
    history = with_rows(history, "stage_changes", pd.DataFrame({**told, "recorded_at": history.cut(AS_OF) - 5}))
    with pytest.raises(NotEnoughDataError, match="no record of funnel 'generic' is open on 2026-06-30"):
        score_workspace(on_history(workspace, history), as_of=AS_OF)


def test_what_is_misspelt_is_refused_with_what_was_meant(workspace):
    with pytest.raises(FunnelError, match=r"no funnel 'genric' \(did you mean 'generic'\?\)"):
        score_workspace(workspace, as_of=AS_OF, funnel="genric")
    with pytest.raises(FunnelError, match=r"has no outcome 'Propsal' \(did you mean 'Proposal'\?\)"):
        score_workspace(with_settings(workspace, outcome="Propsal"), as_of=AS_OF)
    for key in ("keep", "leave_out"):
        with pytest.raises(ModelInputError, match=rf"{key} names 'ownr', which .* \(did you mean 'owner'\?\)"):
            score_workspace(with_settings(workspace, **{key: ("ownr",)}), as_of=AS_OF)
    with pytest.raises(ModelInputError, match=r"directions names 'amout', .* \(did you mean 'amount'\?\)"):
        score_workspace(with_settings(workspace, directions={"amout": 1}), as_of=AS_OF)


def test_leads_are_scored_with_the_settings_that_speak_of_them_too(workspace, monkeypatch):
    """``amount`` and ``segment`` are no fields of a lead: the settings speak of the first funnel."""
    monkeypatch.setattr(watch, "MONTHS", 2)
    told = with_settings(workspace, leave_out=("amount", "stage_age_days"), compare_by="segment")
    found = score_workspace(told, as_of=AS_OF, funnel="leads")
    assert found.funnel == "leads" and found.scores["record_id"].str.startswith("L-").all()
    assert "stage_age_days" not in found.model.features and "stage_age_days" in found.open_rows.features
    assert "the records have no field 'segment'" in found["selection"].why_not
    assert found["past"].result is not None


def test_a_stage_may_be_the_outcome(workspace, monkeypatch):
    monkeypatch.setattr(watch, "MONTHS", 1)
    told = with_settings(workspace, outcome="Proposal", horizon_days=14, leave_out=("owner",))
    found = score_workspace(told, as_of=AS_OF - timedelta(days=3))
    assert found.model.outcome == "reached Proposal within 14 days"
    assert set(found.open_rows.features["stage"]).isdisjoint({"Proposal", "Negotiation"})
    assert "owner" not in found.model.features
