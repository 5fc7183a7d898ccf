"""Pile-ups: planted ones are found and dated; sleepers, late entries and clean logs raise none."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings

from funnelml.diagnostics.changes.pile_ups import COLUMNS, find_pile_ups
from funnelml.synthetic import PileUp, Recording, SyntheticWorld, simulate_crm
from tests.diagnostics.changes.test_gaps import ODD
from tests.logs import EPOCH, history_of, log_rows

BEGINS = date(2025, 8, 4)


def day(n: int) -> date:
    return EPOCH + timedelta(days=n)


@pytest.fixture(scope="module")
def piled():
    world = SyntheticWorld(pile_ups=(PileUp(stage="Discovery", begins=BEGINS, ends=date(2026, 6, 1), factor=0.4),))
    crm = simulate_crm(world, seed=9)
    return find_pile_ups(crm.history, as_of=crm.as_of)


def test_a_planted_pile_up_is_found_and_dated(piled):
    assert piled.table["stage"].tolist() == ["Discovery"]
    row = piled.table.iloc[0]
    assert abs((row["began_on"] - BEGINS).days) <= 14
    assert row["open_now"] > 1.4 * row["open_before"]
    assert 0.35 < row["pace_low"] < row["pace"] < row["pace_high"] < 0.7


def test_a_pile_up_is_told_in_both_languages(piled):
    assert piled.summary().startswith("Pile-up at Discovery: since the week of 2025-0")
    assert piled.summary("zh").startswith("积压：Discovery。自 2025-0")


def test_late_entries_are_no_pile_up():
    """The last weeks look slow because their moves are yet to be recorded."""
    crm = simulate_crm(SyntheticWorld(recording=Recording(late_share=0.5, mean_days=9.0)), seed=1)
    for weeks in range(6):
        assert find_pile_ups(crm.history, as_of=crm.as_of - timedelta(days=7 * weeks)).table.empty


def test_a_steady_funnel_has_none():
    crm = simulate_crm(SyntheticWorld(), seed=5)
    found = find_pile_ups(crm.history, as_of=crm.as_of)
    assert found.table.empty and found.series == 6
    assert found.summary().startswith("None of the 6 stages that can be judged is clearly left more slowly")
    assert list(found.to_frame()) == list(COLUMNS)


@settings(max_examples=40)
@given(rows=log_rows(most=40))
def test_rows_recorded_later_change_nothing(rows):
    known = [row for row in rows if row[3] <= 15 and row[2] <= 15]
    if not known:
        return
    before = find_pile_ups(history_of(known), as_of=day(15))
    after = find_pile_ups(history_of([*known, *(r for r in rows if r[3] > 15)]), as_of=day(15))
    pd.testing.assert_frame_equal(before.weeks, after.weeks)


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD)
def test_odd_logs_raise_nothing(rows):
    found = find_pile_ups(history_of(rows), as_of=day(302))
    assert found.table.empty
    assert found.summary() and found.summary("zh")
