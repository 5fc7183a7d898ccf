"""The command line: what it prints, and that bad input ends in one clear line with nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from funnelml.cli import main

HEADER = "id,stage,time,amount\n"
COLUMNS = ["--case", "id", "--stage", "stage", "--time", "time", "--amount", "amount"]
ENDS = ["--won", "Won", "--lost", "Lost"]


def flips(n: int = 30) -> str:
    """One record a day from 2024-01-01, won or lost in turn after five days in two stages."""
    rows = []
    for i in range(n):
        month, day = divmod(i, 28)
        end_month, end_day = divmod(i + 5, 28)
        rows.append(f"r{i},Lead,2024-{month + 1:02}-{day + 1:02} 09:00,1000")
        rows.append(f"r{i},Proposal,2024-{month + 1:02}-{day + 1:02} 15:00,1000")
        rows.append(f"r{i},{'Won' if i % 2 else 'Lost'},2024-{end_month + 1:02}-{end_day + 1:02} 12:00,1000")
    return HEADER + "\n".join(rows) + "\n"


def init(tmp_path: Path, text: str, *extra: str, won: str = "Won", lost: str = "Lost") -> Path:
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    workspace = tmp_path / "ws"
    arguments = ["init", str(workspace), "--event-log", str(tmp_path / "log.csv"), *COLUMNS]
    assert main([*arguments, "--won", won, "--lost", lost, "--time-zone", "UTC", *extra]) == 0
    return workspace


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must fail; return its one line."""
    capsys.readouterr()
    assert main(list(arguments)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("funnelml: ") and said.err.count("\n") == 1
    return said.err


def test_init_check_forecast_backtest(tmp_path, capsys):
    workspace = init(tmp_path, flips())
    assert 'stages = ["Lead", "Proposal"]' in (workspace / "funnelml.toml").read_text(encoding="utf-8")
    where = ["--workspace", str(workspace)]
    assert main(["check", *where, "--as-of", "2024-01-20"]) == 0
    assert "5 of 20 records are open, together 5,000" in capsys.readouterr().out
    assert main(["forecast", *where, "--as-of", "2024-01-20", "--horizon", "7d", "--quota", "500"]) == 0
    said = capsys.readouterr().out
    assert "The 5 records open on 2024-01-20 are expected to book" in said and "The quota of 500 is reached" in said
    assert main(["backtest", *where, "--horizon", "7d", "--draws", "100"]) == 0
    assert "win_rate_x_amount" in capsys.readouterr().out


def test_json_is_one_object_and_the_seed_decides(tmp_path, capsys):
    workspace = init(tmp_path, flips())
    where = ["--workspace", str(workspace), "--json", "--seed", "5", "--draws", "200", "--horizon", "7d"]
    capsys.readouterr()
    told = []
    for _ in range(2):
        assert main(["forecast", *where, "--as-of", "2024-01-20"]) == 0
        said = capsys.readouterr()
        assert said.err == ""
        told.append(json.loads(said.out))
    assert told[0] == told[1]
    assert told[0]["open_opportunities"] == 5 and told[0]["seed"] == 5
    assert main(["backtest", *where]) == 0
    forecasts = json.loads(capsys.readouterr().out)["forecasts"]
    assert {"origin", "target", "model", "actual", "mean", "quantiles"} <= set(forecasts[0])
    assert main(["check", "--workspace", str(workspace), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["funnels"]["sales"]["records"] == 30


def test_rows_recorded_later_change_nothing_that_is_printed(tmp_path, capsys):
    text = "id,stage,time,amount,recorded\n" + "\n".join(
        f"{line},{line.split(',')[2]}" for line in flips().splitlines()[1:]
    )
    workspace = init(tmp_path, text + "\n", "--recorded", "recorded")
    ask = ["--workspace", str(workspace), "--json", "--as-of", "2024-01-25", "--horizon", "7d", "--draws", "500"]
    capsys.readouterr()
    assert main(["forecast", *ask]) == 0
    before = capsys.readouterr().out
    with (tmp_path / "log.csv").open("a", encoding="utf-8") as log:
        log.write("r24,Won,2024-01-24 10:00,77,2024-01-26 00:00\n")  # backdated by more than a day
        log.write("r3,Proposal,2024-01-25 10:00,99000,2024-01-28 08:00\n")  # a re-opening, backdated
        log.write("new,Lead,2024-01-02 10:00,5000,2024-02-28 08:00\n")
    assert main(["forecast", *ask]) == 0
    assert capsys.readouterr().out == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no event log"),
        (b"", "is empty"),
        (b"id,stage,time,amount\n", "no rows"),
        (b"id,phase,time,amount\nr1,Lead,2024-01-01,5\n", "'stage'"),
        (bytes(range(256)) * 40, "not a"),
        (b"PK\x03\x04" + bytes(3000), "not a"),
    ],
    ids=["missing", "empty", "header only", "wrong column", "binary", "zip"],
)
def test_init_refuses_what_is_no_log(tmp_path, capsys, content, said):
    if content is not None:
        (tmp_path / "log.csv").write_bytes(content)
    workspace = tmp_path / "ws"
    line = refused(capsys, "init", str(workspace), "--event-log", str(tmp_path / "log.csv"), *COLUMNS, *ENDS)
    assert said in line
    assert not workspace.exists()


def test_init_names_the_stage_that_was_meant(tmp_path, capsys):
    (tmp_path / "log.csv").write_text(flips(), encoding="utf-8")
    ask = ["init", str(tmp_path / "ws"), "--event-log", str(tmp_path / "log.csv"), *COLUMNS, "--lost", "Lost"]
    assert "won 'Wonn' is no stage of the log (did you mean 'Won'?)" in refused(capsys, *ask, "--won", "Wonn")
    assert "name the stages that end a record: --won" in refused(capsys, *ask)
    assert not (tmp_path / "ws").exists()


def test_init_keeps_a_workspace_that_is_there(tmp_path, capsys):
    workspace = init(tmp_path, flips())
    before = (workspace / "funnelml.toml").read_bytes()
    assert "exists already" in refused(capsys, "init", str(workspace), "--template", "saas")
    assert (workspace / "funnelml.toml").read_bytes() == before


ROWS = {
    "all open": "r1,Lead,2024-01-01,5\nr2,Lead,2024-01-02,5\n",
    "no won": "r1,Lead,2024-01-01,5\nr1,Lost,2024-01-02,5\nr2,Lead,2024-01-02,5\n",
    "one record": "r1,Lead,2024-01-01,5\n",
}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("all open", "all 2 records are still open"),
        ("no won", "none of 1 closed records was won"),
        ("one record", "all 1 records are still open"),
    ],
)
def test_forecast_refuses_a_log_that_cannot_teach(tmp_path, capsys, rows, said):
    workspace = init(tmp_path, flips())
    (tmp_path / "log.csv").write_text(HEADER + ROWS[rows], encoding="utf-8")
    where = ["--workspace", str(workspace), "--as-of", "2024-01-20"]
    assert said in refused(capsys, "forecast", *where)
    assert said in refused(capsys, "forecast", *where, "--json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as-of", "2023-06-01"], "the first row was recorded on 2024-01-01; choose a later as-of date"),
        (["--as-of", "20240101x"], "is not a date; write it as YYYY-MM-DD"),
        (["--as-of", "2024-01-20", "--horizon", "0d"], "it must cover at least one day"),
        (["--as-of", "2024-01-20", "--horizon", "soon"], "write 28d, 13w, month or quarter"),
        (["--as-of", "2024-01-20", "--funnel", "sale"], "did you mean 'sales'"),
        (["--workspace", "nowhere"], "make a workspace with"),
    ],
)
def test_forecast_refuses_questions_that_cannot_be_answered(tmp_path, capsys, arguments, said):
    workspace = init(tmp_path, flips())
    assert said in refused(capsys, "forecast", "--workspace", str(workspace), *arguments)


