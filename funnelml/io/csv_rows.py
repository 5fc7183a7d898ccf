"""The rows of a CSV file whose encoding and delimiter are known, read as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from funnelml.errors import SourceError
from funnelml.io.encodings import FIRST_PART, open_bytes

_BLOCK = 16 << 20
_MOST_BAD = 1_000
# The reader skips the mark by itself, and reads UTF-8 without a detour.
_PLAIN = {"utf-8-sig": "utf-8"}


@dataclass(frozen=True, kw_only=True)
class CsvRows:
    """Rows of a CSV file.

    Parameters
    ----------
    frame : pandas.DataFrame
        The wanted columns as text; the index is the row as a spreadsheet shows it (the header is row 1).
    bad : list of (int, int, str)
        Row, number of columns and text of each row that has more or fewer columns than the header.
    """

    frame: pd.DataFrame
    bad: list[tuple[int, int, str]]


def read_rows(path: Path, encoding: str, delimiter: str, width: int, places: Sequence[int], where: str) -> CsvRows:
    """Read some columns of a CSV file as text.

    Parameters
    ----------
    path : pathlib.Path
        Plain or compressed file.
    encoding, delimiter : str
        As found.
    width : int
        Number of columns of the header.
    places : sequence of int
        Columns to read, counted from 0.
    where : str
        Begin of an error message.

    Raises
    ------
    SourceError
        If there is no row, most rows cannot be split, or a quotation mark never closes.
    """
    bad: list[tuple[int, int, str]] = []
    blank: list[int] = []

    def skip(row: Any) -> str:
        if row.text.strip():
            bad.append((row.number, row.actual_columns, row.text))
        else:
            blank.append(row.number)
        return "skip"

    batches, rows = [], 0
    with open_bytes(path) as stream:
        reader = pa_csv.open_csv(stream, **_options(encoding, delimiter, width, places, skip))
        for batch in _batches(reader, where):
            batches.append(batch)
            rows += batch.num_rows
            if len(bad) > max(_MOST_BAD, rows):
                raise SourceError(
                    f"{where}: most rows cannot be split into the {width} columns of the header; the first is row "
                    f"{bad[0][0]:,} with {bad[0][1]}; set 'delimiter', or export it again"
                )
    table = pa.Table.from_batches(batches)
    _refuse_open_quote(table[_field(width - 1)], path, where)
    frame = table.select([_field(p) for p in places]).to_pandas(types_mapper=pd.ArrowDtype)
    total = len(frame) + len(bad) + len(blank)
    frame.index = np.setdiff1d(np.arange(1, total + 1), [*(number for number, _, _ in bad), *blank])
    frame = frame.iloc[1:]
    if frame.empty and not bad:
        raise SourceError(f"{where} has a header but no rows; export it again")
    return CsvRows(frame=frame, bad=bad)


def _field(place: int) -> str:
    return f"f{place}"


def _options(encoding: str, delimiter: str, width: int, places: Sequence[int], skip: Any) -> dict[str, Any]:
    return {
        # The header is read as a row: names of columns may repeat, and rows keep the numbers of the file.
        "read_options": pa_csv.ReadOptions(
            use_threads=False,
            autogenerate_column_names=True,
            encoding=_PLAIN.get(encoding, encoding),
            block_size=_BLOCK,
        ),
        "parse_options": pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip, ignore_empty_lines=False
        ),
        "convert_options": pa_csv.ConvertOptions(
            include_columns=list(dict.fromkeys(map(_field, (*places, width - 1)))),
            column_types={_field(i): pa.string() for i in range(width)},
            strings_can_be_null=False,
        ),
    }


def _batches(reader: Any, where: str) -> Iterator[Any]:
    try:
        yield from reader
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
        raise SourceError(
            f"{where}: a row is longer than {_BLOCK >> 20} MB; most often a quotation mark opens and never closes: "
            "export it again with quotation marks doubled"
        ) from None


def _refuse_open_quote(column: Any, path: Path, where: str) -> None:
    # Only in the last column can a quotation mark that never closes swallow the rest of the file unnoticed.
    swallowed = column[-1].as_py() if len(column) else ""
    if "\n" not in swallowed:
        return
    with open_bytes(path) as stream:
        marks = sum(block.count(b'"') for block in iter(lambda: stream.read(FIRST_PART), b""))
    if marks % 2:
        raise SourceError(
            f"{where}: a quotation mark before {swallowed[:40]!r} never closes and swallows the last "
            f"{swallowed.count(chr(10)):,} lines; close it, or export the file again"
        )
