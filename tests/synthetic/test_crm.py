"""Laws of the synthetic CRM: seeds, prefixes, schema, and what the export may not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import FunnelError, InputError
from funnelml.history.dates import cut_of
from funnelml.history.episodes import stage_episodes
from funnelml.history.funnel import WON
from funnelml.history.snapshot import take_snapshot
from funnelml.history.templates import TEMPLATES
from funnelml.schema import DAY, find_problems
from funnelml.synthetic import (
    Arrivals,
    BulkMove,
    Gap,
    Recording,
    Rhythm,
    SyntheticCRM,
    SyntheticWorld,
    Team,
    default_laws,
    simulate_crm,
)

SMALL = SyntheticWorld(
    days=240,
    future_days=60,
    arrivals=Arrivals(per_day=1.5),
    recording=Recording(late_share=0.4, mean_days=9.0),
    team=Team(seats=4, turnover_per_year=1.5),
    bulk_moves=(BulkMove(stage="Discovery", day=date(2024, 6, 28), to="lost", older_than_days=10),),
)


@pytest.fixture(scope="module")
def crm() -> SyntheticCRM:
    return simulate_crm(SMALL, seed=5)


def test_the_same_seed_gives_the_same_tables_and_another_seed_others(crm: SyntheticCRM) -> None:
    again, other = simulate_crm(SMALL, seed=5), simulate_crm(SMALL, seed=6)
    for name, table in crm.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert not crm.tables["stage_changes"].equals(other.tables["stage_changes"])
    np.testing.assert_array_equal(crm.truth.shocks, again.truth.shocks)


@settings(deadline=None, max_examples=12)
@given(days=st.integers(60, 239), future=st.integers(30, 300), seed=st.integers(0, 3))
def test_an_earlier_export_is_the_prefix_of_a_later_one(days: int, future: int, seed: int) -> None:
    later = simulate_crm(SMALL, seed=seed)
    earlier = simulate_crm(replace(SMALL, days=days, future_days=future), seed=seed)
    cut = cut_of(earlier.as_of, SMALL.time_zone)
    assert sorted(earlier.tables) == sorted(later.tables)
    pairs = [(name, table, earlier.tables[name]) for name, table in later.tables.items()]
    pairs += [(name, table, earlier.of_leads[name]) for name, table in later.of_leads.items()]
    for name, table, known in pairs:
        prefix = table[table["recorded_at"] < cut]
        assert name in ("quotas", "spend") or len(prefix) < len(table)
        assert (prefix.index == range(len(prefix))).all()
        pd.testing.assert_frame_equal(known, prefix)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_tables_are_valid_and_speak_of_the_funnel(template: str, language: str) -> None:
    world = replace(SMALL, template=template, language=language, bulk_moves=(), laws=(), segments=(), sources=())
    crm = simulate_crm(world, seed=1)
    for name, table in crm.tables.items():
        assert find_problems(name, table) == []
        assert len(table) > 0
        assert (table["recorded_at"] < cut_of(crm.as_of, world.time_zone)).all()
    assert set(crm.tables["stage_changes"]["stage"]) == set(crm.funnel.order)
    assert crm.tables["opportunities"]["lead_id"].isin(crm.tables["leads"]["lead_id"]).all()
    for name, table in crm.of_leads.items():
        assert find_problems(name, table) == []
        assert table["record_id"].isin(crm.tables["leads"]["lead_id"]).all()
    assert set(crm.of_leads["stage_changes"]["stage"]) == set(world.lead_funnel.order)
    assert crm.history.funnels == (world.funnel, world.lead_funnel)
    assert len(crm.history.tables["activities"]) == len(crm.tables["activities"]) + len(crm.of_leads["activities"])
    assert "won" in crm.summary()


def test_events_are_recorded_when_they_happen_or_later(crm: SyntheticCRM) -> None:
    happened = {"stage_changes": "entered_at", "field_changes": "changed_at", "activities": "occurred_at"}
    for name, column in happened.items():
        assert (crm.tables[name]["recorded_at"] >= crm.tables[name][column]).all()
    log = crm.tables["stage_changes"]
    first = ~log.sort_values("entered_at").duplicated("record_id")
    late = log[~first.reindex(log.index)]["recorded_at"] > log[~first.reindex(log.index)]["entered_at"]
    assert 0.3 < late.mean() < 0.45


def test_no_move_of_a_record_shares_its_day(crm: SyntheticCRM) -> None:
    log = crm.tables["stage_changes"].sort_values(["record_id", "entered_at"])
    local = pd.to_datetime(log["entered_at"], unit="us", utc=True).dt.tz_convert(SMALL.time_zone)
    assert not pd.DataFrame({"record": log["record_id"], "day": local.dt.date}).duplicated().any()
    assert local.dt.hour.between(9, 17).all()


def test_snapshot_and_episodes_of_the_export_equal_the_truth() -> None:
    world = replace(SMALL, recording=Recording(late_share=0.0))
    crm = simulate_crm(world, seed=2)
    day = 180
    as_of = world.start + timedelta(days=day)
    seen = take_snapshot(crm.history, as_of=as_of).open.set_index("record_id")
    true = crm.truth.open_on(day).set_index("record_id")
    assert sorted(seen.index) == sorted(true.index)
    true = true.loc[seen.index]
    assert (seen["stage"].map(crm.funnel.order) == true["stage"]).all()
    assert (np.floor(seen["age_days"]) == true["age"]).all()
    stays = stage_episodes(crm.history, as_of=world.as_of).table
    expected = crm.truth.stays[crm.truth.stays["entered_day"] < world.days]
    assert len(stays) == len(expected)
    known = np.where(expected["left_day"] < world.days, expected["event"], 0)
    np.testing.assert_array_equal(np.sort(stays["event"]), np.sort(known))


def test_the_last_amount_of_a_won_record_is_its_true_one() -> None:
    world = replace(SMALL, recording=Recording(late_share=0.0))
    crm = simulate_crm(world, seed=2)
    snapshot = take_snapshot(crm.history, as_of=world.as_of)
    won = snapshot.records[snapshot.records["stage"] == WON].set_index("record_id")
    true = crm.truth.records.set_index("record_id").loc[won.index]
    assert len(won) > 30
    assert (won["amount"] == true["final_amount"]).all()
    assert (won["entered_at"] == true["closed_at"]).all()
    assert (true["amount"] != true["final_amount"]).mean() > 0.5


def test_owners_hand_over_on_the_day_they_leave(crm: SyntheticCRM) -> None:
    changes = crm.tables["field_changes"].query("field == 'owner'")
    assert len(changes) > 5
    first = crm.tables["opportunities"].set_index("opportunity_id")["owner"]
    earliest = changes.drop_duplicates("record_id").set_index("record_id")
    assert (first.loc[earliest.index] == earliest["old"]).all()
    assert (changes["old"] != changes["new"]).all()


def test_a_bulk_move_is_one_instant_for_all_older_records(crm: SyntheticCRM) -> None:
    day = SMALL.day_index(SMALL.bulk_moves[0].day)
    log = crm.tables["stage_changes"]
    at = log[log["entered_at"] == cut_of(SMALL.bulk_moves[0].day, SMALL.time_zone) - DAY * 13 // 48]
    moved = crm.truth.stays[crm.truth.stays["bulk"]]
    assert len(moved) >= 3
    assert sorted(at["record_id"]) == sorted(moved["record_id"])
    assert (at["stage"] == "lost").all()
    assert (moved["left_day"] == day).all()
    assert (moved["entered_day"] < day - 10).all()
    rest = crm.truth.stays[~crm.truth.stays["bulk"] & (crm.truth.stays["stage"] == 2)]
    assert not ((rest["entered_day"] < day - 10) & ((rest["left_day"] > day) | (rest["left_day"] < 0))).any()


def test_arrivals_have_the_stated_mean_dispersion_and_weekdays() -> None:
    world = SyntheticWorld(
        days=1500, arrivals=Arrivals(per_day=8.0, dispersion=0.4, yearly_growth=0.0), activities_per_day=0.0
    )
    day = simulate_crm(world, seed=4).truth.records["day"].to_numpy()
    counts = np.bincount(day, minlength=world.total_days)
    weekday = (world.start.weekday() + np.arange(len(counts))) % 7
    assert counts[weekday >= 5].sum() == 0
    working, mean = counts[weekday < 5], 8.0 * 1.4
    variance = mean + 0.4 * mean**2
    assert abs(working.mean() - mean) < 4 * np.sqrt(variance / len(working))
    assert working.var() == pytest.approx(variance, rel=0.2)


def test_shocks_have_the_stated_spread_and_memory() -> None:
    world = SyntheticWorld(days=7000, arrivals=Arrivals(per_day=0.1), rhythm=Rhythm(shock_sd=0.3, shock_memory=0.7))
    shocks = simulate_crm(world, seed=1).truth.shocks
    assert shocks.std() == pytest.approx(0.3, rel=0.15)
    assert np.corrcoef(shocks[1:], shocks[:-1])[0, 1] == pytest.approx(0.7, abs=0.1)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"gaps": (Gap(stage="Propsal", begins=date(2024, 5, 1), before=0.6, after=0.5),)}, FunnelError, "'Proposal'"),
        ({"laws": default_laws(4)}, InputError, "6 stages need as many laws, not 4"),
        ({"future_days": 5}, InputError, "at least 30"),
        ({"language": "fr"}, InputError, "'fr' is not one of en, zh"),
    ],
)
def test_a_world_that_cannot_be_is_refused(changes: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        SyntheticWorld(**changes)
