"""The renewal equation: against a recursion done by hand, in cycles, and on a grid that shifts nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.survival.renewal import put_on_days, win_after_entry, win_after_entry_by_date
from funnelml.survival.steps_ahead import lay_steps

DAYS = 12


def kernel(seed, kinds=2, stages=3, days=DAYS):
    """What leaves each stage on each day: sums below 1, some of it on the very day."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(4 * days + 3), size=(kinds, stages))[..., : 4 * days].reshape(kinds, stages, days, 4)


def ways(seed, stages=3):
    return np.random.default_rng(seed).dirichlet(np.ones(stages), size=(stages, 2))


def slow_wins(fresh, towards):
    """Follow all mass from the day of entry on, event after event, until hardly any is left."""
    kinds, stages, days, _ = fresh.shape
    out = np.zeros((kinds, stages, days))
    for p in range(kinds):
        for s in range(stages):
            arrives = np.zeros((days, stages))
            arrives[0, s] = 1.0
            for _ in range(200):
                onward = np.zeros((days, stages))
                for u in range(days):
                    for v in range(days - u):
                        mass = arrives[u][:, None] * fresh[p, :, v]
                        out[p, s, u + v] += mass[:, 1].sum()
                        onward[u + v] += mass[:, 0] @ towards[:, 0] + mass[:, 3] @ towards[:, 1]
                arrives = onward
                if arrives.sum() < 1e-14:
                    break
    return np.cumsum(out, axis=2)


def test_cycles_of_moves_within_a_day_and_back_are_solved_exactly():
    fresh, towards = kernel(1, kinds=1, days=6), ways(2)
    np.testing.assert_allclose(win_after_entry(fresh, towards), slow_wins(fresh, towards), rtol=0, atol=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_without_a_calendar_both_ways_to_solve_it_agree(seed):
    fresh, towards = kernel(seed), ways(seed + 1)
    last = np.array([-1, 0, 3, DAYS - 1])
    by_date = win_after_entry_by_date(lambda day: fresh[:, :, : DAYS - day], DAYS, towards, last)
    by_age = win_after_entry(fresh, towards)
    for day in range(DAYS):
        for number, end in enumerate(last):
            expected = by_age[:, :, end - day] if end >= day else 0.0
            np.testing.assert_allclose(by_date[:, :, day, number], expected + np.zeros((2, 3)), rtol=0, atol=1e-12)
    assert (np.diff(by_age, axis=2) >= -1e-15).all()
    assert by_age.max() <= 1 + 1e-12


def test_days_keep_all_mass_and_its_mean_when_a_stage_is_entered():
    steps = lay_steps(np.array([20.0]), grain="instant", entering=True)
    mass = np.random.default_rng(4).random((2, len(steps), 3))
    mass[:, -1] = 0
    days = put_on_days(mass, steps, 20)
    np.testing.assert_allclose(days.sum(axis=1), mass.sum(axis=1), atol=1e-12)
    middle = (steps.edges[1:] + steps.edges[:-1]) / 2
    mean = np.einsum("nlk,l->nk", mass, middle) - np.einsum("ndk,d->nk", days, np.arange(20.0))
    # Entered at any time of day 0 alike, so an end after t days falls on day t on average.
    np.testing.assert_allclose(mean, 0.0, atol=1e-9)


def test_a_day_on_which_nobody_works_gets_nothing_of_a_step():
    steps = lay_steps(np.array([3.0]), grain="instant", entering=True)
    calendar = np.ones((1, 4))
    calendar[0, 1] = 0.0
    days = put_on_days(np.ones((1, len(steps), 1)), steps, 3, calendar=calendar)[0, :, 0]
    assert days[1] == pytest.approx(0.0)
    # All that ends in the first 24 hours ends on day 0, and what would end in the second ends on day 2.
    assert days[0] == pytest.approx((steps.day == 0).sum())
