"""Tests of groups by stage: what they find, what they leave alone, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.errors import NotEnoughDataError
from funnelml.survival.nonparametric.gray import gray_test
from funnelml.survival.nonparametric.stage_groups import ALL_STAGES, compare_stage_groups
from tests.survival.nonparametric.stage_log import drawn_episodes, episodes_of


def test_a_faster_group_is_found_in_its_pace():
    episodes, group = drawn_episodes(400, 1, faster=2.0)
    tests = compare_stage_groups(episodes, group)
    pace = tests.table[tests.table["outcome"] == "any"].set_index("stage")
    assert (pace["p_adjusted"] < 1e-6).all() and set(pace.index) == {"线索", "方案", ALL_STAGES}
    assert tests.summary().startswith("Groups differ by more than chance in all stages, pace (p < 0.001)")
    assert tests.summary("zh").startswith("分组差异超出偶然：所有阶段的快慢（p < 0.001）")


def test_groups_that_are_alike_are_left_alone():
    """40 logs: any row of a kind of test is found in 5 % of logs at most, but for a binomial 4 standard errors."""
    found = {"log_rank": 0, "gray": 0}
    for seed in range(40):
        episodes, group = drawn_episodes(60, seed)
        table = compare_stage_groups(episodes, group).table
        for test in found:
            found[test] += int((table.loc[table["test"] == test, "p_adjusted"] < 0.05).any())
    assert max(found.values()) <= 2 + 4 * np.sqrt(40 * 0.05 * 0.95)


def test_each_row_is_the_test_of_its_stage():
    episodes, group = drawn_episodes(150, 3)
    tests = compare_stage_groups(episodes, group.to_dict())
    here = episodes.table[episodes.table["stage"] == "方案"]
    plain = gray_test(here["duration_days"], here["event"], here["record_id"].map(group), cause=3)
    row = tests.table.set_index(["stage", "outcome", "test"]).loc[("方案", "lost", "gray")]
    assert row["statistic"] == pytest.approx(plain.statistic, rel=1e-12)
    assert (row["stays"], row["groups"], row["events"]) == (150, 2, (here["event"] == 3).sum())
    assert tests.table["why"].isin(["", "no_event"]).all()
    assert (tests.table["p_adjusted"].dropna() >= tests.table["p_value"].dropna()).all()


def test_records_with_several_stays_are_taken_as_one():
    rows = [(f"r{i % 20}", "演示", 1 + i % 7, "won" if i % 3 else "lost") for i in range(40)]
    table = compare_stage_groups(episodes_of(rows), {f"r{i}": i % 2 for i in range(20)}).table
    assert table.groupby("test")["variance"].unique().map(list).to_dict() == {
        "gray": ["stays"],
        "log_rank": ["records"],
    }


def test_late_entry_leaves_rates_to_compare():
    rows = [(f"r{i}", "演示", 4 + i % 9, "won" if i % 3 else "lost", 2.0 if i == 5 else 0.0) for i in range(40)]
    tests = compare_stage_groups(episodes_of(rows), [i % 2 for i in range(40)])
    gray = tests.table[tests.table["test"] == "gray"]
    assert set(gray["why"]) == {"late_entry", "no_event"} and gray["p_value"].isna().all()
    assert "came under observation late" in tests.summary() and "进入观察较晚" in tests.summary("zh")


def test_one_group_has_no_answer():
    episodes, _ = drawn_episodes(30, 5)
    tests = compare_stage_groups(episodes, ["x"] * len(episodes.table))
    assert tests.summary() == "No answer: there is only one group; two are needed."
    assert tests.summary("zh") == "无结果：只有一个分组，至少需要两个。"
    with pytest.raises(NotEnoughDataError, match="two groups with ten ends each"):
        compare_stage_groups(episodes_of([]), {})
