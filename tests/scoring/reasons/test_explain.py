"""The strongest reasons: signs, sums, topics, and that each row stands for itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import ModelInputError
from funnelml.scoring.models.boosting import BoostedTrees
from funnelml.scoring.models.scorecard import POINT, Scorecard
from funnelml.scoring.reasons.explain import explain_scores


def example(n=3):
    features = pd.DataFrame(
        {
            "days_since_activity": [30.0, 1.0, np.nan],
            "activities_7d": [0.0, 4.0, 0.0],
            "source": pd.Series(["Referral", None, "官网"], dtype=object),
            "field:budget": pd.Series([None, "yes", "yes"], dtype=object),
            "month": [3.0, 3.0, 3.0],
        }
    )
    added = np.array(
        [
            # quiet          source  budget  month  constant
            [-0.6, -0.3, 0.5, -0.2, 2.0, -1.0],
            [0.4, 0.9, -0.1, 0.3, 2.0, -1.0],
            [0.2, -0.3, 0.01, 0.0, 2.0, -1.0],
        ]
    )
    return added[:n], features.iloc[:n]


def large(n=400, seed=0):
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "stage": rng.choice(np.array(["线索", "方案", None], dtype=object), n),
            "stage_age_days": rng.exponential(20, n),
            "age_days": rng.exponential(60, n),
            "pushes": rng.poisson(1.0, n).astype(float),
            "pushed_days": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(15, n)),
            "职业": rng.choice(np.array(["经理", "无业", None], dtype=object), n),
            "month": rng.integers(1, 13, n).astype(float),
        }
    )
    return rng.normal(0, 0.3, (n, 8)), features


def test_reasons_are_signed_facts_strongest_first():
    told = explain_scores(*example(), record_id=["a", "b", "c"]).to_frame()
    assert list(told["record_id"]) == ["a", "b", "c"]
    assert list(told["positive"]) == ["source: Referral", "4 activities in 7 days; budget: yes", ""]
    assert list(told["negative"]) == [
        "no activity for 30 days; budget unknown",
        "source unknown",
        "no activity in 7 days",
    ]


def test_in_chinese():
    told = explain_scores(*example()).to_frame("zh")
    assert list(told["positive"]) == ["来源：Referral", "7 天内跟进 4 次；budget：yes", ""]
    assert list(told["negative"]) == ["30 天没有跟进；budget 未知", "来源未知", "7 天内没有跟进"]


def test_fields_of_a_topic_add_up_and_the_strongest_in_that_direction_speaks():
    details = explain_scores(*example()).details()
    quiet = details[details["field"].isin(("days_since_activity", "activities_7d"))]
    np.testing.assert_allclose(quiet["contribution"], [-0.9, 1.3, -0.1])
    # of the third row the sum is negative, so that the field which speaks is the one that lowers the score
    assert list(quiet["field"]) == ["days_since_activity", "activities_7d", "activities_7d"]


def test_details_say_how_much():
    details = explain_scores(*example(1), record_id=["a"]).details()
    assert list(details["side"]) == ["for", "against", "against"]
    assert list(details["rank"]) == [1, 1, 2]
    assert list(details["value"]) == ["Referral", 30.0, None]
    assert list(details["name"]) == ["source", "days since the last activity", "budget"]
    np.testing.assert_array_equal(details["points"], np.rint(np.array([0.5, -0.9, -0.2]) / POINT))
    np.testing.assert_allclose(details["odds"], np.exp([0.5, -0.9, -0.2]))


def test_the_time_of_year_counts_but_is_no_reason():
    reasons = explain_scores(*example())
    assert not reasons.details()["field"].eq("month").any()
    np.testing.assert_array_equal(reasons.time_of_year, [2.0, 2.0, 2.0])
    np.testing.assert_allclose(reasons.log_odds, example()[0].sum(axis=1))
    assert "counts in each score (+58 to +58 points) and is no reason" in reasons.summary()
    assert "日历时段计入每条评分（+58 至 +58 分）" in reasons.summary("zh")


def test_what_is_less_than_half_a_point_is_no_reason():
    features = pd.DataFrame({"x": [1.0, 2.0], "y": [1.0, 2.0]})
    added = np.array([[0.49 * POINT, 0.0, 1.0], [0.51 * POINT, -0.51 * POINT, 1.0]])
    told = explain_scores(added, features).to_frame()
    assert list(told["positive"]) == ["", "x: 2"]
    assert list(told["negative"]) == ["", "y: 2"]


def test_the_summary_names_what_speaks_most_often():
    reasons = explain_scores(*example())
    assert reasons.summary().startswith(
        "3 records scored. Most often for a record: activities in 7 days (33\xa0%). "
        "Most often against a record: days since the last activity (33\xa0%). 20 points double the odds."
    )
    assert reasons.summary("zh").startswith("已评分 3 条记录。最常见的有利因素：")
    none = explain_scores(np.zeros((2, 2)), pd.DataFrame({"x": [1.0, 2.0]}))
    assert none.summary() == "2 records scored. None has a reason of a point or more. 20 points double the odds."
    assert "没有任何因素" in none.summary("zh")


@given(top=st.integers(1, 9), seed=st.integers(0, 20))
@settings(max_examples=20)
def test_every_reason_is_among_the_strongest_of_its_side(top, seed):
    added, features = large(30, seed)
    details = explain_scores(added, features, top=top).details()
    topics = {"age": [1, 2], "pushes": [3, 4], "stage": [0], "职业": [5]}
    for row in range(30):
        sums = np.array([added[row, columns].sum() for columns in topics.values()])
        for side, sign in (("for", 1), ("against", -1)):
            mine = details[(details["record_id"] == row) & (details["side"] == side)]
            expected = -np.sort(-sign * sums[sign * sums >= POINT / 2])[:top]
            np.testing.assert_allclose(sign * mine["contribution"], expected)


@given(seed=st.integers(0, 20))
@settings(max_examples=20)
def test_the_order_of_rows_does_not_matter(seed):
    added, features = large(60, seed)
    order = np.random.default_rng(seed).permutation(60)
    whole = explain_scores(added, features).to_frame("zh").iloc[order].reset_index(drop=True)
    shuffled = explain_scores(added[order], features.iloc[order], record_id=order).to_frame("zh")
    pd.testing.assert_frame_equal(whole, shuffled)


@pytest.mark.parametrize("rows", [1, 7])
def test_a_row_stands_for_itself(rows):
    added, features = large(50)
    whole = explain_scores(added, features, currency="元")
    cuts = [slice(k, k + rows) for k in range(0, 50, rows)]
    ids = np.arange(50)
    parts = [explain_scores(added[c], features.iloc[c], record_id=ids[c], currency="元") for c in cuts]
    pd.testing.assert_frame_equal(pd.concat([p.to_frame() for p in parts], ignore_index=True), whole.to_frame())
    pd.testing.assert_frame_equal(pd.concat([p.details("zh") for p in parts], ignore_index=True), whole.details("zh"))


@pytest.mark.parametrize(
    ("field", "good", "bad", "neither"),
    [
        ("account_win_lift", 0.04, -0.04, 0.004),
        ("source_win_lift", 0.2, -0.2, np.nan),
        ("response_hours", 0.5, np.nan, None),
        ("response_hours", 2.0, 30.0, None),
        ("waiting_hours", 0.0, 5.0, np.nan),
        ("days_since_activity", 1.0, 30.0, None),
        ("days_since_inbound", 1.0, np.nan, 60.0),
        ("days_since_call", 1.0, np.nan, 60.0),
        ("activities_7d", 2.0, 0.0, None),
        ("activities_30d", 5.0, 0.0, 2.0),
        ("activities_total", None, 0.0, 9.0),
        ("inbound_30d", 1.0, 0.0, np.nan),
        ("meeting_total", None, 0.0, 3.0),
    ],
)
def test_what_contradicts_everyone_is_no_reason_but_counts(field, good, bad, neither):
    values = [value for value in (good, bad, neither) if value is not None]
    features = pd.DataFrame({field: values, "x": 1.0})
    n = len(values)
    for size in (0.5, -0.5):
        added = np.column_stack([np.full(n, size), np.full(n, 0.1), np.full(n, -1.0)])
        reasons = explain_scores(added, features)
        told = reasons.details().query("field == @field")["record_id"].tolist()
        against = bad if size > 0 else good
        assert told == [k for k, value in enumerate(values) if value is not against]
        np.testing.assert_allclose(reasons.log_odds, size - 0.9)


def test_another_field_of_the_topic_speaks_if_it_is_worth_a_reason():
    features = pd.DataFrame({"activities_7d": [4.0, 4.0], "call_30d": [0.0, 0.0], "source_win_lift": [0.1, 0.1]})
    added = np.array([[-0.6, -0.3, -0.2, 1.0], [-0.6, -0.4 * POINT, -0.2, 1.0]])
    details = explain_scores(added, features).details()
    assert list(details["reason"]) == ["no call in 30 days"]
    np.testing.assert_allclose(details["contribution"], [-0.9])


def test_a_column_of_texts_with_a_known_name_is_any_column():
    features = pd.DataFrame({"response_hours": pd.Series(["fast"], dtype=object)})
    assert explain_scores([[-0.5, 0.0]], features).to_frame()["negative"].tolist() == ["response hours: fast"]


@pytest.mark.parametrize("make", [Scorecard, lambda: BoostedTrees(trees=20)], ids=["scorecard", "trees"])
def test_the_reasons_of_a_model_find_what_moved_it(make):
    """Records whose budget is confirmed convert ten times as often in odds; nothing else matters."""
    rng = np.random.default_rng(3)
    n = 3_000
    budget = rng.choice(np.array(["confirmed", "open", "none"], dtype=object), n)
    noise = rng.normal(size=n)
    label = rng.random(n) < np.where(budget == "confirmed", 0.5, 0.09)
    features = pd.DataFrame({"field:budget": budget, "noise": noise})
    model = make().fit(features, label)
    told = explain_scores(model.contributions(features), features, top=1).details().groupby("field")
    assert len(told.get_group("field:budget")) == n
    sides = told.get_group("field:budget").groupby("value")["side"].unique()
    assert [list(sides[value]) for value in ("confirmed", "open", "none")] == [["for"], ["against"], ["against"]]


def test_no_rows_and_no_fields_are_fine():
    added, features = example()
    empty = explain_scores(added[:0], features.iloc[:0])
    assert len(empty.to_frame()) == 0 and len(empty.details()) == 0
    assert empty.summary().startswith("0 records scored.")
    bare = explain_scores([[0.3]], pd.DataFrame(index=[0]))
    assert list(bare.to_frame()["positive"]) == [""]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contributions": np.zeros((3, 5))}, r"shape \(3, 5\); 3 rows of 5 fields need \(3, 6\), the constant last"),
        ({"contributions": np.full((3, 6), np.nan)}, "18 contributions are not finite, first of 'days_since_activity'"),
        ({"record_id": ["a"]}, "1 record ids for 3 rows; hand over one for each"),
        ({"top": 0}, "top is 0; write how many reasons a side has, from 1 on"),
        ({"top": True}, "top is True"),
    ],
)
def test_what_is_wrong_is_said(change, message):
    added, features = example()
    with pytest.raises(ModelInputError, match=message):
        explain_scores(**{"contributions": added, "features": features, **change})
