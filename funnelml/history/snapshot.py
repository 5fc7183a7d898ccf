"""What was known about every record at the end of one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import narwhals as nw
import pandas as pd

from funnelml.errors import AsOfError
from funnelml.history.dates import dates_as_instants
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.moves import known_moves, last_known
from funnelml.schema import DAY

_NUMBERS = ("amount", "probability")
_TEXTS = ("owner", "team", "source", "segment", "product", "account", "lead_id", "loss_reason")
_DATES = ("expected_close_date",)
_FIELDS = (*_NUMBERS, *_TEXTS, *_DATES)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Every record of one funnel as known on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    cut : int
        First instant that is not known.
    records : pandas.DataFrame
        One row per record, sorted by id: ``record_id, stage`` (an open stage, ``won`` or ``lost``), ``visit,
        entered_at`` (of the present stage, microseconds), ``created_at, age_days`` (time in the stage by the last
        known microsecond), ``amount`` (NaN if unknown), ``probability`` (the CRM's own, NaN if unknown), ``owner, team,
        source, segment, product, account, lead_id`` (None if unknown), ``loss_reason`` (of records that stand as lost),
        ``expected_close_date`` (microseconds as float64, NaN if unknown).
    data_age_days : int
        Days between the last recorded stage change and ``as_of``: how old the data are.
    """

    as_of: date
    funnel: Funnel
    cut: int
    records: pd.DataFrame
    data_age_days: int

    @property
    def open(self) -> pd.DataFrame:
        """The records that are neither won nor lost."""
        return self.records[~self.records["stage"].isin((WON, LOST))].reset_index(drop=True)

    def won_between(self, start: int, end: int) -> pd.DataFrame:
        """Return the records that stand as won and became so in ``[start, end)`` (microseconds)."""
        r = self.records
        return r[(r["stage"] == WON) & (r["entered_at"] >= start) & (r["entered_at"] < end)].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return the records as a pandas frame."""
        return self.records

    def summary(self) -> str:
        """Return one sentence: how many records are open, and what they are worth."""
        still = self.open
        missing = int(still["amount"].isna().sum())
        blank = f", {missing:,} of them without an amount" if missing else ""
        return (
            f"As of {self.as_of} {len(still):,} of {len(self.records):,} records are open{blank}, "
            f"together {still['amount'].sum():,.0f}; the data are {self.data_age_days} days old."
        )


def take_snapshot(history: History, *, as_of: date, funnel: str | None = None) -> Snapshot:
    """Return every record of one funnel as known on ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables, on pandas, DuckDB or any frame narwhals understands.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect. It may lie after the last row.
    funnel : str, optional
        Name of the funnel; the first by default.

    Returns
    -------
    Snapshot

    Raises
    ------
    AsOfError
        If nothing had been recorded by then.

    Notes
    -----
    Of each record and field the last change known by then stands, in the order of ``changed_at``, then ``recorded_at``,
    then value; a change to nothing clears the field. Where no change of that record and field is known by then, the
    value of the opportunities table stands. That value was known on the day of the export, not before, unless the
    loader put the value before the first change there.
    """
    of = history.funnel(funnel)
    cut = history.cut(as_of)
    order = ("entered_at", "recorded_at", "rank")
    moves = known_moves(history, of, cut).with_columns(
        created_at=nw.col("entered_at").min().over("record_id"),
        last_recorded_at=nw.col("recorded_at").max().over("record_id"),
    )
    records = moves.filter(nw.col("next_rank").is_null()).select(
        "record_id", "stage", "visit", "created_at", "last_recorded_at", *order
    )
    table = records.sort("record_id").collect(backend="pandas").to_native().reset_index(drop=True)
    if table.empty:
        first = history.to_frame("stage_changes").query("funnel == @of.name")["recorded_at"].min()
        begins = f"the first row was recorded on {first:%Y-%m-%d}" if pd.notna(first) else "the log is empty"
        raise AsOfError(f"nothing is known of funnel '{of.name}' on {as_of}: {begins}; choose a later as-of date")
    age_days = int((cut - 1 - table["last_recorded_at"].max()) // DAY)
    return Snapshot(
        as_of=as_of,
        funnel=of,
        cut=cut,
        records=_with_plain_dtypes(table, history, cut).assign(**_fields_of(history, of, cut, table)),
        data_age_days=age_days,
    )


def _fields_of(history: History, funnel: Funnel, cut: int, table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return every field of the records in ``table``: the last change known by ``cut``, else the fixed value."""
    ids = pd.Index(table["record_id"].astype(object))
    changes = _last_changes(history, funnel, cut)
    fixed = _fixed_values(history, funnel, cut).reindex(ids)
    out = {}
    for field in _FIELDS:
        values = pd.Series(None, index=ids, dtype=object)
        if field in fixed:
            values = fixed[field].astype(object)
        last = changes.get(field, pd.Series(dtype=object))
        values = values.where(~ids.isin(last.index), last.reindex(ids))
        values = values.where(values.notna(), None)
        if field in _DATES:
            values = dates_as_instants(values, history.time_zone)
        out[field] = values.astype("object" if field in _TEXTS else "float64").reset_index(drop=True)
    # The reason of a loss is written when it is lost; an export knows it for every day before.
    out["loss_reason"] = out["loss_reason"].where((table["stage"] == LOST).to_numpy(), None)
    return out


def _last_changes(history: History, funnel: Funnel, cut: int) -> dict[str, pd.Series]:
    """Return the last value of each field by record, empty where it was cleared."""
    changes = last_known(history, funnel, cut, _FIELDS)
    if changes is None:
        return {}
    long = changes.collect(backend="pandas").to_native().astype(object)
    return {str(field): own.set_index("record_id")["new"] for field, own in long.groupby("field")}


def _fixed_values(history: History, funnel: Funnel, cut: int) -> pd.DataFrame:
    opportunities = history.lazy("opportunities")
    if opportunities is None:
        return pd.DataFrame()
    there = opportunities.collect_schema().names()
    known = opportunities.filter(nw.col("funnel") == funnel.name, nw.col("recorded_at") < cut).select(
        "opportunity_id", *(field for field in _FIELDS if field in there)
    )
    return known.collect(backend="pandas").to_native().set_index("opportunity_id")


def _with_plain_dtypes(table: pd.DataFrame, history: History, cut: int) -> pd.DataFrame:
    age = (cut - 1 - table["entered_at"].astype("int64")) / DAY
    if history.grain == "day":
        age = ((cut - table["entered_at"].astype("int64")) / DAY).round(0) - 1 / DAY
    text = table[["record_id", "stage"]].astype(object)
    out = {
        "record_id": text["record_id"],
        "stage": text["stage"],
        "visit": table["visit"].astype("int64"),
        "entered_at": table["entered_at"].astype("int64"),
        "created_at": table["created_at"].astype("int64"),
        "age_days": age.astype("float64"),
    }
    return pd.DataFrame(out)
