"""Tables of several sources as one: records of several systems joined, and what is known twice settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from funnelml.errors import first_few
from funnelml.mapping.aliases import Aliases, find_aliases
from funnelml.mapping.mapped import MappedSource
from funnelml.mapping.settle import CONFLICT_COLUMNS, settle_records, stack_tables
from funnelml.schema import TABLES


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


def join_sources(mapped: Sequence[MappedSource], *, time_zone: str = "UTC") -> JoinedTables:
    """Put the tables of all sources together.

    Ids of the first system (and of sources that name none) stand. Records of a later system take the id of the one
    earlier record with the same values in its ``match`` columns; the others are prefixed with its name. Where one
    record is then seen twice, the first source wins and its gaps are filled: at once by rows that were recorded no
    later, otherwise by a field change from then on, so that nothing is known too early.

    Parameters
    ----------
    mapped : sequence of MappedSource
        In order of trust.
    time_zone : str
        Zone in which dates are written in field changes.

    Returns
    -------
    JoinedTables

    Raises
    ------
    MappingError
        If a column of ``match`` is in no table.
    """
    # Without a system of its own a source belongs to the first one.
    first = mapped[0].source.system
    groups: dict[str, list[MappedSource]] = {}
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
    together = {n: stack_tables([t[n] for t in sources if n in t]) for n in names}
    conflicts = [_ambiguous(a) for a in aliases if a.ambiguous]
    for name in [n for n in together if TABLES[n].key]:
        settled = settle_records(TABLES[name], together[name], time_zone=time_zone)
        together[name] = settled.records
        conflicts += settled.conflicts
        if len(settled.known_later):
            logs = [together["field_changes"]] if "field_changes" in together else []
            together["field_changes"] = stack_tables([*logs, settled.known_later])
    return JoinedTables(
        tables=together,
        conflicts=pd.DataFrame(conflicts, columns=list(CONFLICT_COLUMNS)),
        aliases=tuple(aliases),
    )


def _ambiguous(aliases: Aliases) -> dict[str, Any]:
    return {
        "table": f"records of {aliases.system}",
        "column": f"match on {', '.join(aliases.match)}",
        "conflicts": len(aliases.ambiguous),
        "kept": "apart",
        "other": "",
        "first_ids": first_few(aliases.ambiguous),
    }
