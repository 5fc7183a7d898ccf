"""What the landmark incidence may be, given that it was learned from so many records: draws of it by record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import LOST_EVENT, WON_EVENT, StageEpisodes
from funnelml.survival.landmark import LEAST_AT_RISK
from funnelml.survival.risk_sets import FloatArray, IntArray

MOST_AGES: Final = 40
"""Most ages of open records of a stage at which the spread is told apart."""


def draw_landmark_ratios(
    episodes: StageEpisodes,
    stage: np.ndarray,
    landmark_days: FloatArray,
    horizons: FloatArray,
    *,
    draws: int,
    seed: int,
    half_life_days: float | None = None,
) -> FloatArray:
    """Draw by what factor the chance to be won by each horizon may differ from the landmark incidence.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on the date of the open records.
    stage, landmark_days : numpy.ndarray, shape (n,)
        Stage of each open record, and the age from which its reference records were followed (``LandmarkIncidence``).
    horizons : numpy.ndarray, shape (m,)
        Days after the as-of instant, increasing.
    draws, seed : int
        Number of draws, and their seed.
    half_life_days : float, optional
        Days after which what ended weighs half; by default all of the past weighs the same.

    Returns
    -------
    numpy.ndarray, shape (draws, n, m)
        Chance with exponential weights of mean 1, one per past record (the Bayesian bootstrap), and those of recency,
        over the chance with all weights 1; 1 where that is 0. Records of a stage that are about as old share theirs.
    """
    stays = follow_to_closing(episodes)
    record = pd.factorize(stays["record_id"])[0].astype(np.int64)
    generator = np.random.default_rng(seed)
    drawn = generator.exponential(size=(draws, int(record.max(initial=-1)) + 1))
    ended = stays["followable_days"].to_numpy() - stays["close_days"].to_numpy()
    recent = np.ones(len(stays)) if half_life_days is None else 0.5 ** (np.maximum(ended, 0.0) / half_life_days)
    out = np.ones((draws, len(stage), len(horizons)))
    everywhere = np.arange(len(stays))
    for name in pd.unique(stage):
        rows = np.flatnonzero(stage == name)
        of = np.flatnonzero(stays["stage"].to_numpy() == name)
        of = of if len(of) >= LEAST_AT_RISK else everywhere
        for age, mine in _age_groups(landmark_days[rows]):
            member = of[stays["stay_days"].to_numpy()[of] > age]
            weights = np.vstack((np.ones(len(member)), drawn[:, record[member]] * recent[member]))
            chance = _won_by(stays.iloc[member], age, horizons, weights)
            ratio = np.divide(chance[1:], chance[:1], where=chance[:1] > 0, out=np.ones_like(chance[1:]))
            out[:, rows[mine]] = ratio[:, None, :]
    return out


def _age_groups(ages: FloatArray) -> Iterator[tuple[float, IntArray]]:
    """Yield ages, and which records are about as old."""
    order = np.argsort(ages, kind="stable")
    distinct = np.unique(ages)
    if len(distinct) <= MOST_AGES:
        for age in distinct:
            yield float(age), np.flatnonzero(ages == age)
        return
    for part in np.array_split(order, MOST_AGES):
        yield float(ages[part[len(part) // 2]]), part.astype(np.int64)


def _won_by(members: pd.DataFrame, age: float, horizons: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the chance to be won by ``age + horizons`` given a stay > age under each weighting, (draws, m)."""
    close, event = members["close_days"].to_numpy(), members["event"].to_numpy()
    late = members["late_days"].to_numpy()
    order = np.argsort(close, kind="stable")
    close, event, late, weights = close[order], event[order], late[order], weights[:, order]
    times, starts = np.unique(close, return_index=True)
    inside = times <= age + horizons[-1]
    if not inside.any():
        return np.zeros((len(weights), len(horizons)))
    total = weights.sum(axis=1, keepdims=True)
    gone = np.concatenate((np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)), axis=1)[:, starts]
    at_risk = total - gone
    if (late > age).any():
        entering = np.argsort(late, kind="stable")
        entered = np.concatenate((np.zeros((len(weights), 1)), np.cumsum(weights[:, entering], axis=1)), axis=1)
        at_risk = at_risk - (total - entered[:, np.searchsorted(late[entering], times, side="left")])
    wins = np.add.reduceat(weights * (event == WON_EVENT), starts, axis=1)
    ends = wins + np.add.reduceat(weights * (event == LOST_EVENT), starts, axis=1)
    at_risk = np.maximum(at_risk, ends)
    hazard = np.divide(ends, at_risk, where=at_risk > 0, out=np.zeros_like(ends))
    before = np.concatenate((np.ones((len(weights), 1)), np.cumprod(1 - hazard, axis=1)[:, :-1]), axis=1)
    steps = np.divide(before * wins, at_risk, where=at_risk > 0, out=np.zeros_like(ends))
    curve = np.concatenate((np.zeros((len(weights), 1)), np.cumsum(steps, axis=1)), axis=1)
    return np.minimum(curve[:, np.searchsorted(times, age + horizons, side="right")], 1.0)
