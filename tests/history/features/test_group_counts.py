"""Counts of open, won and lost records by owner, against walking through every record."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.history.features.group_counts import GroupCounts
from funnelml.history.features.known_rows import Moments
from funnelml.history.features.past_log import read_past_log
from funnelml.schema import DAY
from tests.logs import history_of, log_rows

OWNERS = st.lists(
    st.tuples(
        st.sampled_from([f"r{i}" for i in range(6)]),
        st.integers(0, 20),
        st.integers(0, 4),
        st.sampled_from(["Ann", "王芳", None]),
    ),
    max_size=12,
)


def history_with(rows, owners):
    log = pd.DataFrame(owners, columns=["record_id", "day", "lag", "new"]).astype({"new": object})
    at = log.pop("day").astype("int64") * DAY
    log = log.assign(
        funnel="f", field="owner", old=None, changed_at=at, recorded_at=at + log.pop("lag").astype("int64") * DAY
    )
    return history_of(rows).with_tables(field_changes=log)


def states_of(rows, owners, record, cut):
    """Owner and status of a record before ``cut`` (days), by a walk through all instants at which more became known."""
    own = [row for row in rows if row[0] == record]
    changes = [row for row in owners if row[0] == record]
    instants = sorted({max(r[2], r[3]) for r in own} | {c[1] + c[2] for c in changes})
    order = ["Lead", "Proposal", "Closing", "won", "lost"]
    owner, status = None, None
    for at in (t for t in instants if t < cut):
        known = [r for r in own if max(r[2], r[3]) <= at]
        stage = max(known, key=lambda r: (r[2], r[3], order.index(r[1])))[1] if known else None
        now = None if stage is None else stage if stage in ("won", "lost") else "open"
        told = [c for c in changes if c[1] + c[2] <= at]
        last = max(told, key=lambda c: (c[1], c[1] + c[2], c[3] is not None, c[3] or ""))[3] if told else None
        # Whoever had it when it closed keeps it.
        if not (now in ("won", "lost") and now == status):
            owner = last
        status = now
    return owner, status


@given(rows=log_rows(), owners=OWNERS, cut=st.integers(1, 26))
@settings(max_examples=60)
def test_counts_are_those_of_a_walk_through_every_record(rows, owners, cut):
    history = history_with(rows, owners)
    records = sorted({row[0] for row in rows})
    past = read_past_log(history, 40 * DAY, pd.Index(records, dtype=object))
    field = past.field("owner")
    record = past.ids.get_indexer(pd.Index(records)).astype(np.int64)
    moments = Moments(ids=past.ids, record=record, cut=np.full(len(records), cut * DAY))
    group, everyone = GroupCounts(past.stages, field, past.log.funnel).others(moments)
    states = {r: states_of(rows, owners, r, cut) for r in records}
    for i, (one, asked) in enumerate(zip(records, field.at(moments.record, moments.cut), strict=True)):
        others = [state for r, state in states.items() if r != one]
        for column, status in enumerate(("open", "won", "lost")):
            assert everyone[i, column] == sum(s == status for _, s in others)
            if asked is None:
                assert np.isnan(group[i, column])
            else:
                assert group[i, column] == sum(s == status and o == asked for o, s in others)


def test_a_win_stays_with_whom_it_was_won_when_the_record_is_given_away():
    rows = [("a", "Lead", 0), ("a", "won", 3), ("b", "Lead", 0), ("c", "Lead", 0)]
    owners = [("a", 0, 0, "Ann"), ("a", 5, 0, "Bob"), ("b", 0, 0, "Ann"), ("c", 0, 0, "Bob")]
    past = read_past_log(history_with(rows, owners), 40 * DAY, pd.Index(list("bc")))
    record = past.ids.get_indexer(pd.Index(list("bc"))).astype(np.int64)
    moments = Moments(ids=past.ids, record=record, cut=np.full(2, 9 * DAY))
    group, everyone = GroupCounts(past.stages, past.field("owner"), past.log.funnel).others(moments)
    assert group.tolist() == [[0, 1, 0], [0, 0, 0]] and everyone.tolist() == [[1, 1, 0], [1, 1, 0]]
