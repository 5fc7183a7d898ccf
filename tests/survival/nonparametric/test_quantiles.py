"""Quantiles of stays: those of R with their limits, and what was not observed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import InputError
from funnelml.survival.nonparametric.quantiles import stay_quantiles
from funnelml.survival.nonparametric.stage_incidence import stage_incidence
from tests.survival.nonparametric.stage_log import drawn_episodes, episodes_of

REFERENCE = Path(__file__).parents[2] / "reference"
DATA = pd.read_csv(REFERENCE / "incidence_data.csv", comment="#")
EXPECTED = pd.read_csv(REFERENCE / "stay_bands.csv", comment="#")
ENDS = {0: "open", 1: "advanced", 2: "won", 3: "lost"}


@pytest.mark.parametrize("case", EXPECTED["case"].unique())
def test_quantiles_and_limits_equal_those_of_r(case):
    """R 4.2.2, survival 3.5-3, quantile(survfit(conf.type = "log-log")): tests/reference/stay_bands.R."""
    rows = DATA[DATA["case"] == case]
    stays = zip(range(len(rows)), ["演示"] * len(rows), rows["duration"], rows["event"].map(ENDS), strict=True)
    table = stay_quantiles(stage_incidence(episodes_of(stays))).table
    ours = table[table["outcome"] == "any"]
    expected = EXPECTED[EXPECTED["case"] == case].set_index("what")["value"]
    for name, what in (("days", "quantile"), ("low", "quantile_low"), ("high", "quantile_high")):
        np.testing.assert_allclose(ours[name], expected[what])


def test_a_cause_reaches_a_share_of_all_stays_later_or_never():
    episodes, _ = drawn_episodes(500, 1)
    table = stay_quantiles(stage_incidence(episodes), [0.25, 0.5]).table.set_index(["stage", "outcome", "share"])
    # 线索: a third are lost in the end, two thirds advance; half of them have advanced by -log(1/4) / 0.09 days.
    assert table.loc[("线索", "advanced", 0.5), "days"] == pytest.approx(-np.log(1 / 4) / 0.09, abs=4)
    assert np.isnan(table.loc[("线索", "lost", 0.5), "days"])
    assert table.loc[("线索", "any", 0.5), "days"] < table.loc[("线索", "advanced", 0.5), "days"]
    ends = table.dropna()
    assert ((ends["low"] <= ends["days"]) & (ends["days"] <= ends["high"])).all()


def test_it_says_what_was_seen_and_what_was_not():
    rows = [(f"a{i}", "演示", 1 + i % 5, "won") for i in range(20)]
    rows += [(f"b{i}", "方案", 9, "open") for i in range(20)]
    quantiles = stay_quantiles(stage_incidence(episodes_of(rows)))
    assert quantiles.summary() == (
        "Time by which 50% of stays have ended: 演示 3 days (2 to 4 days). Fewer than 50% were seen to end in 方案."
    )
    assert quantiles.summary("zh") == "50% 的停留已结束所需时间：演示 3 天 (2 至 4 天)。方案中观察到结束的不足 50%。"
    half = [("a", "演示", 1, "won"), ("b", "演示", 9, "open"), ("c", "演示", 2, "lost")]
    assert "not observed)" in stay_quantiles(stage_incidence(episodes_of(half))).summary()


@pytest.mark.parametrize("shares", [[], [0.0], [0.5, 1.0], [np.nan]])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(InputError, match="give at least one, each above 0 and below 1"):
        stay_quantiles(stage_incidence(episodes_of([("a", "演示", 2, "won")])), shares)
