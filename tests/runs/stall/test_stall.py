"""Verdicts of a workspace: judged, kept, judged again by what was kept, and never by what was recorded later."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model
from funnelml.io.model_store import read_card
from funnelml.runs.stall import stall
from funnelml.runs.stall.keep import keep_stalls
from funnelml.runs.stall.stall import STALE_DAYS, past_dates, stall_workspace
from funnelml.runs.stall.stall_text import show_stall
from funnelml.runs.stall.stored_model import find_stage_model, name_model
from funnelml.runs.stall.tables import (
    rank_worst,
    table_calibration,
    table_counts,
    table_limits,
    table_past_zombies,
    table_precision,
    table_tried,
    table_worst,
)
from funnelml.runs.stall.verdict_file import COLUMNS, write_verdicts
from tests.runs.scoring.english import find_english
from tests.runs.scoring.small_crm import AS_OF, BEFORE, in_pandas, with_rows
from tests.runs.stall.quick_choice import choose_at_once

NAME = "stage_model"


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(stall, "choose_stage_model", choose_at_once)
    monkeypatch.setattr(stall, "MOST_DATES", 1)


def test_every_open_record_has_a_verdict(run, workspace):
    table = run.verdicts.table
    assert len(table) == len(run.open_rows) and table["record_id"].is_unique
    assert run.verdicts.currency == workspace.settings.currency
    assert run.choice is not None and run.stored is None
    assert run.evaluation is not None and len(run.evaluation.dates) == 3
    assert run.evaluation.known_until <= AS_OF


def test_what_is_printed_as_json(run):
    told = json.loads(json.dumps(run.to_dict("zh"), allow_nan=False))
    assert told["schema_version"] == 1 and told["as_of"] == str(AS_OF) and told["model"]["model_id"] is None
    assert sum(row["records"] for row in told["counts"]) == len(told["verdicts"]) == len(run.verdicts)
    assert told["accuracy"]["calibration"][0]["group"] == "all"
    assert set(told["days_rule"]["days"]) == set(run.open_rows.stages)
    assert told["summary"].startswith(run.verdicts.summary("zh"))


def test_the_worst_come_first(run):
    steps = rank_worst(run.verdicts.table)["next_step"].tolist()
    order = ["escalate", "reactivate", "nurture"]
    assert steps == sorted(steps, key=order.index) and "on_course" not in steps


def test_the_text_has_every_section_in_both_languages(run):
    english, chinese = show_stall(run, "en"), show_stall(run, "zh")
    assert english.startswith(f"Funnel 'generic' as of {AS_OF}: which records are stuck")
    for text, language in ((english, "en"), (chinese, "zh")):
        for sentence in (run.verdicts.summary(language), run.accuracy.summary(language), run.verdicts.rules(language)):
            assert sentence in text
    assert english.count("## ") == chinese.count("## ") == 5
    worst = str(rank_worst(run.verdicts.table)["record_id"].iloc[0])
    assert run.verdicts.explain(worst) in english and run.verdicts.explain(worst, "zh") in chinese


def test_tables_in_chinese_hold_no_english(run):
    found, told = run.evaluation, run.verdicts
    anonymous = replace(told, table=told.table.assign(owner=None))
    tables = [table_counts(told, "zh"), table_worst(anonymous, language="zh"), table_precision(found, "zh")]
    tables += [table_calibration(found, "zh"), table_past_zombies(found, "zh"), table_tried(run.choice, "zh")]
    tables.append(table_limits(told, run.open_rows.stages, "zh"))
    for table in tables:
        assert len(table.frame) and table.words <= set(table.frame)
        assert find_english("\n".join(map(str, [*table.frame, *table.frame.to_numpy().ravel()]))) == []


def test_the_last_row_of_precision_holds_the_verdict_against_the_days(run):
    last = run.evaluation.precision.iloc[-1]
    shown = table_precision(run.evaluation).frame.iloc[-1]
    assert last["against"] == "days"
    assert shown["ours"] == f"{last['precision']:.1%}".replace("%", "\xa0%")
    assert shown["its precision"] == f"{last['matched_precision']:.1%}".replace("%", "\xa0%")
    assert shown["gain (points)"] == f"{-100 * last['gain']:+.1f}"


def test_nothing_recorded_later_has_any_effect(workspace, quick):
    then = stall_workspace(workspace, as_of=BEFORE)
    history = in_pandas(workspace.history)
    first = history.tables["stage_changes"].query("funnel == 'generic'").iloc[:1]
    after = history.cut(BEFORE)
    late = first.assign(stage="Closing", entered_at=int(first["entered_at"].iloc[0]) + 1, recorded_at=after)
    more = replace(workspace, history=with_rows(history, "stage_changes", late))
    again = stall_workspace(more, as_of=BEFORE)
    assert again.data_hash == then.data_hash
    pd.testing.assert_frame_equal(again.verdicts.table, then.verdicts.table)
    pd.testing.assert_frame_equal(again.evaluation.calibration, then.evaluation.calibration)


def test_the_same_stays_are_judged_by_the_model_that_was_kept(workspace, root, quick):
    first = stall_workspace(workspace, as_of=BEFORE)
    kept = keep_stalls(first, root, name=NAME, language="en")
    assert kept.new and kept.in_use and current_model(root / "models", NAME) == kept.model_id
    card = read_card(root / "models", kept.model_id)
    assert card.data_hash == first.data_hash and card.parameters["ratios"] == "none"
    assert card.metrics["records judged on past dates"] == len(first.evaluation.judged)
    assert card.verdict.startswith(
        "Stage and age alone: Of 2 models tested on 500 running stays at 5 later dates, none"
    )

    in_use = find_stage_model(root, NAME, funnel="generic", as_of=BEFORE)
    second = stall_workspace(workspace, as_of=BEFORE, in_use=in_use)
    assert second.stored is in_use and second.choice is None
    pd.testing.assert_frame_equal(second.verdicts.table, first.verdicts.table)
    assert second.describe_model().startswith(f"Judged by the model in use, {kept.model_id}, learned from")
    again = keep_stalls(second, root, name=NAME, language="zh")
    assert not again.new and again.summary("zh").startswith(f"模型 {kept.model_id}（沿用）")

    # Another day is another set of stays: a new model is learned, unless the old one is to judge.
    assert in_use.learned_from(first.data_hash, seed=0)
    assert not in_use.learned_from(first.data_hash, seed=1) and not in_use.learned_from("0" * 64, seed=0)
    later = AS_OF - timedelta(days=20)
    reused = stall_workspace(workspace, as_of=later, in_use=in_use, reuse=True)
    assert reused.stored is in_use and reused.verdicts.as_of == later


def test_a_model_that_knows_more_is_not_taken_and_stays_in_use(workspace, root, quick):
    newest = keep_stalls(stall_workspace(workspace, as_of=BEFORE), root, name=NAME, language="en")
    before = BEFORE - timedelta(days=30)
    assert find_stage_model(root, NAME, funnel="generic", as_of=before) is None
    with pytest.raises(ModelStoreError, match=f"knows what happened until {BEFORE}, and the as-of date is {before}"):
        find_stage_model(root, NAME, funnel="generic", as_of=before, reuse=True)
    older = keep_stalls(stall_workspace(workspace, as_of=before), root, name=NAME, language="en")
    assert not older.in_use and "not in use: one of a later day is" in older.summary()
    assert current_model(root / "models", NAME) == newest.model_id


def test_what_is_no_stage_model_of_the_funnel_does_not_judge(workspace, root, quick):
    with pytest.raises(ModelStoreError, match=r"no model 'stage_model' is in use; learn one with: funnelml stall"):
        find_stage_model(root, NAME, funnel="generic", as_of=AS_OF, reuse=True)
    kept = keep_stalls(stall_workspace(workspace, as_of=BEFORE), root, name=NAME, language="en")
    with pytest.raises(ModelStoreError, match="is no stage model of funnel 'leads'; rename the funnel"):
        find_stage_model(root, NAME, funnel="leads", as_of=AS_OF)
    (root / "models" / kept.model_id / "model.skops").write_bytes(b"")
    assert find_stage_model(root, NAME, funnel="generic", as_of=AS_OF) is None
    with pytest.raises(ModelStoreError, match="was changed after it was saved"):
        find_stage_model(root, NAME, funnel="generic", as_of=AS_OF, reuse=True)


def test_the_model_of_another_funnel_has_a_name_of_its_own():
    assert name_model("a", "a") == "stage_model"
    assert name_model("续约 / 2026", "a") == "stage_model_续约_2026"
    assert len(name_model("x" * 200, "a")) <= 64


def test_a_log_that_is_too_short_to_look_back_says_how_long_it_must_be(workspace, quick):
    short = stall_workspace(workspace, as_of=_early(workspace))
    assert short.evaluation is None
    assert "has 50 days by" in short.accuracy.summary() and "60 are needed" in short.accuracy.summary()
    assert "只有 50 天" in short.accuracy.summary("zh")
    assert "## How right verdicts were" in show_stall(short) and short.to_dict()["accuracy"]["precision"] == []


def _early(workspace):
    first = workspace.history.recorded_span(workspace.history.funnel("generic"))[0]
    return pd.Timestamp(first, unit="us", tz="UTC").tz_convert(workspace.history.time_zone).date() + timedelta(days=50)


def test_old_data_are_told_and_their_end_is_the_last_outcome(workspace, quick):
    stale = AS_OF + timedelta(days=40)
    run = stall_workspace(workspace, as_of=stale)
    known = workspace.history.known_until(workspace.history.funnel("generic"))
    assert run.data_age_days == (stale - known).days > STALE_DAYS
    assert f"The data are {run.data_age_days} days old" in show_stall(run)
    assert f"数据已有 {run.data_age_days} 天未更新" in run.summary("zh")
    assert run.evaluation.known_until == known


def test_past_dates_do_not_overlap_and_have_a_past(workspace):
    dates, known_until = past_dates(workspace.history, as_of=BEFORE, funnel="generic")
    assert known_until == BEFORE and dates[-1] == BEFORE - timedelta(days=30)
    assert {(b - a).days for a, b in pairwise(dates)} == {30}
    first = _early(workspace) - timedelta(days=50)
    assert past_dates(workspace.history, as_of=first + timedelta(days=95), funnel="generic")[0] == [
        first + timedelta(days=35),
        first + timedelta(days=65),
    ]


def test_a_stated_rule_stands_beside_the_verdict(workspace, quick):
    settings = replace(workspace.settings, stall=replace(workspace.settings.stall, days={"Lead": 3.0}, win_days=45.0))
    run = stall_workspace(replace(workspace, settings=settings), as_of=BEFORE)
    assert run.verdicts.days_rule.name == "own" and run.verdicts.win_days == 45.0
    assert run.to_dict()["days_rule"] == {"name": "own", "days": {"Lead": 3.0}}


def test_no_cell_of_the_file_is_a_formula(run, tmp_path):
    table = run.verdicts.table.copy()
    table["record_id"] = ["=cmd|' /C calc'!A0", *table["record_id"].iloc[1:]]
    path = tmp_path / "stalls" / "day.csv"
    write_verdicts(replace(run.verdicts, table=table), path, model_id="m", language="zh")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert tuple(lines[0]) == COLUMNS and len(lines) == 1 + len(table)
    assert lines[1][0] == "'=cmd|' /C calc'!A0"
    assert {line[2] for line in lines[1:]} <= {"正常", "缓慢", "停滞", "僵尸", "未知"}
    chances = np.array([line[5:8] for line in lines[1:]], dtype=float)
    assert ((chances >= 0) & (chances <= 1)).all()
