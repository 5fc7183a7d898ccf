from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.check_notebooks import find_notebook_problems

GOOD_PARAMETERS = "# how many draws\ndraws: int = 1000\nstages: list[str] = []  # all of them when empty"


def write_notebook(path: Path, *cells: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: str, *, tags: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source, "outputs": []}
    return {**cell, "execution_count": None, **changes}


def parameters(source: str = GOOD_PARAMETERS) -> dict[str, Any]:
    return code(source, tags=("parameters",))


def test_a_tidy_notebook_passes(tmp_path: Path) -> None:
    fenced = "# What will we book?\n\n```\n# not a title\n```\n## Why"
    cells = [markdown(fenced), parameters(), code("%matplotlib inline\ndraws")]
    path = write_notebook(tmp_path / "n.ipynb", *cells)
    assert find_notebook_problems(path) == []


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([markdown("no title"), parameters()], "0 H1 titles"),
        ([markdown("# One"), markdown("# Two"), parameters()], "2 H1 titles"),
        ([markdown("# One"), code("1")], "0 cells are tagged 'parameters'"),
        ([markdown("# One"), parameters(), parameters()], "2 cells are tagged 'parameters'"),
        ([markdown("# One"), parameters(), code("1", execution_count=3)], "cell 3: has outputs"),
        ([markdown("# One"), parameters(), code("1", outputs=[{"data": {}}])], "cell 3: has outputs"),
        ([markdown("# One"), parameters(), code("def f():\n    pass")], "cell 3: defines f"),
        ([markdown("# One"), parameters(), code("if 1:\n    class Deal: pass")], "cell 3: defines Deal"),
        ([markdown("# One"), parameters(), code("1 +")], "cell 3: is not Python"),
        ([markdown("# One"), parameters("draws = 1000  # how many")], "write 'name: plain_type"),
        (
            [markdown("# One"), parameters("n: int | None = None  # how many")],
            "write 'name: plain_type",
        ),
        (
            [markdown("# One"), parameters("n: int = int(5)  # how many")],
            "write 'name: plain_type",
        ),
        ([markdown("# One"), parameters("n: int = 5")], "say in a comment"),
    ],
)
def test_every_fault_is_named(tmp_path: Path, cells: list[dict[str, Any]], fault: str) -> None:
    (problem,) = find_notebook_problems(write_notebook(tmp_path / "n.ipynb", *cells))
    assert fault in problem
