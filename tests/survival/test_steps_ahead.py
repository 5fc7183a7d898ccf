"""Steps ahead: where they end, and that what leaves in them is the exact incidence of the baseline."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.schema import DAY
from funnelml.survival.hazards import StageHazards
from funnelml.survival.steps_ahead import lay_steps, push_in_steps, share_leaving


def leave_in_steps(of, age, steps, *, ratios=None, calendar=None):
    """What leaves in each step."""
    return share_leaving(push_in_steps(of, age, steps, ratios=ratios), steps, calendar=calendar)


def hazards_at(ages, hazards):
    """Hazards of one stage from those of each age, shape (m, 4)."""
    h = np.asarray(hazards, float)
    total = h.sum(axis=1, keepdims=True)
    factor = np.divide(-np.log1p(-total), total, where=total > 0, out=np.ones_like(total))
    start = np.zeros((1, 4))
    return StageHazards(
        ages=np.asarray(ages, float),
        expected=np.vstack((start, np.cumsum(h, axis=0))),
        leaving=np.vstack((start, np.cumsum(h * factor, axis=0))),
        at_risk=np.full(len(h), 100.0),
        thin_from=1e9,
        observed_until=1e9,
    )


AGES = np.sort(np.random.default_rng(1).uniform(0, 30, 60))
TABLE = np.random.default_rng(2).dirichlet(np.ones(5), 60)[:, :4] * 0.2


def exact(ages, table, since):
    """Incidence given a stay longer than ``since``, step by step: days ahead, and rows of four causes."""
    staying, so_far, days, rows = 1.0, np.zeros(4), [], []
    for age, h in zip(ages, table, strict=True):
        if age > since:
            so_far = so_far + staying * h
            staying *= 1 - h.sum()
            days.append(age - since)
            rows.append(so_far)
    return np.array(days), np.array(rows)


@pytest.mark.parametrize("since", [0.0, 3.3, 17.9])
def test_the_incidence_is_exact_though_a_step_holds_many_ages(since):
    times = np.array([0.4, 1.0, 7.0, 12.5])
    steps = lay_steps(times, grain="instant")
    mass = leave_in_steps(hazards_at(AGES, TABLE), np.array([since]), steps)[0]
    so_far = np.vstack((np.zeros(4), np.cumsum(mass, axis=0)))[steps.ended_by(times)]
    days, rows = exact(AGES, TABLE, since)
    expected = [rows[days <= t][-1] if (days <= t).any() else np.zeros(4) for t in times]
    np.testing.assert_allclose(so_far, expected, rtol=0, atol=1e-12)


def test_in_whole_days_the_first_unknown_day_counts_within_one_day():
    of = hazards_at([3.0, 5.0], [[0, 0.5, 0, 0], [0, 0, 0.5, 0]])
    steps = lay_steps(np.array([3.0]), grain="day")
    # It still sat there at the end of day 2: day 3 is the first that is not known.
    mass = leave_in_steps(of, np.array([3 - 1 / DAY]), steps)[0]
    np.testing.assert_allclose(mass, [[0, 0.5, 0, 0], [0, 0, 0, 0], [0, 0, 0.25, 0]], atol=1e-15)
    assert steps.ended_by(np.array([0.0, 0.5, 1.0, 3.0])).tolist() == [0, 1, 1, 3]


def test_an_end_on_the_day_of_the_entry_counts_for_what_enters():
    of = hazards_at([0.0, 2.0], [[0.25, 0, 0, 0], [0, 0.5, 0, 0]])
    for grain in ("day", "instant"):
        mass = leave_in_steps(of, np.array([-1.0]), lay_steps(np.array([3.0]), grain=grain))[0]
        np.testing.assert_allclose(mass.sum(axis=0), [0.25, 0.375, 0, 0], atol=1e-15)


def test_a_ratio_multiplies_the_hazard_and_a_calendar_the_days():
    of = hazards_at([1.0, 2.0, 3.0], [[0.1, 0, 0, 0]] * 3)
    steps = lay_steps(np.array([4.0]), grain="day")
    ratios = np.ones((1, 4, 8))
    ratios[0, 0, 1:] = 2.0
    calendar = np.ones((4, 5))
    calendar[0, 3] = 0.0
    mass = leave_in_steps(of, np.array([0.0]), steps, ratios=ratios, calendar=calendar)[0, :, 0]
    # Hazards of -log(0.9): doubled from the second day ahead on, and none on the fourth.
    np.testing.assert_allclose(mass, [0, 1 - 0.9**2, 0.9**2 * (1 - 0.9**2), 0], atol=1e-12)


def test_steps_end_at_every_day_and_at_the_times_asked_for():
    steps = lay_steps(np.array([0.3, 2.25]), grain="instant")
    assert {0.3, 1.0, 2.0, 2.25, 3.0} <= set(steps.edges)
    assert steps.day[-1] == 2
    assert not steps.next_day.any()


def test_what_enters_at_any_time_of_a_day_leaves_partly_on_the_next():
    steps = lay_steps(np.array([3.0]), grain="instant", entering=True)
    spread = dict(zip(steps.edges[1:], steps.next_day, strict=True))
    assert spread[1 / 1440] == pytest.approx(0.5 / 1440)
    assert spread[2.0] == pytest.approx(0.5)
    assert not lay_steps(np.array([3.0]), grain="day", entering=True).next_day.any()


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_the_first_of_many_steps_are_those_of_a_shorter_way(grain):
    far, near = (lay_steps(np.array([float(days)]), grain=grain, entering=True) for days in (9, 4))
    first = far.first(4)
    for name in ("edges", "band", "day", "next_day"):
        np.testing.assert_array_equal(getattr(first, name), getattr(near, name))
    assert len(first) == len(near)
