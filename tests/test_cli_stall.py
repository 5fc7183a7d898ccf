"""The command stall from end to end: judged, kept, judged again, rolled back, and refused."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from funnelml.cli import main
from funnelml.io.current_models import current_model
from funnelml.io.model_store import model_ids
from funnelml.runs.stall import stall
from tests.runs.scoring.small_crm import AS_OF, BEFORE, make_small
from tests.runs.stall.quick_choice import choose_at_once


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One past date, and no search for a model: both have tests of their own."""
    monkeypatch.setattr(stall, "MOST_DATES", 1)
    monkeypatch.setattr(stall, "choose_stage_model", choose_at_once)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small(tmp_path_factory.mktemp("english") / "ws", "[stall]\nwin_days = 60")


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small(tmp_path_factory.mktemp("chinese") / "工作区", language="zh")


def ran(capsys: pytest.CaptureFixture[str], workspace: Path, *arguments: str) -> str:
    """Run a command that must succeed; return what it printed."""
    capsys.readouterr()
    assert main([*arguments, "--workspace", str(workspace)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def refused(capsys: pytest.CaptureFixture[str], workspace: Path, *arguments: str) -> str:
    """Run a command that must fail; return its one line."""
    capsys.readouterr()
    assert main([*arguments, "--workspace", str(workspace)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("funnelml: ") and said.err.count("\n") == 1
    return said.err


def test_verdicts_from_the_first_day_to_a_roll_back(english, capsys):
    """One story, since each run takes a second: every step stands on the one before."""
    models, day = english / "models", ["--as-of", str(BEFORE)]
    assert "no model 'stage_model' is in use" in refused(capsys, english, "stall", *day, "--reuse")

    said = ran(capsys, english, "stall", *day)
    assert said.startswith(f"Funnel 'generic' as of {BEFORE}: which records are stuck\n\nOf ")
    assert "within 60 days" in said and "(new); verdicts kept in data/processed/stalls/stage_model/" in said
    old = current_model(models, "stage_model")
    assert (english / f"data/processed/stalls/stage_model/{BEFORE}.csv").is_file()

    told = json.loads(ran(capsys, english, "stall", *day, "--json"))
    assert told["schema_version"] == 1 and told["model"]["model_id"] == old and model_ids(models) == [old]

    told = json.loads(ran(capsys, english, "stall", "--as-of", str(AS_OF), "--json"))
    new = told["model"]["model_id"]
    assert new == current_model(models, "stage_model") != old and told["win_days"] == 60
    listed = ran(capsys, english, "models")
    assert old in listed and new in listed and "left their stage" in listed
    assert f"{old} (" in ran(capsys, english, "models", "compare", old, new)

    assert f"{old} is in use now" in ran(capsys, english, "models", "roll-back", "stage_model")
    said = ran(capsys, english, "stall", "--as-of", str(AS_OF), "--reuse")
    assert f"Judged by the model in use, {old}" in said and f"Model {old} (as before)" in said
    assert current_model(models, "stage_model") == old

    earlier = str(BEFORE - timedelta(days=10))
    assert "leave out --reuse" in refused(capsys, english, "stall", "--as-of", earlier, "--reuse")


def test_a_chinese_workspace_is_told_in_chinese_and_a_dry_run_keeps_nothing(chinese, capsys):
    said = ran(capsys, chinese, "stall", "--as-of", str(AS_OF), "--dry-run")
    assert said.startswith(f"漏斗“generic”，截至 {AS_OF}：哪些记录停滞")
    for title in ("该做什么", "过往时点的判定有多准", "哪些地方所知甚少", "模型", "判定规则"):
        assert f"## {title}" in said
    assert not (chinese / "models").exists() and not (chinese / "data/processed").exists()


def test_another_funnel_has_a_model_of_its_own(english, capsys):
    told = json.loads(ran(capsys, english, "stall", "--as-of", str(AS_OF), "--funnel", "leads", "--json"))
    assert told["funnel"] == "leads" and told["model"]["model_id"].startswith("stage_model_leads-")


def test_what_cannot_be_judged_is_one_line(english, capsys):
    assert "no funnel 'sales'" in refused(capsys, english, "stall", "--funnel", "sales", "--as-of", str(AS_OF))
    assert refused(capsys, english, "stall", "--as-of", "2001-01-01")
    assert refused(capsys, english, "stall", "--as-of", "yesterday")
