"""BANT points by hand; what is unknown is told, not counted as nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.scoring.bant.points import score_bant
from funnelml.scoring.bant.rules import parse_bant

RULES = parse_bant(
    [
        {"part": "budget", "field": "amount", "at_least": 50_000, "points": 25},
        {"part": "budget", "field": "amount", "at_least": 10_000, "points": 10},
        {"part": "authority", "field": "职位", "is_one_of": ["总经理", "CEO"], "points": 20},
        {"part": "authority", "field": "contacts", "at_least": 2, "points": 5},
        {"part": "timing", "field": "close", "at_least": 0, "at_most": 60, "points": 15},
    ]
)
FEATURES = pd.DataFrame(
    {
        "amount": [60_000.0, 10_000.0, 5_000.0, np.nan, np.nan],
        "职位": [" ceo", "采购", None, "总经理", None],
        "contacts": [3.0, 1.0, 2.0, np.nan, np.nan],
        "close": [60.0, -1.0, 61.0, 0.0, np.nan],
    },
    index=list("abcde"),
)


def test_points_by_hand():
    table = score_bant(FEATURES, RULES).table.set_index("record_id")
    assert table["budget"].tolist() == pytest.approx([25, 10, 0, np.nan, np.nan], nan_ok=True)
    # One of the two fields is enough to know the part: 'c' has no title, but two contacts.
    assert table["authority"].tolist() == pytest.approx([25, 0, 5, 20, np.nan], nan_ok=True)
    assert table["timing"].tolist() == pytest.approx([15, 0, 0, 15, np.nan], nan_ok=True)
    assert table["total"].tolist() == pytest.approx([65, 10, 5, 35, np.nan], nan_ok=True)
    assert table["at_most"].tolist() == [65, 10, 5, 60, 65]
    assert table["unknown"].tolist() == ["", "", "", "budget", "budget,authority,timing"]


def test_what_is_unknown_is_said():
    scores = score_bant(FEATURES, RULES)
    assert scores.to_frame()["unknown"].tolist()[3:] == ["budget unknown", "budget, authority, timing unknown"]
    assert scores.to_frame("zh")["unknown"].tolist()[2:4] == ["", "预算未知"]
    assert "4 of 5 records have 29 points on average. Unknown: budget 40\xa0%" in scores.summary()
    assert "5 条记录中有 4 条可评分，平均 29 分。未知比例：预算 40\xa0%" in scores.summary("zh")


def test_rules_that_nobody_meets_are_named():
    rules = parse_bant([{"part": "need", "field": "职位", "is_one_of": ["VP"], "points": 5}])
    scores = score_bant(FEATURES, rules)
    assert scores.by_rule[["held", "unknown"]].to_numpy().tolist() == [[0, 2]]
    assert "No record meets: 职位 is VP." in scores.summary()
    assert "没有记录满足：职位 为 VP。" in scores.summary("zh")


def test_filled_is_known_where_it_is_filled():
    rules = parse_bant([{"part": "need", "field": "职位", "filled": True, "points": 5}])
    assert score_bant(FEATURES, rules).table["need"].tolist() == pytest.approx([5, 5, np.nan, 5, np.nan], nan_ok=True)


def test_numbers_may_be_listed():
    rules = parse_bant([{"part": "need", "field": "contacts", "is_one_of": [1, "3"], "points": 5}])
    assert score_bant(FEATURES, rules).table["need"].tolist()[:3] == [5, 5, 0]


def test_an_empty_field_of_any_kind_is_unknown():
    blank = FEATURES.assign(amount=None, 职位=np.nan, close=None)
    table = score_bant(blank, RULES).table
    assert table["budget"].isna().all() and table["unknown"].tolist()[0] == "budget,timing"


def test_no_records():
    scores = score_bant(FEATURES.iloc[:0], RULES)
    assert scores.to_frame().empty and "BANT score of up to 65 points" in scores.summary()


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (
            {"field": "amonut", "at_least": 1},
            r"'need: amonut at least 1': no field 'amonut' \(did you mean 'amount'\?\)",
        ),
        ({"field": "职位", "at_least": 1}, r"field '职位' holds texts \( ceo, 采购, 总经理\); use is_one_of"),
        ({"field": "amount", "is_one_of": ["big"]}, "field 'amount' holds numbers; use at_least or at_most"),
    ],
)
def test_rules_that_do_not_fit_the_features(entry, text):
    with pytest.raises(ModelInputError, match=text):
        score_bant(FEATURES, parse_bant([{"part": "need", "points": 1} | entry]))
