"""The simulated data recover the stated truth: incidence of every stage and cause, and wins by a horizon."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from funnelml.history.dates import instant_of
from funnelml.history.funnel import WON
from funnelml.synthetic import (
    Amounts,
    Arrivals,
    Gap,
    Rhythm,
    SyntheticCRM,
    SyntheticWorld,
    Team,
    simulate_crm,
    true_incidence,
    true_stage_incidence,
)

# Everything at once: shocks, drift, rhythm, sleepers, frailty of level and of speed, a gap.
WORLD = SyntheticWorld(
    days=500,
    future_days=150,
    arrivals=Arrivals(per_day=14.0),
    rhythm=Rhythm(shock_sd=0.3, drift_per_year=-0.3, quarter_end_factor=2.0, shifts=((date(2024, 6, 1), 0.4),)),
    frailty_sd=0.6,
    speed_sd=0.3,
    gaps=(Gap(stage="Proposal", begins=date(2024, 9, 1), before=0.7, after=0.5),),
)


@pytest.fixture(scope="module")
def crm() -> SyntheticCRM:
    return simulate_crm(WORLD, seed=20)


@pytest.mark.parametrize("days", [7, 14, 30, 60])
def test_stage_incidence_is_recovered_in_every_stage_and_cause(crm: SyntheticCRM, days: int) -> None:
    stays = crm.truth.stays
    stays = stays[stays["entered_day"] + days < WORLD.total_days]
    records = crm.truth.records
    true = true_stage_incidence(
        crm.truth.market,
        stage=stays["stage"].to_numpy(),
        entered_day=stays["entered_day"].to_numpy(),
        days=np.array([days]),
        quality=records["quality"].to_numpy()[stays["record"]],
        speed=records["speed"].to_numpy()[stays["record"]],
    )[:, :, 0]
    within = (stays["left_day"] >= 0) & (stays["left_day"] - stays["entered_day"] <= days)
    seen = np.where(within, stays["event"], 0)
    checked = 0
    for stage in range(6):
        of = (stays["stage"] == stage).to_numpy()
        for event in range(1, 5):
            hits, p = (seen[of] == event).sum(), true[of, event]
            if hits >= 50:
                assert abs(hits - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum()), (stage, event)
                checked += 1
    assert checked >= 12


@pytest.mark.parametrize("horizon", [28, 90])
def test_wins_by_a_horizon_are_recovered_in_every_stage(crm: SyntheticCRM, horizon: int) -> None:
    day = WORLD.days - 1
    now = crm.truth.open_on(day)
    chance = true_incidence(
        crm.truth.market,
        stage=now["stage"].to_numpy(),
        age=now["age"].to_numpy(),
        day=day,
        horizons=np.array([horizon]),
        quality=now["quality"].to_numpy(),
        speed=now["speed"].to_numpy(),
    )[:, 0]
    end = instant_of(WORLD.as_of + timedelta(days=horizon + 1), WORLD.time_zone)
    won = ((now["outcome"] == WON) & (now["closed_at"] < end)).to_numpy()
    assert won.sum() >= 50
    for stage in range(6):
        of = (now["stage"] == stage).to_numpy()
        p, hits = chance[of], won[of].sum()
        assert abs(hits - p.sum()) < 4 * np.sqrt((p * (1 - p)).sum()), stage
    # Ranks as well as levels: among the upper half of chances there must be more wins than in the lower half.
    high = chance > np.median(chance)
    assert abs(won[high].sum() - chance[high].sum()) < 4 * np.sqrt((chance[high] * (1 - chance[high])).sum())


def test_sleepers_are_as_many_as_stated(crm: SyntheticCRM) -> None:
    for stage in range(6):
        of = crm.truth.stays["stage"] == stage
        n, never = int(of.sum()), crm.truth.market.never[stage]
        sleeping = int(crm.truth.stays.loc[of, "asleep"].sum())
        assert abs(sleeping - n * never) < 4 * np.sqrt(n * never * (1 - never))


def test_the_share_that_falls_through_a_planted_gap_is_the_stated_one() -> None:
    world = SyntheticWorld(
        days=700,
        frailty_sd=0.0,
        amounts=Amounts(slope=0.0),
        team=Team(effect_sd=0.0),
        sources=tuple(replace(s, effect=0.0) for s in WORLD.sources),
        rhythm=Rhythm(shock_sd=0.0, quarter_end_factor=1.0),
        gaps=(Gap(stage="Discovery", begins=date(2025, 1, 1), before=0.60, after=0.45),),
    )
    stays = simulate_crm(world, seed=3).truth.stays
    ended = stays[(stays["stage"] == 2) & (stays["event"] > 0)]
    begins = world.day_index(date(2025, 1, 1))
    for rows, share in ((ended["left_day"] < begins, 0.60), (ended["entered_day"] >= begins, 0.45)):
        going_on = ended.loc[rows, "event"].isin((1, 2))
        assert abs(going_on.mean() - share) < 4 * np.sqrt(share * (1 - share) / len(going_on))
