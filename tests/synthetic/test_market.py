"""The calendar of a synthetic world: rhythm, drift, gaps and pile-ups."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import InputError
from funnelml.synthetic import (
    Arrivals,
    Gap,
    PileUp,
    Rhythm,
    StageLaw,
    SyntheticWorld,
    build_market,
    default_laws,
    plain_world,
    simulate_crm,
)
from funnelml.synthetic.market import share_going_on, tilt_for_share
from funnelml.synthetic.stages import hazard_table


def no_shocks(world: SyntheticWorld) -> np.ndarray:
    return np.zeros(world.total_days // 7 + 1)


@given(win=st.floats(0.01, 0.5), lose=st.floats(0.01, 0.5), tilt=st.floats(-2, 2))
def test_the_share_going_on_under_constant_hazards_is_their_ratio(win: float, lose: float, tilt: float) -> None:
    law = StageLaw(from_day=(1,), advance=(0.0,), win=(win,), lose=(lose,))
    odds = win / lose * np.exp(tilt)
    assert share_going_on(law, tilt) == pytest.approx(odds / (1 + odds), rel=1e-9)


@given(share=st.floats(0.05, 0.95), stage=st.integers(0, 5))
def test_a_tilt_is_found_for_every_share(share: float, stage: int) -> None:
    law = default_laws(6)[stage]
    assert share_going_on(law, tilt_for_share(law, share)) == pytest.approx(share, abs=1e-9)


def test_hazards_change_at_the_stated_ages() -> None:
    law = StageLaw(from_day=(1, 3, 6), advance=(0.1, 0.2, 0.3), lose=(0.01, 0.02, 0.03))
    table = hazard_table((law,))
    np.testing.assert_array_equal(table[0, :, 0], [0, 0.1, 0.1, 0.2, 0.2, 0.2, 0.3])
    np.testing.assert_array_equal(table[0, :, 1], 0)


@pytest.mark.parametrize(
    "law",
    [
        {"from_day": (0, 3), "advance": (0.1, 0.1), "lose": (0.1, 0.1)},
        {"from_day": (1, 3), "advance": (0.1,), "lose": (0.1, 0.1)},
        {"from_day": (1,), "advance": (-0.1,), "lose": (0.1,)},
        {"from_day": (1,), "advance": (0.1,), "lose": (0.1,), "never": 1.5},
    ],
)
def test_a_law_that_cannot_be_is_refused(law: dict) -> None:
    with pytest.raises(InputError, match="stage law"):
        StageLaw(**law)


def test_quarters_end_where_the_calendar_says() -> None:
    world = plain_world(start=date(2024, 2, 10), rhythm=Rhythm(quarter_end_factor=3.0, quarter_end_days=2, shock_sd=0))
    closing = build_market(world, no_shocks(world)).closing
    busy = np.datetime64(world.start) + np.flatnonzero(closing == 3.0)
    assert busy[:4].astype(str).tolist() == ["2024-03-30", "2024-03-31", "2024-06-29", "2024-06-30"]


def test_drift_shift_shock_and_gap_add_up() -> None:
    world = plain_world(
        rhythm=Rhythm(drift_per_year=-0.5, shifts=((date(2024, 3, 1), 0.25),), shock_sd=0.0),
        gaps=(Gap(stage="Proposal", begins=date(2024, 6, 1), before=0.6, after=0.45),),
    )
    shocks = no_shocks(world)
    shocks[1] = 0.7
    tilt = build_market(world, shocks).tilt
    assert tilt[0, 0] == 0
    assert tilt[0, 7] == pytest.approx(0.7 - 0.5 * 7 / 365)
    assert tilt[0, 60] == pytest.approx(0.25 - 0.5 * 60 / 365)
    law = world.laws[3]
    steps = tilt[3] - tilt[0]
    assert steps[151] == pytest.approx(tilt_for_share(law, 0.60))
    assert steps[152] == pytest.approx(tilt_for_share(law, 0.45))


def test_a_pile_up_slows_its_stage_by_its_factor_while_it_lasts() -> None:
    world = plain_world(
        days=500,
        arrivals=Arrivals(per_day=30.0, dispersion=0.0, weekday=(1.0,) * 7),
        laws=tuple(
            StageLaw(from_day=(1,), advance=(0.1 if s < 5 else 0.0,), win=(0.1 if s == 5 else 0.0,), lose=(0.02,))
            for s in range(6)
        ),
        pile_ups=(PileUp(stage="Discovery", begins=date(2024, 9, 1), ends=date(2024, 11, 1), factor=0.25),),
    )
    crm = simulate_crm(world, seed=1)
    first, last = world.day_index(date(2024, 9, 1)), world.day_index(date(2024, 11, 1))
    stays = crm.truth.stays.query("stage == 2")
    for begin, end, hazard in ((first, last, 0.12 * 0.25), (last, last + 60, 0.12), (first - 60, first, 0.12)):
        left = stays["left_day"].between(begin, end - 1).sum()
        until = np.where(stays["left_day"] < 0, world.total_days, stays["left_day"])
        days = np.clip(np.minimum(until, end - 1) - np.maximum(stays["entered_day"], begin - 1), 0, None).sum()
        p = 1 - np.exp(-hazard)
        assert abs(left - days * p) < 4 * np.sqrt(days * p * (1 - p))
