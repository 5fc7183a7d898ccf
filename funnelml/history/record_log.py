"""The three logs of one funnel as known at an instant, in pandas: who owned what, which value stood, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import narwhals as nw
import numpy as np
import pandas as pd

from funnelml.history.dates import dates_as_instants
from funnelml.history.funnel import Funnel
from funnelml.history.history import History


@dataclass(frozen=True, kw_only=True)
class RecordLog:
    """What was recorded of one funnel, and had happened, before an instant.

    Parameters
    ----------
    funnel : Funnel
        The funnel.
    cut : int
        First instant that is not known, in microseconds.
    time_zone : str
        IANA zone in which a day begins.
    stages : pandas.DataFrame
        Stage changes ``record_id, rank`` (position in the funnel; won and lost after the stages), ``entered_at,
        recorded_at``, in their written order within each record.
    fields : pandas.DataFrame
        Field changes ``record_id, field, changed_at, recorded_at, old, new``, in order of ``changed_at``, then
        ``recorded_at``, then ``new`` (nothing first).
    activities : pandas.DataFrame or None
        ``record_id, kind, occurred_at, recorded_at, contact, direction``; None if the history has no activities.
    opportunities : pandas.DataFrame
        Fixed values, one row per ``record_id`` (the index).
    """

    funnel: Funnel
    cut: int
    time_zone: str
    stages: pd.DataFrame
    fields: pd.DataFrame
    activities: pd.DataFrame | None
    opportunities: pd.DataFrame

    def known_at(self, cut: int) -> RecordLog:
        """Return the log as it was known at an earlier instant (microseconds, excluded).

        Parameters
        ----------
        cut : int
            First instant that is not known.

        Notes
        -----
        Fixed values are those of opportunities recorded by then. Where a change of one is known today, the fixed value
        is what stood before the first change; without any change it is today's, which is not past knowledge: whoever
        measures the past must leave out fields without history.
        """
        fixed = self.opportunities
        if "recorded_at" in fixed:
            fixed = fixed[fixed["recorded_at"] < cut]
        for field, first in self.fields.drop_duplicates(["record_id", "field"]).groupby("field"):
            if field in fixed:
                old = first.set_index("record_id")["old"].reindex(fixed.index)
                changed = fixed.index.isin(first["record_id"])
                fixed = fixed.assign(**{str(field): fixed[field].astype(object).where(~changed, old)})
        return replace(
            self,
            cut=cut,
            stages=_before(self.stages, "entered_at", cut),
            fields=_before(self.fields, "changed_at", cut),
            activities=None if self.activities is None else _before(self.activities, "occurred_at", cut),
            opportunities=fixed,
        )

    def last_ranks(self, *, entered_before: int | None = None) -> pd.Series:
        """Return the position in the funnel of each record (the index), by all that is known.

        Parameters
        ----------
        entered_before : int, optional
            Where each record stood at this instant (microseconds), whenever that was recorded.
        """
        stages = self.stages
        if entered_before is not None:
            stages = stages[stages["entered_at"] < entered_before]
        last = stages.drop_duplicates("record_id", keep="last")
        return last.set_index("record_id")["rank"]

    def changes_of(self, field: str) -> pd.DataFrame:
        """Return the changes of one field, in order of ``changed_at``."""
        return self.fields[self.fields["field"] == field]

    def has_field(self, field: str) -> bool:
        """Return whether the field is known from its changes or from the opportunities."""
        if field in self.opportunities and bool(self.opportunities[field].notna().any()):
            return True
        return bool((self.fields["field"] == field).any())

    def values_at(self, moments: pd.DataFrame, field: str) -> pd.Series:
        """Return the value of a field that the CRM showed for each record at each instant.

        Parameters
        ----------
        moments : pandas.DataFrame
            ``record_id`` and ``at`` (microseconds).

        Returns
        -------
        pandas.Series
            As in the log (text, or the fixed value), None where there was none; with the index of ``moments``.

        Notes
        -----
        A change shows from when it had happened and was recorded. Before the first change the value is its ``old``;
        a record whose field never changed has had the value of the opportunities table since it was created.
        """
        changes = self.changes_of(field)
        fixed = self.fixed_values(field, moments["record_id"])
        if changes.empty or moments.empty:
            return pd.Series(fixed, index=moments.index, dtype=object)
        shown = changes.assign(at=np.maximum(changes["changed_at"], changes["recorded_at"]))
        shown = shown.sort_values("at", kind="stable")[["record_id", "at", "new"]].assign(changed=True)
        asked = moments[["record_id", "at"]].assign(row=np.arange(len(moments))).sort_values("at", kind="stable")
        joined = pd.merge_asof(asked, shown, on="at", by="record_id").sort_values("row")
        first = changes.drop_duplicates("record_id").set_index("record_id")["old"].astype(object)
        ever = moments["record_id"].isin(first.index).to_numpy()
        before = np.where(ever, first.reindex(moments["record_id"]).to_numpy(), fixed)
        shows = np.where(joined["changed"].notna().to_numpy(), joined["new"].to_numpy(dtype=object), before)
        values = pd.Series(shows, index=moments.index, dtype=object)
        return values.where(values.notna(), None)

    def owners_at(self, moments: pd.DataFrame) -> pd.Series:
        """Return the owner of each record at each instant; where that is not known, the one of the opportunities."""
        owners = self.values_at(moments, "owner")
        fixed = pd.Series(self.fixed_values("owner", moments["record_id"]), index=moments.index, dtype=object)
        owners = owners.where(owners.notna(), fixed)
        return owners.where(owners.notna(), None)

    def values_now(self, field: str, ids: Iterable[object]) -> pd.Series:
        """Return the last known value of a field per record (the index), as a snapshot has it; None if there is none.

        Parameters
        ----------
        field : str
            Name of the field.
        ids : iterable
            Records.

        Notes
        -----
        The last change in the order of ``fields``, also where it cleared the value; without a change the fixed value.
        """
        index = pd.Index(list(ids), name="record_id", dtype=object)
        last = self.changes_of(field).drop_duplicates("record_id", keep="last").set_index("record_id")["new"]
        fixed = pd.Series(self.fixed_values(field, index), index=index, dtype=object)
        values = fixed.where(~index.isin(last.index), last.astype(object).reindex(index))
        return values.where(values.notna(), None)

    def close_dates_now(self, ids: Iterable[object]) -> pd.Series:
        """Return the expected close date per record (the index) as local midnight in microseconds, NaN if none."""
        return dates_as_instants(self.values_now("expected_close_date", ids), self.time_zone)

    def fixed_values(self, field: str, ids: pd.Series | pd.Index) -> np.ndarray:
        """Return the value in the opportunities table for each id, None where there is none."""
        if field not in self.opportunities:
            return np.full(len(ids), None, dtype=object)
        values = self.opportunities[field].astype(object).reindex(ids)
        return values.where(values.notna(), None).to_numpy(dtype=object)


def read_log(history: History, *, as_of: date, funnel: str | None = None) -> RecordLog:
    """Read what was recorded of one funnel by the end of ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    """
    return read_log_before(history, history.cut(as_of), funnel=funnel)


def read_log_before(history: History, cut: int, *, funnel: str | None = None) -> RecordLog:
    """Read what was recorded of one funnel, and had happened, before an instant.

    Parameters
    ----------
    history : History
        Canonical tables.
    cut : int
        First instant that is not known, in microseconds.
    funnel : str, optional
        Name of the funnel; the first by default.
    """
    of = history.funnel(funnel)
    stages = _collect(history, "stage_changes", ("record_id", "stage", "entered_at", "recorded_at"), cut, of.name)
    assert stages is not None
    order = of.order
    stages["rank"] = stages.pop("stage").map(order).fillna(len(order)).astype("int64")
    stages = stages.sort_values(["record_id", "entered_at", "recorded_at", "rank"], ignore_index=True)
    columns = ("record_id", "field", "changed_at", "recorded_at", "old", "new")
    fields = _collect(history, "field_changes", columns, cut, of.name)
    if fields is None:
        fields = pd.DataFrame({c: pd.Series(dtype="int64" if c.endswith("_at") else object) for c in columns})
    # In the order of `last_known`, nulls first as there, so that a snapshot and `values_now` show the same last value.
    fields = fields.sort_values(["changed_at", "recorded_at", "new"], na_position="first", ignore_index=True)
    told = ("record_id", "kind", "occurred_at", "recorded_at", "contact", "direction")
    activities = _collect(history, "activities", told, cut, None)
    if activities is not None:
        activities = activities[activities["record_id"].isin(stages["record_id"].unique())].reset_index(drop=True)
    return RecordLog(
        funnel=of,
        cut=cut,
        time_zone=history.time_zone,
        stages=stages,
        fields=fields,
        activities=activities,
        opportunities=_opportunities(history, of.name, cut),
    )


def local_days(instants: pd.Series, time_zone: str) -> pd.Series:
    """Return the local day of each instant (microseconds) as a naive midnight."""
    utc = pd.to_datetime(instants, unit="us", utc=True)
    return utc.dt.tz_convert(time_zone).dt.tz_localize(None).dt.normalize()


def _before(table: pd.DataFrame, event: str, cut: int) -> pd.DataFrame:
    return table[(table["recorded_at"] < cut) & (table[event] < cut)]


def _collect(history: History, name: str, columns: Sequence[str], cut: int, funnel: str | None) -> pd.DataFrame | None:
    log = history.lazy(name)
    if log is None:
        return None
    there = log.collect_schema().names()
    event = next(c for c in columns if c.endswith("_at"))
    known = log.filter(nw.col("recorded_at") < cut, nw.col(event) < cut)
    if funnel is not None:
        known = known.filter(nw.col("funnel") == funnel)
    table = known.select(*(c for c in columns if c in there)).collect(backend="pandas").to_native().copy()
    # Engines differ in how they hand over strings and nulls; the answer must not.
    for column in columns:
        if column.endswith("_at"):
            table[column] = table[column].astype("int64")
        else:
            values = table[column].astype(object) if column in table else pd.Series(None, index=table.index)
            table[column] = values.astype(object).where(values.notna(), None)
    return table[list(columns)]


def _opportunities(history: History, funnel: str, cut: int) -> pd.DataFrame:
    table = history.lazy("opportunities")
    if table is None:
        return pd.DataFrame(index=pd.Index([], name="record_id", dtype=object))
    known = table.filter(nw.col("funnel") == funnel, nw.col("recorded_at") < cut)
    frame = known.collect(backend="pandas").to_native().rename(columns={"opportunity_id": "record_id"})
    return frame.assign(record_id=frame["record_id"].astype(object)).set_index("record_id").drop(columns="funnel")
