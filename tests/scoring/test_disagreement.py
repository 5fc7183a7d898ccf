"""Where model and rules disagree, and how such cases ended, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.scoring.disagreement import find_disagreement
from funnelml.scoring.grades import grade_scores
from funnelml.scoring.grading import Grading

RULES = Grading(by="probability", borders=(0.5, 0.2))
MODEL = grade_scores([0.9, 0.6, 0.1, 0.1, 0.3], list("abcde"), RULES)
BANT = grade_scores([0.1, 0.15, 0.7, 0.1, 0.6], list("abcde"), RULES)


def past_of(model_hot: list[int], rules_hot: list[int]) -> pd.DataFrame:
    """One record each, hot by one and cold by the other, with what became of it."""
    rows = [(f"m{k}", "Hot", "Cold", y) for k, y in enumerate(model_hot)]
    rows += [(f"r{k}", "Cold", "Hot", y) for k, y in enumerate(rules_hot)]
    return pd.DataFrame(rows, columns=["record_id", "model_grade", "rules_grade", "converted"])


def test_records_hot_by_one_and_cold_by_the_other():
    result = find_disagreement(MODEL, BANT)
    assert result.to_frame()[["record_id", "hot_by"]].to_numpy().tolist() == [
        ["a", "model"],
        ["b", "model"],
        ["c", "rules"],
    ]
    assert result.agreement.loc["Hot", "Cold"] == 2 and result.agreement.loc["Cold", "Cold"] == 1
    assert result.agreement.to_numpy().sum() == result.records == 5
    assert "Of 5 records 2 are Hot by the model and Cold by the rules, 1 the other way round." in result.summary()
    assert "过去此类情况的结果未知。" in result.summary("zh")


def test_who_was_right_before():
    result = find_disagreement(MODEL, BANT, past=past_of([1] * 15 + [0] * 15, [1] * 3 + [0] * 27))
    assert result.past["rate"].to_dict() == {"model": 0.5, "rules": 0.1}
    assert result.verdict == "model"
    assert "15 / 30 (50\xa0%) of the first kind converted and 3 / 30 (10\xa0%)" in result.summary()
    # statsmodels.stats.proportion.confint_proportions_2indep(15, 30, 3, 30, method="newcomb", compare="diff")
    assert result.difference == pytest.approx((0.4, 0.170261, 0.580708), abs=1e-6)
    told = "what the model called Hot converted more often (a difference of +40 points, 95 % interval +17 to +58)."
    assert result.summary().endswith(told)
    assert result.summary("zh").endswith(
        "过去第一种情况转化 15 / 30（50\xa0%），第二种 3 / 30（10\xa0%）："
        "模型评为“热”的转化率更高（相差 +40 个百分点，95 % 区间 +17 至 +58）。"
    )
    swapped = find_disagreement(MODEL, BANT, past=past_of([1] * 3 + [0] * 27, [1] * 15 + [0] * 15))
    assert swapped.verdict == "rules" and "what the rules called Hot converted more often" in swapped.summary()
    assert "规则评为“热”的转化率更高" in swapped.summary("zh")


def test_what_cannot_be_told():
    equal = find_disagreement(MODEL, BANT, past=past_of([1, 0] * 15, [1, 0] * 15))
    assert equal.verdict == "not_shown" and "尚不能判断" in equal.summary("zh")
    # Two 80 % intervals that do not meet named the model here; the 95 % interval of the difference holds -0.6 points.
    near = find_disagreement(MODEL, BANT, past=past_of([1] * 12 + [0] * 28, [1] * 5 + [0] * 35))
    assert near.verdict == "not_shown" and near.past["low"]["model"] > near.past["high"]["rules"]
    few = find_disagreement(MODEL, BANT, past=past_of([1] * 19, [0] * 30))
    assert few.verdict == "too_few" and "20 of each would do" in few.summary()


@pytest.mark.parametrize(("n", "chance"), [(20, 0.3), (40, 0.3), (200, 0.1)])
def test_equal_truth_names_a_winner_in_one_case_of_twenty(n, chance):
    rng = np.random.default_rng(4)
    won = rng.binomial(n, chance, (600, 2))
    ends = {tuple(pair): find_past(*pair, n).verdict for pair in np.unique(won, axis=0)}
    named = np.mean([ends[tuple(pair)] != "not_shown" for pair in won])
    # 600 worlds: 5 % give or take three standard errors of 0.9 points
    assert 0.0 < named < 0.077


def find_past(model_won: int, rules_won: int, n: int):
    kinds = ([1] * won + [0] * (n - won) for won in (model_won, rules_won))
    return find_disagreement(MODEL, BANT, past=past_of(*kinds))


def test_a_record_counts_once_by_its_first_case():
    past = past_of([1, 0], [])
    later = past.assign(converted=[0, 1])
    result = find_disagreement(MODEL, BANT, past=pd.concat([past, later, later]))
    assert result.past.loc["model", ["records", "converted"]].tolist() == [2, 1]
    agreed = past.assign(rules_grade="Hot")
    assert find_disagreement(MODEL, BANT, past=agreed).past["records"].sum() == 0


def test_faults():
    letters = grade_scores([0.5], ["a"], Grading(scale="letters", by="probability", borders=(0.5, 0.3, 0.1)))
    with pytest.raises(ModelInputError, match="grade both on one scale"):
        find_disagreement(MODEL, letters)
    with pytest.raises(ModelInputError, match="none of the 5 records of the model is among the 1 of the rules"):
        find_disagreement(MODEL, grade_scores([0.5], ["z"], RULES))
    with pytest.raises(ModelInputError, match="1 values of converted are neither 0 nor 1"):
        find_disagreement(MODEL, BANT, past=past_of([2], []))
    with pytest.raises(ModelInputError, match="past rows have no column 'converted'"):
        find_disagreement(MODEL, BANT, past=past_of([1], []).drop(columns="converted"))


def test_nothing_open():
    nothing = grade_scores([], [], RULES)
    result = find_disagreement(nothing, nothing)
    assert result.to_frame().empty and result.agreement.shape == (3, 3)
