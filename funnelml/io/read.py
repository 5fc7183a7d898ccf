"""Read the rows of a source: CSV, Excel, Parquet, a DuckDB file, or SQL over anything DuckDB can attach."""

from __future__ import annotations

from pathlib import Path

from funnelml.errors import SourceError
from funnelml.io.csv_text import read_csv
from funnelml.io.excel import read_excel
from funnelml.io.files import find_file
from funnelml.io.raw import RawTable
from funnelml.io.sql import read_database, read_parquet
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
    if suffix in _EXCEL:
        return read_excel(source, path)
    if suffix in _PARQUET:
        return read_parquet(source, path)
    return read_csv(source, path)
