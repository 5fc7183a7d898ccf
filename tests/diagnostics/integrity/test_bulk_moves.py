"""Bulk moves: planted ones are found to the day, busy logs and logs of days raise no alarm."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.integrity.bulk_moves import COLUMNS, MINUTE, find_bulk_moves
from funnelml.history.dates import instant_of
from funnelml.schema import DAY

HOUR = 60 * MINUTE


def moves_at(instants, *, owner="Ann", to="Proposal", ids=None) -> pd.DataFrame:
    n = len(instants)
    return pd.DataFrame(
        {
            "record_id": [f"r{k}" for k in range(n)] if ids is None else ids,
            "from_stage": "Lead",
            "to_stage": to,
            "owner": owner,
            "entered_at": np.asarray(instants, dtype=np.int64),
        }
    )


def business_hours(n: int, days: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, days, n) * DAY + 9 * HOUR + rng.integers(0, 9 * 60, n) * MINUTE + rng.integers(0, MINUTE, n)


def find(*tables, **options):
    moves = pd.concat(tables, ignore_index=True).assign(record_id=lambda t: [f"r{k}" for k in range(len(t))])
    return (*find_bulk_moves(moves, time_zone="UTC", **options), moves)


def test_a_planted_move_is_found_with_its_instant_day_stages_and_owner():
    at = 200 * DAY + 17 * HOUR + 30 * MINUTE
    bulk, number, moves = find(moves_at(business_hours(8_000, 400, 1)), moves_at([at] * 20, owner="王芳", to="lost"))
    assert bulk["at"].tolist() == [at]
    assert bulk["day"].tolist() == [pd.Timestamp(date(1970, 7, 20))]
    assert bulk[["from_stage", "to_stage", "owner", "owners"]].to_numpy().tolist() == [["Lead", "lost", "王芳", 1]]
    assert bulk["records"].item() >= 20 > bulk["expected"].item() > 0
    assert (number[moves["to_stage"] == "lost"] == 0).all()
    assert (number == 0).sum() == bulk["records"].item()


def test_a_script_of_three_minutes_is_one_bulk_move():
    start = 100 * DAY + 12 * HOUR
    run = [start + k * 6_000_000 for k in range(30)]
    bulk, _, _ = find(moves_at(business_hours(4_000, 300, 2)), moves_at(run, to="lost"))
    assert len(bulk) == 1
    assert bulk["records"].item() >= 30
    assert bulk["at"].item() <= start + MINUTE


def test_bulk_moves_every_month_do_not_hide_each_other():
    at = np.arange(12) * 30 * DAY + 10 * DAY + 18 * HOUR
    bulk, _, _ = find(moves_at(business_hours(4_000, 370, 3)), moves_at(np.repeat(at, 25), to="lost"))
    assert bulk["at"].tolist() == at.tolist()


def test_seven_records_at_once_are_too_few_unless_asked_for():
    base, once = moves_at(business_hours(1_000, 200, 4)), moves_at([50 * DAY + 12 * HOUR] * 7)
    assert find(base, once)[0].empty
    assert len(find(base, once, fewest=7)[0]) == 1


def test_one_record_that_runs_through_many_stages_at_once_is_no_bulk_move():
    moves = moves_at([5 * DAY + 9 * HOUR] * 12, ids=["a"] * 12)
    assert find_bulk_moves(moves, time_zone="UTC")[0].empty


@pytest.mark.parametrize("seed", range(5))
def test_a_log_of_ten_moves_a_minute_raises_no_alarm(seed):
    bulk, _, _ = find(moves_at(business_hours(40_000, 8, seed)))
    assert bulk.empty


@pytest.mark.parametrize("seed", range(5))
def test_a_log_of_days_raises_no_alarm_at_midnight_but_finds_a_clean_up(seed):
    rng = np.random.default_rng(seed)
    week = np.flatnonzero(np.arange(400) % 7 < 5)
    days = rng.choice(week, 6_000) * DAY
    assert find(moves_at(days), whole_days=True)[0].empty
    assert find(moves_at(days))[0].empty
    bulk, number, _ = find(moves_at(days), moves_at([210 * DAY] * 60, to="lost"), whole_days=True)
    assert bulk[["at", "records", "to_stage"]].to_numpy().tolist() == [[210 * DAY, 60, "lost"]]
    assert (number == 0).sum() == 60


def test_a_day_begins_in_the_time_zone_of_the_workspace():
    midnights = [instant_of(date(2025, 1, 1 + k % 28), "Asia/Shanghai") for k in range(300)]
    assert find_bulk_moves(moves_at(midnights), time_zone="Asia/Shanghai")[0].empty


@given(st.lists(st.integers(0, 10 * DAY), max_size=60), st.booleans(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_every_bulk_move_holds_its_records_and_the_order_of_rows_does_not_matter(instants, whole_days, random):
    moves = moves_at(instants)
    bulk, number = find_bulk_moves(moves, time_zone="UTC", whole_days=whole_days)
    assert bulk.dtypes.astype(str).to_dict() == COLUMNS
    assert set(number) <= {-1, *range(len(bulk))}
    for k, row in bulk.iterrows():
        assert (number == k).sum() == row["records"] >= 8
        assert 0 <= row["p_value"] < 0.001
    shuffled = moves.sample(frac=1, random_state=random.randint(0, 9)) if len(moves) else moves
    again, _ = find_bulk_moves(shuffled, time_zone="UTC", whole_days=whole_days)
    pd.testing.assert_frame_equal(again, bulk)
