"""Drift of the base rate: its interval by another tool, and by record."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.monitoring.base_rate import compare_base_rates


def labels(ones: int, rows: int) -> np.ndarray:
    return np.r_[np.ones(ones), np.zeros(rows - ones)]


def test_interval_is_that_of_newcombe():
    # Newcombe 1998, Statistics in Medicine 17, table II (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    drift = compare_base_rates(labels(48, 80), labels(56, 70))
    assert (drift.low, drift.high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
    assert drift.moved
    assert drift.odds_ratio == pytest.approx((56 / 14) / (48 / 32))
    assert drift.summary() == (
        "The base rate was 60.0\xa0% when the score was learned and is 80.0\xa0% now (+5 points to +33 points): "
        "chances learned before are too low."
    )
    assert drift.summary("zh").endswith("：此前学到的概率偏低。")


def test_within_chance():
    drift = compare_base_rates(labels(10, 100), labels(8, 60))
    assert not drift.moved and drift.to_frame().loc[0, "difference"] == pytest.approx(8 / 60 - 0.1)
    assert drift.summary().endswith("within chance.") and drift.summary("zh").endswith("未超出偶然范围。")


def test_rows_of_one_record_are_one_record():
    new = np.repeat(labels(6, 30), 20)
    by_row = compare_base_rates(labels(100, 1_000), new)
    by_record = compare_base_rates(labels(100, 1_000), new, new_id=np.repeat(np.arange(30), 20))
    assert by_row.moved and not by_record.moved
    plain = compare_base_rates(labels(100, 1_000), labels(6, 30))
    assert (by_record.low, by_record.high) == (pytest.approx(plain.low), pytest.approx(plain.high))


def test_nobody_converts():
    drift = compare_base_rates(labels(50, 100), labels(0, 40))
    assert drift.moved and np.isnan(drift.odds_ratio) and "too high" in drift.summary()


def test_faults():
    with pytest.raises(NotEnoughDataError, match="there are no new labels"):
        compare_base_rates([1, 0], [])
    with pytest.raises(ModelInputError, match="1 train labels are neither 0 nor 1"):
        compare_base_rates([1, 0.5], [1])
    with pytest.raises(ModelInputError, match="new_id has 2 values for 1 labels"):
        compare_base_rates([1, 0], [1], new_id=["a", "b"])
