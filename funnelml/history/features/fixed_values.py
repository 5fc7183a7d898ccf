"""Values that stand in the opportunities or leads table, with what an export wrote over them undone by the log."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from funnelml.history.features.field_values import reader_of
from funnelml.history.history import History
from funnelml.history.record_log import RecordLog

FIELDS = (
    "amount", "probability", "expected_close_date", "owner", "team", "source", "segment", "product", "account",
    "lead_id", "loss_reason",
)  # fmt: skip
"""Fields that a snapshot has."""


def read_fixed_values(history: History, log: RecordLog) -> pd.DataFrame:
    """Return the fixed values of each record (the index): ``recorded_at`` and the fields that there are.

    Parameters
    ----------
    history : History
        Canonical tables.
    log : RecordLog
        The log of the funnel. Of a funnel without opportunities the records are leads.

    Notes
    -----
    A table of opportunities is either kept as records were entered, or as an export finds them, written over by every
    change. So before the first change of a field that the log knows, its ``old`` value stands. Where the log tells no
    old value and the table mostly agrees with the last new one, the table was written over: then nothing stood before.
    That holds of a log that tells old values: most of its changes have one, and 95 % of those before which the log
    itself knows of a value. Of any other the table says nothing of the past of any record, since a gap, or a value,
    would tell which records are going to change.
    """
    fixed = log.opportunities
    if fixed.empty:
        fixed = _read_leads(history, log.cut)
    fixed = fixed[[c for c in ("recorded_at", *FIELDS) if c in fixed]].copy()
    for field in [c for c in FIELDS if c in fixed]:
        values = fixed[field].astype(object)
        changes = log.changes_of(field)
        known = values.where(values.notna(), None)
        fixed[field] = known if changes.empty else _undo(known, changes, field, log.time_zone)
    return fixed


def _undo(fixed: pd.Series, changes: pd.DataFrame, field: str, time_zone: str) -> pd.Series:
    first = changes.drop_duplicates("record_id").set_index("record_id")["old"].reindex(fixed.index)
    last = changes.drop_duplicates("record_id", keep="last").set_index("record_id")["new"].reindex(fixed.index)
    changed = fixed.index.isin(changes["record_id"])
    told = changed & first.notna().to_numpy()
    undone = fixed.where(~told, first)
    silent = changed & ~told & fixed.notna().to_numpy()
    if not silent.any():
        return undone
    read = reader_of(field, time_zone)
    agrees = read(fixed[silent]) == read(last[silent])
    if agrees.mean() <= 0.5:
        return undone
    return undone.where(~silent & _tells_old_values(changes), None)


def _tells_old_values(changes: pd.DataFrame) -> bool:
    told = changes["old"].notna()
    stood = changes.groupby("record_id")["new"].shift().notna()
    return bool(told.mean() > 0.5 and stood.any() and told[stood].mean() >= 0.95)


def _read_leads(history: History, cut: int) -> pd.DataFrame:
    leads = history.lazy("leads")
    if leads is None:
        return pd.DataFrame({"recorded_at": pd.Series(dtype="int64")}, index=pd.Index([], dtype=object))
    there = leads.collect_schema().names()
    wanted = [c for c in ("source", "owner") if c in there]
    table = leads.filter(nw.col("recorded_at") < cut).select("lead_id", "recorded_at", *wanted)
    frame: pd.DataFrame = table.collect(backend="pandas").to_native()
    return frame.assign(lead_id=frame["lead_id"].astype(object)).set_index("lead_id")
