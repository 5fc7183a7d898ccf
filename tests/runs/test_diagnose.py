"""All diagnostics of a workspace in one go: answers where the data have them, reasons where they have not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from funnelml.cli import main
from funnelml.runs.demo import make_demo
from funnelml.runs.diagnose import TITLES, diagnose
from funnelml.runs.workspace import load_workspace

AS_OF = date(2026, 6, 30)
LOG = "id,stage,time\n" + "\n".join(
    f"r{k},{stage},2024-{1 + k // 28:02}-{1 + k % 28:02} {hour:02}:00"
    for k in range(40)
    for stage, hour in (("Only", 9), ("Won" if k % 3 else "Lost", 15))
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "ws"
    make_demo(root, language="zh")
    settings = root / "funnelml.toml"
    told = '\n[[benchmark]]\nstage = "方案"\nconversion = 0.95\n[[entry_criterion]]\nstage = "方案"\nfield = "amount"\n'
    told += '[[process_change]]\nname = "新话术"\ndate = 2025-10-01\nstage = "方案"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + told, encoding="utf-8")
    return root


def test_every_question_is_answered_on_the_sample(demo):
    found = diagnose(load_workspace(demo), as_of=AS_OF)
    assert [section.name for section in found.sections] == [*TITLES, "change 新话术"]
    assert [section.why_not for section in found.sections if section.result is None] == []
    for section in found.sections:
        assert section.summary() and section.summary("zh")
        assert section.summary() != section.summary("zh"), section.name
    assert found["benchmarks"].result is not None and "方案" in found["benchmarks"].summary("zh")


def test_what_is_learned_later_changes_nothing(demo):
    book = load_workspace(demo)
    early = diagnose(book, as_of=date(2025, 12, 31))
    again = diagnose(book, as_of=date(2025, 12, 31))
    assert early.to_dict() == again.to_dict()
    assert "2026" not in early["gaps"].summary()


def test_json_on_the_command_line(demo, capsys):
    assert main(["diagnose", "--workspace", str(demo), "--as-of", str(AS_OF), "--since", "2026-03-31", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema_version"], told["as_of"], told["since"]) == (1, "2026-06-30", "2026-03-31")
    assert told["sections"]["gaps"]["title"] == "缺口与亮点"
    steps = {row["step"]: row["amount"] for row in told["sections"]["bridge"]["rows"]}
    assert sum(v for step, v in steps.items() if step != "end") == steps["end"]


def test_text_on_the_command_line_of_a_log_with_one_stage_and_no_amounts(tmp_path, capsys):
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    root = tmp_path / "ws"
    columns = ["--case", "id", "--stage", "stage", "--time", "time", "--won", "Won", "--lost", "Lost"]
    assert main(["init", str(root), "--event-log", str(tmp_path / "log.csv"), *columns, "--time-zone", "UTC"]) == 0
    capsys.readouterr()
    assert main(["diagnose", "--workspace", str(root), "--as-of", "2024-03-01"]) == 0
    said = capsys.readouterr().out
    assert "## Gaps and strengths" in said and "## Early warnings" in said
    assert "Nothing can be said: no lead had been recorded by 2024-03-01" in said
    assert "nan" not in said and "Traceback" not in said


def test_an_as_of_before_the_first_row_says_so(tmp_path, demo, capsys):
    assert main(["diagnose", "--workspace", str(demo), "--as-of", "2001-01-01"]) == 0
    said = capsys.readouterr().out
    assert said.count("无法给出结论：nothing is known") >= 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--since", "monday"], "--since 'monday' is not a date"), (["--funnel", "generc"], "no funnel 'generc'")],
)
def test_bad_arguments_are_one_line(demo, capsys, arguments, words):
    assert main(["diagnose", "--workspace", str(demo), "--as-of", str(AS_OF), *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == "" and words in said.err and said.err.count("\n") == 1
