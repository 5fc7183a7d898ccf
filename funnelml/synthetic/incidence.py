"""Exact incidences of a synthetic world, by recursion over its days."""

from __future__ import annotations

import numpy as np

from funnelml.synthetic.market import Market
from funnelml.synthetic.paths import daily_hazards
from funnelml.synthetic.stages import ADVANCE, BACK, FAVOUR, WIN, FloatArray, IntArray

_CHUNK = 64
"""Records of different effects that one recursion takes along: bounds memory."""


def true_stage_incidence(
    market: Market,
    *,
    stage: IntArray,
    entered_day: IntArray,
    days: IntArray,
    quality: FloatArray,
    speed: FloatArray | float = 0.0,
    age: IntArray | int = 0,
) -> FloatArray:
    """Return the exact incidence of how a stay ends.

    Parameters
    ----------
    market : Market
        Hazards and calendar of the world.
    stage, entered_day : numpy.ndarray of int, shape (n,)
        Position of the stage, and day of the world on which it was entered.
    days : numpy.ndarray of int, shape (m,)
        Days after ``age``, increasing.
    quality, speed : numpy.ndarray, shape (n,)
        Effects of each record on its log odds and on the log of its hazards.
    age : numpy.ndarray of int, shape (n,), optional
        Whole days that the record is known to have sat there (the stay is longer than this).

    Returns
    -------
    numpy.ndarray, shape (n, 5, m)
        Still in the stage, advanced, won, lost, moved back. Rows sum to one.
    """
    stage, entered_day = np.broadcast_arrays(np.atleast_1d(stage), np.atleast_1d(entered_day))
    n, days = len(stage), np.atleast_1d(days)
    ages = np.broadcast_to(np.asarray(age, dtype=np.int64), n)
    favour = favour_of(quality, speed, n)
    awake = awake_chance(market, stage=stage, entered_day=entered_day, age=ages, quality=quality, speed=speed)
    out = np.zeros((n, 5, len(days)))
    ended, staying = np.zeros((n, 4)), np.ones(n)
    for step in range(int(days[-1]) + 1):
        if step:
            q = _chances(market, entered_day + ages + step, stage, ages + step, favour)
            ended = ended + staying[:, None] * q
            staying = staying * (1 - q.sum(axis=1))
        for j in np.flatnonzero(days == step):
            out[:, 1:, j] = awake[:, None] * ended
    out[:, 0] = 1 - out[:, 1:].sum(axis=1)
    return out


def awake_chance(
    market: Market,
    *,
    stage: IntArray,
    entered_day: IntArray,
    age: IntArray,
    quality: FloatArray,
    speed: FloatArray | float = 0.0,
) -> FloatArray:
    """Return the chance that a record which still sits in its stage at ``age`` is not one that never leaves.

    Notes
    -----
    With share ``c`` of sleepers and chance ``S(a)`` that one awake stays longer than ``a``, it is
    ``(1 - c) S(a) / (c + (1 - c) S(a))``.
    """
    favour = favour_of(quality, speed, len(stage))
    log_staying = np.zeros(len(stage))
    for a in range(1, int(np.max(age, initial=0)) + 1):
        still = np.flatnonzero(age >= a)
        hazard = _hazards(market, entered_day[still] + a, stage[still], np.full(len(still), a), favour[still])
        log_staying[still] -= hazard.sum(axis=1)
    awake = (1 - market.never[stage]) * np.exp(log_staying)
    everyone = market.never[stage] + awake
    return np.divide(awake, everyone, out=np.zeros(len(stage)), where=everyone > 0)


