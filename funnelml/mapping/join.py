"""Tables of several sources as one: ids of several systems, and records seen twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from funnelml.mapping.apply import MappedSource

CONFLICT_COLUMNS = ("table", "column", "conflicts", "kept", "other", "first_ids")


@dataclass(frozen=True, kw_only=True)
class JoinedTables:
    """Canonical tables of all sources."""

    tables: dict[str, pd.DataFrame]
    conflicts: pd.DataFrame


def join_sources(mapped: Sequence[MappedSource]) -> JoinedTables:
    """Put the tables of all sources together."""
    names = dict.fromkeys(n for m in mapped for n in m.tables)
    tables = {
        n: pd.concat([m.tables[n] for m in mapped if n in m.tables], ignore_index=True) for n in names
    }
    return JoinedTables(tables=tables, conflicts=pd.DataFrame(columns=list(CONFLICT_COLUMNS)))
