"""Exact incidences against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.synthetic import (
    Market,
    Rhythm,
    StageLaw,
    SyntheticWorld,
    awake_chance,
    build_market,
    default_laws,
    draw_shocks,
    plain_world,
    true_incidence,
    true_stage_incidence,
)

ONE = np.array([0])


def flat_market(*laws: StageLaw, days: int = 400) -> Market:
    plain = build_market(plain_world(days=days - 30, future_days=30), np.zeros(days // 7 + 1))
    table = np.zeros((len(laws), 2, 4))
    for s, law in enumerate(laws):
        table[s, 1] = law.advance[0], law.win[0], law.lose[0], law.back[0]
    return Market(
        hazards=table,
        never=np.array([law.never for law in laws]),
        tilt=plain.tilt[: len(laws)],
        pace=plain.pace[: len(laws)],
        closing=plain.closing,
    )


@given(win=st.floats(0.001, 0.2), lose=st.floats(0.001, 0.2), age=st.integers(0, 50), days=st.integers(1, 200))
def test_one_stage_of_constant_hazard_has_the_exponential_incidence(
    win: float, lose: float, age: int, days: int
) -> None:
    market = flat_market(StageLaw(from_day=(1,), advance=(0.0,), win=(win,), lose=(lose,)))
    exact = win / (win + lose) * (1 - np.exp(-(win + lose) * days))
    by = true_incidence(market, stage=ONE, age=ONE + age, day=age, horizons=ONE + days, quality=np.zeros(1))
    assert by[0, 0] == pytest.approx(exact, rel=1e-12)
    stay = true_stage_incidence(market, stage=ONE, entered_day=ONE, age=ONE + age, days=ONE + days, quality=np.zeros(1))
    assert stay[0, 2, 0] == pytest.approx(exact, rel=1e-12)


@given(
    hazards=st.lists(st.floats(0.005, 0.3), min_size=8, max_size=8),
    never=st.floats(0, 0.5),
    quality=st.floats(-1, 1),
    days=st.integers(1, 300),
)
@settings(deadline=None)
def test_a_cycle_with_sleepers_equals_the_power_of_its_transition_matrix(
    hazards: list[float], never: float, quality: float, days: int
) -> None:
    advance, win, lose, lose2, win2, back, _, _ = hazards
    first = StageLaw(from_day=(1,), advance=(advance,), win=(win,), lose=(lose,), never=never)
    last = StageLaw(from_day=(1,), advance=(0.0,), win=(win2,), lose=(lose2,), back=(back,), never=never / 2)
    up, down = np.exp(quality / 2), np.exp(-quality / 2)
    # States: awake in the first, awake in the last, won, lost, asleep for good.
    step = np.eye(5)
    for row, laws in (
        (0, (advance * up, win * up, lose * down, 0.0)),
        (1, (0.0, win2 * up, lose2 * down, back * down)),
    ):
        total = sum(laws)
        go, won, lost, fall = (h / total * (1 - np.exp(-total)) for h in laws)
        step[row] = 0.0
        step[row, row] = np.exp(-total)
        other, asleep = (1, never / 2) if row == 0 else (0, never)
        step[row, other] = (go + fall) * (1 - asleep)
        step[row, 4] = (go + fall) * asleep
        step[row, 2], step[row, 3] = won, lost
    power = np.linalg.matrix_power(step, days)
    got = true_incidence(
        flat_market(first, last),
        stage=np.array([0, 1]),
        age=np.zeros(2, dtype=np.int64),
        day=0,
        horizons=ONE + days,
        quality=np.full(2, quality),
    )
    asleep_now = np.array([never, never / 2])
    np.testing.assert_allclose(got[:, 0], (1 - asleep_now) * power[:2, 2], rtol=1e-10)


def test_longer_silence_makes_sleep_more_likely_by_the_stated_formula() -> None:
    market = flat_market(StageLaw(from_day=(1,), advance=(0.0,), win=(0.05,), lose=(0.05,), never=0.1))
    age = np.array([0, 10, 60, 365])
    zero = np.zeros(4, dtype=np.int64)
    awake = awake_chance(market, stage=zero, entered_day=zero, age=age, quality=np.zeros(4))
    staying = np.exp(-0.1 * age)
    np.testing.assert_allclose(awake, 0.9 * staying / (0.1 + 0.9 * staying), rtol=1e-12)
    assert awake[-1] < 1e-14


@pytest.fixture(scope="module")
def market() -> Market:
    world = SyntheticWorld(days=200, future_days=200, rhythm=Rhythm(shock_sd=0.4))
    return build_market(world, draw_shocks(world, seed=1))


@given(
    stage=st.integers(0, 5),
    entered=st.integers(0, 150),
    age=st.integers(0, 49),
    quality=st.floats(-2, 2),
    speed=st.floats(-1, 1),
)
@settings(deadline=None, max_examples=40)
def test_incidences_sum_to_one_never_fall_and_agree_at_any_landmark(
    market: Market, stage: int, entered: int, age: int, quality: float, speed: float
) -> None:
    who = {"stage": ONE + stage, "entered_day": ONE + entered, "quality": np.array([quality]), "speed": speed}
    days = np.arange(120)
    at_entry = true_stage_incidence(market, days=days, **who)[0]
    np.testing.assert_allclose(at_entry.sum(axis=0), 1, rtol=1e-12)
    assert (at_entry >= 0).all()
    assert (np.diff(at_entry[1:], axis=1) >= 0).all()
    later = true_stage_incidence(market, days=days[: 120 - age], age=ONE + age, **who)[0]
    np.testing.assert_allclose(
        later[1:], (at_entry[1:, age:] - at_entry[1:, [age]]) / at_entry[0, age], rtol=1e-9, atol=1e-12
    )


def test_better_records_and_longer_horizons_win_more(market: Market) -> None:
    chance = true_incidence(
        market,
        stage=np.array([2, 2, 2]),
        age=np.array([5, 5, 5]),
        day=180,
        horizons=np.array([7, 30, 90, 200]),
        quality=np.array([-1.0, 0.0, 1.0]),
    )
    assert (np.diff(chance, axis=0) > 0).all()
    assert (np.diff(chance, axis=1) > 0).all()
    assert 0.3 < chance[1, -1] < 0.7


def test_a_horizon_beyond_the_simulated_days_is_refused(market: Market) -> None:
    with pytest.raises(IndexError):
        true_incidence(market, stage=ONE, age=ONE, day=399, horizons=ONE + 1, quality=np.zeros(1))


def test_default_laws_win_as_often_as_stated() -> None:
    world = plain_world(laws=default_laws(6))
    market = build_market(world, np.zeros(157))
    at_creation = true_incidence(market, stage=ONE, age=ONE, day=0, horizons=ONE + 1000, quality=np.zeros(1))
    assert at_creation[0, 0] == pytest.approx(0.18, abs=0.01)
    assert replace(world, laws=()).laws == default_laws(6)