def true_incidence(
    market: Market,
    *,
    stage: IntArray,
    age: IntArray,
    day: int,
    horizons: IntArray,
    quality: FloatArray,
    speed: FloatArray | float = 0.0,
) -> FloatArray:
    """Return the exact chance of each record to be won by each horizon, through all remaining stages.

    Parameters
    ----------
    market : Market
        Hazards and calendar; build one from other shocks to average over a future that is not known.
    stage, age : numpy.ndarray of int, shape (n,)
        Stage in which each record still sits at the end of ``day``, and whole days since it entered.
    day : int
        Last known day of the world (0 is its first).
    horizons : numpy.ndarray of int, shape (m,)
        Days after ``day``.
    quality, speed : numpy.ndarray, shape (n,)
        Effects of each record.

    Returns
    -------
    numpy.ndarray, shape (n, m)

    Raises
    ------
    IndexError
        If a horizon reaches beyond the simulated days.

    Notes
    -----
    Backwards in time: ``V_t(s, a) = q_win + q_advance V'(s + 1) + q_back V'(s - 1) + (1 - sum q) V_{t+1}(s, a
    + 1)`` with ``V'(s) = (1 - never_s) V_{t+1}(s, 0)`` and hazards of day ``t + 1`` at age ``a + 1``; moves
    back make no difficulty.
    """
    stage, age = np.atleast_1d(stage), np.atleast_1d(age)
    n = len(stage)
    favour = favour_of(quality, speed, n)
    awake = awake_chance(
        market, stage=stage, entered_day=day - age, age=age, quality=np.broadcast_to(quality, n), speed=speed
    )
    kinds, kind = np.unique(favour, axis=0, return_inverse=True)
    at = np.minimum(age, market.hazards.shape[1] - 1)
    horizons = np.atleast_1d(horizons)
    out = np.empty((n, len(horizons)))
    for begin in range(0, len(kinds), _CHUNK):
        rows = np.flatnonzero((kind >= begin) & (kind < begin + _CHUNK))
        won = win_table(market, day, horizons, kinds[begin : begin + _CHUNK])
        out[rows] = awake[rows, None] * won[:, kind[rows] - begin, stage[rows], at[rows]].T
    return out


def win_table(market: Market, day: int, horizons: IntArray, favour: FloatArray) -> FloatArray:
    """Return V of ``true_incidence`` at the end of ``day``, of records that are awake.

    Parameters
    ----------
    favour : numpy.ndarray, shape (kinds, 4)
        As ``favour_of`` returns it.

    Returns
    -------
    numpy.ndarray, shape (horizons, kinds, stages, ages)
        Hazards stay what they are at the last age, and so does V.
    """
    stages, ages = market.hazards.shape[:2]
    grid_stage = np.arange(stages)[:, None]
    next_age = np.minimum(np.arange(ages) + 1, ages - 1)
    won = np.zeros((len(horizons), len(favour), stages, ages))
    nowhere = np.zeros((len(horizons), len(favour), 1))
    for t in range(day + int(horizons.max()), day, -1):
        q = _chances(market, t, grid_stage, next_age[None, :], favour[:, None, None, :])
        fresh = (1 - market.never) * won[..., 0]
        above = np.concatenate((fresh[..., 1:], nowhere), axis=-1)[..., None]
        below = np.concatenate((nowhere, fresh[..., :-1]), axis=-1)[..., None]
        stay = (1 - q.sum(axis=-1)) * won[..., next_age]
        value = q[..., WIN] + q[..., ADVANCE] * above + q[..., BACK] * below + stay
        won = np.where((day + horizons >= t)[:, None, None, None], value, 0.0)
    return won


def favour_of(quality: FloatArray, speed: FloatArray | float, n: int) -> FloatArray:
    """Return the factors on the hazards of each cause, shape (n, 4), of records of that quality and speed."""
    quality = np.broadcast_to(np.asarray(quality, dtype=float), n)
    return np.asarray(np.exp(quality[:, None] * FAVOUR + np.broadcast_to(np.asarray(speed, dtype=float), n)[:, None]))


def _hazards(market: Market, day: IntArray | int, stage: IntArray, age: IntArray, favour: FloatArray) -> FloatArray:
    return daily_hazards(market, day, stage, np.minimum(age, market.hazards.shape[1] - 1), favour)


def _chances(market: Market, day: IntArray | int, stage: IntArray, age: IntArray, favour: FloatArray) -> FloatArray:
    hazard = _hazards(market, day, stage, age, favour)
    total = hazard.sum(axis=-1, keepdims=True)
    leaving = np.divide(-np.expm1(-total), total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(hazard * leaving)
