"""Odd logs through every diagnostic: sensible words, no warning, and the same answer on both engines."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from funnelml.runs.diagnose import diagnose
from funnelml.runs.workspace import load_workspace

Rows = list[tuple[str, str, int]]


def through(ends: list[str]) -> Rows:
    steps = ((k, end) for k, end in enumerate(ends))
    return [row for k, end in steps for row in ((f"r{k}", "A", k), (f"r{k}", "B", k + 1), (f"r{k}", end, k + 4))]


ODD: dict[str, tuple[list[str], Rows, str]] = {
    "one stage": (["A"], [(f"r{k}", s, k + d) for k in range(60) for s, d in (("A", 0), ("WL"[k % 2], 2))], ""),
    "a stage nobody entered": (["A", "Z", "B"], through(["WL"[k % 2] for k in range(60)]), ""),
    "no losses": (["A", "B"], through(["W"] * 60), "100"),
    "no wins": (["A", "B"], through(["L"] * 60), "100"),
    "nothing closed": (["A", "B"], [(f"r{k}", "A", k) for k in range(40)], ""),
    "one record": (["A", "B"], [("r1", "A", 0)], ""),
    "a rep with one opportunity": (["A", "B"], through(["WLL"[k % 3] for k in range(60)]), "100"),
}


def workspace_of(root: Path, name: str, engine: str, grain: str):
    stages, rows, amount = ODD[name]
    root.mkdir()
    start, form = datetime(2025, 1, 6, 9, tzinfo=UTC), "%Y-%m-%d" if grain == "day" else "%Y-%m-%d %H:%M"
    lines = [
        f"{r},{s},{start + timedelta(days=d):{form}},{amount},{'solo' if r == 'r1' else 'Ann'}\n" for r, s, d in rows
    ]
    (root / "log.csv").write_text("id,stage,time,amount,owner\n" + "".join(lines), encoding="utf-8")
    (root / "funnelml.toml").write_text(
        f'version = 1\ngrain = "{grain}"\nengine = "{engine}"\ntime_zone = "Europe/Berlin"\n'
        f'[[funnel]]\nname = "f"\nstages = {json.dumps(stages)}\nwon = ["W"]\nlost = ["L"]\n'
        '[[source]]\ntable = "event_log"\nfunnel = "f"\nfile = "log.csv"\n[source.columns]\nrecord_id = "id"\n'
        'stage = "stage"\nentered_at = "time"\namount = "amount"\nowner = "owner"\n',
        encoding="utf-8",
    )
    return load_workspace(root)


@pytest.mark.parametrize("grain", ["instant", "day"])
@pytest.mark.parametrize("name", ODD)
def test_an_odd_log_is_told_in_sensible_words(tmp_path, name, grain):
    told = {}
    for engine in ("pandas", "duckdb"):
        found = diagnose(workspace_of(tmp_path / engine, name, engine, grain), as_of=date(2025, 5, 1))
        both = [found.to_dict("en"), found.to_dict("zh")]
        told[engine] = json.dumps(both, allow_nan=False, ensure_ascii=False)
        for section in found.sections:
            words = f"{section.summary()} {section.summary('zh')}".lower().replace("(", " ").split()
            assert not {"nan", "inf", "none%", "nan%"} & set(words), section.name
    assert told["pandas"] == told["duckdb"]
