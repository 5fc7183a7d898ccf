"""Splits: the newest rows with an embargo, records on one side only, and no selection by outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.schema import DAY
from funnelml.scoring.evaluation.splits import EMBARGOED, split_at_random, split_by_time
from funnelml.scoring.rows import ScoringRows

MONTH = 30


def make_rows(record, month, *, label=None, horizon=MONTH):
    """Rows of records at the ends of 30-day months, labels known after ``horizon`` days."""
    at = np.asarray(month, dtype=np.int64) * MONTH * DAY
    return ScoringRows(
        features=pd.DataFrame({"month": np.asarray(month, dtype=float)}),
        record_id=np.asarray(record, dtype=object),
        label=np.zeros(len(at)) if label is None else np.asarray(label, dtype=float),
        at=at,
        known_at=at + horizon * DAY,
        dropped={"window not over": 7},
    )


def open_until_it_ends(seed=1, n=3_000, chance=0.3):
    """Records that start in one of twelve months and end in each with the same chance: a row for each month open."""
    rng = np.random.default_rng(seed)
    start, life = rng.integers(0, 12, n), rng.geometric(chance, n)
    rows = [
        (k, s + age, age == last - 1) for k, s, last in zip(range(n), start, life, strict=True) for age in range(last)
    ]
    record, month, label = (np.array(values) for values in zip(*rows, strict=True))
    early = month < 12
    return make_rows(record[early], month[early], label=label[early])


def test_the_newest_are_the_test_and_training_knows_its_labels():
    train, test = split_by_time(make_rows(np.arange(100), np.arange(100) // 10, horizon=45))
    assert sorted(set(test.features["month"])) == [8, 9]
    # Landmark 6 is known after 45 days, at 7.5 months; landmark 7 only after the test begins.
    assert train.features["month"].max() == 6
    assert train.known_at.max() <= test.at.min()
    assert train.dropped[EMBARGOED] == 10
    assert train.dropped["window not over"] == test.dropped["window not over"] == 7


def test_all_of_the_newest_dates_are_judged_as_all_that_are_open_are_scored():
    rows = make_rows(["a", "b", "b", "c", "c", "d"], [0, 0, 3, 2, 3, 3])
    train, test = split_by_time(rows, test_share=0.5)
    assert list(train.record_id) == ["a", "b", "c"] and list(test.record_id) == ["b", "c", "d"]
    # c's older row is known too late for training
    late = make_rows(["a", "b", "b", "c", "c", "d"], [0, 0, 3, 2, 3, 3], horizon=2 * MONTH)
    train, test = split_by_time(late, test_share=0.5)
    assert list(train.record_id) == ["a", "b"] and list(test.record_id) == ["b", "c", "d"]
    assert train.dropped[EMBARGOED] == 1


def test_neither_side_is_selected_by_outcome():
    train, test = split_by_time(open_until_it_ends())
    for side in (train, test):
        assert side.label.mean() == pytest.approx(0.3, abs=3 * np.sqrt(0.21 / len(side)))
    rows = open_until_it_ends()
    seen_again = np.isin(rows.record_id, rows.record_id[rows.at >= test.at.min()])
    # What the other way would have learned from: without records still open at the test, far too many ended.
    assert rows.label[(rows.at < test.at.min()) & ~seen_again].mean() > 0.33


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9)), min_size=12, max_size=60), st.integers(5, 80))
def test_training_knows_nothing_of_the_test(pairs, horizon):
    record, month = zip(*pairs, strict=True)
    rows = make_rows(record, month, horizon=horizon)
    try:
        train, test = split_by_time(rows)
    except NotEnoughDataError:
        return
    assert train.known_at.max() <= test.at.min()
    assert len(train) + len(test) + train.dropped[EMBARGOED] == len(rows)


def test_at_random_whole_records_are_drawn():
    rows = open_until_it_ends(n=500)
    train, test = split_at_random(rows, seed=3)
    assert not set(train.record_id) & set(test.record_id)
    assert len(train) + len(test) == len(rows)
    assert len(set(test.record_id)) == round(0.2 * len(set(rows.record_id)))
    order = np.random.default_rng(4).permutation(len(rows))
    assert set(split_at_random(rows.take(order), seed=3)[1].record_id) == set(test.record_id)
    assert set(split_at_random(rows, seed=4)[1].record_id) != set(test.record_id)


@pytest.mark.parametrize("split", [split_by_time, split_at_random])
def test_what_cannot_be_split_is_refused(split):
    rows = make_rows(np.arange(20), np.arange(20))
    with pytest.raises(ModelInputError, match=r"test_share is 1\.5; it must lie between 0 and 1"):
        split(rows, test_share=1.5)
    unlabelled = ScoringRows(features=rows.features, record_id=rows.record_id)
    with pytest.raises(ModelInputError, match="the rows have no label"):
        split(unlabelled)


def test_too_little_time_is_said_in_words():
    with pytest.raises(NotEnoughDataError, match="all 9 rows are of one instant"):
        split_by_time(make_rows(np.arange(9), np.zeros(9)))
    with pytest.raises(NotEnoughDataError, match="of none of 8 older rows was the label known"):
        split_by_time(make_rows(np.arange(10), np.arange(10), horizon=900))
    dateless = ScoringRows(features=pd.DataFrame({"a": [1.0, 2.0]}), record_id=np.array(["a", "b"]), label=np.ones(2))
    with pytest.raises(ModelInputError, match="no dates, so they cannot be split in time; split them at random"):
        split_by_time(dateless)
    with pytest.raises(NotEnoughDataError, match="2 records cannot be split at random"):
        split_at_random(dateless)
