"""Baseline hazards: Nelson and Aalen's where there are many stays, those of all stages where there are few."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.survival import hazards
from funnelml.survival.hazards import fit_hazards
from funnelml.survival.incidence import estimate_incidence
from tests.survival.small_stays import STAGES, cyclic_stays


def fit(rows, weights=None, **options):
    weights = np.ones(len(rows)) if weights is None else weights
    entry = np.maximum(rows.age, 0.0)
    return fit_hazards(rows.stage, rows.duration, rows.event, entry=entry, weights=weights, stages=STAGES, **options)


def test_with_many_stays_a_stage_hardly_leans_and_without_leaning_not_at_all(monkeypatch):
    rows = cyclic_stays(3_000, 1)
    leaning = fit(rows)
    monkeypatch.setattr(hazards, "PRIOR_STAYS", 1e-12)
    alone = fit(rows)
    for place, stage in enumerate(STAGES):
        own = rows.place == place
        curve = estimate_incidence(rows.duration[own], rows.event[own], n_causes=4, variance=False)
        days = np.array([0.5, 3.0, 10.0, 14.0])
        exact, near = (np.exp(-of[stage].leaving_by(days).sum(axis=1)) for of in (alone, leaning))
        np.testing.assert_allclose(exact, curve(days)[0], atol=1e-9)
        np.testing.assert_allclose(near, exact, atol=0.01)


def test_a_stage_of_few_stays_takes_the_shape_of_all_at_its_own_level():
    rows = cyclic_stays(2_000, 2)
    few = np.flatnonzero((rows.place != 1) | (np.cumsum(rows.place == 1) <= 8))
    of = fit(rows.take(few))
    # Where nobody of it was followed any more it goes on as the others do, instead of resting.
    late = np.array([of["方案"].thin_from + 1, 14.0])
    risen = np.diff(of["方案"].expected_by(np.sort(late)).sum(axis=1))
    assert risen > 0
    assert of["方案"].at_risk.max() == pytest.approx(8)


def test_nothing_impossible_is_borrowed():
    of = fit(cyclic_stays(500, 3))
    assert of["Closing"].expected[-1, 0] == 0
    assert of["Lead"].expected[-1, 3] == 0


def test_weights_are_copies_and_those_of_zero_are_not_there():
    rows = cyclic_stays(200, 4)
    weights = np.random.default_rng(1).integers(0, 3, 200)
    weighed, copied = fit(rows, weights.astype(float)), fit(rows.take(np.repeat(np.arange(200), weights)))
    days = np.linspace(0, 50, 20)
    for stage in STAGES:
        np.testing.assert_allclose(weighed[stage].leaving_by(days), copied[stage].leaving_by(days), atol=1e-12)
        assert weighed[stage].observed_until == copied[stage].observed_until


def test_ratios_of_two_halve_the_baseline(monkeypatch):
    monkeypatch.setattr(hazards, "PRIOR_STAYS", 1e-12)
    rows = cyclic_stays(400, 5)
    plain, halved = fit(rows), fit(rows, ratios=np.full((400, 4), 2.0))
    days = np.array([1.0, 5.0])
    for stage in STAGES:
        np.testing.assert_allclose(
            halved[stage].expected_by(days) * 2, plain[stage].expected_by(days), rtol=1e-9, atol=1e-9
        )
