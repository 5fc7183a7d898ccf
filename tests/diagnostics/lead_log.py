"""Small histories with leads for tests: rows in days, turned into canonical tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.schema import DAY, empty_table
from tests.logs import FUNNEL, stage_log

LEADS = Funnel(name="leads", stages=("New", "Qualified"), won=("Opportunity",), lost=("Disqualified",))


def at(days: pd.Series) -> pd.Series:
    return (days.astype("float64") * DAY).round().astype("int64")


def table(name: str, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows with times in days as a canonical table; ``recorded_at`` is the event time where it is not given."""
    if not rows:
        return empty_table(name)
    frame = pd.DataFrame(rows)
    event = next(c for c in ("created_at", "occurred_at", "spent_at", "given_at", "changed_at") if c in frame)
    recorded = frame["recorded_at"] if "recorded_at" in frame else frame[event]
    frame["recorded_at"] = at(recorded.fillna(frame[event]))
    return frame.assign(**{event: at(frame[event])})


def lead_history(
    leads: Sequence[dict[str, Any]],
    *,
    opportunities: Sequence[dict[str, Any]] = (),
    moves: Sequence[tuple[str, str, float]] = (),
    lead_moves: Sequence[tuple[str, str, float]] = (),
    funnels: tuple[Funnel, ...] = (FUNNEL, LEADS),
    **tables: Sequence[dict[str, Any]],
) -> History:
    """A history in UTC: leads, the opportunities they became, the moves of both, and other tables."""
    log = pd.concat([stage_log(moves), stage_log(lead_moves, funnel="leads")], ignore_index=True)
    other = {name: table(name, rows) for name, rows in tables.items()}
    opened = [{"funnel": "f", **row} for row in opportunities]
    all_tables = {"stage_changes": log, "leads": table("leads", leads), "opportunities": table("opportunities", opened)}
    return History(tables=all_tables | other, funnels=funnels)
