"""Commands that hand over scores and keep models: export is a dry run until told, and what is unfit never leaves."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from funnelml.cli import main
from funnelml.io.current_models import current_model, use_model
from funnelml.io.model_card import ModelCard
from funnelml.io.model_store import save_model
from funnelml.runs.scoring.ledger import write_ledger
from funnelml.scoring.models.scorecard import Scorecard

SETTINGS = """version = 1
language = "{language}"
[[funnel]]
name = "sales"
template = "generic"
[[source]]
table = "event_log"
file = "log.csv"
"""
MAY, JUNE = date(2026, 5, 25), date(2026, 6, 29)


@pytest.fixture
def workspace(tmp_path) -> Path:
    return make_workspace(tmp_path / "ws")


def make_workspace(root: Path, language: str = "en") -> Path:
    root.mkdir()
    (root / "funnelml.toml").write_text(SETTINGS.format(language=language), encoding="utf-8")
    return root


def scores(**columns: object) -> pd.DataFrame:
    usual: dict[str, object] = {
        "record_id": ["L-1", "客户-2", "L-3"],
        "probability": [0.81, 0.25, 0.01],
        "low": [0.7, 0.2, 0.0],
        "high": [0.9, 0.3, 0.02],
        "grade": ["Hot", "Warm", "Cold"],
        "reasons_for": "3 meetings in 30 days",
        "reasons_against": "",
        "model_id": "lead_score-2026-05-25-1a2b3c4d",
        "verdict": "publish",
        "outcome": "won within 28 days",
    }
    return pd.DataFrame(usual | columns)


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must succeed; return what it printed."""
    capsys.readouterr()
    assert main(list(arguments)) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must fail; return its one line."""
    capsys.readouterr()
    assert main(list(arguments)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("funnelml: ") and said.err.count("\n") == 1
    return said.err


def test_an_export_is_a_dry_run_until_it_is_told_to_send(workspace, capsys):
    where = ["--workspace", str(workspace)]
    path = workspace / "data" / "processed" / "lead_scores.csv"
    write_ledger(workspace, as_of=MAY, scores=scores())
    said = ran(capsys, "export", "--to", "csv", *where)
    assert said.startswith("lead_score of 2026-05-25: 3 scores, none exported before. Nothing was written; to write")
    assert not path.exists()
    assert f"Written to {path}." in ran(capsys, "export", "--to", "csv", *where, "--send")
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == (
        "L-1,0.8100,0.7000,0.9000,Hot,3 meetings in 30 days,,lead_score-2026-05-25-1a2b3c4d,2026-05-25,publish"
    )
    before = path.stat().st_mtime_ns
    assert f"{path} has all of it already." in ran(capsys, "export", "--to", "csv", *where, "--send")
    assert path.stat().st_mtime_ns == before
    write_ledger(
        workspace, as_of=JUNE, scores=scores(record_id=["L-1", "客户-2", "L-4"], probability=[0.75, 0.25, 0.01])
    )
    said = ran(capsys, "export", "--to", "csv", *where)
    assert "lead_score of 2026-06-29: 3 scores: 1 new, 2 changed, 0 unchanged; 1 of lead_scores.csv are gone." in said
    assert re.search(r"L-1\s+changed\s+probability\s+0\.81\s+0\.75", said) and re.search(r"L-3\s+gone", said)
    assert "lead_score-2026-05-25-1a2b3c4d" not in said, "the same for all rows, so no row of the table"
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_one_day_of_one_name_goes_where_it_is_told_to(workspace, capsys, tmp_path, ending):
    where = ["--workspace", str(workspace)]
    write_ledger(workspace, name="续约评分", as_of=MAY, scores=scores())
    write_ledger(workspace, name="续约评分", as_of=JUNE, scores=scores(probability=0.5, low=0.4, high=0.6))
    ran(capsys, "export", "--to", ending, "--score", "续约评分", *where, "--as-of", "2026-05-25", "--send")
    assert (workspace / "data" / "processed" / f"续约评分.{ending}").is_file()
    out = tmp_path / f"elsewhere.{ending}"
    ask = ["export", "--to", ending, "--score", "续约评分", *where, "--out", str(out), "--send", "--json"]
    told = json.loads(ran(capsys, *ask))
    assert out.is_file()
    assert told["schema_version"] == 1 and told["file"] == str(out) and told["as_of"] == "2026-06-29"
    assert (told["sent"], told["written"], told["scores"], told["new"]) == (True, True, 3, 3)
    assert told["verdicts"] == {"publish": 3}
    told = json.loads(ran(capsys, *ask))
    assert (told["sent"], told["written"], told["unchanged"], told["changes"]) == (True, False, 3, [])


def test_a_long_difference_is_cut_for_a_person_and_whole_for_a_program(workspace, capsys):
    where = ["--workspace", str(workspace), "--to", "csv"]
    ids = [f"L-{i}" for i in range(30)]
    rows = scores().head(1).drop(columns="record_id").merge(pd.DataFrame({"record_id": ids}), how="cross")
    write_ledger(workspace, as_of=MAY, scores=rows)
    ran(capsys, "export", *where, "--send")
    write_ledger(workspace, as_of=MAY, scores=rows.assign(probability=0.8, reasons_for="no reply " * 20))
    said = ran(capsys, "export", *where)
    assert "... and 50 more: --json" in said and max(map(len, said.splitlines()[2:])) < 120
    changes = json.loads(ran(capsys, "export", *where, "--json"))["changes"]
    assert len(changes) == 60
    assert changes[0] == {"id": "L-0", "change": "changed", "column": "probability", "old": 0.81, "new": 0.8}


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("no usable signal", "they tell no more than the base rate. Nothing leaves; learn from more records"),
        ("suspected leak", "they are too good to be true. Nothing leaves; clear up the suspect fields"),
        (["publish", "publish", "suspected leak"], "the verdict on 1 of 3 scores is 'suspected leak'"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_scores_that_are_not_fit_for_use_never_leave(tmp_path, capsys, verdict, said, language):
    workspace = make_workspace(tmp_path / "ws", language)
    where = ["--workspace", str(workspace), "--to", "csv"]
    write_ledger(workspace, as_of=MAY, scores=scores())
    ran(capsys, "export", *where, "--send")
    path = workspace / "data" / "processed" / "lead_scores.csv"
    before = path.read_bytes()
    write_ledger(workspace, as_of=JUNE, scores=scores(verdict=verdict))
    for more in ([], ["--send"], ["--send", "--json"]):
        assert said in refused(capsys, "export", *where, *more)
    assert path.read_bytes() == before and len(list(path.parent.glob("*.csv"))) == 1


@pytest.mark.parametrize(
    ("verdict", "said"), [("provisional", "use them with care"), ("ranks only", "use their order, for the probabilit")]
)
def test_scores_to_beware_of_leave_with_their_verdict(workspace, capsys, verdict, said):
    where = ["--workspace", str(workspace), "--to", "csv", "--send"]
    write_ledger(workspace, as_of=MAY, scores=scores(verdict=verdict))
    assert f"The verdict on 3 of them is {verdict}: {said}" in ran(capsys, "export", *where)
    lines = (workspace / "data" / "processed" / "lead_scores.csv").read_text(encoding="utf-8-sig").splitlines()
    assert all(line.endswith(f",{verdict}") for line in lines[1:])


def test_a_chinese_workspace_exports_and_speaks_chinese(tmp_path, capsys):
    workspace = make_workspace(tmp_path / "工作区", "zh")
    where = ["--workspace", str(workspace), "--to", "csv"]
    write_ledger(workspace, as_of=MAY, scores=scores(verdict="ranks only"))
    said = ran(capsys, "export", *where)
    assert said.startswith("lead_score，截至 2026-05-25：共 3 条评分，此前没有导出。其中 3 条的结论为“仅可排序”")
    assert "请加上 --send" in said
    ran(capsys, "export", *where, "--send")
    lines = (workspace / "data" / "processed" / "lead_scores.csv").read_text(encoding="utf-8-sig").splitlines()
    assert ",热," in lines[1] and lines[1].endswith(",仅可排序")
    write_ledger(workspace, as_of=MAY, scores=scores(verdict="ranks only", grade=["Warm", "Warm", "Cold"]))
    assert re.search(
        r"编号\s+变化类型\s+列\s+原值\s+新值\n\s*L-1\s+变化\s+grade\s+热\s+温", ran(capsys, "export", *where)
    )
    # For a program the verdict has one name.
    assert json.loads(ran(capsys, "export", *where, "--json"))["verdicts"] == {"ranks only": 3}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            [],
            "no scores 'lead_score' in data/processed/scores yet (did you mean 'renewal_score'?); run: funnelml score",
        ),
        (["--score", "../renewal_score"], "cannot name scores"),
        (["--score", ""], "'' cannot name scores"),
        (["--score", "renewal_score", "--as-of", "2026-05-26"], "there are those of 2026-05-25. For others"),
        (["--score", "renewal_score", "--as-of", "May"], "as-of 'May' is not a date; write it as YYYY-MM-DD"),
        (["--score", "renewal_score", "--out", "scores.xlsx"], "scores.xlsx does not end in .csv"),
        (["--workspace", "nowhere"], "make a workspace with"),
    ],
)
def test_export_refuses_what_cannot_be_answered(workspace, capsys, arguments, said):
    write_ledger(workspace, name="renewal_score", as_of=MAY, scores=scores())
    assert said in refused(capsys, "export", "--to", "csv", "--workspace", str(workspace), *arguments, "--send")
    assert list((workspace / "data" / "processed").glob("*.*")) == []


def test_another_target_is_refused_by_name(workspace, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["export", "--to", "pdf", "--workspace", str(workspace)])
    assert "invalid choice: 'pdf'" in capsys.readouterr().err


CARD = ModelCard(
    as_of=MAY,
    funnel="sales",
    outcome="won within 28 days",
    horizon="28d",
    data_hash="ab" * 32,
    rows=1200,
    positives=300,
    features=("amount", "来源"),
    seed=7,
    metrics={"auc": 0.71234, "log_loss": float("nan")},
    verdict="Provisional: usable with care. AUC 0.712.",
    leaks=("close_reason is filled after the outcome",),
)


@pytest.fixture(scope="module")
def model() -> Scorecard:
    return Scorecard().fit(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1]))


def store(workspace: Path, model: Scorecard, **facts: object) -> str:
    return save_model(workspace / "models", name="lead_score", model=model, card=replace(CARD, **facts))


def test_without_models_one_line_says_how_to_make_one(tmp_path, workspace, capsys):
    assert ran(capsys, "models", "--workspace", str(workspace)) == (
        "No model is stored yet. Make one with: funnelml score\n"
    )
    chinese = make_workspace(tmp_path / "zh", "zh")
    assert ran(capsys, "models", "list", "--workspace", str(chinese)) == (
        "尚未保存任何模型。训练并保存模型：funnelml score\n"
    )
    assert json.loads(ran(capsys, "models", "--json", "--workspace", str(workspace))) == {
        "schema_version": 1,
        "models": [],
    }


def test_models_are_listed_with_what_is_in_use_and_what_is_wrong(workspace, model, capsys):
    where = ["--workspace", str(workspace)]
    old, new = store(workspace, model), store(workspace, model, as_of=JUNE, rows=1500, verdict="可以发布：概率可以展示")
    use_model(workspace / "models", old)
    said = ran(capsys, "models", *where)
    assert said.startswith(f"2 models are stored; in use: {old}.")
    assert re.search(rf"{old}\s+yes\s+2026-05-25\s+won within 28 days\s+1,200\s+300\s+Provisional\n", said)
    assert re.search(rf"{new}\s+-\s+2026-06-29\s+won within 28 days\s+1,500\s+300\s+可以发布\n", said)
    (workspace / "models" / new / "card.json").write_text("{}", encoding="utf-8")
    said = ran(capsys, "models", "list", *where)
    assert f"cannot be used: {new}." in said and "card.json is no card of a model" in said
    first, second = json.loads(ran(capsys, "models", "list", "--json", *where))["models"]
    assert (first["model_id"], first["in_use"], first["rows"], first["problem"]) == (old, True, 1200, "")
    assert (second["model_id"], second["rows"], second["verdict"]) == (new, None, None) and second["problem"]


def test_a_model_is_shown_with_its_card(tmp_path, workspace, model, capsys):
    model_id = store(workspace, model)
    where = ["--workspace", str(workspace)]
    said = ran(capsys, "models", "show", model_id, *where)
    assert said.startswith(f"# {model_id}\n") and "| metrics: AUC | 0.71234 |" in said
    assert "close_reason is filled after the outcome" in said
    assert said.endswith(f"It is not in use; to use it: funnelml models use {model_id}\n")
    told = json.loads(ran(capsys, "models", "show", model_id, "--json", *where))
    assert (told["model_id"], told["in_use"], told["positives"], told["metrics"]["log_loss"]) == (
        model_id,
        False,
        300,
        None,
    )
    use_model(workspace / "models", model_id)
    assert ran(capsys, "models", "show", model_id, *where).endswith("It is in use.\n")
    chinese = make_workspace(tmp_path / "zh", "zh")
    said = ran(capsys, "models", "show", store(chinese, model), "--workspace", str(chinese))
    assert "用截至 2026-05-25 已知的 1,200 行训练" in said and "该模型未在使用" in said


def test_two_models_are_compared_by_what_differs(tmp_path, workspace, model, capsys):
    old = store(workspace, model)
    new = store(
        workspace, model, as_of=JUNE, data_hash="cd" * 32, rows=1500, features=("amount",), metrics={"auc": 0.75}
    )
    where = ["--workspace", str(workspace)]
    said = ran(capsys, "models", "compare", old, new, *where)
    assert "learned from different rows" in said and "auc 0.7123 -> 0.75." in said and f"Only {old} has 来源." in said
    assert f"{old}: Provisional: usable with care." in said
    table = said[said.index("fact") :]
    assert re.search(r"rows\s+1,200\s+1,500", table) and re.search(r"metrics: AUC\s+0\.7123\s+0\.75\n", table)
    assert "positives" not in table and "seed" not in table, "what is the same is no difference"
    told = json.loads(ran(capsys, "models", "compare", old, new, "--json", *where))
    facts = {fact["field"]: (fact["first"], fact["second"], fact["same"]) for fact in told["facts"]}
    assert facts["rows"] == (1200, 1500, False) and facts["seed"] == (7, 7, True)
    chinese = make_workspace(tmp_path / "zh", "zh")
    ids = store(chinese, model), store(chinese, model, rows=1500)
    said = ran(capsys, "models", "compare", *ids, "--workspace", str(chinese))
    assert "用相同的 1,200 行训练" in said and "项目" in said


def test_a_model_is_put_in_use_and_taken_back(workspace, model, capsys):
    old, new = store(workspace, model), store(workspace, model, as_of=JUNE)
    where = ["--workspace", str(workspace)]
    ran(capsys, "models", "use", old, *where)
    said = ran(capsys, "models", "use", new, *where)
    assert said.startswith(f"{new} is in use now. Learned from 1,200 rows known on 2026-06-29, 300 of them won")
    assert current_model(workspace / "models", "lead_score") == new
    told = json.loads(ran(capsys, "models", "roll-back", "--json", *where))
    assert told["model_id"] == old and told["in_use"] is True
    assert current_model(workspace / "models", "lead_score") == old
    assert "was in use before" in refused(capsys, "models", "roll-back", "lead_score", *where)
    assert "no model 'other' was in use" in refused(capsys, "models", "roll-back", "other", *where)
    assert current_model(workspace / "models", "lead_score") == old


def test_a_model_that_was_changed_is_not_put_in_use(workspace, model, capsys):
    old, new = store(workspace, model), store(workspace, model, as_of=JUNE)
    where = ["--workspace", str(workspace)]
    ran(capsys, "models", "use", old, *where)
    with (workspace / "models" / new / "model.skops").open("ab") as file:
        file.write(b"x")
    assert "model.skops was changed after it was saved" in refused(capsys, "models", "use", new, *where)
    assert current_model(workspace / "models", "lead_score") == old


def test_an_id_that_is_none_says_which_was_meant(workspace, model, capsys):
    model_id = store(workspace, model)
    where = ["--workspace", str(workspace)]
    wrong = model_id[:-1] + ("0" if model_id[-1] != "0" else "1")
    for action in (["show", wrong], ["use", wrong], ["compare", model_id, wrong]):
        assert f"(did you mean '{model_id}'?)" in refused(capsys, "models", *action, *where)
    assert "make a workspace with" in refused(capsys, "models", "show", model_id, "--workspace", "nowhere")


def test_what_is_said_before_the_action_counts_as_well(workspace, model, capsys):
    model_id = store(workspace, model)
    before = ran(capsys, "models", "--workspace", str(workspace), "--json", "show", model_id)
    assert before == ran(capsys, "models", "show", "--json", model_id, "--workspace", str(workspace))
    assert json.loads(before)["model_id"] == model_id
