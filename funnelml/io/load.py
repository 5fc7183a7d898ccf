"""All sources of a workspace as canonical tables, with a report of what was read and what was not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from funnelml.errors import ValidationError
from funnelml.history.funnel import Funnel
from funnelml.io.quarantine import refuse_unreadable, write_quarantine
from funnelml.io.raw import RawTable
from funnelml.io.read import read_raw
from funnelml.mapping.aliases import Aliases
from funnelml.mapping.apply import map_source
from funnelml.mapping.join import join_sources
from funnelml.mapping.mapped import MappedSource
from funnelml.mapping.rejects import join_rejects
from funnelml.mapping.source import Source
from funnelml.mapping.stages import canonical_stages
from funnelml.schema import find_problems

__all__ = ["LoadedTables", "Progress", "load_tables", "write_quarantine"]

Progress = Callable[[int, int, str], None]
"""Called as ``progress(done, total, what)``: sources done, sources in all, name of the next one."""


@dataclass(frozen=True, kw_only=True)
class LoadedTables:
    """The canonical tables of a workspace and how they came about.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Canonical tables by name, with canonical stages.
    rejects : pandas.DataFrame
        ``source, row, column, value, reason, action``: what could not be read.
    undated : pandas.DataFrame
        ``source, row, table, funnel, record_id, stage``: rows without a date yet, set aside.
    notes : pandas.DataFrame
        One row per source: ``source, table, rows, read_as, unreadable, undated, recorded_at_assumed, currencies``.
    conflicts : pandas.DataFrame
        ``table, column, conflicts, kept, other, first_ids``: one record seen twice with different values.
    aliases : tuple of Aliases
        For each later system, which of its records are records of an earlier one.
    assumed : frozenset of str
        Tables in which ``recorded_at`` was, for some rows, taken to be the event time.
    """

    tables: Mapping[str, pd.DataFrame]
    rejects: pd.DataFrame
    undated: pd.DataFrame
    notes: pd.DataFrame
    conflicts: pd.DataFrame
    aliases: tuple[Aliases, ...]
    assumed: frozenset[str]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per source."""
        return self.notes

    def summary(self) -> str:
        """Return one sentence: how much was read, set aside and assumed."""
        rows = int(self.notes["rows"].sum())
        noun = "source" if len(self.notes) == 1 else "sources"
        parts = [f"{rows:,} rows from {len(self.notes)} {noun}"]
        if unreadable := int(self.notes["unreadable"].sum()):
            parts.append(f"{unreadable:,} with something unreadable")
        if len(self.undated):
            parts.append(f"{len(self.undated):,} set aside without a date")
        if self.aliases:
            parts.append(f"{sum(len(a.same) for a in self.aliases):,} records joined across systems")
        if len(self.conflicts):
            parts.append(f"{int(self.conflicts['conflicts'].sum()):,} conflicts between sources")
        if self.assumed:
            parts.append(f"recorded_at assumed to be the event time in {', '.join(sorted(self.assumed))}")
        currencies = sorted({c for told in self.notes["currencies"] for c in told.split(", ") if c})
        if len(currencies) > 1:
            parts.append(f"amounts in {', '.join(currencies)} are taken as they stand, without conversion")
        return "; ".join(parts) + "."


def load_tables(
    sources: Sequence[Source],
    funnels: Sequence[Funnel],
    *,
    root: Path,
    time_zone: str,
    grain: str = "instant",
    max_unreadable: float = 0.05,
    progress: Progress | None = None,
) -> LoadedTables:
    """Read all sources of a workspace; nothing is written.

    Parameters
    ----------
    sources : sequence of Source
        In order of trust: where one record is seen twice, the first source wins.
    funnels : sequence of Funnel
        The funnels; where there is one, a source need not name it.
    root : pathlib.Path
        Folder to which paths are relative.
    time_zone, grain : str
        IANA zone, and ``"instant"`` or ``"day"``.
    max_unreadable : float
        Share of rows of a source with something unreadable past which the load stops.
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Returns
    -------
    LoadedTables

    Raises
    ------
    SourceError
        If a source cannot be read, or too much of it.
    MappingError
        If a mapped column does not exist.
    ValidationError
        With every problem of every table.
    """
    mapped: list[MappedSource] = []
    notes: list[dict[str, Any]] = []
    for done, source in enumerate(sources):
        if progress is not None:
            progress(done, len(sources), source.name)
        raw = read_raw(source, root, time_zone=time_zone)
        if source.funnel is None and "funnel" not in raw.columns and len(funnels) == 1:
            source = replace(source, funnel=funnels[0].name)
        one = _map(raw, source, funnels, time_zone=time_zone, grain=grain)
        refuse_unreadable(one.rejects, rows=one.rows, max_unreadable=max_unreadable, source=source.name)
        mapped.append(one)
        notes.append(_note(one, raw))
    if progress is not None:
        progress(len(sources), len(sources), "")
    joined = join_sources(mapped, time_zone=time_zone)
    problems = [line for name, table in joined.tables.items() for line in find_problems(name, table)]
    if problems:
        raise ValidationError(problems, "Correct the source or its columns in funnelml.toml")
    undated = [m.undated for m in mapped if len(m.undated)]
    return LoadedTables(
        tables=joined.tables,
        rejects=join_rejects([m.rejects for m in mapped]),
        undated=pd.concat(undated, ignore_index=True) if undated else mapped[0].undated,
        notes=pd.DataFrame(notes),
        conflicts=joined.conflicts,
        aliases=joined.aliases,
        assumed=frozenset(t for m in mapped if m.assumed for t in m.tables),
    )


def _map(raw: RawTable, source: Source, funnels: Sequence[Funnel], *, time_zone: str, grain: str) -> MappedSource:
    one = map_source(raw.frame, source, time_zone=time_zone, grain=grain)
    rejects = [raw.rejects, one.rejects]
    tables = dict(one.tables)
    if "stage_changes" in tables:
        tables["stage_changes"], unknown = canonical_stages(tables["stage_changes"], funnels, source=source.name)
        rejects.append(unknown)
    return replace(one, tables=tables, rejects=join_rejects(rejects), rows=one.rows + len(raw.rejects))


def _note(one: MappedSource, raw: RawTable) -> dict[str, Any]:
    return {
        "source": one.source.name,
        "table": one.source.table,
        "rows": one.rows,
        "read_as": raw.read_as,
        "unreadable": int(one.rejects["row"].nunique()),
        "undated": len(one.undated),
        "recorded_at_assumed": one.assumed,
        "currencies": ", ".join(one.currencies),
    }
