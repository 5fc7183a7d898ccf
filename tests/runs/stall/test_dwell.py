"""How long stays last, asked in one go: every question answered, or the reason why not, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from funnelml.runs.stall import dwell
from funnelml.runs.stall.dwell import MOST_GROUPS, TITLES, study_dwell
from funnelml.runs.stall.dwell_tables import (
    table_effects,
    table_forward,
    table_group_tests,
    table_stages,
    table_times,
)
from tests.runs.scoring.english import find_english


def compared_by(workspace, field):
    return replace(
        workspace, settings=replace(workspace.settings, stall=replace(workspace.settings.stall, compare_by=field))
    )


@pytest.fixture
def groups_only(monkeypatch):
    """The other questions take their time, and are asked above."""
    for name in ("effects", "forward"):
        monkeypatch.setattr(dwell._Questions, name, lambda _: None)
    monkeypatch.setattr(dwell, "examine_clock_reset", lambda _: None)


def test_every_question_is_answered(study):
    assert [section.name for section in study.sections] == list(TITLES)
    for section in study.sections:
        assert section.result is not None, section.why_not
        for language in ("en", "zh"):
            assert section.summary(language)
    assert study.summary().startswith(study["incidence"].summary())


def test_predictions_of_past_dates_are_near_what_came(study):
    found = study["forward"].result
    assert found.dates == 2 and found.days == (14.0, 30.0, 60.0)
    for day in found.days:
        told, came = (found.value("advanced", name, day) for name in ("predicted", "observed"))
        error = found.figures.query("cause == 'advanced' and measure == 'observed' and day == @day")["std_err"].iloc[0]
        assert abs(told - came) < 4 * error + 0.02


def test_the_groups_of_the_picture_are_those_of_the_clearest_test(study):
    stage, outcome = study.clearest
    assert study.by_group.of(stage, "SMB").curve(0.0)[0] == 1.0
    tests = study["groups"].result.table
    best = tests[(tests["stage"] != "all stages") & (tests["outcome"] != "any")].nsmallest(1, "p_value").iloc[0]
    assert (stage, outcome) == (best["stage"], best["outcome"])


def test_many_groups_are_the_largest_and_the_rest(workspace, run, groups_only):
    study = study_dwell(compared_by(workspace, "account"), run, language="zh")
    groups = {group for _, group in study.by_group.curves}
    assert len(groups) <= MOST_GROUPS + 2 and "（其余）" in groups


@pytest.mark.parametrize("field", ["nowhere", "funnel"])
def test_a_field_that_makes_no_groups_is_told(workspace, run, groups_only, field):
    study = study_dwell(compared_by(workspace, field), run)
    assert study.by_group is None and study.clearest is None
    assert f"'{field}' has not two values in the log" in study["groups"].summary()
    assert f"字段“{field}”在日志中不足两个取值" in study["groups"].summary("zh")
    assert study["incidence"].result is not None


def test_a_log_without_ended_windows_says_so(workspace, run):
    early = replace(run, as_of=run.as_of - timedelta(days=540))
    forward = study_dwell(workspace, early)["forward"]
    assert forward.result is None and "are needed to judge on a past date" in forward.summary()


def test_a_short_log_is_judged_on_the_windows_that_have_ended(workspace, run, monkeypatch):
    monkeypatch.setattr(dwell._Questions, "effects", lambda _: None)
    early = replace(run, as_of=run.as_of - timedelta(days=475))
    forward = study_dwell(workspace, early)["forward"].result
    assert forward.dates == 1 and forward.days == (14.0, 30.0)


def test_tables_in_chinese_hold_no_english(study):
    told = {name: study[name].result for name in TITLES}
    tables = [table_stages(told["incidence"], "zh"), table_times(told["means"], told["quantiles"], "zh")]
    tables += [table_group_tests(told["groups"], "zh"), table_forward(told["forward"], "zh")]
    effects = table_effects(told["effects"], "zh")
    for table in [*tables, effects]:
        assert len(table.frame) and table.words <= set(table.frame)
        names = {"SMB", "Mid-market", "Enterprise"}
        cells = [str(cell) for cell in [*table.frame, *table.frame.to_numpy().ravel()]]
        own = [cell for cell in cells if not any(name in cell for name in names)]
        if table is not effects:
            assert find_english("\n".join(own)) == []
    assert {"因素", "速度倍数"} <= set(effects.frame)


def test_effects_are_told_in_words(study):
    table = table_effects(study["effects"].result).frame
    assert not table["what"].str.contains("=|_", regex=True).any()
    assert (table["times as fast"].astype(float) > 0).all()


def test_times_are_those_of_the_results(study):
    means = study["means"].result.table.query("outcome == 'still_in_stage'")
    shown = table_times(study["means"].result, study["quantiles"].result).frame
    assert shown["stage"].tolist() == means["stage"].tolist()
    first = float(shown["mean"].iloc[0].split(" ")[0])
    assert np.isclose(first, means["mean_days"].iloc[0], rtol=0.06)
