"""Hazards by age: by hand, the true constant hazard within its interval, and words."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.survival.nonparametric.binned_hazards import LEAST_ENDS, MOST_SPANS, SHORTEST, bin_hazards
from funnelml.survival.nonparametric.stage_incidence import stage_incidence
from funnelml.survival.nonparametric.words import tell_between, tell_time
from tests.survival.nonparametric.stage_log import drawn_episodes, episodes_of


def test_by_hand():
    """Ten at risk for 4 days each, two of them late by 1; five lost on day 4: 5 ends in 38 days."""
    rows = [(f"a{i}", "演示", 4, "lost" if i < 5 else "open", 1.0 if i < 2 else 0.0) for i in range(10)]
    table = bin_hazards(stage_incidence(episodes_of(rows))).table
    lost = table[table["outcome"] == "lost"].iloc[0]
    assert (lost["from_day"], lost["to_day"], lost["events"], lost["days_at_risk"]) == (0, 4, 5, 38)
    assert lost["hazard"] == pytest.approx(5 / 38)
    assert lost["chance_per_day"] == pytest.approx(1 - np.exp(-5 / 38))
    # Garwood's 90 % interval of a count of 5: 1.9701 to 10.5130 (his table).
    assert (lost["low"] * 38, lost["high"] * 38) == pytest.approx((1.9701, 10.5130), abs=1e-4)
    won = table[table["outcome"] == "won"].iloc[0]
    assert (won["hazard"], won["low"]) == (0, 0) and won["high"] * 38 == pytest.approx(2.9957, abs=1e-4)


def test_a_constant_hazard_lies_in_its_intervals():
    table = bin_hazards(stage_incidence(drawn_episodes(2_000, 7)[0])).table
    lead = table[(table["stage"] == "线索") & (table["outcome"] == "advanced")]
    # Ends are rounded up to whole days, so that days at risk are half a day of each end too many.
    true = 0.06 / (1 + 0.09 / 2)
    assert ((lead["low"] < true) & (true < lead["high"])).mean() >= 0.7
    assert 4 <= len(lead) <= MOST_SPANS
    assert (lead["to_day"] - lead["from_day"] >= SHORTEST).all()
    ends = table[table["stage"] == "线索"].groupby("from_day")["events"].sum()
    assert (ends >= LEAST_ENDS).all()


def test_it_says_when_most_leave():
    hazards = bin_hazards(stage_incidence(drawn_episodes(500, 8)[0]))
    assert hazards.summary().startswith("Ages at which most of those still there leave: 线索: went on")
    assert hazards.summary("zh").startswith("仍在阶段中的记录最常离开的停留天数：线索：")
    quiet = bin_hazards(stage_incidence(episodes_of([("a", "方案", 5, "open")])))
    assert (quiet.summary(), quiet.summary("zh")) == ("No stay was seen to end.", "未观察到任何停留结束。")


def test_times_are_told_in_the_largest_unit_that_fits():
    told = [tell_time(value, "en") for value in (3.0, 0.25, 2 / 1440, 1e-4, 0.0)]
    assert told == ["3 days", "6 hours", "2 minutes", "8.6 seconds", "0 days"]
    assert tell_between(2.0, 3.0, "en") == "2 to 3 days"
    assert tell_between(0.5, 3.0, "zh") == "12 小时 至 3 天"
    assert tell_between(2.0, np.nan, "en") == "2 days to not observed"
