"""The canonical tables that every source becomes, and the check that reports all problems at once.

Instants are integer microseconds since 1970-01-01T00:00Z (``int64``): the one representation in which pandas, DuckDB
and Spark agree to the digit. Dates without a time are instants at local midnight of the workspace's time zone.
Each log carries event time (``entered_at``, ``changed_at``, ``occurred_at``) and record time (``recorded_at``), since
CRM entries are backdated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from funnelml.errors import did_you_mean, first_few

DAY = 86_400_000_000
"""Microseconds in a day."""

Kind = Literal["id", "text", "instant", "number"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a canonical table.

    Parameters
    ----------
    name : str
        Column name.
    kind : {"id", "text", "instant", "number"}
        ``id`` and ``text`` are strings, ``instant`` is int64 microseconds, ``number`` is float64.
    required : bool
        Whether every row must have a value.
    """

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """One canonical table: its columns and the key that no two rows share (empty for logs)."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def event_time(self) -> str:
        """Name of the event-time column, from which ``recorded_at`` is assumed where it is absent."""
        return next(c.name for c in self.columns if c.kind == "instant")

    def column(self, name: str) -> Column | None:
        """Return the column of that name, or None."""
        return next((c for c in self.columns if c.name == name), None)


def _id(name: str) -> Column:
    return Column(name=name, kind="id", required=True)


def _at(name: str, required: bool = True) -> Column:
    return Column(name=name, kind="instant", required=required)


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=n, kind="text") for n in names)


def _number(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=n, kind="number") for n in names)


_TABLES = (
    Table(
        name="leads",
        columns=(
            _id("lead_id"),
            _at("created_at"),
            _at("recorded_at"),
            *_text("source", "owner", "opportunity_id"),
        ),
        key=("lead_id",),
    ),
    Table(
        name="opportunities",
        columns=(
            _id("funnel"),
            _id("opportunity_id"),
            _at("created_at"),
            _at("recorded_at"),
            *_number("amount", "probability"),
            *_text("owner", "team", "source", "account", "product", "segment", "lead_id", "loss_reason"),
            _at("expected_close_date", required=False),
        ),
        key=("funnel", "opportunity_id"),
    ),
    Table(
        name="stage_changes",
        columns=(_id("funnel"), _id("record_id"), _id("stage"), _at("entered_at"), _at("recorded_at")),
    ),
    Table(
        name="field_changes",
        columns=(
            _id("funnel"),
            _id("record_id"),
            _id("field"),
            _at("changed_at"),
            _at("recorded_at"),
            *_text("old", "new"),
        ),
    ),
    Table(
        name="activities",
        columns=(
            _id("record_id"),
            _id("kind"),
            _at("occurred_at"),
            _at("recorded_at"),
            *_text("direction", "channel", "owner", "contact"),
        ),
    ),
    Table(
        name="quotas",
        columns=(
            _at("period_start"),
            _at("period_end"),
            _at("recorded_at"),
            *_text("owner", "funnel"),
            *_number("amount"),
        ),
        key=("period_start", "period_end", "recorded_at", "owner", "funnel"),
    ),
    Table(
        name="submitted_forecasts",
        columns=(
            _at("submitted_at"),
            _at("recorded_at"),
            _at("period_start"),
            _at("period_end"),
            *_text("owner", "category"),
            *_number("amount"),
        ),
    ),
    Table(
        name="spend",
        columns=(_at("spent_at"), _at("recorded_at"), *_text("source"), *_number("amount")),
    ),
    Table(
        name="payments",
        columns=(_id("record_id"), _at("paid_at"), _at("recorded_at"), *_number("amount")),
    ),
    Table(
        name="feedback",
        columns=(_id("record_id"), _at("given_at"), _at("recorded_at"), *_text("kind", "verdict", "reason")),
    ),
)

TABLES: Mapping[str, Table] = {t.name: t for t in _TABLES}
"""All canonical tables by name."""


def empty_table(name: str) -> pd.DataFrame:
    """Return the canonical table ``name`` with its columns and dtypes and no rows."""
    dtypes = {"id": "str", "text": "object", "instant": "int64", "number": "float64"}
    return pd.DataFrame({c.name: pd.Series(dtype=dtypes[c.kind]) for c in TABLES[name].columns})


def find_problems(name: str, table: pd.DataFrame) -> list[str]:
    """List every way in which ``table`` breaks the schema of the canonical table ``name``.

    Returns
    -------
    list of str
        One line per problem (table, column, number of rows, first offending ids); empty if there is none.
    """
    spec = TABLES[name]
    problems = []
    id_column = next((c.name for c in spec.columns if c.kind == "id" and c.name != "funnel"), None)
    ids = table[id_column] if id_column in table else pd.Series(table.index, index=table.index)
    for column in spec.columns:
        if column.name not in table:
            if column.required:
                hint = did_you_mean(column.name, [c for c in table.columns if not spec.column(c)])
                problems.append(f"{name}: column '{column.name}' is missing{hint}")
            continue
        values = table[column.name]
        if column.required and (absent := values.isna()).any():
            problems.append(
                f"{name}.{column.name}: {int(absent.sum()):,} rows without a value ({first_few(ids[absent])})"
            )
        wanted = column.required or values.notna().any()
        if column.kind == "instant" and wanted and not pd.api.types.is_integer_dtype(values):
            problems.append(f"{name}.{column.name}: not integer microseconds but {values.dtype}")
        if column.kind == "number" and not pd.api.types.is_numeric_dtype(values):
            problems.append(f"{name}.{column.name}: not numbers but {values.dtype}")
    key = [k for k in spec.key if k in table]
    if key and (twice := table.duplicated(key)).any():
        problems.append(f"{name}: {int(twice.sum()):,} rows repeat the key {', '.join(key)} ({first_few(ids[twice])})")
    return problems
