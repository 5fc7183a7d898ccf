"""Baseline hazards of each stage by age and cause: exact, and leaning on all stages where a stage has few stays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.survival.causes import MOVES, N_CAUSES
from funnelml.survival.risk_sets import FloatArray, IntArray, RiskSets, add_exactly, count_risk_sets, sum_by

PRIOR_STAYS: Final = 1.0
"""Stays by which every stage leans on all stages together: a stage with 500 at risk hardly notices, one with 2 does."""
LEAST_AT_RISK: Final = 5.0
"""Stays at risk below which a stage is called thin."""
PRIOR_EVENTS: Final = 2.0
"""Events by which the level of a stage leans on that of all stages."""
POOLED_AGES: Final = 400
"""Most ages at which the hazards of all stages together are told."""


@dataclass(frozen=True, kw_only=True)
class StageHazards:
    """Cumulative hazards of one stage.

    Parameters
    ----------
    ages : numpy.ndarray, shape (m,)
        Days in the stage at which somebody left, increasing.
    expected : numpy.ndarray, shape (m + 1, K)
        Sums of the hazards up to each age, from 0 (Nelson and Aalen): the events expected of one stay at risk.
    leaving : numpy.ndarray, shape (m + 1, K)
        Sums of ``-log(1 - h) h_k / h``, from 0: ``exp`` of minus their sum is the exact chance to stay, ties included.
    at_risk : numpy.ndarray, shape (m,)
        Stays at risk in this stage at each age, whatever their ratios.
    thin_from : float
        Age from which fewer than ``LEAST_AT_RISK`` were at risk in this stage: from here on other stages speak as well.
    observed_until : float
        Age up to which stays of any stage were followed: beyond it nothing is known, and the hazards are 0.
    """

    ages: FloatArray
    expected: FloatArray
    leaving: FloatArray
    at_risk: FloatArray
    thin_from: float
    observed_until: float

    @cached_property
    def left(self) -> FloatArray:
        """Share of the baseline that has left by each cause by each age, from 0, shape (m + 1, K)."""
        staying = np.exp(-self.leaving[:-1].sum(axis=1, keepdims=True))
        ended = np.cumsum(staying * np.diff(self.expected, axis=0), axis=0)
        return np.vstack((np.zeros((1, ended.shape[1])), ended))

    def expected_by(self, age: FloatArray) -> FloatArray:
        """Return ``expected`` at these ages, shape ``age.shape + (K,)``; an event on the age itself counts."""
        return self.expected[np.searchsorted(self.ages, age, side="right")]

    def leaving_by(self, age: FloatArray) -> FloatArray:
        """Return ``leaving`` at these ages, shape ``age.shape + (K,)``; an event on the age itself counts."""
        return self.leaving[np.searchsorted(self.ages, age, side="right")]


def fit_hazards(
    stage: NDArray[np.object_],
    duration: FloatArray,
    event: IntArray,
    *,
    entry: FloatArray,
    weights: FloatArray,
    stages: tuple[str, ...],
    ratios: FloatArray | None = None,
) -> dict[str, StageHazards]:
    r"""Estimate the hazards of every stage, each leaning on all stages together.

    Parameters
    ----------
    stage : numpy.ndarray of object, shape (n,)
        Stage of each stay.
    duration, entry, weights : numpy.ndarray, shape (n,)
        Days, delayed entry and weight of each stay.
    event : numpy.ndarray of int, shape (n,)
        0 censored, 1 advanced, 2 won, 3 lost, 4 moved back.
    stages : tuple of str
        All stages of the funnel in their order.
    ratios : numpy.ndarray, shape (n, K), optional
        How many times the baseline the hazards of each stay are; 1 by default.

    Returns
    -------
    dict of str to StageHazards

    Notes
    -----
    With :math:`d_k` events and :math:`Y` stays at risk in a stage at an age, the hazard is
    :math:`(d_k + m c_k \bar h_k) / (Y + m)`: that of the stage with m more stays that behaved like those of all stages,
    the mean of its posterior under a beta process (Hjort, Annals of Statistics 18, 1990). With ratios, :math:`Y` is the
    sum of those of cause k over the stays at risk (Breslow, JRSS B 34, 1972). :math:`\bar h_k` is the hazard
    of all stages at that age and :math:`c_k` how much oftener this stage has the cause, its events over those that
    :math:`\bar h_k` expected of it, both with ``PRIOR_EVENTS`` more. A stage with many stays is its own Nelson-Aalen
    estimate; where nobody of it was followed so long, all stages speak at its level. The last stage cannot advance
    and the first cannot move back, so nothing of that is borrowed.
    """
    at_risk = weights[:, None] * (np.ones((len(weights), N_CAUSES)) if ratios is None else ratios)
    everywhere = _count(duration, event, entry, weights)
    pooled_ages, pooled = _pool(everywhere, _count_at_risk(everywhere.times, duration, entry, at_risk))
    followed = float(duration[weights > 0].max()) if (weights > 0).any() else 0.0
    answer = {}
    for place, name in enumerate(stages):
        own = np.flatnonzero(stage == name)
        sets = _count(duration[own], event[own], entry[own], weights[own])
        ages = np.union1d(sets.times, pooled_ages)
        exits, prior = np.zeros((len(ages), N_CAUSES)), np.zeros((len(ages), N_CAUSES))
        exits[np.searchsorted(ages, sets.times)] = sets.exits.T
        prior[np.searchsorted(ages, pooled_ages)] = pooled * _possible(place, len(stages))
        present = np.column_stack((weights, at_risk))[own]
        answer[name] = _lean(
            ages,
            exits,
            prior,
            _count_at_risk(ages, duration[own], entry[own], present),
            thin_from=_find_thin(duration[own], entry[own], weights[own]),
            observed_until=followed,
        )
    return answer


def _count(duration: FloatArray, event: IntArray, entry: FloatArray, weights: FloatArray) -> RiskSets:
    used = np.flatnonzero(weights > 0)
    order = used[np.argsort(duration[used], kind="stable")]
    return count_risk_sets(duration[order], event[order], entry=entry[order], weights=weights[order], n_causes=N_CAUSES)


def _count_at_risk(ages: FloatArray, duration: FloatArray, entry: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weight at risk at any ages by the rule of ``count_risk_sets``, for each column of weights."""
    at_its_entry = (entry == 0) | (entry == duration)
    first = np.where(
        at_its_entry, np.searchsorted(ages, entry, side="left"), np.searchsorted(ages, entry, side="right")
    )
    last = np.searchsorted(ages, duration, side="right")
    m = len(ages)

    def count(part: FloatArray) -> FloatArray:
        return np.cumsum(sum_by(first, part, m + 1) - sum_by(last, part, m + 1))[:m]

    return np.column_stack([add_exactly(column, count) for column in weights.T])


