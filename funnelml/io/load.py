"""All sources of a workspace as canonical tables, with a report of what was read and what was not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from funnelml.errors import SourceError, ValidationError
from funnelml.history.funnel import Funnel
from funnelml.io.read import read_raw
from funnelml.io.raw import RawTable
from funnelml.mapping.apply import map_source
from funnelml.mapping.join import join_sources
from funnelml.mapping.mapped import MappedSource
from funnelml.mapping.rejects import join_rejects
from funnelml.mapping.source import EVENT_LOG, Source
from funnelml.mapping.stages import canonical_stages
from funnelml.schema import TABLES, find_problems

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
        One row per source: ``source, table, rows, read_as, unreadable, undated, recorded_at_assumed, aliased``.
    conflicts : pandas.DataFrame
        ``table, column, conflicts, kept, other, first_ids``: one record seen twice with different values.
    assumed : frozenset of str
        Tables in which ``recorded_at`` was, for some rows, taken to be the event time.
    """

    tables: Mapping[str, pd.DataFrame]
    rejects: pd.DataFrame
    undated: pd.DataFrame
    notes: pd.DataFrame
    conflicts: pd.DataFrame
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
        if len(self.conflicts):
            parts.append(f"{int(self.conflicts['conflicts'].sum()):,} conflicts between sources")
        if self.assumed:
            parts.append(f"recorded_at assumed to be the event time in {', '.join(sorted(self.assumed))}")
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
        if source.funnel is None and len(funnels) == 1 and "funnel" not in source.columns:
            source = replace(source, funnel=funnels[0].name)
        raw = read_raw(source, root)
        one = _map(raw, source, funnels, time_zone=time_zone, grain=grain)
        _stop_if_unreadable(one, raw, max_unreadable)
        mapped.append(one)
        notes.append(_note(one, raw))
    if progress is not None:
        progress(len(sources), len(sources), "")
    joined = join_sources(mapped)
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
        assumed=frozenset(t for m in mapped if m.assumed for t in m.tables),
    )


def _map(
    raw: RawTable, source: Source, funnels: Sequence[Funnel], *, time_zone: str, grain: str
) -> MappedSource:
    one = map_source(raw.frame, source, time_zone=time_zone, grain=grain)
    rejects = [raw.rejects, one.rejects]
    tables = dict(one.tables)
    if "stage_changes" in tables:
        tables["stage_changes"], unknown = canonical_stages(tables["stage_changes"], funnels, source=source.name)
        rejects.append(unknown)
    return replace(one, tables=tables, rejects=join_rejects(rejects), rows=one.rows + len(raw.rejects))


def _stop_if_unreadable(one: MappedSource, raw: RawTable, max_unreadable: float) -> None:
    bad = one.rejects["row"].nunique()
    if bad <= max_unreadable * one.rows:
        return
    reasons = one.rejects.groupby(["column", "reason"], sort=False)["row"].agg(["size", "min"])
    reasons = reasons.sort_values("size", ascending=False, kind="stable").head(3)
    told = [
        f"{size:,} times {f'{column}: ' if column else ''}{reason} (first in row {first:,})"
        for (column, reason), (size, first) in zip(reasons.index, reasons.to_numpy(), strict=True)
    ]
    raise SourceError(
        f"source '{one.source.name}': {bad:,} of {one.rows:,} rows ({bad / one.rows:.0%}) have something unreadable, "
        f"more than max_unreadable = {max_unreadable:g}; {'; '.join(told)}. Correct the mapping, or raise the limit"
    )


def _note(one: MappedSource, raw: RawTable) -> dict[str, Any]:
    return {
        "source": one.source.name,
        "table": one.source.table,
        "rows": one.rows,
        "read_as": raw.read_as,
        "unreadable": int(one.rejects["row"].nunique()),
        "undated": len(one.undated),
        "recorded_at_assumed": one.assumed,
    }


def write_quarantine(rejects: pd.DataFrame, path: Path) -> Path | None:
    """Write what could not be read to a CSV that Excel opens.

    Parameters
    ----------
    rejects : pandas.DataFrame
        As in :class:`LoadedTables`.
    path : pathlib.Path
        File to write; its folder is made. An older one is replaced, or removed if there is nothing to write.

    Returns
    -------
    pathlib.Path or None
        The file; None if there was nothing to write.
    """
    if rejects.empty:
        path.unlink(missing_ok=True)
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    safe = rejects.copy()
    for column in safe.columns.drop("row"):
        text = safe[column].astype(str)
        # A spreadsheet would run such a text as a formula.
        safe[column] = text.mask(text.str.match(r"[=+\-@\t\r]"), "'" + text)
    unfinished = path.with_name(f".{path.name}.tmp")
    safe.to_csv(unfinished, index=False, encoding="utf-8-sig")
    unfinished.replace(path)
    return path
