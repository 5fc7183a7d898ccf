"""Counts of outcomes: by record, and what would be enough."""

from __future__ import annotations

import re

import numpy as np
import pytest

from funnelml.errors import NotEnoughDataError
from funnelml.schema import DAY
from funnelml.scoring.evaluation.class_counts import check_counts


def labels(positives, negatives):
    return np.array([1.0] * positives + [0.0] * negatives)


def test_forty_of_each_are_enough_to_begin_and_two_hundred_to_stay():
    assert check_counts(labels(40, 500)).few
    assert check_counts(labels(500, 199)).few
    assert not check_counts(labels(200, 200)).few


def test_a_record_counts_once_and_by_its_best_row():
    record = np.repeat(np.arange(100), 3)
    label = np.zeros(300)
    label[:150:3] = 1
    counts = check_counts(label, record_id=record)
    assert (counts.positives, counts.negatives) == (50, 50)


def test_the_number_that_would_be_enough_is_told():
    text = "12 won within 28 days and 288 not among 300 records to learn from: a score takes 40 of each, "
    text += "that is about 1,000 records at the present rate"
    with pytest.raises(NotEnoughDataError, match=re.escape(text) + "$"):
        check_counts(labels(12, 288), outcome="won within 28 days")


def test_with_dates_the_time_it_takes_is_told():
    # 10 in 90 days: 30 more take 270.
    at = np.linspace(0, 90 * DAY, 100).astype(np.int64)
    with pytest.raises(NotEnoughDataError, match=r"about 400 records at the present rate, some 270 days more at"):
        check_counts(labels(90, 10), at=at)
    with pytest.raises(NotEnoughDataError, match=r"at the present rate$"):
        check_counts(labels(90, 10), at=np.zeros(100, dtype=np.int64))


def test_none_at_all_allows_no_guess():
    with pytest.raises(NotEnoughDataError, match=r"0 converted and 90 not .* cannot be said when"):
        check_counts(labels(0, 90))
