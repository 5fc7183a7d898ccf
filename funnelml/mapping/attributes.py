"""Attributes of a record as dated changes, so that none is known before the row that carried it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelml.mapping.cells import explanation, read_cells, written
from funnelml.mapping.headings import fold
from funnelml.mapping.rejects import LEFT_OUT, reject_cells
from funnelml.mapping.source import Source
from funnelml.schema import TABLES

_OWN_KIND = {c.name: c for c in TABLES["opportunities"].columns if c.kind in ("number", "instant")}


def attribute_changes(log: pd.DataFrame, attributes: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Turn the attribute columns of an event log into field changes.

    Parameters
    ----------
    log : pandas.DataFrame
        ``funnel, record_id, entered_at, recorded_at``, one row per event; its index is the row in the file.
    attributes : mapping of str to pandas.Series
        Text values of each attribute in the order of ``log``; None where the row says nothing.

    Returns
    -------
    pandas.DataFrame
        Canonical ``field_changes``: per record and attribute one row where the first value stands and one wherever it
        changes, in the order in which the rows were recorded (then happened, then stand in the file).
    """
    parts = []
    for name, values in attributes.items():
        said = log.assign(new=values.to_numpy(), at=np.arange(len(log)))[values.notna().to_numpy()]
        said = said.sort_values(["recorded_at", "entered_at", "at"], kind="stable")
        old = said.groupby(["funnel", "record_id"], sort=False)["new"].shift()
        kept = said.assign(field=name, old=old.astype(object).where(old.notna(), None), changed_at=said["entered_at"])
        parts.append(kept[old.isna() | (old != said["new"])])
    return pd.concat(parts).sort_values("at", kind="stable")[[c.name for c in TABLES["field_changes"].columns]]


def settle_fields(
    changes: pd.DataFrame, raw: pd.DataFrame, source: Source, *, time_zone: str, grain: str
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Bring a log of field changes into the spelling and text form of those of an event log.

    Parameters
    ----------
    changes : pandas.DataFrame
        Canonical ``field_changes`` as read.
    raw : pandas.DataFrame
        The raw columns ``old`` and ``new`` of the same rows, under their headings, and in ``raw.attrs["columns"]``
        which is which.

    Returns
    -------
    changes : pandas.DataFrame
        With known field names in canonical spelling, amounts as plain decimal text, dates as ``YYYY-MM-DD``.
    rejects : list of pandas.DataFrame
        Values that are none of their field's kind; they are left out.
    """
    canonical = {fold(c.name): c.name for c in TABLES["opportunities"].columns}
    names = {f: canonical.get(fold(f), f) for f in changes["field"].unique()}
    settled = changes.assign(field=changes["field"].map(names))
    rejects = []
    for column, heading in raw.attrs["columns"].items():
        values = settled[column].to_numpy(dtype=object, copy=True)
        for name, spec in _OWN_KIND.items():
            at = np.flatnonzero(settled["field"] == name)
            cells = raw[heading].iloc[at]
            parsed = read_cells(cells, spec, source, time_zone=time_zone, grain=grain)
            values[at] = written(parsed, spec, time_zone)
            rejects.append(
                reject_cells(
                    cells,
                    parsed.unreadable,
                    source=source.name,
                    heading=heading,
                    explain=explanation(spec, source),
                    action=LEFT_OUT,
                )
            )
        settled[column] = values
    return settled, rejects
