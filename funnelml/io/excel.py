"""Rows of an Excel or OpenDocument sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from funnelml.errors import SourceError, did_you_mean
from funnelml.io.raw import RawTable, raw_table
from funnelml.mapping.headings import Resolve, mapped_headings, resolve_columns
from funnelml.mapping.source import Source


def read_excel(source: Source, path: Path, resolve: Resolve = resolve_columns) -> RawTable:
    """Read the mapped columns of a sheet; its first row with anything in it holds the headings.

    Parameters
    ----------
    source : Source
        ``sheet`` names the sheet; the first one if it is None.
    path : pathlib.Path
        An Excel (.xlsx, .xlsm, .xlsb, .xls) or OpenDocument (.ods) file.
    resolve : callable
        Says which columns are read.

    Raises
    ------
    SourceError
        If it is no such file, is protected by a password, or has no such sheet.
    MappingError
        If a mapped column does not exist.
    """
    where = f"source '{source.name}'"
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheet = source.sheet if source.sheet is not None else book.sheet_names[0]
            if sheet not in book.sheet_names:
                hint = did_you_mean(sheet, book.sheet_names)
                raise SourceError(
                    f"{where}: {source.file} has no sheet '{sheet}'{hint}; it has {', '.join(book.sheet_names)}"
                )
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise SourceError(
            f"{where}: {source.file} cannot be read as a spreadsheet ({told}); open it in Excel and save it again"
        ) from None
    first = next((i for i, row in enumerate(rows) if any(v != "" for v in row)), None)
    if first is None or first + 1 == len(rows):
        what = "is empty" if first is None else "has headings but no rows"
        raise SourceError(f"{where}: sheet '{sheet}' of {source.file} {what}")
    headings = [str(h).strip() for h in rows[first]]
    return _from_rows(rows, first, headings, resolve(source, headings), f"sheet '{sheet}'")


def _from_rows(
    rows: list[list[Any]], first: int, headings: list[str], columns: dict[str, str], read_as: str
) -> RawTable:
    # Excel counts rows from 1.
    index = pd.RangeIndex(first + 2, len(rows) + 1)
    cells = {
        h: pd.Series([row[headings.index(h)] for row in rows[first + 1 :]], index=index, dtype=object)
        for h in mapped_headings(columns)
    }
    return raw_table(pd.DataFrame(cells), columns, read_as)
