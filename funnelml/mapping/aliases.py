"""Ids of records that several systems hold: which are the same record, and how the others are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from funnelml.errors import MappingError, did_you_mean
from funnelml.mapping.cells import written
from funnelml.mapping.kinds import Parsed
from funnelml.mapping.mapped import MappedSource
from funnelml.schema import TABLES

_ID_COLUMNS = ("record_id", "opportunity_id", "lead_id")
_ID_OF = {
    name: next((c.name for c in table.columns if c.required and c.name in _ID_COLUMNS), "")
    for name, table in TABLES.items()
}


@dataclass(frozen=True, kw_only=True)
class Aliases:
    """Ids of one later system in terms of the earlier ones.

    Parameters
    ----------
    system : str
        Name of the system; ids without a match are prefixed with it.
    same : dict of str to str
        Own id to the id of the same record in an earlier system.
    ambiguous : tuple of str
        Own ids with several matches, kept apart.
    match : tuple of str
        Columns by which records were recognised.
    """

    system: str
    same: Mapping[str, str] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()
    match: tuple[str, ...] = ()

    def rename(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table with its record ids replaced."""
        renamed = {}
        for column in _ID_COLUMNS:
            if column in table:
                ids = table[column]
                known = {i: self.same.get(i, f"{self.system}:{i}") for i in ids.dropna().unique()}
                renamed[column] = ids.map(known).astype(object).where(ids.notna(), None)
        return table.assign(**renamed)


def find_aliases(own: Sequence[MappedSource], earlier: Sequence[Mapping[str, pd.DataFrame]]) -> Aliases:
    """Recognise the records of a later system among those of earlier ones.

    Parameters
    ----------
    own : sequence of MappedSource
        The sources of the later system.
    earlier : sequence of mapping of str to pandas.DataFrame
        Tables of the earlier systems, one mapping per source.

    Returns
    -------
    Aliases
        A match must be unique both ways; other records keep ids of their own.

    Raises
    ------
    MappingError
        If no table holds a column of ``match``.
    """
    system = own[0].source.system
    same: dict[str, str] = {}
    ambiguous: list[str] = []
    columns: tuple[str, ...] = ()
    for one in own:
        match = one.source.match
        if not match:
            continue
        columns = columns or match
        mine = record_values([one.tables], match, f"source '{one.source.name}': match")
        theirs = record_values(earlier, match, f"source '{one.source.name}': match with earlier systems")
        both = mine.reset_index().merge(theirs.reset_index(), on=list(match), suffixes=("", "_earlier"))
        alone = ~(both.duplicated("id", keep=False) | both.duplicated("id_earlier", keep=False))
        same = dict(zip(both["id"][alone], both["id_earlier"][alone], strict=True)) | same
        ambiguous += list(dict.fromkeys(both["id"][~alone]))
    return Aliases(system=system, same=same, ambiguous=tuple(ambiguous), match=columns)


def record_values(tables: Sequence[Mapping[str, pd.DataFrame]], columns: Sequence[str], where: str) -> pd.DataFrame:
    """Return the first known value of some columns per record, records without one of them left out.

    Parameters
    ----------
    tables : sequence of mapping of str to pandas.DataFrame
        Canonical tables.
    columns : sequence of str
        Canonical columns, or fields of the log of field changes. An id column means the record's own id.
    where : str
        Begin of an error message.

    Returns
    -------
    pandas.DataFrame
        Text values, indexed by ``id``.

    Raises
    ------
    MappingError
        If no table holds one of the columns.
    """
    found: dict[str, list[pd.Series]] = {c: [] for c in columns}
    there: set[str] = set()
    for name, table in ((n, t) for own in tables for n, t in own.items()):
        if not (id_column := _ID_OF[name]):
            continue
        ids = table[id_column]
        there |= {str(c) for c in table.columns} | (set(table["field"]) if name == "field_changes" else set())
        for column in columns:
            if column in ("record_id", id_column):
                found[column].append(pd.Series(ids.to_numpy(), index=ids))
            elif column in table:
                found[column].append(_as_written(table[column], name, column).set_axis(pd.Index(ids)))
            elif name == "field_changes":
                rows = table[table["field"] == column].sort_values("recorded_at", kind="stable")
                if len(rows):
                    found[column].append(rows.set_index("record_id")["new"])
    if absent := [c for c in columns if not found[c]]:
        hints = ", ".join(f"'{c}'{did_you_mean(c, there)}" for c in absent)
        raise MappingError(f"{where} needs {hints}, which no table has; there are {', '.join(sorted(there))}")
    firsts = {}
    for column, parts in found.items():
        values = pd.concat(parts)
        values = values[values.notna()]
        firsts[column] = values[~values.index.duplicated()]
    return pd.DataFrame(firsts).dropna().rename_axis("id")


def _as_written(values: pd.Series, table: str, column: str) -> pd.Series:
    spec = TABLES[table].column(column)
    if spec is None or spec.kind in ("id", "text"):
        return values
    absent = values.isna().to_numpy()
    if spec.kind == "instant":
        return values.astype("Int64").astype(str).where(~absent, None)
    return written(Parsed(values=values.to_numpy(), missing=absent, unreadable=absent), spec, "UTC")
