"""Rows of one source as canonical tables, with what could not be read and what has no date yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from funnelml.mapping.attributes import as_text, attribute_changes, settle_field_values
from funnelml.mapping.headings import mappable_columns, resolve_columns
from funnelml.mapping.instants import explain_instant, parse_instants
from funnelml.mapping.kinds import Parsed
from funnelml.mapping.numbers import explain_number, parse_numbers
from funnelml.mapping.rejects import LEFT_OUT, SET_ASIDE, join_rejects, reject_cells
from funnelml.mapping.source import EVENT_LOG, Source
from funnelml.mapping.texts import explain_text, parse_text
from funnelml.schema import TABLES, Column

UNDATED_COLUMNS = ("source", "row", "table", "funnel", "record_id", "stage")


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
    """

    source: Source
    tables: dict[str, pd.DataFrame]
    rejects: pd.DataFrame
    undated: pd.DataFrame
    rows: int
    assumed: int

    def to_frame(self) -> pd.DataFrame:
        """Return the number of rows per canonical table."""
        return pd.DataFrame({"table": list(self.tables), "rows": [len(t) for t in self.tables.values()]})

    def summary(self) -> str:
        """Return one sentence: rows read, rejected, undated."""
        return (
            f"{self.source.name}: {self.rows:,} rows, {self.rejects['row'].nunique():,} of them with something "
            f"unreadable, {len(self.undated):,} without a date yet."
        )


def map_source(raw: pd.DataFrame, source: Source, *, time_zone: str, grain: str = "instant") -> MappedSource:
    """Turn the rows of a source into canonical tables.

    Parameters
    ----------
    raw : pandas.DataFrame
        The source's columns under its own headings; the index is the row as a person sees it in the file.
    source : Source
        Which column means what. An event log fills ``stage_changes`` and ``field_changes``.
    time_zone : str
        IANA zone of times that name none, and of the days of ``grain="day"``.
    grain : {"instant", "day"}
        ``"day"`` floors every instant to local midnight.

    Returns
    -------
    MappedSource

    Raises
    ------
    MappingError
        Naming every column that is missing, and those that there are.
    """
    columns = resolve_columns(source, list(raw.columns))
    specs = mappable_columns(source)
    read = {name: _parse(raw[h], specs[name], source, time_zone, grain) for name, h in columns.items()}
    blank = np.logical_and.reduce([p.missing for p in read.values()])
    if blank.any():
        keep = ~blank
        raw = raw[keep]
        read = {n: Parsed(values=p.values[keep], missing=p.missing[keep], unreadable=p.unreadable[keep])
                for n, p in read.items()}  # fmt: skip
    event_time = TABLES["stage_changes" if source.table == EVENT_LOG else source.table].event_time
    rejects, bad = [], np.zeros(len(raw), dtype=bool)
    for name, parsed in read.items():
        needed = specs[name].required
        explain = _explanations(source)[specs[name].kind]
        action = SET_ASIDE if needed else LEFT_OUT
        reject = partial(reject_cells, raw[columns[name]], source=source.name, heading=columns[name], action=action)
        rejects.append(reject(parsed.unreadable, explain=explain))
        if needed:
            bad |= parsed.unreadable
        if needed and name not in (event_time, "recorded_at"):
            rejects.append(reject(parsed.missing, explain=lambda _: "empty, but every row needs a value"))
            bad |= parsed.missing
    dateless = read[event_time].missing & ~bad
    table = _assemble(raw.index, read, specs, source, event_time)
    undated = _undated(table[dateless], source)
    good = ~bad & ~dateless
    assumed = good & read["recorded_at"].missing if "recorded_at" in read else good
    tables, more = _split(table, good, read, specs, source, time_zone)
    return MappedSource(
        source=source,
        tables=tables,
        rejects=join_rejects([*rejects, *more]),
        undated=undated,
        rows=len(raw),
        assumed=int(assumed.sum()),
    )


def _parse(column: pd.Series, spec: Column, source: Source, time_zone: str, grain: str) -> Parsed:
    if spec.kind == "instant":
        return parse_instants(
            column,
            time_zone=time_zone,
            day_first=source.day_first,
            grain=grain,
            null_values=source.null_values,
        )
    if spec.kind == "number":
        parsed = parse_numbers(column, decimal=source.decimal, null_values=source.null_values)
        if spec.name != "probability":
            return parsed
        outside = (parsed.values < 0) | (parsed.values > 1)
        values = np.where(outside, np.nan, parsed.values)
        return Parsed(values=values, missing=parsed.missing, unreadable=parsed.unreadable | outside)
    return parse_text(column, null_values=source.null_values)


def _explanations(source: Source) -> dict[str, Callable[[str], str]]:
    return {
        "instant": partial(explain_instant, day_first=source.day_first),
        "number": partial(explain_number, decimal=source.decimal),
        "text": explain_text,
        "id": explain_text,
    }


def _assemble(
    rows: pd.Index, read: dict[str, Parsed], specs: dict[str, Column], source: Source, event_time: str
) -> pd.DataFrame:
    columns: dict[str, pd.Series | npt.NDArray[np.generic]] = {}
    for name, spec in specs.items():
        if name == "funnel" and name not in read:
            columns[name] = pd.Series(source.funnel, index=rows, dtype=object)
        elif name == "recorded_at":
            event = read[event_time].values
            own = read.get(name)
            columns[name] = event if own is None else np.where(own.missing, event, own.values)
        elif name in read and spec.kind == "instant" and not spec.required:
            absent = read[name].missing | read[name].unreadable
            columns[name] = pd.Series(pd.array(read[name].values, dtype="Int64"), index=rows).mask(absent)
        elif name in read:
            columns[name] = read[name].values
    return pd.DataFrame(columns, index=rows)


def _undated(rows: pd.DataFrame, source: Source) -> pd.DataFrame:
    ids = next((c for c in ("record_id", "opportunity_id", "lead_id") if c in rows), None)
    found = pd.DataFrame({"row": rows.index, "source": source.name, "table": source.table})
    for column, origin in (("funnel", "funnel"), ("record_id", ids), ("stage", "stage")):
        found[column] = rows[origin].to_numpy() if origin in rows else None
    return found[list(UNDATED_COLUMNS)]


def _split(
    table: pd.DataFrame,
    good: npt.NDArray[np.bool_],
    read: dict[str, Parsed],
    specs: dict[str, Column],
    source: Source,
    time_zone: str,
) -> tuple[dict[str, pd.DataFrame], list[pd.DataFrame]]:
    if source.table == EVENT_LOG:
        own = [c.name for c in TABLES["stage_changes"].columns]
        attributes = {
            name: as_text(p.values, p.missing | p.unreadable, specs[name].kind, time_zone)[good]
            for name, p in read.items()
            if name not in own
        }
        changes = attribute_changes(table[good], attributes)
        return {"stage_changes": table.loc[good, own]} | ({"field_changes": changes} if attributes else {}), []
    table = table[good]
    if source.table != "field_changes":
        return {source.table: table}, []
    settled, unreadable = settle_field_values(table, source, time_zone)
    reason = partial(str.format, "not a {}", "value of its field's kind")
    rejects = [
        reject_cells(table[c], bad, source=source.name, heading=c, explain=lambda _: reason(), action=LEFT_OUT)
        for c, bad in unreadable.items()
    ]
    return {source.table: settled}, rejects
