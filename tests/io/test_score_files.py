"""Scores as a file: what never leaves, what changed since the last export, and that a second export changes nothing."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import InputError, SourceError
from funnelml.io.safe_cells import begins_like_formula, neutralise, restore
from funnelml.io.score_files import export_scores, plan_export, write_scores
from funnelml.io.score_formats import FORMATS, rows_from_bytes, rows_to_bytes
from funnelml.io.score_rows import COLUMNS, TEXTS, check_rows

IDS = ["0012", "1e5", "客户-7", "L-4"]


def scores(**columns: object) -> pd.DataFrame:
    """Four scored records, with these columns in the place of the usual ones."""
    usual: dict[str, object] = {
        "id": IDS,
        "probability": [0.81236, 0.5, 0.25, 0.00004],
        "low": [0.7, 0.4, 0.2, 0.0],
        "high": [0.9, 0.6, 0.3, 0.01],
        "grade": ["Hot", "Warm", "温", "Cold"],
        "reasons_for": ["3 meetings in 30 days", '近期来电, "演示"', "line\nbreak", None],
        "reasons_against": ["", "no budget; late", np.nan, "quiet"],
        "model_id": "lead_score-2026-06-30-1a2b3c4d",
        "as_of": date(2026, 6, 30),
        "verdict": "publish",
    }
    return pd.DataFrame(usual | columns)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_gives_back_its_rows(ending):
    rows = check_rows(scores())
    back = check_rows(rows_from_bytes(rows_to_bytes(rows, ending), ending))
    pd.testing.assert_frame_equal(back, rows)
    assert list(back["id"]) == IDS
    assert list(back["probability"]) == [0.8124, 0.5, 0.25, 0.0]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_second_export_changes_nothing_and_leaves_the_bytes(tmp_path, ending):
    path = tmp_path / f"lead_scores{ending}"
    first = export_scores(scores(), path, write=True)
    assert (first.previous, first.new, first.changed, first.unchanged, first.gone) == (None, 4, 0, 0, 0)
    before = path.read_bytes(), path.stat().st_mtime_ns
    # Below the stated four decimals nothing counts, nor does the order of the rows.
    moved = scores(probability=[0.81237, 0.5, 0.25, 0.00001]).iloc[::-1]
    again = export_scores(moved, path, write=True)
    assert again.changes.empty and again.unchanged == 4
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert not write_scores(again, path)
    # The same rows have the same bytes wherever they are written.
    assert write_scores(first, tmp_path / f"other{ending}")
    assert (tmp_path / f"other{ending}").read_bytes() == before[0]


def test_without_write_nothing_is_written(tmp_path):
    path = tmp_path / "lead_scores.csv"
    export_scores(scores(), path)
    assert list(tmp_path.iterdir()) == []
    export_scores(scores(), path, write=True)
    before = path.read_bytes()
    assert export_scores(scores(grade="Hot"), path).changed == 3
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_the_difference_is_told_by_record_and_column(tmp_path):
    path = tmp_path / "lead_scores.xlsx"
    export_scores(scores(), path, write=True)
    now = scores(
        id=["0012", "1e5", "12", "L-4"],
        probability=[0.75, 0.5, 0.25, 0.5],
        high=[0.9, 0.6, 0.3, 0.6],
        grade=["Warm", "Warm", "温", "Warm"],
    )
    plan = plan_export(now, previous=path)
    assert (plan.new, plan.changed, plan.unchanged, plan.gone) == (1, 2, 1, 1)
    assert list(plan.to_frame().itertuples(index=False, name=None)) == [
        ("12", "new", "", None, None),
        ("0012", "changed", "probability", 0.8124, 0.75),
        ("L-4", "changed", "probability", 0.0, 0.5),
        ("L-4", "changed", "high", 0.01, 0.6),
        ("0012", "changed", "grade", "Hot", "Warm"),
        ("L-4", "changed", "grade", "Cold", "Warm"),
        ("客户-7", "gone", "", None, None),
    ]
    assert plan.by_column().to_dict() == {"probability": 2, "grade": 2, "high": 1}
    assert list(plan.biggest_moves()["id"]) == ["L-4", "0012"]
    assert list(plan.biggest_moves()["move"]) == [0.5, -0.0624]
    assert plan.summary() == (
        "4 scores: 1 new, 2 changed, 1 unchanged; 1 of lead_scores.xlsx are gone. Changed: probability 2, grade 2, "
        "high 1. Biggest moves: L-4 0.0000 -> 0.5000, 0012 0.8124 -> 0.7500."
    )
    for figure in ("新增 1", "变化 2", "不变 1", "有 1 条", "probability 2", "0.8124 -> 0.7500"):
        assert figure in plan.summary("zh")


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_every_record_is_counted_once(data):
    def some() -> pd.DataFrame:
        ids = data.draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1))
        chances = data.draw(st.lists(st.sampled_from([0.1, 0.2]), min_size=len(ids), max_size=len(ids)))
        return (
            scores()
            .head(1)
            .drop(columns=["id", "probability"])
            .merge(
                pd.DataFrame({"id": ids, "probability": chances, "low": 0.0, "high": 1.0}),
                how="cross",
                suffixes=("_", ""),
            )
        )

    old, new = some(), some()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lead_scores.csv"
        export_scores(old, path, write=True)
        plan = export_scores(new, path)
    assert plan.new + plan.changed + plan.unchanged == len(new)
    told = plan.changes.drop_duplicates("id").set_index("id")["change"].to_dict()
    then, now = (frame.set_index("id")["probability"].to_dict() for frame in (old, new))
    expected = dict.fromkeys(now.keys() - then.keys(), "new") | dict.fromkeys(then.keys() - now.keys(), "gone")
    expected |= {i: "changed" for i in now.keys() & then.keys() if now[i] != then[i]}
    assert told == expected


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"probability": [0.1, np.nan, 0.2, 0.3]},
            "1 values of probability are missing, infinite or not between 0 and",
        ),
        ({"probability": [0.1, np.inf, 0.2, -np.inf]}, "2 values of probability .*1e5, L-4"),
        ({"probability": [0.1, 1.0001, -0.0001, 0.3]}, "2 values of probability .*1e5, 客户-7"),
        ({"probability": ["0.1", "50 %", "0.2", "0.3"]}, "1 values of probability"),
        ({"low": [None, 0.4, 0.2, 0.0]}, r"1 values of low .*\(0012\); score these again"),
        ({"high": [0.9, 0.3, 0.3, 0.01]}, r"1 intervals have their low end above their high end \(1e5\)"),
        ({"id": ["a", "b", "a", "a"]}, r"2 scores repeat an id \(a\); keep one of each"),
        ({"id": ["a", None, "", 1.5]}, r"3 scores have no id .*\(row 2, 3, 4\)"),
        ({"grade": ["\ud800", "", "", ""]}, r"1 texts of grade hold broken characters \(0012\)"),
        ({"id": ["\ud800", "b", "c", "d"]}, r"1 texts of id hold broken characters \(\\ud800\)"),
        ({"reasons_for": ["x" * 32768, "", "", ""]}, "1 texts of reasons_for are longer than 32,767 characters"),
        ({"as_of": "last Monday"}, "4 values of as_of are no dates .*write them as YYYY-MM-DD"),
        (
            {"verdict": ["publish", "", "Publish", "可以发布"]},
            r"2 values of verdict are none of .*\(1e5, 客户-7\)",
        ),
        (
            {"verdict": ["publish", "ranks only", "suspected leak", "疑似泄漏"]},
            r"the verdict on 2 of 4 scores is 'suspected leak' \(model lead_score-2026-06-30-1a2b3c4d\): they are",
        ),
        ({"verdict": "no usable signal"}, "the verdict on 4 of 4 scores .*no more than the base rate. Nothing leaves"),
        ({"verdict": "没有可用信号"}, "is 'no usable signal'"),
    ],
)
def test_what_must_not_leave_stops_the_export(tmp_path, columns, said):
    path = tmp_path / "lead_scores.csv"
    export_scores(scores(), path, write=True)
    before = path.read_bytes()
    with pytest.raises(InputError, match=said):
        export_scores(scores(**columns), path, write=True)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no column 'probability' \(did you mean 'probabilty'\?\)"):
        plan_export(scores().rename(columns={"probability": "probabilty"}), previous=None)
    with pytest.raises(InputError, match="there are no scores to export; nothing is written"):
        plan_export(scores().head(0), previous=None)
    with pytest.raises(InputError, match=r"lead_scores.xls is no file for scores \(did you mean '.xlsx'\?\)"):
        export_scores(scores(), tmp_path / "lead_scores.xls")


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_scores_of_a_plain_table_have_no_day_in_any_row(tmp_path, ending):
    path = tmp_path / f"scores{ending}"
    assert export_scores(scores(as_of=None), path, write=True).rows["as_of"].tolist() == [""] * 4
    before = path.read_bytes()
    assert export_scores(scores(as_of=""), path, write=True).changes.empty and path.read_bytes() == before
    with pytest.raises(InputError, match="1 values of as_of are no dates"):
        export_scores(scores(as_of=["2026-06-30", "", "2026-06-30", "2026-06-30"]), path)


def test_whole_numbers_are_ids_and_other_columns_stay_home(tmp_path):
    plan = export_scores(scores(id=[7, 8, 9, 10], email="a@b.example"), tmp_path / "lead_scores.csv", write=True)
    assert list(plan.rows["id"]) == ["7", "8", "9", "10"]
    assert b"example" not in (tmp_path / "lead_scores.csv").read_bytes()


def test_the_verdict_goes_along_and_is_told(tmp_path):
    verdicts = ["provisional", "ranks only", "publish", "provisional"]
    plan = export_scores(scores(verdict=verdicts), tmp_path / "lead_scores.csv", write=True)
    assert plan.summary() == (
        "4 scores, none exported before. The verdict on 2 of them is provisional: use them with care until there is "
        "more to judge by. The verdict on 1 of them is ranks only: use their order, for the probabilities do not hold."
    )
    # In the words of the workspace it is the same verdict.
    chinese = export_scores(scores(verdict=["暂定", "仅可排序", "可以发布", "暂定"]), tmp_path / "lead_scores.csv")
    assert "其中 2 条的结论为“暂定”" in chinese.summary("zh") and "其中 1 条的结论为“仅可排序”" in chinese.summary("zh")
    lines = (tmp_path / "lead_scores.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].endswith(",as_of,verdict") and lines[1].endswith(",2026-06-30,provisional")


def test_a_full_disk_leaves_the_last_export(monkeypatch, tmp_path):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "lead_scores.csv"
    export_scores(scores(), path, write=True)
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SourceError, match="cannot be written: No space left on device"):
        export_scores(scores(grade="Hot"), path, write=True)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


FOREIGN = {
    "other columns": (".csv", b"id,score\na,1\n"),
    "empty": (".csv", b""),
    "wrong encoding": (".csv", ",".join(COLUMNS).encode() + "\n客户".encode("gb18030")),
    "short line": (".csv", ",".join(COLUMNS).encode() + b"\na,0.5\n"),
    "a percentage": (".csv", ",".join(COLUMNS).encode() + b"\na,50%,0.4,0.6,Hot,,,m,2026-06-30,publish\n"),
    "not a number": (".csv", ",".join(COLUMNS).encode() + b"\na,nan,0.4,0.6,Hot,,,m,2026-06-30,publish\n"),
    "an id twice": (".csv", ",".join(COLUMNS).encode() + b"\na,0.5,0.4,0.6,Hot,,,m,2026-06-30,publish" * 2),
    "no sheet": (".xlsx", b"PK\x03\x04" + bytes(200)),
    "a table": (".parquet", b"PAR1" + bytes(200)),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_last_export_that_is_none_is_kept_and_named(tmp_path, name):
    ending, content = FOREIGN[name]
    path = tmp_path / f"lead_scores{ending}"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"^lead_scores\.\w+ is no export of scores, or is damaged: .*Move it away"):
        export_scores(scores(), path, write=True)
    assert path.read_bytes() == content and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_half_a_last_export_is_no_export(tmp_path, ending, part):
    path = tmp_path / f"lead_scores{ending}"
    export_scores(scores(), path, write=True)
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(SourceError, match="is no export of scores, or is damaged"):
        plan_export(scores(), previous=path)


def test_numbers_that_a_spreadsheet_made_of_ids_are_noticed(tmp_path):
    import xlsxwriter

    path = tmp_path / "lead_scores.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for j, (heading, value) in enumerate(
        zip(COLUMNS, [12, 0.5, 0.4, 0.6, "Hot", "", "", "m", "2026-06-30", "publish"], strict=True)
    ):
        sheet.write(0, j, heading)
        sheet.write(1, j, value)
    book.close()
    with pytest.raises(SourceError, match=r"1 cells of id are no text \(row 2\)"):
        plan_export(scores(), previous=path)


def test_no_cell_of_a_csv_file_runs(tmp_path):
    nasty = ["=1+1", "+49 30", "-2", "@sum", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1", "'=1", "\ufeff=1", "0012"]
    table = scores().head(1).drop(columns="id").merge(pd.DataFrame({"id": nasty}), how="cross")
    table["grade"] = table["reasons_for"] = table["reasons_against"] = table["model_id"] = table["id"]
    path = tmp_path / "lead_scores.csv"
    plan = export_scores(table, path, write=True)
    assert len(plan.formula_ids) == len(nasty) - 1 and "0012" not in plan.formula_ids
    assert plan.summary().startswith(
        "14 scores, none exported before. 13 ids begin like a formula (=1+1, +49 30, -2 and"
    )
    assert "13 个编号以公式符号开头" in plan.summary("zh")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfid,probability,")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [line[0] for line in lines[1:4]] == ["'=1+1", "'+49 30", "'-2"]
    assert not any(begins_like_formula(cell) for line in lines for cell in line)
    assert export_scores(table, path).changes.empty


def test_a_sheet_holds_text_as_text(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    table = scores(id=["=1+1", "0012", "1e5", "@x"])
    export_scores(table, tmp_path / "lead_scores.xlsx", write=True)
    sheet = openpyxl.load_workbook(tmp_path / "lead_scores.xlsx").active
    assert [(c.value, c.data_type) for c in sheet["A"]][1:] == [("=1+1", "s"), ("0012", "s"), ("1e5", "s"), ("@x", "s")]
    assert [c.data_type for c in sheet["B"]][1:] == ["n"] * 4


def test_characters_that_a_sheet_cannot_hold_are_told(tmp_path):
    table = scores(grade=["\uffff", "", "", ""])
    with pytest.raises(InputError, match=r"1 rows have characters that Excel cannot hold .*write .csv or .parquet"):
        export_scores(table, tmp_path / "lead_scores.xlsx", write=True)
    assert list(tmp_path.iterdir()) == []
    assert export_scores(table, tmp_path / "lead_scores.csv", write=True).new == 4


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "=a",
        "''=a",
        "'",
        "\x00=",
        "_x0041_",
        "\r\n",
        "a\rb",
        '"',
        '",',
        "\u3000＝",
        "a;=b",
        ";'=",
        "\t-1",
        ';"=1&"',
        "x\n\n+1",
    ]
)


@given(TEXT)
def test_a_neutral_cell_never_begins_with_a_sign_and_loses_nothing(text):
    cell = neutralise(text)
    assert restore(cell) == text
    assert not begins_like_formula(cell)
    visible = cell.lstrip("".join(map(chr, range(33))) + "\u3000\xa0")
    assert not visible.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) and cell[:1] not in ("\t", "\r", "\n")


def test_no_part_of_a_text_runs_where_lines_are_split_at_semicolons_or_tabs(tmp_path):
    reasons = "source: web;=HYPERLINK(0);x\t@sum\n-1"
    export_scores(scores().assign(reasons_for=reasons), tmp_path / "lead_scores.csv", write=True)
    raw = (tmp_path / "lead_scores.csv").read_text(encoding="utf-8-sig")
    assert "source: web;'=HYPERLINK(0);x\t'@sum\n'-1" in raw
    assert export_scores(scores().assign(reasons_for=reasons), tmp_path / "lead_scores.csv").changes.empty


@given(st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True), TEXT, TEXT)
@settings(max_examples=60, deadline=None)
def test_no_piece_of_a_line_runs_whatever_the_separator(ids, reason, grade):
    table = scores().head(1).drop(columns="id").merge(pd.DataFrame({"id": ids}), how="cross")
    raw = rows_to_bytes(check_rows(table.assign(reasons_for=reason, grade=grade)), ".csv").decode("utf-8-sig")
    # A spreadsheet takes quotation marks at the beginning of a piece away.
    pieces = [piece.lstrip('" \u3000') for piece in re.split(r"[;\t\r\n]", raw)]
    assert not any(piece.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) for piece in pieces)


@given(st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True), TEXT, TEXT)
@settings(max_examples=60, deadline=None)
def test_any_text_survives_a_csv_and_a_parquet_file(ids, reason, grade):
    table = scores().head(1).drop(columns="id").merge(pd.DataFrame({"id": ids}), how="cross")
    rows = check_rows(table.assign(reasons_for=reason, grade=grade))
    for ending in (".csv", ".parquet"):
        pd.testing.assert_frame_equal(check_rows(rows_from_bytes(rows_to_bytes(rows, ending), ending)), rows)
    lines = list(csv.reader(io.StringIO(rows_to_bytes(rows, ".csv").decode("utf-8-sig"), newline="")))
    assert not any(begins_like_formula(cell) for line in lines for cell in line)


@given(st.lists(TEXT.filter(bool), min_size=1, max_size=3, unique=True), TEXT)
@settings(max_examples=25, deadline=None)
def test_any_text_survives_a_sheet_or_is_refused(ids, reason):
    table = scores().head(1).drop(columns="id").merge(pd.DataFrame({"id": ids}), how="cross")
    rows = check_rows(table.assign(reasons_for=reason))
    try:
        content = rows_to_bytes(rows, ".xlsx")
    except InputError:
        unheard = [text for text in (*ids, reason) if any(unicodedata.category(c) in ("Cn", "Cc") for c in text)]
        assert unheard or any("_x" in text for text in (*ids, reason))
        return
    pd.testing.assert_frame_equal(check_rows(rows_from_bytes(content, ".xlsx"))[list(TEXTS)], rows[list(TEXTS)])
