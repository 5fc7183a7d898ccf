"""Highest and lowest group: named where their intervals lie apart, else told as a range without names."""

from __future__ import annotations

import pandas as pd
import pytest

from funnelml.diagnostics.extremes import tell_extremes

TABLE = pd.DataFrame({"group": ["Ann", "李雷", "Bo"], "rate": [0.2, 0.1, 0.3]})
WORDS = pd.Series(["20", "10", "30"])


@pytest.mark.parametrize(("low", "high"), [("rate_low", "rate_high"), ("low", "high")])
def test_groups_are_named_only_if_their_intervals_lie_apart(low, high):
    apart = TABLE.assign(**{low: TABLE["rate"] - 0.09, high: TABLE["rate"] + 0.09})
    assert tell_extremes(apart, "rate", WORDS, 2, "en") == (
        "Bo is highest (30), 李雷 lowest (10) of 3 groups; 2 more have too few records."
    )
    assert tell_extremes(apart, "rate", WORDS, 0, "zh") == "3 组中Bo最高（30），李雷最低（10）。"
    close = TABLE.assign(**{low: TABLE["rate"] - 0.11, high: TABLE["rate"] + 0.11})
    assert tell_extremes(close, "rate", WORDS, 2, "en") == (
        "The lowest (10) and the highest (30) of 3 groups differ by no more than chance may explain; 2 more have too "
        "few records."
    )
    assert tell_extremes(close, "rate", WORDS, 0, "zh") == "3 组中最低（10）与最高（30）的差异可能只是偶然。"


def test_without_intervals_nobody_is_named():
    assert "李雷" not in tell_extremes(TABLE, "rate", WORDS, 0, "en")


def test_one_group_and_none():
    one = tell_extremes(TABLE.iloc[:1], "rate", WORDS.iloc[:1], 1, "en")
    assert one == "Only Ann has enough data (20); 1 more have too few records."
    assert tell_extremes(TABLE.iloc[:0], "rate", WORDS.iloc[:0], 3, "zh") == "3 组数据都不足。"
