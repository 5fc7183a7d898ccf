"""The index of rows by key and instant, against counting one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funnelml.history.features.instant_index import InstantIndex

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5)), max_size=20)


@given(rows=ROWS, questions=st.lists(st.tuples(st.integers(0, 4), st.integers(-6, 6)), min_size=1, max_size=10))
def test_rows_before_an_instant_are_those_counted_one_by_one(rows, questions):
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    asked = np.array(questions, dtype=np.int64)
    index = InstantIndex(table[:, 0], table[:, 1])
    starts, ends = index.starts(asked[:, 0]), index.ends(asked[:, 0], asked[:, 1])
    for (key, cut), start, end in zip(questions, starts, ends, strict=True):
        before = [i for i, (k, at) in enumerate(rows) if k == key and at < cut]
        assert sorted(index.order[start:end]) == before


def test_instants_of_one_key_and_time_keep_their_order():
    index = InstantIndex(np.array([1, 0, 1, 0]), np.array([7, 7, 7, 3]))
    assert index.order.tolist() == [3, 1, 0, 2]
