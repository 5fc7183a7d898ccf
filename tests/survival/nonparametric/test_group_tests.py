"""Log-rank and Gray's test: the values of R, laws, and answers in words where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import ModelInputError
from funnelml.survival.nonparametric.gray import gray_test
from funnelml.survival.nonparametric.log_rank import log_rank_test
from tests.survival.stays import stays

REFERENCE = Path(__file__).parents[2] / "reference"
DATA = pd.read_csv(REFERENCE / "group_tests_data.csv", comment="#")
EXPECTED = pd.read_csv(REFERENCE / "group_tests.csv", comment="#")


@pytest.mark.parametrize("case", DATA["case"].unique())
def test_statistics_equal_those_of_r(case):
    """R 4.2.2, survival 3.5-3 and cmprsk 2.2-11: tests/reference/group_tests.R."""
    d = DATA[DATA["case"] == case]
    plain = {"duration": d["duration"], "event": d["event"], "group": d["group"], "entry": d["entry"]}
    more = {
        "": {},
        "_stratified": {"stratum": d["stratum"]},
        "_clustered": {"cluster": d["cluster"]},
        "_weighted": {"cluster": d["cluster"], "weights": d["weight"], "stratum": d["stratum"]},
    }
    expected = EXPECTED[EXPECTED["case"] == case]
    assert len(expected) >= 9
    for _, row in expected.iterrows():
        name, cause = row["test"], int(row["cause"])
        if name.startswith("log_rank"):
            options = more[name.removeprefix("log_rank")]
            answer = log_rank_test(**plain, **options, causes=[cause] if cause else None)
        else:
            answer = gray_test(**plain, **more[name.removeprefix("gray")], cause=cause)
        assert answer.degrees == row["degrees"]
        assert answer.statistic == pytest.approx(row["statistic"], rel=1e-9, abs=1e-9), (name, cause)
        assert answer.p_value == pytest.approx(row["p_value"], rel=1e-7)


@given(stays(min_size=4), st.lists(st.sampled_from(["甲", "乙", "c"]), min_size=25, max_size=25), st.randoms())
@settings(max_examples=40)
def test_neither_order_nor_names_matter_and_all_expected_were_observed(data, group, random):
    duration, event, entry, _ = data
    group = np.array(group[: len(duration)])
    order = list(range(len(duration)))
    random.shuffle(order)
    renamed = pd.Series(group).map({"甲": "z", "乙": 3, "c": "a"}).to_numpy()

    def ask(test, *columns, late):
        return test(*columns, entry=late)

    for late, test in (
        (entry, log_rank_test),
        (np.zeros(len(duration)), lambda *c, entry: gray_test(*c, entry=entry, cause=1)),
    ):
        one = ask(test, duration, event, group, late=late)
        other = ask(test, duration[order], event[order], renamed[order], late=late[order])
        assert (one.why, one.degrees) == (other.why, other.degrees)
        np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(one.groups["expected"].sum(), one.groups["observed"].sum(), atol=1e-9)


def test_a_group_that_leaves_twice_as_fast_is_found():
    rng = np.random.default_rng(3)
    group = rng.integers(0, 2, 300)
    answer = log_rank_test(rng.exponential(10 / (1 + group)), np.ones(300), np.where(group, "快", "慢"))
    assert answer.p_value < 1e-6
    assert (answer.groups["observed"] > answer.groups["expected"]).tolist() == [True, False]
    assert (
        answer.summary().startswith("Log-rank test: chi-square")
        and "more ends than expected in 快 (" in answer.summary()
    )
    assert answer.summary("zh").startswith("对数秩检验：卡方值")


def test_returns_of_one_record_are_not_taken_for_many():
    """Each record is there five times: taken as independent, chance differences look five times as sure."""
    rng = np.random.default_rng(5)
    days, group = rng.exponential(10.0, 60), rng.integers(0, 2, 60)
    once = log_rank_test(days, np.ones(60), group, cluster=np.arange(60))
    five = [np.tile(column, 5) for column in (days, np.ones(60), group, np.arange(60))]
    assert log_rank_test(*five[:3], cluster=five[3]).statistic == pytest.approx(once.statistic)
    assert log_rank_test(*five[:3]).statistic > 4 * log_rank_test(days, np.ones(60), group).statistic


@pytest.mark.parametrize(
    ("event", "group", "entry", "why", "words"),
    [
        ([1, 1, 0, 1], ["a"] * 4, None, "one_group", "there is only one group"),
        ([0, 0, 0, 0], ["a", "b", "a", "b"], None, "no_event", "no stay ended so"),
        ([1, 1, 1, 1], ["a", "a", "b", "b"], [0, 0, 2.5, 2.5], "never_together", "no stay ended while two groups"),
    ],
)
def test_where_there_is_no_answer_it_is_said(event, group, entry, why, words):
    answer = log_rank_test([1, 2, 3, 4], event, group, entry=entry)
    assert (answer.why, answer.degrees) == (why, 0) and np.isnan(answer.p_value)
    assert words in answer.summary() and "无结果" in answer.summary("zh")
    if entry is None:
        gray = gray_test([1, 2, 3, 4], event, group, cause=1)
        assert gray.why == why and words in gray.summary()


def test_a_group_that_nobody_is_in_any_more_takes_no_degree():
    answer = log_rank_test([1, 5, 6, 7, 8], [0, 1, 1, 1, 0], ["gone", "a", "b", "a", "b"])
    assert answer.degrees == 1
    assert answer.groups.set_index("group").loc["gone", ["observed", "expected"]].tolist() == [0, 0]


def test_gray_refuses_late_entry_and_says_what_to_do():
    message = (
        r"Gray's test needs .* entry is above 0 in 1 of 3 stays \(rows 1\): use log_rank_test\(..., causes=\[2\]\)"
    )
    with pytest.raises(ModelInputError, match=message):
        gray_test([1, 2, 3], [1, 2, 0], ["a", "b", "a"], entry=[0, 1, 0], cause=2)


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (["a", "b"], "group must hold one name for each of 3 stays, not 2"),
        (["a", None, "b"], r"group is missing in 1 of 3 stays \(rows 1\)"),
        ("a", "group must hold one name for each of 3 stays, not 0"),
    ],
)
def test_groups_that_cannot_be_used_are_refused(group, message):
    for test in (log_rank_test, lambda *c: gray_test(*c, cause=1)):
        with pytest.raises(ModelInputError, match=message):
            test([1, 2, 3], [1, 2, 0], group)
    with pytest.raises(ModelInputError, match="cause is 0"):
        gray_test([1, 2, 3], [1, 2, 0], ["a", "b", "a"], cause=0)
