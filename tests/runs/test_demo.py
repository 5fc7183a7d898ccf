"""The demonstration: its workspace, and the repository as the same workspace."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from funnelml.cli import main
from funnelml.errors import SettingsError
from funnelml.runs.demo import demo_settings, make_demo
from funnelml.runs.workspace import load_workspace

ROOT = Path(__file__).resolve().parents[2]


def test_the_repository_is_the_workspace_of_the_demonstration():
    assert (ROOT / "funnelml.toml").read_text(encoding="utf-8") == demo_settings("en")


@pytest.mark.parametrize(("language", "open_records"), [("en", 150), ("zh", 30)])
def test_it_makes_a_workspace_once(tmp_path, language, open_records):
    root = tmp_path / "demo"
    assert make_demo(root, language=language) == date(2026, 6, 30)
    (root / "notebooks" / "revenue_forecast.ipynb").write_text("mine", encoding="utf-8")
    make_demo(root, language=language)
    assert (root / "notebooks" / "revenue_forecast.ipynb").read_text(encoding="utf-8") == "mine"
    workspace = load_workspace(root)
    assert workspace.to_dict()["funnels"][workspace.settings.funnels[0].name]["records"] > open_records


def test_it_touches_no_other_folder(tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not empty and no workspace"):
        make_demo(tmp_path)
    (tmp_path / "funnelml.toml").write_text("version = 1", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not the demonstration's"):
        make_demo(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["funnelml.toml", "letter.txt"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_whole_demonstration(tmp_path, capsys, language):
    assert main(["demo", str(tmp_path / "demo"), "--language", language]) == 0
    said = capsys.readouterr().out
    assert "are expected to book" in said and "win_rate_x_amount" in said and "revenue_forecast.html" in said
    (page,) = (tmp_path / "demo" / "runs").glob("*/revenue_forecast.html")
    assert page.stat().st_size > 50_000
