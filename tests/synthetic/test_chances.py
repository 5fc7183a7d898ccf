"""True chances agree with the recursion and with what comes to pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import InputError
from funnelml.synthetic import (
    Arrivals,
    LeadCare,
    Rhythm,
    SyntheticCRM,
    SyntheticWorld,
    scoring_world,
    simulate_crm,
    true_incidence,
    true_lead_chance,
    true_win_chance,
)

WORLD = scoring_world(days=200, future_days=60, arrivals=Arrivals(per_day=12.0), accounts=50, activities_per_day=0.0)
DAY, HORIZON = 190, 28


def outcomes(crm: SyntheticCRM) -> pd.DataFrame:
    """What was said of each open record, what came of it, and what could be seen of it."""
    told = true_win_chance(crm, day=DAY, horizon_days=HORIZON).set_index("record_id")
    stays = crm.truth.stays.query("event == 2").set_index("record_id")["left_day"].reindex(told.index)
    still = crm.truth.open_on(DAY).set_index("record_id")
    changes = crm.tables["field_changes"]
    seen = {f: changes[changes["field"] == f].set_index("record_id")["new"] for f in ("budget confirmed", "owner")}
    return told.assign(
        won=(stays <= DAY + HORIZON),
        stage=still["stage"],
        old=still["age"] > 20,
        **{name: values.reindex(told.index) for name, values in seen.items()},
    )


def test_chances_are_the_frequencies_of_many_worlds_in_every_group_that_can_be_seen() -> None:
    everyone = pd.concat([outcomes(simulate_crm(WORLD, seed=seed)) for seed in range(12)])
    assert len(everyone) > 5000
    p = everyone["probability"]
    error = everyone.assign(error=everyone["won"] - p, variance=p * (1 - p))
    for by in (np.zeros(len(error)), "stage", "old", "budget confirmed", "owner", np.floor(10 * p.to_numpy())):
        sums = error.groupby(by)[["error", "variance"]].sum()
        worst = (sums["error"] / np.sqrt(sums["variance"])).abs().max()
        assert worst < 3.8, by


def test_between_knots_the_chance_is_that_of_the_recursion() -> None:
    crm = simulate_crm(WORLD, seed=1)
    told = true_win_chance(crm, day=DAY, horizon_days=HORIZON)
    still = crm.truth.open_on(DAY)
    assert told["record_id"].tolist() == still["record_id"].tolist()
    exact = true_incidence(
        crm.truth.market,
        stage=still["stage"].to_numpy(),
        age=still["age"].to_numpy(),
        day=DAY,
        horizons=np.array([HORIZON]),
        quality=still["quality"].to_numpy(),
    )
    assert still["quality"].nunique() > 300
    np.testing.assert_allclose(told["probability"], exact[:, 0], atol=1e-6)


def test_chances_are_right_where_hidden_effects_decide_too() -> None:
    world = SyntheticWorld(
        days=200, arrivals=Arrivals(per_day=3.0), speed_sd=0.3, rhythm=Rhythm(shock_sd=0.3), activities_per_day=0.0
    )
    parts = []
    for seed in range(6):
        crm = simulate_crm(world, seed=seed)
        told = true_win_chance(crm, day=DAY, horizon_days=HORIZON).set_index("record_id")["probability"]
        left = crm.truth.stays.query("event == 2").set_index("record_id")["left_day"].reindex(told.index)
        parts.append(pd.DataFrame({"p": told, "won": left <= DAY + HORIZON}))
    told = pd.concat(parts)
    for _, own in told.groupby(np.floor(5 * told["p"])):
        assert abs((own["won"] - own["p"]).sum()) < 3.5 * np.sqrt((own["p"] * (1 - own["p"])).sum())


@pytest.mark.parametrize(("day", "horizon"), [(DAY, 0), (-1, 7), (250, 10)])
def test_days_that_were_not_simulated_are_refused(day: int, horizon: int) -> None:
    crm = simulate_crm(replace(WORLD, days=50, future_days=210), seed=1)
    with pytest.raises(InputError, match=f"day {day} and {horizon} days after it do not lie within .* 0 to 259"):
        true_win_chance(crm, day=day, horizon_days=horizon)


def test_leads_convert_as_often_as_their_source_and_their_answer_say() -> None:
    world = replace(WORLD, days=300, lead_care=LeadCare(lift=0.2, hot_first=1.0))
    parts = []
    for seed in range(4):
        crm = simulate_crm(world, seed=seed)
        leads = crm.truth.leads
        parts.append(true_lead_chance(crm).assign(source=leads["source"], fast=leads["fast"], to=leads["record_id"]))
    leads = pd.concat(parts)
    leads["converts"] = leads["to"].notna()
    for (source, fast), own in leads.dropna(subset=["after_24_hours"]).groupby(["source", "fast"]):
        p = own["after_24_hours"].iloc[0]
        assert own["after_24_hours"].nunique() == 1
        assert abs(own["converts"].mean() - p) < 4 * np.sqrt(p * (1 - p) / len(own)), (source, fast)
    after = leads.groupby(["source", "fast"])["after_24_hours"].first().unstack()
    np.testing.assert_allclose(after[True] - after[False], 0.2, atol=1e-12)
    for source, own in leads.groupby("source"):
        p = own["at_arrival"].iloc[0]
        assert abs(own["converts"].mean() - p) < 4 * np.sqrt(p * (1 - p) / len(own)), source
    # Who is gone within 24 hours has become an opportunity.
    assert leads.loc[leads["after_24_hours"].isna(), "converts"].all()
