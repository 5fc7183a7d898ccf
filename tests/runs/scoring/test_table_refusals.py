"""Tables that cannot be read, learned from or written are refused in words."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from funnelml.cli import main
from funnelml.errors import FunnelmlError, MappingError, ModelInputError, NotEnoughDataError
from funnelml.runs.scoring.table import score_table
from funnelml.runs.scoring.table_file import read_leads
from tests.runs.scoring.small_table import KNOWN, NEW, leads, read, written


@pytest.mark.parametrize(
    ("change", "told", "error", "said"),
    [
        ({"won": "maybe"}, {}, ModelInputError, "label 'won' is 'maybe' in all 324 rows"),
        ({"won": ""}, {}, ModelInputError, "label 'won' is empty in all 324 rows"),
        (
            {"won": ["won", "lost", "open"] * 108},
            {},
            ModelInputError,
            r"has 3 values \(lost, open, won\); it needs two",
        ),
        ({"won": ["Kunde", "nein!"] * 162}, {}, ModelInputError, "which value of label 'won' counts is not clear"),
        ({}, {"positive": "2"}, ModelInputError, "label 'won' is never '2'; it is 0, 1"),
        ({}, {"label": "Won"}, MappingError, r"leads\.csv has no column 'Won' \(did you mean 'won'\?\); it has lead, "),
        ({}, {"label": "wn", "record_id": None}, MappingError, "it has lead, visits, source, won$"),
        ({}, {"label": ""}, MappingError, "has no column ''"),
        ({}, {"record_id": "id"}, MappingError, "has no column 'id'"),
        ({}, {"record_id": "won"}, MappingError, "'won' is named as the label and as the id of a lead; name two"),
        ({}, {"keep": ("sorce",)}, MappingError, r"no column 'sorce' \(did you mean 'source'\?\)"),
        (
            {"lead": ["", *map(str, range(323))]},
            {},
            ModelInputError,
            r"no id in 1 rows \(row 2\); fill them in, or leave",
        ),
        ({"visits": lambda f: np.where(f.index >= 308, "abc", f["visits"])}, {}, ModelInputError, "now holds abc"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, change, told, error, said):
    with pytest.raises(error, match=said):
        read(tmp_path, leads().assign(**change), **told)


def test_without_a_label_the_columns_that_may_be_it_are_named(tmp_path):
    table = leads().assign(mailing=["yes", "no"] * 162)
    with pytest.raises(
        MappingError, match=r"--label .* holds the outcome; two values have 'won' \(0, 1\), 'mailing' \(no,"
    ):
        read(tmp_path, table, label=None)
    with pytest.raises(MappingError, match="no column has just two values, so add one: won or lost, yes or no"):
        read(tmp_path, table[["lead", "visits", "source"]], label=None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"lead,won\n", "has a header but no rows"),
        (
            b"Leads of 2024\nlead,won,x\na,1,2\n",
            "no row of .* fits its headings: row 2 has 3 columns where the header has 1",
        ),
        (b"lead,won,x\n,,\n,,\n", "the table has no rows"),
        (b"lead,won\na,1\nb,0\n", "no column is left to learn from"),
    ],
)
def test_files_without_leads_are_refused_in_words(tmp_path, content, said):
    (tmp_path / "leads.csv").write_bytes(content)
    with pytest.raises(FunnelmlError, match=said):
        read_leads(tmp_path / "leads.csv", label="won", record_id="lead")


def test_too_few_outcomes_say_how_many_would_do(tmp_path):
    with pytest.raises(NotEnoughDataError, match="not among 30 records to learn from: a score takes 40 of each"):
        score_table(written(tmp_path, leads(30, 0)), label="won")
    table = leads(new=0)
    both = pd.concat([table[table["won"] == won][:45] for won in ("0", "1")])
    with pytest.raises(NotEnoughDataError, match="the table has 45 won and 45 not, a fifth of which is kept to judge"):
        score_table(written(tmp_path, both), label="won")


# --- the command ---


def test_a_table_of_noise_is_told_and_nothing_is_written(tmp_path, capsys):
    rng = np.random.default_rng(3)
    table = leads().assign(visits=rng.normal(size=KNOWN + NEW), source=rng.choice(["a", "b"], KNOWN + NEW))
    out = tmp_path / "out.csv"
    told = ["score", "--table", str(written(tmp_path, table)), "--label", "won", "--out", str(out)]
    assert main(told) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[2].startswith("No usable signal: ") and "No lead is graded." in said.out
    assert said.err.startswith(f"funnelml: {out} was not written. No usable signal: ") and not out.exists()


def test_json_stays_one_object_when_a_file_is_written_too(tmp_path, capsys):
    path, out = written(tmp_path, leads()), tmp_path / "out.parquet"
    asked = ["score", "--table", str(path), "--label", "won", "--record-id", "lead", "--json", "--out", str(out)]
    assert main(asked) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)["scores"]) == NEW and out.exists() and f"Written to {out}." in said.err


def test_a_format_that_cannot_be_written_is_refused_before_anything_is_learned(tmp_path, capsys):
    assert main(["score", "--table", "nowhere.csv", "--label", "won", "--out", "scores.xls"]) == 1
    assert "scores.xls is no file for scores (did you mean '.xlsx'?)" in capsys.readouterr().err


def test_a_table_without_a_label_column_named_is_one_line_on_stderr(tmp_path, capsys):
    assert main(["score", "--table", str(written(tmp_path, leads()))]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("funnelml: say with --label which column of leads.csv")
