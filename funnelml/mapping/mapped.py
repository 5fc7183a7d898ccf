"""The canonical tables that one source filled, and what was left over."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from funnelml.mapping.source import Source


@dataclass(frozen=True, kw_only=True)
class MappedSource:
    """The canonical tables that one source filled.

    Parameters
    ----------
    source : Source
        The source.
    tables : dict of str to pandas.DataFrame
        Canonical tables; the index of each is the row in the file.
    rejects : pandas.DataFrame
        ``source, row, column, value, reason, action``: cells that could not be read. Without a required value the row
        is set aside; without another one only the value is left out.
    undated : pandas.DataFrame
        ``source, row, table, funnel, record_id, stage``: rows that have no date yet, set aside and counted.
    rows : int
        Rows of the source, blank ones not counted.
    assumed : int
        Rows whose ``recorded_at`` is not known and was taken to be the event time.
    currencies : tuple of str
        Currency signs and codes in its amounts; the amounts stand as they are.
    """

    source: Source
    tables: dict[str, pd.DataFrame]
    rejects: pd.DataFrame
    undated: pd.DataFrame
    rows: int
    assumed: int
    currencies: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the number of rows per canonical table."""
        return pd.DataFrame({"table": list(self.tables), "rows": [len(t) for t in self.tables.values()]})

    def summary(self) -> str:
        """Return one sentence: rows read, unreadable, undated."""
        return (
            f"{self.source.name}: {self.rows:,} rows, {self.rejects['row'].nunique():,} of them with something "
            f"unreadable, {len(self.undated):,} without a date yet."
        )