def _pool(sets: RiskSets, at_risk: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ages and hazards of all stages there, on few enough ages to be carried by every stage."""
    hazards = sets.exits.T / at_risk
    if len(sets.times) <= POOLED_AGES:
        return sets.times, hazards
    # Ages at equal numbers of events, each standing for those since the last.
    edge = np.unique(np.linspace(0, len(sets.times), POOLED_AGES + 1).astype(np.int64)[1:]) - 1
    group = np.searchsorted(edge, np.arange(len(sets.times)))
    staying = np.add.reduceat(np.log1p(-np.minimum(hazards.sum(axis=1), 1 - 1e-12)), np.append(0, edge[:-1] + 1))
    summed = np.column_stack([sum_by(group, column, len(edge)) for column in hazards.T])
    total = summed.sum(axis=1, keepdims=True)
    return sets.times[edge], np.divide(summed, total, where=total > 0, out=0 * summed) * -np.expm1(staying)[:, None]


def _possible(place: int, n_stages: int) -> FloatArray:
    possible = np.ones(N_CAUSES)
    advances, backwards = (cause - 1 for cause in MOVES)
    possible[advances] = place < n_stages - 1
    possible[backwards] = place > 0
    return possible


def _find_thin(duration: FloatArray, entry: FloatArray, weights: FloatArray) -> float:
    """Return the age from which on fewer than ``LEAST_AT_RISK`` are at risk."""
    instants = np.concatenate((entry, duration))
    order = np.argsort(instants, kind="stable")
    present = np.cumsum(np.concatenate((weights, -weights))[order])
    enough = np.flatnonzero(present >= LEAST_AT_RISK)
    return float(instants[order][min(enough[-1] + 1, len(order) - 1)]) if len(enough) else 0.0


def _lean(
    ages: FloatArray,
    exits: FloatArray,
    prior: FloatArray,
    present: FloatArray,
    *,
    thin_from: float,
    observed_until: float,
) -> StageHazards:
    at_risk, by_cause = present[:, 0], present[:, 1:]
    foreseen = (by_cause * prior).sum(axis=0)
    prior *= (exits.sum(axis=0) + PRIOR_EVENTS) / (foreseen + PRIOR_EVENTS)
    prior /= np.maximum(1.0, prior.sum(axis=1, keepdims=True))
    hazards = (exits + PRIOR_STAYS * prior) / (by_cause + PRIOR_STAYS)
    # The share of all at risk that leaves: with ratios, hazards of the baseline may exceed 1, but never this.
    left = hazards * ((by_cause + PRIOR_STAYS) / (at_risk + PRIOR_STAYS)[:, None])
    total = np.minimum(left.sum(axis=1), 1 - 1e-9)
    # For small hazards -log(1 - h) / h is 1.
    factor = np.divide(-np.log1p(-total), total, where=total > 0, out=np.ones_like(total))
    start = np.zeros((1, N_CAUSES))
    return StageHazards(
        ages=ages,
        expected=np.vstack((start, np.cumsum(hazards, axis=0))),
        leaving=np.vstack((start, np.cumsum(hazards * factor[:, None], axis=0))),
        at_risk=at_risk,
        thin_from=thin_from,
        observed_until=observed_until,
    )
