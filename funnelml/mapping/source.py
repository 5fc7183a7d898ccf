"""What a workspace says about one source of rows: where it lies and which column means what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funnelml.errors import SettingsError, did_you_mean
from funnelml.schema import TABLES

EVENT_LOG = "event_log"
"""A log with one row per stage change and attributes that may differ from row to row (amount, owner).

It fills ``stage_changes``, and every mapped attribute becomes a dated ``field_changes`` row where its value changes,
so that an attribute is never known before the row that carried it.
"""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of rows.

    Parameters
    ----------
    name : str
        Name of the source in messages.
    table : str
        Canonical table that it fills, or ``"event_log"``.
    columns : mapping of str to str
        Canonical column to the source's column. Columns of the same name are mapped without being listed.
    funnel : str or None
        The funnel of all its rows; None if a column ``funnel`` says it, or for tables without one.
    file, sheet, encoding, delimiter : str or None
        A CSV (plain or compressed), Excel, Parquet or DuckDB file, relative to the workspace. ``encoding`` and
        ``delimiter`` are detected where they are None.
    sql, attach : str or None, tuple of str
        Any SQL that DuckDB can answer, and databases to attach first (``"path AS alias (TYPE ...)"``). Relative
        paths are relative to the workspace.
    system : str
        Namespace of the record ids. Ids of the first system stand as they are; others are prefixed
        (``erp:17``) unless ``match`` joins them.
    match : tuple of str
        Canonical columns by which records of this system are recognised among those of earlier systems.
    null_values : tuple of str
        Texts that mean "no value", beside the empty one.
    decimal : {".", ","}
        Decimal sign of its amounts.
    day_first : bool
        Whether ``03/04/2024`` is the 3rd of April.
    """

    name: str
    table: str
    columns: Mapping[str, str]
    funnel: str | None = None
    file: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sql: str | None = None
    attach: tuple[str, ...] = ()
    system: str = ""
    match: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ()
    decimal: str = "."
    day_first: bool = False

    def __post_init__(self) -> None:
        if self.table not in (*TABLES, EVENT_LOG):
            hint = did_you_mean(self.table, (*TABLES, EVENT_LOG))
            raise SettingsError(f"source '{self.name}': no canonical table '{self.table}'{hint}")
        # A DuckDB file needs both: the database, and the query to ask it.
        is_database = self.file is not None and self.file.endswith((".duckdb", ".ddb", ".db"))
        if (self.file is None) == (self.sql is None) and not is_database:
            raise SettingsError(f"source '{self.name}': give either 'file' or 'sql'")
