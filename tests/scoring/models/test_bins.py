"""Columns and their bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.scoring.models.bins import cut_bins
from funnelml.scoring.models.columns import MISSING, OTHER, NumberColumn, learn_columns

NUMBERS = st.lists(st.one_of(st.none(), st.floats(-100, 100), st.integers(0, 3)), min_size=1, max_size=80)


@given(values=NUMBERS)
@settings(max_examples=60, deadline=None)
def test_every_bin_of_a_number_has_rows_enough_and_the_value_its_name_says(values):
    column = pd.Series(values, dtype="float64")
    binned = cut_bins(NumberColumn(name="x"), column, np.zeros(len(column)), most=8, smallest=5)
    codes = binned.bin(column)
    rows = np.bincount(codes, minlength=binned.bins)
    assert ((codes == 0) == column.isna()).all()
    if binned.bins > 2:
        assert rows[1:].min() >= 5
    ends = np.r_[-np.inf, binned.edges, np.inf]
    known = column.notna().to_numpy()
    assert (ends[codes[known] - 1] < column[known]).all() and (column[known] <= ends[codes[known]]).all()
    assert len(binned.bin_names()) == binned.bins


def test_columns_are_read_by_what_they_hold():
    X = pd.DataFrame(
        {
            "number": [1, 2, 3, 4],
            "mixed": [1, "2", None, 3.5],
            "objects": pd.Series([1, 2.5, None, True], dtype=object),
            "flag": [True, False, True, True],
            "text": pd.Categorical(["a", "b", "a", None]),
        }
    )
    kinds = {c.name: type(c).__name__ for c in learn_columns(X, min_count=1, max_levels=10)}
    assert kinds == {
        "number": "NumberColumn",
        "mixed": "TextColumn",
        "objects": "NumberColumn",
        "flag": "NumberColumn",
        "text": "TextColumn",
    }


def test_levels_are_the_most_frequent_ties_by_name():
    X = pd.DataFrame({"x": ["b", "a", "c", "c", None, "d"]})
    (column,) = learn_columns(X, min_count=1, max_levels=3)
    assert column.levels == ("c", "a", "b")
    assert column.encode(pd.Series(["d", None, "a", "never"])).tolist() == [OTHER, MISSING, 2, OTHER]


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.choice(list("abcdefgh"), 500), "n": rng.normal(size=500)})
    mixed = X.sample(frac=1, random_state=1)
    assert learn_columns(X, min_count=2, max_levels=5) == learn_columns(mixed, min_count=2, max_levels=5)
