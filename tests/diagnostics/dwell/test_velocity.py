"""Velocity: its four ingredients by hand, the steady state it takes for granted, and words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from funnelml.diagnostics.dwell.velocity import measure_velocity
from funnelml.errors import InputError, NotEnoughDataError
from tests.diagnostics.small_logs import AS_OF, EDGES, NEVER_OPEN, edges, hold_no_look_ahead, with_amounts
from tests.logs import history_of, log_rows

# Twelve won after 4 days at 100, twelve lost, six open.
ROWS = [
    row
    for i in range(12)
    for row in (
        *((f"w{i}", "Lead", float(i)), (f"w{i}", "won", i + 4.0)),
        *((f"l{i}", "Lead", float(i)), (f"l{i}", "lost", i + 1.0)),
    )
] + [(f"o{i}", "Lead", 20.0) for i in range(6)]
AMOUNTS = {**{f"w{i}": 100.0 for i in range(12)}, **{f"l{i}": 900.0 for i in range(12)}}


def measure(history, **options):
    return measure_velocity(history, **{"as_of": AS_OF, "draws": 100, "currency": "EUR", **options})


def test_the_ingredients_by_hand():
    (row,) = measure(with_amounts(history_of(ROWS), AMOUNTS)).to_frame().to_dict("records")
    assert (row["open_records"], row["won"], row["closed"]) == (6, 12, 24)
    assert (row["win_rate"], row["average_amount"], row["cycle_days"]) == pytest.approx((0.5, 100.0, 4.0))
    assert row["velocity"] == pytest.approx(6 * 0.5 * 100 / 4)
    assert row["velocity_low"] < row["velocity"] < row["velocity_high"]
    assert row["booked_per_day"] == pytest.approx(1200 / 32)


def test_closings_before_the_window_do_not_count():
    (row,) = measure(with_amounts(history_of(ROWS), AMOUNTS), window_days=20.0).to_frame().to_dict("records")
    # The window begins with day 12: wins on days 12 to 15, losses on day 12.
    assert (row["won"], row["closed"]) == (4, 5)
    assert not row["enough"]


def test_the_summary_shows_each_ingredient_and_the_caveat():
    velocity = measure(with_amounts(history_of(ROWS), AMOUNTS))
    text = velocity.summary()
    assert "75 EUR per day" in text
    assert "6 open records x win rate 50\xa0% x 100 EUR on average, over a cycle of 4 days" in text
    assert "steady state only" in text
    assert "稳定状态" in velocity.summary("zh") and "赢单率 50\xa0%" in velocity.summary("zh")


def test_without_amounts_it_says_how_many_would_do():
    velocity = measure(history_of(ROWS))
    assert np.isnan(velocity.table["velocity"]).all()
    assert "12 won in 32 days, 12 of them without an amount; 10 with one would do" in velocity.summary()


def test_groups_are_compared():
    owners = ["Ann" if k.startswith("w") else "李雷" for k in AMOUNTS]
    velocity = measure(with_amounts(history_of(ROWS), AMOUNTS, owner=owners), by="owner")
    assert velocity.table.set_index("group").loc["Ann", "win_rate"] == 1.0
    assert "Only Ann has enough data (0 EUR); 2 more have too few records." in velocity.summary()


@edges
def test_small_logs_are_answered_in_both_languages(edge):
    velocity = measure(EDGES[edge])
    assert "Not enough data" in velocity.summary() and "数据不足" in velocity.summary("zh")


@settings(max_examples=30)
@given(log_rows())
def test_rows_recorded_later_change_nothing(rows):
    hold_no_look_ahead(rows, lambda history, as_of: [measure_velocity(history, as_of=as_of, draws=5).table])


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(InputError, match="window_days is 0"):
        measure(EDGES["one record"], window_days=0)
    with pytest.raises(NotEnoughDataError, match="10 won ones are enough"):
        measure(NEVER_OPEN)
