"""What the CRM had recorded by the export, in an order that a later export does not change."""

from __future__ import annotations

import pandas as pd

from funnelml.schema import TABLES


def export_table(name: str, table: pd.DataFrame, cut: int) -> pd.DataFrame:
    """Return the rows of a canonical table that were recorded before ``cut``, in the order of recording."""
    return in_order(name, table[table["recorded_at"] < cut])


def in_order(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a canonical table sorted by record time, then by all its columns."""
    columns = [c.name for c in TABLES[name].columns if c.name in table]
    order = ["recorded_at", *(c for c in columns if c != "recorded_at")]
    return table[columns].sort_values(order, kind="stable", ignore_index=True)
