"""Read the rows of a source: CSV, Excel, Parquet, a DuckDB file, or SQL over anything DuckDB can attach."""

from __future__ import annotations

from pathlib import Path

from funnelml.errors import SourceError, did_you_mean
from funnelml.io.csv_text import read_csv
from funnelml.io.excel import read_excel
from funnelml.io.files import find_file
from funnelml.io.raw import RawTable
from funnelml.io.sql import read_database, read_parquet
from funnelml.mapping.headings import Resolve, every_column, resolve_columns
from funnelml.mapping.source import Source

_EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_PARQUET = (".parquet", ".pq")
_DATABASE = (".duckdb", ".ddb", ".db")


def read_raw(source: Source, root: Path, *, time_zone: str = "UTC") -> RawTable:
    """Read the mapped columns of a source, all rows.

    Parameters
    ----------
    source : Source
        What the workspace says about it.
    root : pathlib.Path
        Folder to which its paths are relative.
    time_zone : str
        Zone in which a query reads and shows times.

    Returns
    -------
    RawTable

    Raises
    ------
    SourceError
        If the file or query cannot be read; one line with the next step.
    MappingError
        If a mapped column does not exist.
    """
    if source.file is None:
        return read_database(source, root, database=None, time_zone=time_zone)
    path = find_file(source, root)
    suffix = path.suffix.lower()
    if suffix in _DATABASE:
        if source.sql is None:
            raise SourceError(
                f"source '{source.name}': {source.file} is a database; say which rows with sql = \"SELECT ...\""
            )
        return read_database(source, root, database=path, time_zone=time_zone)
    return _read_file(source, path, resolve_columns)


def read_table(path: Path) -> RawTable:
    """Read all columns of a CSV, Excel or Parquet file under their own headings; a database is none.

    Parameters
    ----------
    path : pathlib.Path
        The file. Columns without a heading are read as one, the first of them, with an empty name.

    Raises
    ------
    SourceError
        If there is no such file, or it cannot be read.
    MappingError
        If two columns have one heading.
    """
    # Nothing is mapped, so that it does not matter which canonical table the source is said to fill.
    source = Source(name=path.name, table="leads", columns={}, file=str(path))
    try:
        if not path.exists():
            beside = [p.name for p in sorted(path.parent.iterdir())] if path.parent.is_dir() else []
            raise SourceError(f"there is no file {path}{did_you_mean(path.name, beside)}; give the path of a table")
    except OSError as error:
        raise SourceError(f"{path.name[:100]} cannot be read: {error.strerror}") from None
    if path.suffix.lower() in _DATABASE:
        raise SourceError(f"{path} is a database; write the table as CSV, Excel or Parquet and give that")
    return _read_file(source, find_file(source, Path()), every_column)


def _read_file(source: Source, path: Path, resolve: Resolve) -> RawTable:
    suffix = path.suffix.lower()
    if suffix in _EXCEL:
        return read_excel(source, path, resolve)
    if suffix in _PARQUET:
        return read_parquet(source, path, resolve)
    return read_csv(source, path, resolve)
