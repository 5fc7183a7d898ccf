"""Decimal commas: one column tells for the whole table, and what is no number stays a text."""

from __future__ import annotations

import math

import pandas as pd

from funnelml.runs.scoring.decimal_commas import read_decimal_commas

NONE = frozenset({"", "n/a"})


def test_one_column_with_decimal_commas_tells_how_the_others_are_read():
    table = pd.DataFrame(
        {"betrag": ["1.234,50", "7,1", "n/a", "-3"], "anzahl": ["1.234", "999", "", "2.000"], "plz": ["01067"] * 4}
    )
    read = read_decimal_commas(table, but=set(), missing=NONE)
    assert read["betrag"].tolist()[:2] == [1234.5, 7.1] and math.isnan(read["betrag"][2]) and read["betrag"][3] == -3
    assert read["anzahl"].tolist()[:2] == [1234.0, 999.0] and read["anzahl"][3] == 2000.0
    assert read["plz"].tolist() == ["01067"] * 4


def test_a_table_with_decimal_points_stays_as_it_is():
    table = pd.DataFrame(
        {"amount": ["1,234.50", "7.1"], "count": ["1,234", "999"], "text": ["a,b", "c"], "x": [1.5, 2]}
    )
    assert read_decimal_commas(table, but=set(), missing=NONE) is table


def test_the_label_and_the_id_are_left_alone():
    table = pd.DataFrame({"id": ["1,5", "2,5"], "price": ["3,5", "4,5"]})
    read = read_decimal_commas(table, but={"id"}, missing=NONE)
    assert read.to_dict("list") == {"id": ["1,5", "2,5"], "price": [3.5, 4.5]}


def test_a_fraction_with_three_decimals_is_no_thousand():
    table = pd.DataFrame({"rate": ["0,125", "1,405", "-0,333"]})
    assert read_decimal_commas(table, but=set(), missing=NONE)["rate"].tolist() == [0.125, 1.405, -0.333]
