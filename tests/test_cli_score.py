"""The command score from end to end: scored, kept, exported, scored again, and what must never leave."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from funnelml.cli import main, score_command
from funnelml.io.current_models import current_model
from funnelml.io.model_store import model_ids
from funnelml.runs.scoring import score as scoring
from funnelml.runs.scoring import watch
from funnelml.runs.scoring.ledger import ledger_dates, made_later, read_ledger, read_past
from tests.runs.scoring.english import find_english
from tests.runs.scoring.small_crm import AS_OF, BEFORE, make_small


@pytest.fixture(autouse=True)
def few_past_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a model of its own, and they are tested elsewhere."""
    monkeypatch.setattr(watch, "MONTHS", 1)


@pytest.fixture(autouse=True)
def on_the_day_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of a day long past would be made later, and be no past scores."""
    monkeypatch.setattr(score_command, "this_day", lambda _: BEFORE + timedelta(days=1))


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small(tmp_path_factory.mktemp("english") / "ws")


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small(tmp_path_factory.mktemp("chinese") / "工作区", '[grades]\nscale = "letters"', language="zh")


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


def as_json(text: str) -> dict:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_scores_from_the_first_day_to_a_model_that_was_tampered_with(english, capsys):
    """One story, since each run takes seconds: every step stands on the one before."""
    models = english / "models"
    first = ["score", "--as-of", str(BEFORE)]

    said = ran(capsys, english, *first)
    old = current_model(models, "lead_score")
    assert said.startswith(f"Funnel 'generic' as of {BEFORE}: the chance to be won within 28 days\n\nRanks only: ")
    assert "## The model in use and the new one\nNothing can be said: no model was in use before" in said
    assert f"Model {old} (new); scores kept in" in said and said.endswith("Next: funnelml export --to csv\n")
    assert "nan" not in said and "Traceback" not in said
    scores = read_ledger(english)
    assert re.search(rf"{scores['record_id'][0]}\s+{scores['probability'][0] * 100:.0f}\s%", said)

    csv = english / "data" / "processed" / "lead_scores.csv"
    assert "Nothing was written" in ran(capsys, english, "export", "--to", "csv") and not csv.exists()
    ran(capsys, english, "export", "--to", "csv", "--send")
    content = csv.read_bytes()
    assert content.decode("utf-8-sig").count("\n") == 1 + len(scores)

    said = ran(capsys, english, *first)
    assert f"Model {old} (as before)" in said and "; the model in use stays" in said
    told = as_json(ran(capsys, english, "export", "--to", "csv", "--send", "--json"))
    assert (told["new"], told["changed"], told["gone"], told["written"]) == (0, 0, 0, False)
    assert csv.read_bytes() == content and model_ids(models) == [old]

    told = as_json(ran(capsys, english, "score", "--as-of", str(AS_OF), "--json"))
    assert told["model_id"] == old == current_model(models, "lead_score") and model_ids(models) == [old]
    assert "40 would do to compare; the model in use stays" in told["sections"]["challenge"]["summary"]
    assert ledger_dates(english) == [BEFORE, AS_OF]
    # What went out first is held against what happened, as it was told.
    due = sum(row["records"] for row in told["sections"]["past"]["rows"])
    assert due == len(read_ledger(english, as_of=BEFORE))
    # Made again when a later day has gone out, they change nothing of what had.
    assert "Their day was past when they were made" in ran(capsys, english, *first)
    assert list(made_later(english)) == [BEFORE] and len(read_past(english, "lead_score", AS_OF)) == due
    assert re.search(rf"{old}\s+yes\s+{BEFORE}\s+won within 28 days", ran(capsys, english, "models"))

    (models / old / "model.skops").write_bytes(b"PK")
    told = as_json(ran(capsys, english, "score", "--as-of", str(AS_OF), "--json"))
    assert "model.skops was changed after it was saved" in told["sections"]["challenge"]["summary"]
    new = current_model(models, "lead_score")
    assert told["model_id"] == new != old and set(read_ledger(english)["model_id"]) == {new}

    said = refused(capsys, english, "score", "--as-of", str(AS_OF), "--funnel", "leads")
    assert "give these scores a name of their own with --score" in said
    asked = ["score", "--as-of", str(AS_OF), "--funnel", "leads", "--score", "leads", "--dry-run", "--json"]
    told = as_json(ran(capsys, english, *asked))
    assert told["funnel"] == "leads" and all(row["record_id"].startswith("L-") for row in told["scores"])
    assert current_model(models, "lead_score") == new and current_model(models, "leads") is None


def test_a_chinese_workspace_speaks_chinese(chinese, capsys):
    dry = as_json(ran(capsys, chinese, "score", "--as-of", str(AS_OF), "--json", "--dry-run"))
    assert dry["schema_version"] == 1 and dry["model_id"] is None and dry["scores"]
    assert dry["sections"]["leaks"]["title"] == scoring.TITLES["leaks"][1]
    assert re.search("[\u4e00-\u9fff]", dry["sections"]["evaluation"]["summary"])
    assert not (chinese / "models").exists() and ledger_dates(chinese) == []
    said = ran(capsys, chinese, "score", "--as-of", str(AS_OF))
    assert said.startswith("漏斗“generic”，截至 2026-06-30：") and "暂定" in said
    assert re.search(r"记录\s+概率\s+80 % 区间\s+等级\s+有利\s+不利", said)
    titles = [line for line in said.splitlines() if line.startswith("## ")]
    own = [zh for name, (_, zh) in scoring.TITLES.items() if name not in ("grades", "trend")]
    assert titles == [f"## {title}" for title in (*own, "未使用的字段")] and find_english(said) == []
    assert "下一步：funnelml export --to csv" in said
    told = read_ledger(chinese)
    assert told["record_id"].tolist() == [row["record_id"] for row in dry["scores"]]
    assert told["reasons_for"].str.contains("[\u4e00-\u9fff]").any() and set(told["grade"]) <= set("ABCD")
    csv = chinese / "data" / "processed" / "lead_scores.csv"
    assert f"已写入 {csv}。" in ran(capsys, chinese, "export", "--to", "csv", "--send")
    sent = pd.read_csv(csv, encoding="utf-8-sig", dtype=str)
    assert len(sent) == len(told) and (sent["verdict"] == "暂定").all()


def without_signal(*arguments, **asked):
    """Labels dealt anew to the rows."""
    rows = training_rows(*arguments, **asked)
    return replace(rows, label=np.random.default_rng(0).permutation(rows.label))


training_rows = scoring.training_rows


def test_scores_that_tell_nothing_are_told_so_and_kept_nowhere(english, capsys, monkeypatch):
    monkeypatch.setattr(scoring, "training_rows", without_signal)
    said = ran(capsys, english, "score", "--as-of", str(AS_OF), "--score", "chance")
    assert "No usable signal" in said and said.endswith("Nothing was kept: no usable signal.\n")
    assert current_model(english / "models", "chance") is None and ledger_dates(english, "chance") == []
    said = refused(capsys, english, "export", "--to", "csv", "--score", "chance", "--send")
    assert "there are no scores 'chance'" in said
    assert not (english / "data" / "processed" / "chance.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as-of", "2025-06-30"], "a score takes 40 of each, that is about 343 records at the present rate"),
        (["--as-of", "2020-01-01"], "no outcome is known by 2020-01-01"),
        (["--as-of", "June"], "as-of 'June' is not a date; write it as YYYY-MM-DD"),
        (["--as-of", "2026-06-30", "--funnel", "lead"], "no funnel 'lead' (did you mean 'leads'?)"),
    ],
)
def test_what_cannot_be_answered_is_one_line_and_keeps_nothing(english, capsys, arguments, said):
    before = model_ids(english / "models")
    assert said in refused(capsys, english, "score", *arguments, "--score", "other")
    assert model_ids(english / "models") == before and ledger_dates(english, "other") == []


def test_a_name_that_is_none_is_refused_before_anything_is_learned(english, capsys, monkeypatch):
    monkeypatch.setattr(scoring, "training_rows", None)
    said = refused(capsys, english, "score", "--as-of", str(AS_OF), "--score", "../x")
    assert "'../x' cannot name scores" in said


def test_a_seed_below_zero_is_refused_before_anything_is_read(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["score", "--seed", "-1"])
    assert "must not be negative" in capsys.readouterr().err
