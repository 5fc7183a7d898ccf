r"""Chance to be won by a date through all remaining stages, by the renewal equation: no simulation, cycles allowed.

A record that enters stage s is won t days later with mass :math:`w_s(t) = f_{s,won}(t) + \sum_{s'} \sum_{u \le t}
f_{s,s'}(u)\, w_{s'}(t - u)` (Pyke, Annals of Mathematical Statistics 32, 1961, of Markov renewal processes). In whole
calendar days this is a triangular system in t: solved day by day, with a small linear system for what passes within a
day. A stage is taken to be entered at any time of its day alike; a stay of minutes then mostly ends on the same day,
and the grid shifts nothing on average.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from funnelml.survival.causes import MOVES
from funnelml.survival.risk_sets import FloatArray, IntArray
from funnelml.survival.steps_ahead import Steps

WON = 1
"""Column of "won" among the causes."""


def put_on_days(mass: FloatArray, steps: Steps, days: int, *, calendar: FloatArray | None = None) -> FloatArray:
    """Return what leaves on each calendar day ahead.

    Parameters
    ----------
    mass : numpy.ndarray, shape (n, L, K)
        What leaves in each step.
    steps : Steps
        The steps, which reach to the end of the last day.
    days : int
        Number of days.
    calendar : numpy.ndarray, shape (K, days + 1), optional
        Factors of the days by which ``mass`` was made: they tell how much of a step falls on each of its two days.

    Returns
    -------
    numpy.ndarray, shape (n, days, K)
        What falls on the day after the last is left out.
    """
    share = steps.next_day[:, None]
    if calendar is not None:
        factors = steps.factors(calendar)
        next_day = share * calendar[:, steps.day + 1].T
        share = np.divide(next_day, factors, where=factors > 0, out=np.zeros_like(factors))
    first = np.searchsorted(steps.day, np.arange(days))
    next_day = np.add.reduceat(mass * share, first, axis=1)
    on_days = np.add.reduceat(mass, first, axis=1) - next_day
    on_days[:, 1:] += next_day[:, :-1]
    return np.asarray(on_days)


def win_after_entry(fresh: FloatArray, towards: FloatArray) -> FloatArray:
    """Return the chance to be won by each day after entering each stage.

    Parameters
    ----------
    fresh : numpy.ndarray, shape (P, S, days, K)
        What leaves each stage on each day, the first being that of entering it, for P kinds of record.
    towards : numpy.ndarray, shape (S, 2, S)
        Where a record goes that advances, or moves back, from each stage; rows sum to 1.

    Returns
    -------
    numpy.ndarray, shape (P, S, days)
    """
    kinds, stages, size, _ = fresh.shape
    moves = fresh[..., [cause - 1 for cause in MOVES]]
    onward = np.einsum("psdm,smn->psnd", moves, towards)
    direct = fresh[..., WON]
    same_day = np.linalg.inv(np.eye(stages) - onward[..., 0])
    won = np.zeros((kinds, stages, size))
    # One row per kind and stage: where to, and how many days before; laid out so that each day is one product.
    laid = np.ascontiguousarray(onward[..., ::-1])
    for day in range(size):
        got = direct[:, :, day].copy()
        if day:
            past = laid[..., size - 1 - day : size - 1]
            got += np.einsum("psnd,pnd->ps", past, won[:, :, :day], optimize=False)
        won[:, :, day] = np.einsum("pst,pt->ps", same_day, got)
    return np.cumsum(won, axis=2)


def win_after_entry_by_date(
    fresh_on: Callable[[int], FloatArray], days: int, towards: FloatArray, last: IntArray
) -> FloatArray:
    """Return the chance to be won by given days for records that enter each stage on each day ahead.

    Parameters
    ----------
    fresh_on : callable
        Of a day u ahead: what leaves each stage on each day from that of entering it, u, on, shape (P, S, days - u, K).
    days : int
        Days ahead.
    towards : numpy.ndarray, shape (S, 2, S)
        Where a record goes that advances, or moves back.
    last : numpy.ndarray of int, shape (m,)
        Last day ahead that counts.

    Returns
    -------
    numpy.ndarray, shape (P, S, days, m)

    Notes
    -----
    Calendar effects make the kernel depend on the day of entry, so the equation is solved backwards from the last day.
    """
    moves = [cause - 1 for cause in MOVES]
    for day in range(days - 1, -1, -1):
        fresh = fresh_on(day)
        kinds, stages = fresh.shape[:2]
        if day == days - 1:
            won = np.zeros((kinds, stages, days, len(last)))
            # Where each way on leads, from each stage: what a day adds is then one product for each stage.
            beyond = np.zeros((kinds, stages, days, len(MOVES), len(last)))
        direct = np.concatenate((np.zeros((kinds, stages, 1)), np.cumsum(fresh[..., WON], axis=2)), axis=2)
        left = fresh[..., moves]
        later = left[:, :, 1:].reshape(kinds, stages, 1, -1) @ beyond[:, :, day + 1 :].reshape(
            kinds, stages, -1, len(last)
        )
        got = direct[:, :, np.maximum(last - day + 1, 0)] + later[:, :, 0]
        same_day = np.einsum("psm,smn->psn", left[:, :, 0], towards)
        won[:, :, day] = np.linalg.solve(np.eye(stages) - same_day, got)
        beyond[:, :, day] = np.einsum("smn,pnj->psmj", towards, won[:, :, day])
    return won
