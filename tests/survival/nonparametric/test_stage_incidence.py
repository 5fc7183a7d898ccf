"""Incidence by stage and group: figures by hand, tidy frames, laws, words where there is little, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import InputError, NotEnoughDataError
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.nonparametric.stage_incidence import OUTCOMES, stage_incidence
from tests.survival.nonparametric.stage_log import drawn_episodes, episodes_of

FIXTURE = [
    ("a", "线索", 1, "open"),
    ("b", "线索", 2, "advanced"),
    ("c", "线索", 3, "advanced"),
    ("d", "线索", 4, "lost"),
    ("e", "线索", 5, "lost"),
    ("f", "线索", 6, "open"),
    ("b", "方案", 9, "open"),
]


def test_figures_by_hand():
    """The fixture of the estimator: T = 1..6, E = 0, 1, 1, 3, 3, 0."""
    incidence = stage_incidence(episodes_of(FIXTURE))
    table = incidence.to_frame()
    lead = table[table["stage"] == "线索"]
    assert lead["days"].unique().tolist() == [0, 2, 3, 4, 5, 6]
    last = lead[lead["days"] == 6].set_index("outcome")
    assert last.index.tolist() == list(OUTCOMES)
    np.testing.assert_allclose(last["incidence"], [0.2, 0.4, 0, 0.4, 0], atol=1e-12)
    assert last["at_risk"].tolist() == [1] * 5
    counts = incidence.counts.set_index("stage")
    assert counts.loc["线索", ["stays", "records", "advanced", "won", "lost", "moved_back", "running"]].tolist() == [
        *(6, 6, 2, 0, 2, 0, 2)
    ]
    assert counts.index.tolist() == ["线索", "方案"]


def test_the_variance_is_that_between_records():
    rows = [(f"r{i % 4}", "演示", 1 + i, "won" if i % 2 else "lost") for i in range(12)]
    ours = stage_incidence(episodes_of(rows)).of("演示").curve
    event, owner = [2 if i % 2 else 3 for i in range(12)], [i % 4 for i in range(12)]
    plain = estimate_incidence(np.arange(1, 13), event, cluster=owner, n_causes=4)
    np.testing.assert_array_equal(ours.variance, plain.variance)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e"]),
        st.sampled_from(["线索", "方案"]),
        st.integers(1, 9),
        st.sampled_from(["open", "advanced", "won", "lost", "back"]),
    ),
    min_size=1,
    max_size=20,
)


@given(ROWS, st.randoms())
@settings(max_examples=30)
def test_rows_sum_to_one_rise_and_do_not_depend_on_order(rows, random):
    table = stage_incidence(episodes_of(rows)).to_frame()
    sums = table.groupby(["stage", "days"])["incidence"].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-12)
    ends = table[table["outcome"] != "still_in_stage"].groupby(["stage", "outcome"])["incidence"]
    assert ends.apply(lambda chance: (np.diff(chance) >= 0).all()).all()
    shuffled = random.sample(rows, len(rows))
    other = stage_incidence(episodes_of(shuffled)).to_frame()
    pd.testing.assert_frame_equal(table, other, rtol=1e-9, atol=1e-9)


@given(ROWS, st.sampled_from(["线索", "方案"]))
@settings(max_examples=30)
def test_a_record_censored_before_the_first_event_changes_no_estimate(rows, stage):
    more = [*rows, ("new", stage, 0.5, "open")]
    days = np.arange(1.0, 10.0)
    before, after = (stage_incidence(episodes_of(r)).at(days) for r in (rows, more))
    after = after[after["stage"].isin(before["stage"])].reset_index(drop=True)
    columns = ["incidence", "std_err", "at_risk"]
    pd.testing.assert_frame_equal(before[columns], after[columns], rtol=1e-9, atol=1e-9)


def test_groups_come_by_record_as_a_mapping_a_series_or_one_for_each_stay():
    rows = [(f"r{i}", "线索", 1 + i, "lost") for i in range(6)]
    group = {f"r{i}": "甲" if i < 4 else "乙" for i in range(6)}
    whole = stage_incidence(episodes_of(rows), by=group)
    assert whole.counts[["group", "stays"]].to_numpy().tolist() == [["乙", 2], ["甲", 4]]
    for by in (pd.Series(group), list(group.values()), np.array(list(group.values()))):
        pd.testing.assert_frame_equal(stage_incidence(episodes_of(rows), by=by).to_frame(), whole.to_frame())
    assert whole.of("线索", "甲").curve(4.0)[3] == 1.0


def test_days_beyond_what_was_observed_are_not_told():
    table = stage_incidence(episodes_of(FIXTURE)).at([6.0, 7.0])
    lead = table[(table["stage"] == "线索") & (table["days"] == 7)]
    assert lead[["incidence", "std_err", "low", "high"]].isna().all().all() and (lead["at_risk"] == 0).all()


def test_a_stage_of_open_records_only_has_a_usable_answer():
    rows = [(f"r{i}", "方案", 10 + i, "open") for i in range(30)]
    incidence = stage_incidence(episodes_of(rows))
    table = incidence.to_frame()
    assert table["days"].unique().tolist() == [0, 39]
    assert incidence.summary() == (
        "方案: none of 30 stays was seen to end. Too few stays to tell every share within a standard error of 5 "
        "points: 方案 (30 stays, 100 would do)."
    )
    # Nobody of 30 on day 10: each way to end may still have a chance of 1 - 0.05 ** (1 / 30).
    won = incidence.at([10.0]).set_index("outcome").loc["won"]
    assert (won["incidence"], won["low"]) == (0, 0) and won["high"] == pytest.approx(1 - 0.05 ** (1 / 30))
    assert incidence.bands(draws=100).empty


def test_one_event_is_told_with_its_wide_interval():
    rows = [("x", "方案", 3, "won"), *[(f"r{i}", "方案", 9, "open") for i in range(9)]]
    won = stage_incidence(episodes_of(rows)).at([5.0]).set_index("outcome").loc["won"]
    assert won["incidence"] == pytest.approx(0.1)
    assert 0.005 < won["low"] < 0.05 and 0.3 < won["high"] < 0.5


def test_thin_stages_say_what_would_do():
    few, _ = drawn_episodes(40, 1)
    counts = stage_incidence(few).counts
    assert not counts["enough"].any() and (counts["stays_wanted"] > 60).all()
    many, _ = drawn_episodes(int(counts["stays_wanted"].max() * 1.4), 2)
    assert stage_incidence(many).counts["enough"].all()


def test_the_summary_tells_each_stage_and_where_groups_differ():
    episodes, group = drawn_episodes(400, 3)
    incidence = stage_incidence(episodes)
    text, chinese = incidence.summary(), incidence.summary("zh")
    figures = incidence.of("线索").curve(incidence.of("线索").told_until)
    for figure in (figures[0], figures[1], figures[3]):
        assert f"{figure:.0%}".replace("%", "\xa0%") in text and f"{figure:.0%}".replace("%", "\xa0%") in chinese
    assert "线索, 400 stays, within" in text and "线索（400 次停留" in chinese
    grouped = stage_incidence(episodes, by=group)
    assert grouped.summary().startswith("2 groups in 2 stages. Shares lost differ most in")
    assert "输单占比在" in grouped.summary("zh")


def test_bands_are_tidy_and_hold_the_curve():
    episodes, _ = drawn_episodes(300, 4)
    incidence = stage_incidence(episodes)
    bands = incidence.bands(draws=200)
    assert bands.columns.tolist() == ["stage", "group", "days", "outcome", "low", "high", "critical"]
    both = bands.merge(incidence.to_frame(), on=["stage", "group", "days", "outcome"], suffixes=("", "_point"))
    assert len(both) == len(bands) > 50
    assert ((both["low"] < both["low_point"]) & (both["high"] > both["high_point"])).all()
    # In 线索 nobody is won and nobody moves back.
    assert set(bands.loc[bands["stage"] == "线索", "outcome"]) == {"still_in_stage", "advanced", "lost"}


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda e: stage_incidence(e, level=90), InputError, "level is 90"),
        (
            lambda e: stage_incidence(e, by={"a": 1}),
            InputError,
            r"6 stays have no group \(records b, c, d and 2 more\)",
        ),
        (lambda e: stage_incidence(e, by=["x", "y"]), InputError, r"by has shape \(2,\), but there are 7 stays"),
        (lambda e: stage_incidence(e, by=pd.Series(1, index=list("abcdeff"))), InputError, "by names f more than once"),
        (lambda e: stage_incidence(e).of("线"), InputError, r"no stay in stage '线' is known.*there are 线索, 方案"),
        (
            lambda e: stage_incidence(e).of("线索", "x"),
            InputError,
            "no stay of group 'x' in stage '线索'.*choose one of all",
        ),
        (lambda e: stage_incidence(episodes_of([])), NotEnoughDataError, "no stay in an open stage.*100 stays bring"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(ask, error, message):
    with pytest.raises(error, match=message):
        ask(episodes_of(FIXTURE))
