"""Small sales histories for tests of comparisons: one row per opportunity, in days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.schema import DAY
from tests.logs import FUNNEL, stage_log

Row = tuple[str, str | None, float, str | None, float]
"""Record, owner, day of creation, how it ended (``won``, ``lost`` or None), days to that."""


def sales_history(
    rows: Sequence[Row],
    *,
    fields: dict[str, Sequence[object]] | None = None,
    changes: Sequence[tuple[str, str, float, str | None, str]] = (),
    activities: Sequence[tuple[str, str, float]] = (),
    funnel: Funnel = FUNNEL,
    through: Sequence[Sequence[str]] | None = None,
) -> History:
    """Opportunities that go through ``through`` (the first stage by default), one day each, and end.

    ``changes`` are (record, field, day, old, new), ``activities`` (record, kind, day).
    """
    moves: list[tuple[str, str, float]] = []
    for i, (record, _, start, end, days) in enumerate(rows):
        path = through[i] if through else funnel.stages[:1]
        moves += [(record, stage, start + k) for k, stage in enumerate(path)]
        moves += [(record, end, start + days)] if end else []
    created = np.array([round(row[2] * DAY) for row in rows], dtype="int64")
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": [row[0] for row in rows],
            "created_at": created,
            "recorded_at": created,
            "owner": np.array([row[1] for row in rows], dtype=object),
            **(fields or {}),
        }
    )
    tables = {"stage_changes": stage_log(moves), "opportunities": opportunities}
    if changes:
        log = pd.DataFrame(changes, columns=["record_id", "field", "changed_at", "old", "new"])
        at = (log["changed_at"] * DAY).astype("int64")
        tables["field_changes"] = log.assign(funnel="f", changed_at=at, recorded_at=at)
    if activities:
        log = pd.DataFrame(activities, columns=["record_id", "kind", "occurred_at"])
        at = (log["occurred_at"] * DAY).astype("int64")
        tables["activities"] = log.assign(occurred_at=at, recorded_at=at, direction="outbound")
    return History(tables=tables, funnels=(funnel,))


def reps(rates: dict[str, tuple[int, int]], *, days: float = 5.0) -> list[Row]:
    """Rows in which each owner wins so many of so many, spread over 100 days, all ended after ``days``."""
    rows: list[Row] = []
    for owner, (won, n) in rates.items():
        for k in range(n):
            # Wins spread evenly over the days, so that no block of weeks is luckier than another.
            win = (k + 1) * won // n > k * won // n
            rows.append((f"{owner}{k}", owner, 100.0 * k / n, "won" if win else "lost", days))
    return rows
