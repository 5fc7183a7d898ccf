"""Grades by hand, at ties, in any order of rows, and what is expected of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import ModelInputError
from funnelml.scoring.grades import grade_scores
from funnelml.scoring.grading import Grading

TWO_THEN_TWO = Grading(by="capacity", borders=(2, 2))
BY_CHANCE = Grading(by="probability", borders=(0.5, 0.2))


def grades_of(result) -> dict[str, str]:
    return dict(zip(result.table["record_id"], result.table["grade"], strict=True))


def test_a_border_belongs_to_the_better_grade():
    result = grade_scores([0.5, 0.49, 0.2, 0.19], list("abcd"), BY_CHANCE)
    assert grades_of(result) == {"a": "Hot", "b": "Warm", "c": "Warm", "d": "Cold"}
    assert result.table["rank"].tolist() == [1, 2, 3, 4]


def test_multiples_of_the_base_rate_are_the_default():
    result = grade_scores([0.21, 0.2, 0.1, 0.05], list("abcd"), base_rate=0.1)
    assert grades_of(result) == {"a": "Hot", "b": "Hot", "c": "Warm", "d": "Cold"}


def test_the_summary_tells_the_chances_that_grades_begin_at():
    result = grade_scores([0.9, 0.7], list("ab"), base_rate=0.6)
    told = "1 Hot, 1 Warm, 0 Cold (Hot from 80\xa0%, Warm from the base rate of 60\xa0%, Cold below)."
    assert result.summary().startswith(told)
    assert "（热：不低于 80\xa0%、温：不低于基准转化率 60\xa0%、其余为冷）" in result.summary("zh")


def test_a_capacity_takes_the_best_and_cuts_ties_by_id():
    result = grade_scores([0.3, 0.4, 0.3, 0.3, 0.1], ["r2", "r9", "r1", "r3", "r0"], TWO_THEN_TWO)
    assert grades_of(result) == {"r9": "Hot", "r1": "Hot", "r2": "Warm", "r3": "Warm", "r0": "Cold"}
    assert result.tied == (3, 0)
    assert result.borders == pytest.approx((0.3, 0.2))
    assert "3 records share the chance at the end of Hot (30.0\xa0%); the first by id are in." in result.summary()
    assert "“热”边界处有 3 条记录概率相同" in result.summary("zh")


def test_a_capacity_larger_than_the_pipeline():
    result = grade_scores([0.3, 0.1], ["a", "b"], Grading(by="capacity", borders=(50, 100)))
    assert set(grades_of(result).values()) == {"Hot"}
    assert result.borders == (0.0, 0.0) and result.tied == (0, 0)


def test_expected_conversions_by_hand():
    # Two records with 0.5 and 0.8: 0, 1 or 2 conversions with 0.1, 0.5, 0.4. The central 70 % begin where the
    # cumulative 0.1, 0.6, 1 reaches 0.15, at 1, and end where it reaches 0.85, at 2.
    result = grade_scores([0.5, 0.8, 0.3], list("abc"), BY_CHANCE, level=0.7)
    hot = result.by_grade.iloc[0]
    assert (hot["records"], hot["expected"]) == (2, pytest.approx(1.3))
    assert (hot["expected_low"], hot["expected_high"]) == (1, 2)
    assert (hot["lowest"], hot["highest"]) == (0.5, 0.8)
    assert result.by_grade["records"].tolist() == [2, 1, 0]
    assert result.by_grade["expected"].sum() == pytest.approx(1.6)


def test_how_past_grades_did():
    past = pd.DataFrame(
        {"grade": ["Cold", "Hot"], "records": [400, 100], "converted": [8, 40], "expected": [9.0, 50.0]}
    )
    result = grade_scores([0.6, 0.1], ["a", "b"], BY_CHANCE, past=past)
    assert result.by_grade["past_rate"].tolist() == pytest.approx([0.4, np.nan, 0.02], nan_ok=True)
    # statsmodels.stats.proportion.proportion_confint(40, 100, alpha=0.2, method="wilson")
    assert result.by_grade.loc[0, ["past_low", "past_high"]].tolist() == pytest.approx([0.33930, 0.46393], abs=1e-4)
    assert "Of 100 past Hot records 40 did (40\xa0%; expected 50\xa0%)." in result.summary()
    assert "过去 100 条“热”记录中有 40 条转化（40\xa0%，当时预计 50\xa0%）。" in result.summary("zh")


def test_letters():
    rules = Grading(scale="letters", by="probability", borders=(0.5, 0.3, 0.1))
    assert grades_of(grade_scores([0.6, 0.4, 0.2, 0.0], list("abcd"), rules)) == dict(zip("abcd", "ABCD", strict=True))


def test_nothing_to_grade():
    for rules in (TWO_THEN_TWO, BY_CHANCE):
        result = grade_scores([], [], rules)
        assert result.to_frame().empty and result.by_grade["records"].sum() == 0
        assert result.summary() == "No record is open, so none has a grade."
        assert result.summary("zh") == "没有未结记录，因此没有评级。"


scores = st.dictionaries(st.text("ab客户01", min_size=1, max_size=4), st.sampled_from([0.0, 0.1, 0.2, 0.21, 0.5, 1.0]))


@given(scores, st.sampled_from([TWO_THEN_TWO, BY_CHANCE, Grading()]), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter_and_better_chances_never_grade_worse(told, rules, random):
    rows = list(told.items())
    first = grade_scores([p for _, p in rows], [i for i, _ in rows], rules, base_rate=0.2)
    random.shuffle(rows)
    again = grade_scores([p for _, p in rows], [i for i, _ in rows], rules, base_rate=0.2)
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame())
    order = pd.Series(first.table["grade"]).map({"Hot": 0, "Warm": 1, "Cold": 2})
    assert order.is_monotonic_increasing and first.table["probability"].is_monotonic_decreasing
    assert first.by_grade["expected"].sum() == pytest.approx(sum(told.values()))
    if rules.by == "capacity":
        assert first.by_grade["records"].tolist()[:2] == [min(len(rows), 2), min(max(len(rows) - 2, 0), 2)]


@pytest.mark.parametrize(
    ("p", "ids", "text"),
    [
        ([0.1, np.nan], ["a", "b"], r"scores: 1 probabilities are missing or not between 0 and 1 \(b\)"),
        ([0.1, 1.2], ["a", "b"], r"not between 0 and 1 \(b\)"),
        (["high", 0.2], ["a", "b"], r"not between 0 and 1 \(a\)"),
        ([0.1], ["a", "b"], "1 probabilities for 2 records"),
        ([0.1, 0.2], ["a", "a"], r"1 rows repeat a record \(a\)"),
        ([0.1, 0.2], ["a", None], r"1 rows have no record_id \(row 2\)"),
    ],
)
def test_scores_that_cannot_be_used(p, ids, text):
    with pytest.raises(ModelInputError, match=text):
        grade_scores(p, ids, BY_CHANCE)


def test_a_base_rate_that_is_missing_or_none():
    for rate in (None, 0.0, 1.0, float("nan")):
        with pytest.raises(ModelInputError, match="need a base rate between 0 and 1"):
            grade_scores([0.1], ["a"], base_rate=rate)


def test_past_without_a_column():
    with pytest.raises(ModelInputError, match=r"no column 'converted' \(did you mean 'convert'\?\)"):
        grade_scores([0.6], ["a"], BY_CHANCE, past=pd.DataFrame({"grade": [], "records": [], "convert": []}))
