"""Rows of a DuckDB file, of any SQL that DuckDB can answer, or of a Parquet file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from funnelml.errors import SourceError
from funnelml.io.raw import RawTable, raw_table
from funnelml.mapping.headings import Resolve, mapped_headings, resolve_columns
from funnelml.mapping.source import Source

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # No download behind the user's back; rows in one order on every run; no Python variable, no zone of this machine.
    "autoinstall_known_extensions": "false",
    "threads": "1",
    "python_enable_replacements": "false",
}
_ATTACH = re.compile(r"\s*(?P<quote>['\"]?)(?P<path>.+?)(?P=quote)\s+AS\s+(?P<rest>.+?)\s*", re.IGNORECASE | re.DOTALL)


def read_database(source: Source, root: Path, *, database: Path | None, time_zone: str = "UTC") -> RawTable:
    """Ask DuckDB the source's query.

    Parameters
    ----------
    source : Source
        Its query, and the databases to attach first (read-only).
    root : pathlib.Path
        Folder to which paths in the query are relative.
    database : pathlib.Path or None
        A DuckDB file, opened read-only; None for a query over files and attached databases.
    time_zone : str
        Zone of the session, not that of this machine.

    Raises
    ------
    SourceError
        If the database cannot be opened or the query fails; DuckDB's message condensed to one line.
    MappingError
        If a mapped column does not exist.
    """
    where = f"source '{source.name}'"
    try:
        connection = duckdb.connect(str(database or ":memory:"), read_only=database is not None, config=_SETTINGS)
    except duckdb.Error as error:
        told = f"{where}: {source.file} is not a DuckDB database that can be opened"
        raise SourceError(f"{told}: {_line(error)}") from None
    try:
        with connection:
            connection.execute(f"SET TimeZone = '{_quoted(time_zone)}'")
            connection.execute(f"SET file_search_path = '{_quoted(root.absolute())}'")
            for database_to_attach in source.attach:
                connection.execute(_attach(database_to_attach, root))
            statements = connection.extract_statements(source.sql or "")
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise SourceError(f"{where}: 'sql' must be one SELECT query")
            answer = connection.sql(source.sql or "")
            columns = resolve_columns(source, answer.columns)
            names = ", ".join('"' + h.replace('"', '""') + '"' for h in mapped_headings(columns))
            table = _arrow(answer.project(names))
    except duckdb.Error as error:
        raise SourceError(f"{where}: the query failed: {_line(error)}") from None
    return _from_arrow(table, source, columns, "SQL")


def read_parquet(source: Source, path: Path, resolve: Resolve = resolve_columns) -> RawTable:
    """Read the columns of a Parquet file that ``resolve`` names, the mapped ones by default.

    Raises
    ------
    SourceError
        If it is none.
    MappingError
        If a mapped column does not exist.
    """
    try:
        with pq.ParquetFile(path) as file:
            columns = resolve(source, file.schema_arrow.names)
            table = file.read(columns=mapped_headings(columns))
    except (pa.ArrowException, OSError) as error:
        told = f"source '{source.name}': {source.file} is not a readable Parquet file"
        raise SourceError(f"{told}: {_line(error)}") from None
    return _from_arrow(table, source, columns, "Parquet")


def _from_arrow(table: Any, source: Source, columns: dict[str, str], read_as: str) -> RawTable:
    if not table.num_rows:
        what = "the query returns" if source.sql else f"{source.file} has"
        raise SourceError(f"source '{source.name}': {what} no rows")
    # What pandas wrote as an index is a column like any other.
    frame = table.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return raw_table(frame, columns, read_as)


def _arrow(answer: Any) -> Any:
    result = answer.arrow()
    return result if isinstance(result, pa.Table) else result.read_all()


def _attach(told: str, root: Path) -> str:
    found = _ATTACH.fullmatch(told)
    path, rest = (found["path"], " AS " + found["rest"]) if found else (told.strip().strip("'\""), "")
    # A connection string (host=..., postgres://...) is not a path of the workspace.
    if (root / path).exists():
        path = str((root / path).absolute())
    if "READ_ONLY" not in rest.upper():
        rest = rest[:-1] + ", READ_ONLY)" if rest.endswith(")") else rest + " (READ_ONLY)"
    return f"ATTACH '{_quoted(path)}'{rest}"


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")


def _line(error: Exception) -> str:
    lines = [part.strip() for part in str(error).splitlines()]
    first = [part for part in lines if part and not set(part) <= {"^", " "} and not part.startswith("LINE ")][:2]
    return " ".join(first)
