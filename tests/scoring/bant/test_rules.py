"""BANT rules as settings state them, and the defaults that say what they rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import NotEnoughDataError, SettingsError
from funnelml.scoring.bant.defaults import default_bant
from funnelml.scoring.bant.rules import BantRule, parse_bant

BUDGET = {"part": "budget", "field": "amount", "at_least": 50_000, "points": 25}


def test_settings_become_rules():
    rules = parse_bant(
        [
            BUDGET,
            {"part": "决策权", "field": "field:职位", "is_one_of": ["总经理", "采购总监"], "points": 25},
            {"part": "timing", "field": "days_to_expected_close", "at_least": 0, "at_most": 60, "points": 20},
            {"part": "need", "field": "field:pain", "filled": True, "points": 10},
        ]
    )
    assert rules.rules[1] == BantRule(
        part="authority", field="field:职位", points=25.0, is_one_of=("总经理", "采购总监")
    )
    assert rules.parts == ("budget", "authority", "need", "timing")
    assert rules.maximum == 80
    assert [rule.describe() for rule in rules.rules] == [
        "amount at least 50,000",
        "field:职位 is 总经理, 采购总监",
        "days_to_expected_close at least 0 and at most 60",
        "field:pain filled",
    ]
    assert rules.rules[2].describe("zh") == "days_to_expected_close 不低于 0且不高于 60"


def test_steps_of_one_field_do_not_add_up():
    rules = parse_bant([BUDGET, BUDGET | {"at_least": 10_000, "points": 10}, BUDGET | {"field": "quote", "points": 5}])
    assert rules.maximum == 30


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("budget", "write it as a table of its own under"),
        (BUDGET | {"at_leest": 3}, r"\[\[bant\]\] 1: no key 'at_leest' \(did you mean 'at_least'\?\)"),
        ({"part": "budget", "field": "amount", "at_least": 1}, "'points' is missing"),
        (BUDGET | {"part": "budgett"}, r"no part 'budgett' \(did you mean 'budget'\?\)"),
        (BUDGET | {"part": 3}, "no part '3'"),
        (BUDGET | {"field": " "}, "field is ' '; write the name"),
        (BUDGET | {"points": 0}, "points is 0; write a number above 0"),
        (BUDGET | {"points": True}, "points is True; write a number above 0"),
        (BUDGET | {"at_least": "50k"}, "at_least is '50k'; write a number"),
        (BUDGET | {"at_most": 3}, "at_least 50000 is above at_most 3"),
        (BUDGET | {"filled": True}, "at_least and filled do not go together"),
        ({"part": "need", "field": "x", "points": 1, "filled": False}, "write filled = true, or leave it out"),
        ({"part": "need", "field": "x", "points": 1}, "no condition; write at_least"),
        ({"part": "need", "field": "x", "points": 1, "is_one_of": []}, r"is_one_of is \[\]; write a list of values"),
        ({"part": "need", "field": "x", "points": 1, "is_one_of": "CEO"}, "is_one_of is 'CEO'; write a list"),
    ],
)
def test_faults_in_settings(entry, text):
    with pytest.raises(SettingsError, match=text):
        parse_bant([entry])


def test_no_rule():
    with pytest.raises(SettingsError, match="at least one rule"):
        parse_bant([])


def test_defaults_rest_on_filled_fields_and_say_so():
    features = pd.DataFrame(
        {"amount": [1.0, np.nan], "days_to_expected_close": [np.nan, np.nan], "demo_total": [0.0, 2.0], "owner": "Ann"}
    )
    rules = default_bant(features)
    assert rules.fields == ("amount", "demo_total") and rules.default
    told = rules.describe()
    assert "budget (amount), need (demo_total); nothing is asked about authority, timing" in told
    assert "nobody stated these rules" in told
    assert "未涉及决策权、时间" in rules.describe("zh") and "并非人工设定" in rules.describe("zh")
    assert "nobody stated" not in parse_bant([BUDGET]).describe()


def test_no_default_without_any_of_the_fields():
    with pytest.raises(NotEnoughDataError, match="none of the fields for a default is filled"):
        default_bant(pd.DataFrame({"owner": ["Ann"]}))
