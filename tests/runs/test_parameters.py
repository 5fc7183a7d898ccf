"""Parameters: read from the notebook's cell, converted where that is safe, refused with the reason otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from funnelml.errors import RunError
from funnelml.runs.parameters import check_parameters, read_parameters

CELL = """
as_of: str = "2026-06-30"  # a day
note: str = "5 # a hash"
draws: int = 10_000
quota = 0.5
quick: bool = False
tags: list = ["a"]
"""


def read(source: str):
    cells = [new_markdown_cell("# Title"), new_code_cell(source, metadata={"tags": ["parameters"]})]
    return read_parameters(new_notebook(cells=cells), "tiny")


def check(**given: object) -> dict[str, object]:
    return check_parameters(given, read(CELL), "tiny")


def test_the_cell_is_read_with_types_and_defaults():
    known = read(CELL)
    assert {name: (p.kind, p.default) for name, p in known.items()} == {
        "as_of": (str, "2026-06-30"),
        "note": (str, "5 # a hash"),
        "draws": (int, 10_000),
        "quota": (float, 0.5),
        "quick": (bool, False),
        "tags": (list, ["a"]),
    }


def test_a_notebook_without_the_cell_takes_none():
    assert read_parameters(new_notebook(cells=[new_code_cell("x = 1")]), "tiny") == {}


@pytest.mark.parametrize(
    "source", ["x: int | None = None", "x = None", "x = date.today()", "x: date = '2026-01-01'", "x: int", "x = (1, 2)"]
)
def test_a_parameter_that_is_no_plain_literal_is_named(source):
    with pytest.raises(RunError, match="parameter 'x' of notebook 'tiny' is no literal of a plain type"):
        read(source)


def test_a_cell_that_is_no_python_is_named():
    with pytest.raises(RunError, match="parameters cell of notebook 'tiny' is not Python"):
        read("x = = 1")


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("as_of", date(2026, 7, 5), "2026-07-05"),
        ("as_of", datetime(2026, 7, 5, tzinfo=UTC), "2026-07-05"),
        ("as_of", pd.Timestamp("2026-07-05"), "2026-07-05"),
        ("as_of", np.datetime64("2026-07-05"), "2026-07-05"),
        ("as_of", pd.Timestamp("2026-07-05 13:30"), "2026-07-05T13:30:00"),
        ("note", Path("a") / "b", str(Path("a") / "b")),
        ("note", np.str_('"中文" \\ {x}'), '"中文" \\ {x}'),
        ("note", "17", "17"),
        ("draws", "500", 500),
        ("draws", np.int64(500), 500),
        ("quota", "1e6", 1_000_000.0),
        ("quota", 7, 7.0),
        ("quota", np.float32(0.5), 0.5),
        ("quick", "Yes", True),
        ("quick", np.bool_(True), True),
        ("tags", '["b", 2]', ["b", 2]),
    ],
)
def test_what_can_be_converted_safely_is(name, given, value):
    (told,) = check(**{name: given}).values()
    assert told == value
    assert type(told) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("as_off", "2026-01-01", r"it has no parameter 'as_off' \(did you mean 'as_of'\?\); it has as_of, note"),
        ("zzz", 1, "it has no parameter 'zzz'; it has as_of"),
        ("", 1, "it has no parameter ''"),
        ("draws", "many", r"parameter 'draws' must be int, not 'many' \(str\)"),
        ("draws", "1.5", "parameter 'draws' must be int, not '1.5'"),
        ("draws", 1.0, r"parameter 'draws' must be int, not 1.0 \(float\)"),
        ("draws", True, r"parameter 'draws' must be int, not True \(bool\)"),
        ("draws", None, "parameter 'draws' must be int, not None"),
        ("draws", date(2026, 1, 1), "parameter 'draws' must be int, not '2026-01-01'"),
        ("quota", "1,000", "parameter 'quota' must be float, not '1,000'"),
        ("quota", float("nan"), "parameter 'quota' must be a finite number, not nan"),
        ("quota", "inf", "parameter 'quota' must be a finite number, not inf"),
        ("quick", "perhaps", "parameter 'quick' must be bool, not 'perhaps'"),
        ("quick", 1, r"parameter 'quick' must be bool, not 1 \(int\)"),
        ("as_of", 20260101, r"parameter 'as_of' must be str, not 20260101 \(int\)"),
        ("as_of", pd.NaT, r"parameter 'as_of' must be str, not NaT"),
        ("as_of", "\udcff", "parameter 'as_of' cannot be written down as text"),
        ("tags", "a,b", "parameter 'tags' must be list, not 'a,b'"),
        ("tags", [object()], "parameter 'tags' cannot be written down as text"),
    ],
)
def test_what_cannot_is_refused_by_name(name, given, why):
    with pytest.raises(RunError, match=why):
        check(**{name: given})


def test_all_problems_are_told_at_once():
    with pytest.raises(RunError) as caught:
        check(as_of=1, drwas=2, draws="x")
    assert str(caught.value).startswith("notebook 'tiny' was not started: ")
    assert str(caught.value).count(";") == 3
    assert "did you mean 'draws'" in str(caught.value)