def test_a_stage_that_is_not_in_the_funnel_stops_the_load_past_the_share(tmp_path, capsys):
    workspace = init(tmp_path, flips())
    text = flips().replace("r3,Proposal", "r3,Propsal")
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    where = ["--workspace", str(workspace), "--as-of", "2024-01-20"]
    capsys.readouterr()
    assert main(["check", *where]) == 0
    assert "quarantine.csv" in capsys.readouterr().out
    kept = (workspace / "data" / "interim" / "quarantine.csv").read_text(encoding="utf-8-sig")
    assert "Propsal" in kept and "did you mean 'Proposal'" in kept
    (tmp_path / "log.csv").write_text(flips().replace(",Proposal,", ",Propsal,"), encoding="utf-8")
    line = refused(capsys, "check", *where)
    assert "30 of 90 rows" in line and "did you mean 'Proposal'" in line


def test_chinese_headers_and_stages_in_the_encoding_of_a_chinese_export(tmp_path, capsys):
    text = flips().replace("id,stage,time,amount", "商机编号,阶段,进入时间,金额(元)").replace("Lead", "线索")
    for english, chinese in {"Proposal": "方案报价", "Won": "赢单", "Lost": "输单", ",1000": ',"¥1,000"'}.items():
        text = text.replace(english, chinese)
    (tmp_path / "日志.csv").write_bytes(text.encode("gb18030"))
    workspace = tmp_path / "工作区"
    columns = ["--case", "商机编号", "--stage", "阶段", "--time", "进入时间", "--amount", "金额(元)"]
    log = ["--event-log", str(tmp_path / "日志.csv")]
    assert main(["init", str(workspace), *log, *columns, "--won", "赢单", "--lost", "输单"]) == 0
    assert main(["forecast", "--workspace", str(workspace), "--as-of", "2024-01-20", "--horizon", "7d"]) == 0
    assert "The 5 records open" in capsys.readouterr().out


@pytest.mark.parametrize("template", ["generic", "five-stage", "saas", "industrial-equipment"])
def test_a_template_is_a_workspace_to_be_filled_in(tmp_path, capsys, template):
    assert main(["init", str(tmp_path / "ws"), "--template", template, "--language", "zh"]) == 0
    assert "describe at least one" in refused(capsys, "check", "--workspace", str(tmp_path / "ws"))


def test_help_imports_no_library():
    code = "import sys; from funnelml.cli import build_parser; build_parser().format_help(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "numpy", "duckdb", "matplotlib", "narwhals"} & set(loaded)


def test_every_command_is_in_the_readme():
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    commands = build_commands()
    questions = {"diagnose", "score", "stall", "forecast", "backtest"}
    assert commands == questions | {"demo", "init", "check", "models", "export", "run"}
    for command in commands:
        assert f"| `{command}" in readme


def build_commands() -> set[str]:
    from funnelml.cli import build_parser

    (choices,) = [a.choices for a in build_parser()._actions if a.choices]
    return set(choices)
