"""Dirty rows: as many of each kind as asked for, in records of their own, and found as such."""

from __future__ import annotations

from dataclasses import fields, replace

import pandas as pd
import pytest

from funnelml.errors import NotEnoughDataError
from funnelml.history.dates import cut_of
from funnelml.history.funnel import LOST, WON
from funnelml.schema import find_problems
from funnelml.synthetic import Arrivals, Dirt, SyntheticCRM, SyntheticWorld, simulate_crm

COUNTS = {
    "exact_duplicates": 9,
    "same_instant": 8,
    "reopenings": 7,
    "skipped_stages": 6,
    "unknown_stages": 5,
    "closed_before_creation": 4,
    "after_export": 3,
    "missing_amounts": 11,
    "undated": 2,
}
WORLD = SyntheticWorld(days=300, future_days=30, arrivals=Arrivals(per_day=2.0), dirt=Dirt(**COUNTS))


@pytest.fixture(scope="module")
def crm() -> SyntheticCRM:
    return simulate_crm(WORLD, seed=8)


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return simulate_crm(replace(WORLD, dirt=Dirt()), seed=8).tables["stage_changes"]


def spoiled(crm: SyntheticCRM, kind: str) -> list[str]:
    return list(crm.truth.dirt[kind])


def test_every_kind_is_there_as_often_as_asked_in_records_of_its_own(crm: SyntheticCRM) -> None:
    assert {f.name for f in fields(Dirt)} == {*COUNTS, "mixed_formats"}
    assert {kind: len(ids) for kind, ids in crm.truth.dirt.items()} == COUNTS
    everybody = [i for ids in crm.truth.dirt.values() for i in ids]
    assert len(everybody) == len(set(everybody)) == sum(COUNTS.values())


def test_the_log_shows_each_kind_exactly_there(crm: SyntheticCRM) -> None:
    log = crm.tables["stage_changes"].sort_values(["record_id", "entered_at", "recorded_at"], kind="stable")
    assert find_problems("stage_changes", log) == []
    rank = log["stage"].map(crm.funnel.order)
    assert sorted(log.loc[log.duplicated(), "record_id"]) == spoiled(crm, "exact_duplicates")
    once = log.drop_duplicates()
    at_once = once.duplicated(["record_id", "entered_at"])
    assert sorted(once.loc[at_once, "record_id"]) == spoiled(crm, "same_instant")
    assert sorted(log.loc[rank.isna(), "record_id"]) == spoiled(crm, "unknown_stages")
    late = log["entered_at"] >= cut_of(crm.as_of, WORLD.time_zone)
    assert sorted(log.loc[late, "record_id"]) == spoiled(crm, "after_export")
    known = once[once["stage"].isin(crm.funnel.order)]
    position = known["stage"].map(crm.funnel.order)
    before = position.groupby(known["record_id"]).shift()
    first = known[known["stage"] == "Lead"].groupby("record_id")["entered_at"].min()
    ends = known[known["stage"].isin((WON, LOST))].drop_duplicates("record_id")
    early = ends["entered_at"] < ends["record_id"].map(first)
    assert sorted(ends.loc[early, "record_id"]) == spoiled(crm, "closed_before_creation")
    reopened = known.loc[(before == crm.funnel.order[LOST]) & (position < 6), "record_id"]
    # A closing dated before the creation looks like a re-opening until it is mended.
    assert sorted(set(reopened) - set(spoiled(crm, "closed_before_creation"))) == spoiled(crm, "reopenings")
    skips = (position < 6) & (position > before + 1)
    assert set(known.loc[skips, "record_id"]) == set(spoiled(crm, "skipped_stages"))
    assert sorted(crm.undated["record_id"]) == spoiled(crm, "undated")
    assert not crm.undated["record_id"].isin(log["record_id"]).any()


def test_nothing_is_recorded_before_it_happened_but_what_is_dated_too_late(crm: SyntheticCRM) -> None:
    log = crm.tables["stage_changes"]
    impossible = log["recorded_at"] < log["entered_at"]
    assert sorted(log.loc[impossible, "record_id"]) == spoiled(crm, "after_export")


def test_amounts_are_missing_without_a_trace(crm: SyntheticCRM) -> None:
    table = crm.tables["opportunities"]
    blank = table.loc[table["amount"].isna(), "opportunity_id"]
    assert sorted(blank) == spoiled(crm, "missing_amounts")
    changes = crm.tables["field_changes"].query("field == 'amount'")
    assert not changes["record_id"].isin(blank).any()


def test_all_other_records_are_untouched(crm: SyntheticCRM, clean: pd.DataFrame) -> None:
    everybody = [i for ids in crm.truth.dirt.values() for i in ids]
    log = crm.tables["stage_changes"]
    rest = log[~log["record_id"].isin(everybody)].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, clean[~clean["record_id"].isin(everybody)].reset_index(drop=True))


def test_more_dirt_than_records_is_refused_with_the_number_there_is() -> None:
    with pytest.raises(NotEnoughDataError, match=r"5,000 records asked for as 'reopenings', but only \d+ in"):
        simulate_crm(replace(WORLD, dirt=Dirt(reopenings=5000)), seed=8)
