"""Rows of one source as canonical tables, with what could not be read and what has no date yet."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from funnelml.errors import MappingError
from funnelml.mapping.attributes import attribute_changes, settle_fields
from funnelml.mapping.cells import explanation, read_cells, written
from funnelml.mapping.headings import mappable_columns, resolve_columns
from funnelml.mapping.kinds import Parsed
from funnelml.mapping.mapped import MappedSource
from funnelml.mapping.numbers import find_currencies
from funnelml.mapping.rejects import LEFT_OUT, SET_ASIDE, join_rejects, reject_cells
from funnelml.mapping.source import EVENT_LOG, Source
from funnelml.schema import TABLES, Column


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
        Naming every column that is missing, and those that there are; or if nothing says which funnel.
    """
    headings = resolve_columns(source, list(raw.columns))
    specs = mappable_columns(source)
    if "funnel" in specs and source.funnel is None and "funnel" not in headings:
        raise MappingError(
            f"source '{source.name}': which funnel are its rows of? Set funnel = \"...\", or map a column to funnel"
        )
    own = TABLES["stage_changes" if source.table == EVENT_LOG else source.table]
    read = {
        name: read_cells(raw[heading], specs[name], source, time_zone=time_zone, grain=grain)
        for name, heading in headings.items()
    }
    raw, read = _without_blank_rows(raw, read)
    rejects, bad = _reject(raw, headings, read, specs, source, own.event_time)
    dateless = read[own.event_time].missing & ~bad
    table = _assemble(raw.index, read, specs, source, own.event_time)
    good = ~bad & ~dateless
    tables = {own.name: table.loc[good, [c.name for c in own.columns if c.name in table]]}
    attributes = {
        name: written(parsed, specs[name], time_zone)[good]
        for name, parsed in read.items()
        if source.table == EVENT_LOG and own.column(name) is None
    }
    if attributes:
        tables["field_changes"] = attribute_changes(tables["stage_changes"], attributes)
    if source.table == "field_changes":
        cells = raw.loc[good]
        cells.attrs["columns"] = {c: headings[c] for c in ("old", "new") if c in headings}
        tables["field_changes"], more = settle_fields(
            tables["field_changes"], cells, source, time_zone=time_zone, grain=grain
        )
        rejects += more
    amounts = [raw[headings[c]] for c in ("amount",) if c in headings]
    return MappedSource(
        source=source,
        tables=tables,
        rejects=join_rejects(rejects),
        undated=_undated(table[dateless], source),
        rows=len(raw),
        assumed=int((good & read["recorded_at"].missing if "recorded_at" in read else good).sum()),
        currencies=tuple(sorted({c for column in amounts for c in find_currencies(column)})),
    )


def _without_blank_rows(raw: pd.DataFrame, read: dict[str, Parsed]) -> tuple[pd.DataFrame, dict[str, Parsed]]:
    keep = ~np.logical_and.reduce([p.missing for p in read.values()])
    if keep.all():
        return raw, read
    return raw[keep], {name: parsed.take(keep) for name, parsed in read.items()}


def _reject(
    raw: pd.DataFrame,
    headings: dict[str, str],
    read: dict[str, Parsed],
    specs: dict[str, Column],
    source: Source,
    event_time: str,
) -> tuple[list[pd.DataFrame], npt.NDArray[np.bool_]]:
    rejects, bad = [], np.zeros(len(raw), dtype=bool)
    for name, parsed in read.items():
        needed = specs[name].required
        reject = partial(
            reject_cells,
            raw[headings[name]],
            source=source.name,
            heading=headings[name],
            action=SET_ASIDE if needed else LEFT_OUT,
        )
        rejects.append(reject(parsed.unreadable, explain=explanation(specs[name], source)))
        if needed:
            bad |= parsed.unreadable
        # Without its event time a row is not wrong but not dated yet; recorded_at is then assumed.
        if needed and name not in (event_time, "recorded_at"):
            rejects.append(reject(parsed.missing, explain=lambda _: "empty, but every row needs a value"))
            bad |= parsed.missing
    return rejects, bad


def _assemble(
    rows: pd.Index, read: dict[str, Parsed], specs: dict[str, Column], source: Source, event_time: str
) -> pd.DataFrame:
    columns: dict[str, object] = {}
    for name, spec in specs.items():
        parsed = read.get(name)
        if name == "recorded_at":
            event = read[event_time].values
            columns[name] = event if parsed is None else np.where(parsed.missing, event, parsed.values)
        elif parsed is None:
            if name == "funnel":
                columns[name] = np.full(len(rows), source.funnel, dtype=object)
        elif spec.kind == "instant" and not spec.required:
            columns[name] = pd.arrays.IntegerArray(parsed.values, parsed.missing | parsed.unreadable)
        else:
            columns[name] = parsed.values
    return pd.DataFrame(columns, index=rows)


def _undated(rows: pd.DataFrame, source: Source) -> pd.DataFrame:
    ids = next((c for c in ("record_id", "opportunity_id", "lead_id") if c in rows), "")
    found = pd.DataFrame({"source": source.name, "row": rows.index, "table": source.table})
    for column, origin in (("funnel", "funnel"), ("record_id", ids), ("stage", "stage")):
        found[column] = rows[origin].to_numpy() if origin in rows else np.full(len(rows), None, dtype=object)
    return found
