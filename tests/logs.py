"""Small stage logs for tests: rows in days, turned into canonical tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from hypothesis import strategies as st

from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY

FUNNEL = Funnel(name="f", stages=("Lead", "Proposal", "Closing"))
STAGES = (*FUNNEL.stages, "won", "lost")
EPOCH = date(1970, 1, 1)


def stage_log(
    rows: Sequence[tuple[str, str, float] | tuple[str, str, float, float]], funnel: str = "f"
) -> pd.DataFrame:
    """Rows of (record, stage, day entered[, day recorded]) as canonical stage changes."""
    full = [(r[0], r[1], r[2], r[3] if len(r) > 3 else r[2]) for r in rows]
    table = pd.DataFrame(full, columns=["record_id", "stage", "entered_at", "recorded_at"])
    times = {c: (table[c].astype("float64") * DAY).round().astype("int64") for c in ("entered_at", "recorded_at")}
    return table.assign(funnel=funnel, **times)[["funnel", "record_id", "stage", "entered_at", "recorded_at"]]


def amount_log(rows: Sequence[tuple[str, float, float]], funnel: str = "f") -> pd.DataFrame:
    """Rows of (record, day, amount) as canonical changes of the amount."""
    table = pd.DataFrame(rows, columns=["record_id", "day", "amount"])
    at = (table["day"].astype("float64") * DAY).round().astype("int64")
    return pd.DataFrame(
        {
            "funnel": funnel,
            "record_id": table["record_id"].astype(object),
            "field": "amount",
            "changed_at": at,
            "recorded_at": at,
            "old": None,
            "new": table["amount"].astype(str),
        }
    )


def history_of(
    rows: Sequence[tuple[str, str, float] | tuple[str, str, float, float]],
    amounts: Sequence[tuple[str, float, float]] = (),
    *,
    engine: str = "pandas",
    **settings: object,
) -> History:
    """A history of one funnel in UTC from rows in days."""
    tables = {"stage_changes": stage_log(rows)}
    if amounts:
        tables["field_changes"] = amount_log(amounts)
    history = History(**{"tables": tables, "funnels": (FUNNEL,), **settings})  # type: ignore[arg-type]
    return on_duckdb(history) if engine == "duckdb" else history


DAYS = st.integers(min_value=0, max_value=20)


@st.composite
def log_rows(draw: st.DrawFn, records: int = 6, most: int = 30) -> list[tuple[str, str, float, float]]:
    """Rows with ties, backdating, moves back, skips, re-openings and stages after an end."""
    n = draw(st.integers(min_value=1, max_value=most))
    rows = []
    for _ in range(n):
        day = draw(DAYS)
        lag = draw(st.sampled_from([0, 0, 0, 1, 5]))
        record = f"r{draw(st.integers(min_value=0, max_value=records - 1))}"
        rows.append((record, draw(st.sampled_from(STAGES)), float(day), float(day + lag)))
    return rows
