"""Attributes of an event log as dated changes, so that none is known before the row that carried it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from funnelml.mapping.headings import fold
from funnelml.mapping.instants import parse_instants
from funnelml.mapping.numbers import parse_numbers
from funnelml.mapping.source import Source
from funnelml.mapping.texts import plain_numbers
from funnelml.schema import TABLES

KINDS: Mapping[str, str] = {c.name: c.kind for c in TABLES["opportunities"].columns}
"""Kind of each attribute that has one of its own; all others are text."""


def as_text(values: npt.NDArray[Any], missing: npt.NDArray[np.bool_], kind: str, time_zone: str) -> pd.Series:
    """Return attribute values in the one text form in which the log of field changes keeps them.

    Numbers are plain decimal text, dates are ``YYYY-MM-DD`` in the workspace's time zone.
    """
    if kind == "number":
        text = plain_numbers(np.asarray(values, dtype=np.float64))
    elif kind == "instant":
        utc = pd.DatetimeIndex(np.asarray(values, dtype=np.int64).view("M8[us]")).tz_localize("UTC")
        text = utc.tz_convert(time_zone).strftime("%Y-%m-%d").to_numpy(dtype=object)
    else:
        text = np.asarray(values, dtype=object)
    return pd.Series(np.where(missing, None, text), dtype=object)


def attribute_changes(log: pd.DataFrame, attributes: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Turn the attribute columns of an event log into field changes.

    Parameters
    ----------
    log : pandas.DataFrame
        ``funnel, record_id, entered_at, recorded_at``, one row per event; its index is the row in the file.
    attributes : mapping of str to pandas.Series
        Text values of each attribute, aligned with ``log``; None where the row says nothing.

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
        changed = old.isna() | (old != said["new"])
        kept = said.assign(field=name, old=old.astype(object).where(old.notna(), None), changed_at=said["entered_at"])
        parts.append(kept[changed])
    columns = [c.name for c in TABLES["field_changes"].columns]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_values("at", kind="stable")[columns]


def settle_field_values(
    changes: pd.DataFrame, source: Source, time_zone: str
) -> tuple[pd.DataFrame, dict[str, npt.NDArray[np.bool_]]]:
    """Bring the values of a log of field changes into the same text form as those of an event log.

    Parameters
    ----------
    changes : pandas.DataFrame
        ``field``, ``old`` and ``new`` as text.

    Returns
    -------
    changes : pandas.DataFrame
        With known field names in canonical spelling, amounts as plain decimal text, dates as ``YYYY-MM-DD``.
    unreadable : dict of str to numpy.ndarray
        For ``old`` and ``new``: rows whose value is none of its kind.
    """
    canonical = {fold(name): name for name in KINDS}
    names = {f: canonical.get(fold(f), f) for f in changes["field"].dropna().unique()}
    settled = changes.assign(field=changes["field"].map(names))
    unreadable = {}
    for column in ("old", "new"):
        if column not in settled:
            continue
        values = settled[column].to_numpy(dtype=object, copy=True)
        bad = np.zeros(len(settled), dtype=bool)
        for kind in ("number", "instant"):
            at = np.flatnonzero(settled["field"].map(KINDS).eq(kind))
            said = pd.Series(values[at], dtype=object)
            if kind == "number":
                parsed = parse_numbers(said, decimal=source.decimal)
            else:
                parsed = parse_instants(said, time_zone=time_zone, day_first=source.day_first)
            values[at] = as_text(parsed.values, parsed.missing | parsed.unreadable, kind, time_zone)
            bad[at] = parsed.unreadable
        settled[column] = values
        unreadable[column] = bad
    return settled, unreadable
