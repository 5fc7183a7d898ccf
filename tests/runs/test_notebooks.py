"""Finding, opening and copying notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from funnelml.errors import RunError
from funnelml.runs.notebooks import copy_notebooks, find_notebook, open_notebook, shipped_notebooks


def test_a_name_means_the_notebook_of_the_workspace_first(tmp_path):
    assert find_notebook("revenue_forecast", tmp_path) == shipped_notebooks() / "revenue_forecast.ipynb"
    copy_notebooks(tmp_path)
    assert find_notebook("revenue_forecast", tmp_path) == tmp_path / "notebooks" / "revenue_forecast.ipynb"


def test_a_path_means_itself_seen_from_here_or_from_the_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here, there = Path("mine.ipynb"), tmp_path / "ws" / "mine.ipynb"
    there.parent.mkdir()
    there.touch()
    assert find_notebook("mine.ipynb", tmp_path / "ws") == there
    here.touch()
    assert find_notebook("mine.ipynb", tmp_path / "ws") == here


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (
            "revenue_forcast",
            r"no notebook 'revenue_forcast' \(did you mean 'revenue_forecast'\?\); there are funnel_diag",
        ),
        ("x/revenue_forecast.ipynb", r"no notebook 'x/revenue_forecast.ipynb' \(did you mean 'revenue_forecast'\?\)"),
        ("job.py", "'job.py' is no notebook"),
        ("", "there is no notebook ''"),
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path, wanted, why):
    with pytest.raises(RunError, match=why):
        find_notebook(wanted, tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"{}", b"\xff\xfe\x00", b'{"nbformat": 9, "cells": []}'])
def test_a_file_that_is_no_notebook_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(RunError, match="is not a valid notebook: ") as caught:
        open_notebook(path)
    assert "\n" not in str(caught.value)


def test_an_older_notebook_gets_cell_ids_without_a_warning(tmp_path):
    path = tmp_path / "old.ipynb"
    path.write_text(
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, '
        '"cells": [{"cell_type": "markdown", "metadata": {}, "source": "# Hi"}]}',
        encoding="utf-8",
    )
    assert open_notebook(path).cells[0]["id"]


def test_copying_keeps_what_is_there(tmp_path):
    copy_notebooks(tmp_path)
    mine = tmp_path / "notebooks" / "revenue_forecast.ipynb"
    assert mine.read_bytes() == (shipped_notebooks() / "revenue_forecast.ipynb").read_bytes()
    mine.write_text("mine", encoding="utf-8")
    copy_notebooks(tmp_path)
    assert mine.read_text(encoding="utf-8") == "mine"
