"""Tables of several sources as one: records of several systems joined, and what is known twice settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from funnelml.errors import first_few
from funnelml.mapping.aliases import Aliases, find_aliases
from funnelml.mapping.mapped import MappedSource
from funnelml.schema import TABLES, Table

CONFLICT_COLUMNS = ("table", "column", "conflicts", "kept", "other", "first_ids")


@dataclass(frozen=True, kw_only=True)
class JoinedTables:
    """Canonical tables of all sources.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Canonical tables by name.
    conflicts : pandas.DataFrame
        ``table, column, conflicts, kept, other, first_ids``: where one record was seen twice with different values,
        and (column ``match``) where a record of a later system matched several.
    aliases : tuple of Aliases
        For each later system, which of its records are records of an earlier one.
    """

    tables: dict[str, pd.DataFrame]
    conflicts: pd.DataFrame
    aliases: tuple[Aliases, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the conflicts."""
        return self.conflicts

    def summary(self) -> str:
        """Return one sentence: how many records were joined and how many values conflict."""
        joined = sum(len(a.same) for a in self.aliases)
        return f"{joined:,} records joined across systems, {int(self.conflicts['conflicts'].sum()):,} conflicts."


def join_sources(mapped: Sequence[MappedSource]) -> JoinedTables:
    """Put the tables of all sources together.

    Ids of the first system (and of sources that name none) stand. Records of a later system take the id of the one
    earlier record with the same values in its ``match`` columns; the others are prefixed with its name. Where one
    record is then seen twice, the first source wins and its gaps are filled: at once by rows that were recorded no
    later, otherwise by a field change from then on, so that nothing is known too early.

    Parameters
    ----------
    mapped : sequence of MappedSource
        In order of trust.

    Returns
    -------
    JoinedTables

    Raises
    ------
    MappingError
        If a column of ``match`` is in no table.
    """
    systems = list(dict.fromkeys(m.source.system for m in mapped if m.source.system))
    # Without a system of its own a source belongs to the first one, whichever source names that.
    first = "" if any(not m.source.system for m in mapped[:1]) else systems[0]
    groups: dict[str, list[MappedSource]] = {first: []}
    for one in mapped:
        groups.setdefault(one.source.system or first, []).append(one)
    renamed = {id(m): m.tables for m in groups.pop(first)}
    aliases = []
    for own in groups.values():
        found = find_aliases(own, list(renamed.values()))
        aliases.append(found)
        renamed |= {id(m): {n: found.rename(t) for n, t in m.tables.items()} for m in own}
    sources = [renamed[id(m)] for m in mapped]
    names = dict.fromkeys(n for tables in sources for n in tables)
    together = {n: _concat([t[n] for t in sources if n in t]) for n in names}
    conflicts = [_ambiguous(a) for a in aliases if a.ambiguous]
    for name in [n for n in together if TABLES[n].key]:
        together[name], late, found_conflicts = _settle(TABLES[name], together[name])
        conflicts += found_conflicts
        if len(late):
            logs = [t for t in (together.get("field_changes"), late) if t is not None]
            together["field_changes"] = _concat(logs)
    return JoinedTables(
        tables=together,
        conflicts=pd.DataFrame(conflicts, columns=list(CONFLICT_COLUMNS)),
        aliases=tuple(aliases),
    )


def _concat(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [t for t in tables if len(t)] or [tables[0]]
    columns = dict.fromkeys(c for t in filled for c in t.columns)
    # Column by column, since pandas guesses the type of a column that only some tables have.
    together = {c: _stack([t[c] if c in t else pd.Series(None, index=t.index, dtype=object) for t in filled])
                for c in columns}  # fmt: skip
    return pd.DataFrame(together)


def _stack(parts: Sequence[pd.Series]) -> pd.Series:
    kinds = {p.dtype for p in parts if p.notna().any()} or {parts[0].dtype}
    kind = kinds.pop() if len(kinds) == 1 else object
    if kind == np.int64 and any(p.isna().any() for p in parts):
        kind = pd.Int64Dtype()
    return pd.concat([p.astype(kind) for p in parts], ignore_index=True)


def _settle(spec: Table, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[dict[str, Any]]]:
    key = [k for k in spec.key if k in table]
    nth = table.groupby(key, dropna=False, sort=False).cumcount().to_numpy()
    kept = table[nth == 0].reset_index(drop=True)
    place = pd.Series(np.arange(len(kept)), index=pd.MultiIndex.from_frame(kept[key]))
    late, conflicts = [], []
    for again in range(1, int(nth.max(initial=0)) + 1):
        more = table[nth == again]
        at = place.loc[pd.MultiIndex.from_frame(more[key])].to_numpy()
        for column in [c for c in table.columns if c not in (*key, "recorded_at")]:
            old, new = kept[column].iloc[at], more[column].set_axis(at)
            gap = (old.isna() & new.notna()).to_numpy()
            in_time = (more["recorded_at"].to_numpy() <= kept["recorded_at"].to_numpy()[at]) & gap
            kept.loc[at[in_time], column] = new[in_time].to_numpy()
            differ = (old.notna() & new.notna()).to_numpy() & (old.to_numpy() != new.to_numpy())
            if spec.name == "opportunities":
                late.append(_known_later(more[gap & ~in_time], column))
            else:
                differ |= gap & ~in_time
            if differ.any():
                conflicts.append(_conflict(spec, column, old[differ], new[differ], more[differ]))
    filled = [t for t in late if len(t)]
    return kept, pd.concat(filled) if filled else pd.DataFrame(), conflicts
