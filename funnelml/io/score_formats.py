"""Rows of scores as the bytes of a CSV, Excel or Parquet file, and back; the same rows have the same bytes."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import pandas as pd

from funnelml.errors import InputError
from funnelml.io.safe_cells import neutralise, restore
from funnelml.io.score_rows import CHANCES, COLUMNS, DECIMALS, TEXTS

FORMATS = (".csv", ".xlsx", ".parquet")
"""Endings of the files that scores are written to."""
_SHEET = "lead_scores"
_UNDATED = "1980-01-01"
"""The day that a workbook is said to be of if its scores have none: the first that a zip can hold."""
_MOST_ROWS = 1_048_575
"""Rows of a sheet of Excel below its headings."""


def rows_to_bytes(rows: pd.DataFrame, ending: str) -> bytes:
    """Return rows as the content of a file.

    Parameters
    ----------
    rows : pandas.DataFrame
        As :func:`funnelml.io.score_rows.check_rows` returns them.
    ending : {".csv", ".xlsx", ".parquet"}
        Format. A CSV file begins with a mark by which Excel knows UTF-8, and a text that begins like a formula has an
        apostrophe before it; the other two hold every text as it is, as a text.

    Raises
    ------
    InputError
        If Excel cannot hold the rows.
    """
    if ending == ".csv":
        return _to_csv(rows)
    if ending == ".parquet":
        return _to_parquet(rows)
    content = _to_excel(rows)
    back = rows_from_bytes(content, ending)
    # A sheet is XML, which has no place for some characters.
    odd = [
        i for i, kept in zip(rows["id"], (back[list(TEXTS)] == rows[list(TEXTS)]).all(axis=1), strict=True) if not kept
    ]
    if odd:
        raise InputError(
            f"{len(odd):,} rows have characters that Excel cannot hold ({odd[0]!a}); write .csv or .parquet"
        )
    return content


def rows_from_bytes(content: bytes, ending: str) -> pd.DataFrame:
    """Return the rows of a file, unchecked.

    Raises
    ------
    Exception
        Whatever the reader of the format raises, or ``InputError`` if the columns are others.
    """
    read = {".csv": _from_csv, ".xlsx": _from_excel, ".parquet": _from_parquet}[ending]
    return read(content)


def _to_csv(rows: pd.DataFrame) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    cells = [
        [f"{value:.{DECIMALS}f}" for value in rows[name]] if name in CHANCES else list(map(neutralise, rows[name]))
        for name in COLUMNS
    ]
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue().encode("utf-8-sig")


def _from_csv(content: bytes) -> pd.DataFrame:
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    table = _table(lines)
    for name in TEXTS:
        table[name] = table[name].map(restore)
    for name in CHANCES:
        table[name] = table[name].map(float)
    return table


def _to_excel(rows: pd.DataFrame) -> bytes:
    import xlsxwriter

    if len(rows) > _MOST_ROWS:
        raise InputError(f"Excel holds {_MOST_ROWS:,} rows and there are {len(rows):,}; write .csv or .parquet")
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    # else it is the time of writing
    book.set_properties({"created": datetime.fromisoformat(rows["as_of"].max() or _UNDATED)})
    sheet = book.add_worksheet(_SHEET)
    as_text, as_chance = book.add_format({"num_format": "@"}), book.add_format({"num_format": "0." + "0" * DECIMALS})
    for j, name in enumerate(COLUMNS):
        sheet.write_string(0, j, name)
        for i, value in enumerate(rows[name], start=1):
            if name in CHANCES:
                sheet.write_number(i, j, value, as_chance)
            else:
                sheet.write_string(i, j, value, as_text)
    book.close()
    return content.getvalue()


def _from_excel(content: bytes) -> pd.DataFrame:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        table = _table(book.get_sheet_by_index(0).to_python(skip_empty_area=False))
    _refuse_others(table)
    return table


def _to_parquet(rows: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = [pa.float64() if name in CHANCES else pa.string() for name in COLUMNS]
    columns = [pa.array(list(rows[name]), kind) for name, kind in zip(COLUMNS, kinds, strict=True)]
    content = io.BytesIO()
    pq.write_table(pa.table(columns, names=list(COLUMNS)), content)
    return content.getvalue()


def _from_parquet(content: bytes) -> pd.DataFrame:
    import pyarrow.parquet as pq

    columns = pq.read_table(io.BytesIO(content)).to_pydict()
    table = _table([list(columns), *zip(*columns.values(), strict=True)])
    _refuse_others(table)
    return table


def _table(lines: list[Any]) -> pd.DataFrame:
    """Return rows under the headings of an export."""
    if not lines or tuple(lines[0]) != COLUMNS:
        found = ", ".join(map(str, lines[0])) if lines else "nothing"
        raise InputError(f"its columns are {found[:200]}, not {', '.join(COLUMNS)}")
    odd = [i for i, line in enumerate(lines, start=1) if len(line) != len(COLUMNS)]
    if odd:
        raise InputError(f"line {odd[0]} has {len(lines[odd[0] - 1])} cells, not {len(COLUMNS)}")
    return pd.DataFrame([list(line) for line in lines[1:]], columns=list(COLUMNS), dtype=object)


def _refuse_others(table: pd.DataFrame) -> None:
    """Refuse a cell of another kind than an export has: a spreadsheet makes numbers of ids that look like one."""
    for name in COLUMNS:
        kind, what = ((int, float), "number") if name in CHANCES else (str, "text")
        odd = ~table[name].map(lambda value, kind=kind: isinstance(value, kind))
        if odd.any():
            raise InputError(f"{int(odd.sum()):,} cells of {name} are no {what} (row {int(odd.argmax()) + 2})")
