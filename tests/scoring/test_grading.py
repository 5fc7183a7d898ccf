"""Rules of grades, and what settings may say of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import SettingsError
from funnelml.scoring.grading import Grading, parse_grading


def test_settings_become_rules():
    assert parse_grading({}) == Grading(by="base_rate", borders=(2.0, 1.0))
    assert parse_grading({"scale": "letters"}).borders == (2.0, 1.0, 0.5)
    assert parse_grading({"capacity": 50}).borders == (50, 100)
    assert parse_grading({"capacity": 50, "then": [3]}).borders == (50, 150)
    assert parse_grading({"scale": "letters", "capacity": 10, "then": [2, 4]}).borders == (10, 20, 40)
    assert parse_grading({"probabilities": [0.3, 0.1]}) == Grading(by="probability", borders=(0.3, 0.1))


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"capacty": 50}, r"no key 'capacty' \(did you mean 'capacity'\?\)"),
        ({"scale": "letter"}, r"scale is 'letter' \(did you mean 'letters'\?\)"),
        ({"scale": 3}, "scale is 3"),
        ({"capacity": 5, "multiples": [2, 1]}, "states capacity and multiples; keep one"),
        ({"then": [2]}, "then without capacity"),
        ({"capacity": 0}, "capacity is 0; it is a whole number"),
        ({"capacity": "50"}, "capacity is '50'; it is a whole number"),
        ({"capacity": 5, "then": [0.01]}, r"capacities \(5, 0\) are whole numbers"),
        ({"probabilities": [0.1, 0.3]}, r"borders fall from Hot on, but these do not: 0\.1, 0\.3"),
        ({"probabilities": [1.3, 0.3]}, "probabilities lie between 0 and 1"),
        ({"probabilities": 0.3}, "probabilities is 0.3; write a list of numbers"),
        ({"multiples": [2, float("nan")]}, "write a list of numbers"),
        ({"multiples": [2]}, "1 borders .* give 2, one for each grade but Cold"),
        ({"multiples": [2, -1]}, "multiples are above 0"),
    ],
)
def test_faults_in_settings(told, text):
    with pytest.raises(SettingsError, match=text):
        parse_grading(told)


def test_unknown_names_in_rules():
    with pytest.raises(SettingsError, match=r"no scale 'leters' \(did you mean 'letters'\?\)"):
        Grading(scale="leters")
    with pytest.raises(SettingsError, match="grades by 'rank' are not understood"):
        Grading(by="rank")


def test_multiples_of_a_small_base_rate_are_multiples():
    assert Grading(borders=(2.0, 1.0)).chances(0.1) == pytest.approx((0.2, 0.1))


def test_multiples_of_a_large_base_rate_halve_the_failures():
    assert Grading(borders=(2.0, 1.0)).chances(0.6) == pytest.approx((0.8, 0.6))


@given(st.floats(0.001, 0.999), st.floats(1.01, 20))
def test_a_multiple_is_a_chance_above_the_base_rate(base_rate, multiple):
    border, same = Grading(borders=(multiple, 1.0)).chances(base_rate)
    assert base_rate == same < border < 1


def test_words():
    rules = parse_grading({"probabilities": [0.3, 0.1]})
    assert rules.describe() == "Hot from 30\xa0%, Warm from 10\xa0%, Cold below"
    assert rules.describe("zh") == "热：不低于 30\xa0%、温：不低于 10\xa0%、其余为冷"
    assert parse_grading({"capacity": 50}).describe(base_rate=0.1) == "Hot: the best 50, Warm: the next 100, Cold below"
    assert parse_grading({"capacity": 50}).describe("zh") == "热：最优 50 条、温：其后 100 条、其余为冷"


def test_multiples_are_told_by_their_chances():
    rules = parse_grading({})
    assert rules.describe(base_rate=0.11) == "Hot from 22\xa0%, Warm from the base rate of 11\xa0%, Cold below"
    assert rules.describe("zh", base_rate=0.11) == "热：不低于 22\xa0%、温：不低于基准转化率 11\xa0%、其余为冷"
    # 80 % is 1.33 times 60 %: "2 times the base rate" would not be true.
    assert rules.describe(base_rate=0.6).startswith("Hot from 80\xa0%, Warm from the base rate of 60\xa0%")
    assert rules.describe().startswith(
        "Hot from 2 times the base rate (less where that is above 33\xa0%), Warm from the "
    )
    # A border under a small base rate keeps its digits.
    assert rules.describe(base_rate=0.004).startswith("Hot from 0.80\xa0%, Warm from the base rate of 0.40\xa0%")
    others = parse_grading({"multiples": [3, 0.5]})
    assert others.describe(base_rate=0.1) == "Hot from 30\xa0%, Warm from 5.0\xa0%, Cold below (base rate 10\xa0%)"
    assert others.describe("zh", base_rate=0.1).endswith("其余为冷（基准转化率 10\xa0%）")
    assert others.describe().endswith("Warm from 0.5 times the base rate, Cold below")
