"""Fields that change: amounts, expected close dates, and what people do meanwhile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.synthetic import (
    Amounts,
    Arrivals,
    CloseDates,
    Recording,
    SyntheticCRM,
    SyntheticWorld,
    Team,
    simulate_crm,
)
from funnelml.synthetic.activities import ASLEEP, LIVELY

WORLD = SyntheticWorld(
    days=400,
    future_days=60,
    arrivals=Arrivals(per_day=6.0),
    amounts=Amounts(change_chance=0.5, change_mean=-0.1, change_sd=0.2),
    recording=Recording(late_share=0.0),
    team=Team(turnover_per_year=3.0),
    activities_per_day=0.3,
)


@pytest.fixture(scope="module")
def crm() -> SyntheticCRM:
    return simulate_crm(WORLD, seed=11)


def changes_of(crm: SyntheticCRM, field: str) -> pd.DataFrame:
    changes = crm.tables["field_changes"]
    return changes[changes["field"] == field].sort_values(["record_id", "changed_at"], ignore_index=True)


@pytest.mark.parametrize("field", ["amount", "expected_close_date", "owner"])
def test_each_old_value_is_the_new_one_of_the_change_before(crm: SyntheticCRM, field: str) -> None:
    changes = changes_of(crm, field)
    follows = changes["record_id"].eq(changes["record_id"].shift())
    assert follows.sum() > (0 if field == "owner" else 100)
    assert (changes["old"] == changes["new"].shift())[follows].all()
    assert (changes["old"] != changes["new"]).all()


def test_amounts_change_at_moves_forward_by_the_stated_law(crm: SyntheticCRM) -> None:
    changes = changes_of(crm, "amount")
    ratio = np.log(changes["new"].astype(float) / changes["old"].astype(float))
    large = changes["old"].astype(float) > 20_000
    assert ratio[large].mean() == pytest.approx(-0.1, abs=4 * 0.2 / np.sqrt(large.sum()) + 0.002)
    assert ratio[large].std() == pytest.approx(0.2, rel=0.1)
    log = crm.tables["stage_changes"]
    moves = set(zip(log["record_id"], log["entered_at"], strict=True))
    assert set(zip(changes["record_id"], changes["changed_at"], strict=True)) <= moves


def test_first_amounts_of_changes_are_those_entered_at_creation(crm: SyntheticCRM) -> None:
    first = changes_of(crm, "amount").drop_duplicates("record_id").set_index("record_id")
    entered = crm.tables["opportunities"].set_index("opportunity_id")["amount"]
    assert (first["old"].astype(float) == entered.loc[first.index]).all()


def test_close_dates_are_pushed_once_they_have_passed(crm: SyntheticCRM) -> None:
    pushes = changes_of(crm, "expected_close_date")
    on = pd.to_datetime(pushes["changed_at"], unit="us", utc=True).dt.tz_convert(WORLD.time_zone)
    day = on.dt.tz_localize(None).dt.normalize()
    assert (day > pd.to_datetime(pushes["old"])).all()
    assert (pd.to_datetime(pushes["new"]) > day).all()
    assert pushes.groupby("record_id").size().max() <= CloseDates().most_pushes
    closed = crm.truth.records.query("closed_at >= 0").set_index("record_id")["closed_at"]
    known = pushes[pushes["record_id"].isin(closed.index)]
    assert (known["changed_at"] < known["record_id"].map(closed)).all()


def test_promises_carry_the_bias_of_the_rep(crm: SyntheticCRM) -> None:
    table = crm.tables["opportunities"]
    promised = np.log((table["expected_close_date"] - table["created_at"]) / 86_400e6 + 0.5)
    bias = table["owner"].map(crm.truth.reps.set_index("name")["optimism"])
    slope, level = np.polyfit(bias, promised, 1)
    assert slope == pytest.approx(1.0, abs=0.15)
    assert level == pytest.approx(np.log(75), abs=0.06)


def test_activities_follow_liveliness_and_leave_sleepers_alone(crm: SyntheticCRM) -> None:
    stays, records = crm.truth.stays, crm.truth.records
    until = np.where(stays["left_day"] < 0, WORLD.total_days, stays["left_day"])
    days = (np.minimum(until, WORLD.days) - stays["entered_day"]).clip(lower=0)
    quality = records["quality"].to_numpy()[stays["record"]]
    rate = 0.3 * np.where(stays["asleep"], ASLEEP, np.exp(LIVELY * quality))
    done = len(crm.tables["activities"])
    assert done == pytest.approx((days * rate).sum(), rel=0.02)
    sleepers = set(records.loc[records["asleep"], "record_id"])
    assert crm.tables["activities"]["record_id"].isin(sleepers).mean() < 0.2


def test_sources_convert_as_stated(crm: SyntheticCRM) -> None:
    table = crm.tables["opportunities"]
    leads = crm.tables["leads"]
    converted = leads["lead_id"].isin(table["lead_id"]).groupby(leads["source"]).mean()
    for source in crm.world.sources:
        # Leads of the last weeks have not converted yet.
        assert converted[source.name] == pytest.approx(source.converts, abs=0.06)
    created = leads.set_index("lead_id")["created_at"].loc[table["lead_id"]].to_numpy()
    assert (created < table["created_at"].to_numpy()).all()


def test_amounts_and_reps_bear_on_winning() -> None:
    world = replace(WORLD, amounts=Amounts(slope=-0.5), days=700)
    records = simulate_crm(world, seed=1).truth.records.query("outcome != 'open'")
    won = (records["outcome"] == "won").to_numpy()
    for column, sign in (("amount", -1), ("rep_effect", 1), ("frailty", 1), ("quality", 1)):
        high = (records[column] > records[column].median()).to_numpy()
        difference = won[high].mean() - won[~high].mean()
        assert sign * difference > 3 * np.sqrt(2 * 0.25 / high.sum()), column


def test_a_team_that_nobody_leaves_has_a_valid_history() -> None:
    history = simulate_crm(SyntheticWorld(days=60, future_days=30, team=Team(turnover_per_year=0.0)), seed=1).history
    assert "owner" not in set(history.tables["field_changes"]["field"])
