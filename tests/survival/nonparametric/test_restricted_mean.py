"""Restricted means: those of R, their parts add up, and days that were not observed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import InputError
from funnelml.survival.nonparametric.restricted_mean import restricted_means
from funnelml.survival.nonparametric.stage_incidence import stage_incidence
from tests.survival.nonparametric.stage_log import drawn_episodes, episodes_of

REFERENCE = Path(__file__).parents[2] / "reference"
DATA = pd.read_csv(REFERENCE / "incidence_data.csv", comment="#")
EXPECTED = pd.read_csv(REFERENCE / "stay_bands.csv", comment="#")
ENDS = {0: "open", 1: "advanced", 2: "won", 3: "lost"}


@pytest.mark.parametrize("case", EXPECTED["case"].unique())
def test_means_and_standard_errors_equal_those_of_r(case):
    """R 4.2.2, survival 3.5-3, summary(survfit of several states, rmean = 12): tests/reference/stay_bands.R."""
    rows = DATA[DATA["case"] == case]
    stays = zip(range(len(rows)), ["演示"] * len(rows), rows["duration"], rows["event"].map(ENDS), strict=True)
    ours = restricted_means(stage_incidence(episodes_of(stays)), tau_days=12).table
    expected = EXPECTED[EXPECTED["case"] == case].set_index("what")["value"]
    for state in range(int(rows["event"].max()) + 1):
        assert ours["mean_days"][state] == pytest.approx(expected[f"mean_{state}"], abs=1e-10)
        assert ours["std_err"][state] == pytest.approx(expected[f"mean_std_err_{state}"], abs=1e-10)


def test_days_in_the_stage_and_days_lost_are_all_days():
    episodes, group = drawn_episodes(200, 1)
    table = restricted_means(stage_incidence(episodes, by=group)).table
    whole = table.groupby(["stage", "group"])
    np.testing.assert_allclose(whole["mean_days"].sum(), whole["tau_days"].first())
    assert ((table["low"] <= table["mean_days"]) & (table["mean_days"] <= table["high"])).all()
    # Groups of one stage are counted up to the same day.
    assert (table.groupby("stage")["tau_days"].nunique() == 1).all()


def test_by_hand():
    """All three to day 2, two thirds to day 4, then one third: 2 + 4/3 + 3/3 up to day 7."""
    rows = [("a", "演示", 2, "won"), ("b", "演示", 4, "lost"), ("c", "演示", 10, "open")]
    means = restricted_means(stage_incidence(episodes_of(rows)), tau_days=7)
    assert means.table["mean_days"].tolist() == pytest.approx([2 + 4 / 3 + 1, 0, 5 / 3, 1, 0])
    assert means.summary().startswith("Mean time in a stage: 演示 4.3 days (")
    assert means.summary("zh").startswith("阶段平均停留时间：演示 4.3 天 (")


def test_days_that_were_not_observed_have_no_mean():
    rows = [("a", "演示", 2, "won"), ("c", "演示", 10, "open"), ("d", "方案", 3, "lost")]
    means = restricted_means(stage_incidence(episodes_of(rows)), tau_days=12)
    assert means.table.groupby("stage")["mean_days"].count().to_dict() == {"方案": 5, "演示": 0}
    only = restricted_means(stage_incidence(episodes_of(rows[:2])), tau_days=12)
    assert only.summary() == "No stage was observed up to the day asked for; give fewer days."
    assert only.summary("zh") == "没有任何阶段观察到所要求的天数，请减少天数。"


@pytest.mark.parametrize("tau", [0, -3, np.nan, np.inf])
def test_days_that_are_none_are_refused(tau):
    with pytest.raises(InputError, match="give a positive number of days"):
        restricted_means(stage_incidence(episodes_of([("a", "演示", 2, "won")])), tau_days=tau)
