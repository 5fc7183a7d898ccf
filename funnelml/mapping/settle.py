"""One record that was seen twice: the first row stands, its gaps are filled, and what conflicts is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from funnelml.errors import first_few
from funnelml.mapping.cells import written
from funnelml.mapping.kinds import Parsed
from funnelml.schema import TABLES, Table

CONFLICT_COLUMNS = ("table", "column", "conflicts", "kept", "other", "first_ids")


@dataclass(frozen=True, kw_only=True)
class SettledRecords:
    """Records, each once.

    Parameters
    ----------
    records : pandas.DataFrame
        One row per key.
    known_later : pandas.DataFrame
        Canonical ``field_changes``: values of opportunities that filled a gap but were recorded later than the row.
    conflicts : list of dict
        One per column with conflicts: ``table, column, conflicts, kept, other, first_ids``.
    """

    records: pd.DataFrame
    known_later: pd.DataFrame
    conflicts: list[dict[str, Any]]


def settle_records(spec: Table, rows: pd.DataFrame, *, time_zone: str) -> SettledRecords:
    """Make one row of all rows with the same key.

    Parameters
    ----------
    spec : Table
        The canonical table.
    rows : pandas.DataFrame
        Rows in order of trust.
    time_zone : str
        Zone in which dates are written in field changes.

    Returns
    -------
    SettledRecords
        A gap is filled at once by a row that was recorded no later than the first one. What was recorded later becomes
        a field change from then on for opportunities; elsewhere it is left out and reported with the conflicts.
    """
    groups = rows.groupby([k for k in spec.key if k in rows], dropna=False, sort=False)
    place, nth = groups.ngroup().to_numpy(), groups.cumcount().to_numpy()
    kept = rows[nth == 0].reset_index(drop=True)
    later: list[pd.DataFrame] = []
    conflicts = []
    for again in range(1, int(nth.max(initial=0)) + 1):
        more, at = rows[nth == again], place[nth == again]
        in_time = more["recorded_at"].to_numpy() <= kept["recorded_at"].to_numpy()[at]
        for column in [c for c in rows.columns if c not in (*spec.key, "recorded_at")]:
            old, new = kept[column].iloc[at], more[column]
            said, gap = new.notna().to_numpy(), old.isna().to_numpy()
            differ = said & ~gap & _differ(old, new)
            fill = said & gap & in_time
            kept.loc[at[fill], column] = new.to_numpy()[fill]
            late = said & gap & ~in_time
            if spec.name == "opportunities":
                later.append(_changes(more[late], column, time_zone))
            else:
                differ |= late
            if differ.any():
                conflicts.append(_conflict(spec, column, old[differ], new[differ], more[differ], time_zone))
    filled = [t for t in later if len(t)]
    return SettledRecords(
        records=kept, known_later=stack_tables(filled) if filled else pd.DataFrame(), conflicts=conflicts
    )


def stack_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of one kind under each other; a column that only some have is empty in the others."""
    filled = [t for t in tables if len(t)] or [tables[0]]
    columns = dict.fromkeys(c for t in filled for c in t.columns)
    absent = pd.Series(dtype=object)
    # Column by column, since pandas would guess the type of a column that some of the tables have not.
    return pd.DataFrame({c: _stack([t.get(c, absent.reindex(t.index)) for t in filled]) for c in columns})


def _stack(parts: Sequence[pd.Series]) -> pd.Series:
    kind = next((p.dtype for p in parts if p.notna().any()), parts[0].dtype)
    return pd.concat([p.astype(kind) for p in parts], ignore_index=True)


def _differ(old: pd.Series, new: pd.Series) -> npt.NDArray[np.bool_]:
    pairs = zip(old.astype(object), new.astype(object), strict=True)
    return np.array([not (pd.isna(a) or pd.isna(b)) and a != b for a, b in pairs], dtype=bool)


def _changes(rows: pd.DataFrame, column: str, time_zone: str) -> pd.DataFrame:
    spec = TABLES["opportunities"].column(column)
    assert spec is not None
    values = rows[column].to_numpy(dtype=np.int64 if spec.kind == "instant" else None)
    absent = np.zeros(len(rows), dtype=bool)
    new = written(Parsed(values=values, missing=absent, unreadable=absent), spec, time_zone)
    return pd.DataFrame(
        {
            "funnel": rows["funnel"].to_numpy(),
            "record_id": rows["opportunity_id"].to_numpy(),
            "field": column,
            "changed_at": rows["recorded_at"].to_numpy(),
            "recorded_at": rows["recorded_at"].to_numpy(),
            "old": np.full(len(rows), None, dtype=object),
            "new": new.to_numpy(),
        }
    )


def _conflict(
    spec: Table, column: str, old: pd.Series, new: pd.Series, rows: pd.DataFrame, time_zone: str
) -> dict[str, Any]:
    of = spec.column(column)
    assert of is not None

    def show(values: pd.Series) -> str:
        if of.kind == "instant":
            utc = pd.to_datetime(values.astype("Int64").astype("float64"), unit="us", utc=True)
            return first_few(utc.dt.tz_convert(time_zone).dt.strftime("%Y-%m-%d %H:%M").fillna("(none)"))
        return first_few("(none)" if pd.isna(v) else f"{v:g}" if of.kind == "number" else v for v in values)

    return {
        "table": spec.name,
        "column": column,
        "conflicts": len(old),
        "kept": show(old),
        "other": show(new),
        "first_ids": first_few(rows[next(k for k in reversed(spec.key) if k in rows)]),
    }
