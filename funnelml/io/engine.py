"""Where the tables of a history live while they are asked: in pandas, or in an embedded DuckDB."""

from __future__ import annotations

import duckdb
import pandas as pd

from funnelml.history.history import History


def on_duckdb(history: History) -> History:
    """Return the same history with its tables in an in-memory DuckDB database.

    Parameters
    ----------
    history : History
        Canonical tables in pandas.

    Returns
    -------
    History
        The answers of snapshot and episodes are the same; they are computed by DuckDB on all cores.
    """
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    relations = {}
    for name, table in history.tables.items():
        if isinstance(table, pd.DataFrame):
            # A table, not a view of the frame: later changes of the frame must not change the history.
            connection.from_df(table).create(name)
            relations[name] = connection.table(name)
    return history.with_tables(**relations)
