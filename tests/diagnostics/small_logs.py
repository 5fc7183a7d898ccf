"""Small logs at the edge of what can be said, and the law that nothing recorded later has an effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.schema import DAY
from funnelml.synthetic.crm import SyntheticCRM
from tests.logs import FUNNEL, history_of

AS_OF = date(1970, 2, 1)
"""Day 31: its end is day 32."""
ONE_STAGE = Funnel(name="f", stages=("Only",))
CHINESE = Funnel(name="f", stages=("线索", "方案"))
WINS = [
    (f"r{i}", s, float(d)) for i in range(12) for s, d in (("Lead", i / 10), ("Proposal", i / 5 + 1), ("won", i + 3))
]
EDGES: dict[str, History] = {
    "one record": history_of([("a", "Lead", 0.0), ("a", "won", 3.0)]),
    "nothing closed": history_of([("a", "Lead", 0.0), ("b", "Lead", 3.0)]),
    "no wins": history_of([("a", "Lead", 0.0), ("a", "lost", 3.0), ("b", "Lead", 1.0), ("b", "Proposal", 2.0)]),
    "no losses": history_of(WINS),
    "all at one instant": history_of([("a", "Lead", 0.0), ("a", "Proposal", 0.0), ("a", "won", 0.0)]),
    "one stage": history_of([("a", "Only", 0.0), ("a", "won", 1.0), ("b", "Only", 0.0)], funnels=(ONE_STAGE,)),
    "entered on the last day": history_of([("a", "Lead", 31.5)]),
    "reopened": history_of([("a", "Lead", 0.0), ("a", "lost", 1.0), ("a", "Closing", 2.0), ("a", "won", 4.0)]),
    "to and fro": history_of([("a", s, float(d)) for d, s in enumerate(("Lead", "Proposal") * 4)]),
    "whole days": history_of([("a", "Lead", 0.0), ("a", "Proposal", 2.0), ("b", "Lead", 3.0)], grain="day"),
    "observed late": history_of(
        [("a", "Lead", 0.0), ("a", "won", 13.0), ("b", "Lead", 0.0), ("b", "won", 2.0)],
        funnels=(Funnel(name="f", stages=FUNNEL.stages, observed_from=5 * DAY),),
    ),
    "Chinese": history_of([("甲", "线索", 0.0), ("甲", "方案", 2.0), ("甲", "won", 5.0)], funnels=(CHINESE,)),
}
NEVER_OPEN = history_of([("a", "won", 0.0)])
edges = pytest.mark.parametrize("edge", EDGES)


def with_amounts(history: History, amounts: dict[str, float], **fields: list[str]) -> History:
    """The history with opportunities that have these amounts (and fields, in the order of the amounts)."""
    table = pd.DataFrame({"opportunity_id": list(amounts), "amount": list(amounts.values()), **fields})
    table = table.assign(funnel="f", created_at=0, recorded_at=0)
    return history.with_tables(opportunities=table)


def moves_of(crm: SyntheticCRM) -> History:
    """The stage changes and the opportunities of a synthetic CRM."""
    tables = {name: crm.tables[name] for name in ("stage_changes", "opportunities")}
    return History(tables=tables, funnels=(crm.funnel,), time_zone=crm.world.time_zone)


def hold_no_look_ahead(rows: list[tuple[str, str, float, float]], frames: Callable[[History, date], list]) -> None:
    """Hold that rows recorded after day 10 change nothing of what is known at its end."""
    known = [row for row in rows if row[3] < 11]
    if not known:
        return
    as_of = date(1970, 1, 11)
    try:
        before = frames(history_of(known), as_of)
    except Exception as error:
        with pytest.raises(type(error)):
            frames(history_of(rows), as_of)
        return
    for left, right in zip(before, frames(history_of(rows), as_of), strict=True):
        pd.testing.assert_frame_equal(left, right)
