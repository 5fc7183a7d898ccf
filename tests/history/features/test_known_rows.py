"""Rows known at moments, against looking at every row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.history.features import known_rows
from funnelml.history.features.known_rows import KnownRows, Moments

ROWS = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 9), st.integers(0, 4)), max_size=25)
MOMENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=12)


def log_of(rows):
    """Rows as (record, event, lag of recording); the log is in order of events."""
    table = pd.DataFrame(rows, columns=["record", "event", "lag"]).astype("int64")
    table = table.sort_values(["event", "lag"], kind="stable", ignore_index=True)
    table["recorded_at"] = table["event"] + table["lag"]
    return KnownRows(table, table["record"].to_numpy(), table["event"].to_numpy())


def moments_of(asked):
    record, cut = np.array(asked, dtype=np.int64).reshape(-1, 2).T
    return Moments(ids=pd.Index(list("abcd"), dtype=object), record=record, cut=cut)


@given(rows=ROWS, asked=MOMENTS)
def test_pairs_in_blocks_are_all_rows_recorded_and_happened_before(rows, asked):
    log, moments = log_of(rows), moments_of(asked)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(known_rows, "_MOST_PAIRS", 5)
        blocks = list(log.pairs(moments))
    got = [(b.block.start + m, log.rows.loc[r].tolist()) for b in blocks for m, r in zip(b.moment, b.row, strict=True)]
    ordered = sorted(((r, e, lag, e + lag) for r, e, lag in rows if r >= 0), key=lambda row: (row[0], row[1], row[2]))
    wanted = [(i, list(row)) for i, (r, cut) in enumerate(asked) for row in ordered if row[0] == r and row[3] < cut]
    assert got == wanted
    assert sum(len(b) for b in blocks) == len(moments)


@given(rows=ROWS, asked=MOMENTS)
def test_the_last_row_and_the_count_are_those_of_the_pairs(rows, asked):
    log, moments = log_of(rows), moments_of(asked)
    (known,) = log.pairs(moments)
    np.testing.assert_array_equal(log.last(moments.record, moments.cut), known.last(known.row, -1))
    np.testing.assert_array_equal(log.count(moments.record, moments.cut), known.count())


def test_first_last_and_sums_of_a_moment_without_rows_are_empty():
    log = log_of([(0, 1, 0), (0, 2, 0), (0, 3, 5)])
    moments = moments_of([(0, 4), (1, 4), (0, 1)])
    told = log.describe(
        moments,
        lambda known: {
            "first": known.first(log.event_at[known.row].astype(float), np.nan),
            "last": known.last(log.event_at[known.row].astype(float), np.nan),
            "sum": known.sum(log.event_at[known.row].astype(float)),
        },
    )
    np.testing.assert_array_equal(told["first"], [1, np.nan, np.nan])
    np.testing.assert_array_equal(told["last"], [2, np.nan, np.nan])
    np.testing.assert_array_equal(told["sum"], [3, 0, 0])
    assert moments.record_id.tolist() == ["a", "b", "a"]
