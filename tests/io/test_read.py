"""A table whose columns nobody mapped is read as it stands, whatever the kind of file, or refused in words."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest

from funnelml.errors import MappingError, SourceError
from funnelml.io.read import read_table

FRAME = pd.DataFrame({"编号": ["A1", "B2"], "来源, 渠道": ["官网", "展会"], "price.index": ["1.5", "2.5"]})


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("leads.csv", lambda path: path.write_bytes(FRAME.to_csv(index=False).encode("gb18030"))),
        ("bom.csv", lambda path: path.write_bytes(FRAME.to_csv(index=False, sep=";").encode("utf-8-sig"))),
        ("tab.tsv.gz", lambda path: path.write_bytes(gzip.compress(FRAME.to_csv(index=False, sep="\t").encode()))),
        ("leads.xlsx", lambda path: FRAME.to_excel(path, index=False)),
        ("leads.parquet", FRAME.to_parquet),
        ("indexed.parquet", FRAME.set_index("编号").to_parquet),
    ],
)
def test_all_columns_of_any_kind_of_file_are_read_under_their_own_headings(tmp_path, name, write):
    write(tmp_path / name)
    raw = read_table(tmp_path / name)
    assert {heading: list(raw.frame[heading]) for heading in FRAME} == FRAME.to_dict("list")
    assert sorted(raw.frame) == sorted(FRAME) and list(raw.frame.index) == (
        [1, 2] if name.endswith("parquet") else [2, 3]
    )


def test_columns_without_a_heading_are_one_column_without_a_name(tmp_path):
    (tmp_path / "leads.csv").write_text(",a,b,\n0,x,1,\n1,y,2,\n", encoding="utf-8")
    assert read_table(tmp_path / "leads.csv").frame.to_dict("list") == {
        "": ["0", "1"],
        "a": ["x", "y"],
        "b": ["1", "2"],
    }


def test_two_columns_of_one_name_are_refused(tmp_path):
    (tmp_path / "leads.csv").write_text("a,b,a\n1,2,3\n", encoding="utf-8")
    with pytest.raises(MappingError, match="2 columns are headed 'a'; rename all but one"):
        read_table(tmp_path / "leads.csv")


def test_what_is_no_table_is_told_as_what_it_is(tmp_path):
    (tmp_path / "leads.csv").write_bytes(b"")
    (tmp_path / "leads.duckdb").write_bytes(b"x")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\0\0")
    for name, said in {
        "leads.csv": r"leads\.csv is empty \(0 bytes\); export it again",
        "laeds.csv": r"there is no file .*laeds\.csv \(did you mean 'leads\.csv'\?\)",
        "leads.duckdb": "is a database; write the table as CSV, Excel or Parquet",
        "picture.csv": "is not a text file",
        ".": "is a folder; name a file in it",
        "x" * 400: "cannot be read: File name too long",
    }.items():
        with pytest.raises(SourceError, match=said):
            read_table(tmp_path / name)
