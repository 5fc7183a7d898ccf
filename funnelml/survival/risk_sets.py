"""Risk sets: how much weight was at risk, and left by each cause, at every instant at which somebody left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class RiskSets:
    """Stays reduced to the instants at which an event happened.

    Parameters
    ----------
    times : numpy.ndarray, shape (m,)
        Distinct event times in days, increasing.
    at_risk, left : numpy.ndarray, shape (m,)
        Weight at risk at each time, and what remains of it once the events of that time have happened; exactly zero
        where nobody remains.
    exits : numpy.ndarray, shape (K, m)
        Weight of the events by cause.
    first, last : numpy.ndarray of int, shape (n,)
        Stay ``i`` is at risk at ``times[first[i]:last[i]]``.
    event : numpy.ndarray of int, shape (n,)
        How each stay ended: 0 censored, else its cause.
    weights : numpy.ndarray, shape (n,)
        Weight of each stay.
    """

    times: FloatArray
    at_risk: FloatArray
    left: FloatArray
    exits: FloatArray
    first: IntArray
    last: IntArray
    event: IntArray
    weights: FloatArray


def count_risk_sets(
    duration: FloatArray, event: IntArray, *, entry: FloatArray, weights: FloatArray, n_causes: int
) -> RiskSets:
    """Count who is at risk and who leaves at every event time.

    Parameters
    ----------
    duration, entry : numpy.ndarray, shape (n,)
        End and delayed entry of each stay in days.
    event : numpy.ndarray of int, shape (n,)
        0 censored, ``1..K`` the cause.
    weights : numpy.ndarray, shape (n,)
        Positive weights.
    n_causes : int
        K.

    Returns
    -------
    RiskSets

    Notes
    -----
    A stay is at risk at ``t`` when ``entry < t <= duration``: events come before censorings of the same instant. Two
    kinds of stay are also at risk at the instant of their entry: one of length zero, which is at risk at no other,
    and one with entry 0, which was watched from its very start, so that events at time 0 are counted among all that
    could have had one.
    """
    ended = event > 0
    times = np.unique(duration[ended])
    last = np.searchsorted(times, duration, side="right")
    if entry.any():
        at_its_entry = (entry == 0) | (entry == duration)
        first = np.searchsorted(times, entry, side="right")
        first[at_its_entry] = np.searchsorted(times, entry[at_its_entry], side="left")
    else:
        first = np.zeros(len(duration), dtype=np.int64)

    m = len(times)
    ended_at = last[ended] - 1
    cell = (event[ended] - 1) * m + ended_at

    def count(part: FloatArray) -> FloatArray:
        present = np.cumsum(sum_by(first, part, m + 1) - sum_by(last, part, m + 1))[:m]
        return np.stack((present, present - sum_by(ended_at, part[ended], m)))

    at_risk, left = add_exactly(weights, count)
    return RiskSets(
        times=times,
        at_risk=at_risk,
        left=left,
        exits=sum_by(cell, weights[ended], n_causes * m).reshape(n_causes, m),
        first=first,
        last=last,
        event=event,
        weights=weights,
    )


def sum_by(index: IntArray, values: FloatArray, length: int) -> FloatArray:
    """Return the sum of the values that share an index, for every index below ``length``."""
    return np.asarray(np.bincount(index, values, length), dtype=np.float64)


def add_exactly(values: FloatArray, total: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return ``total(values)`` for a ``total`` made of sums and differences, with nothing rounded on the way.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        What is to be added up.
    total : callable
        Takes an array like ``values``; adds and subtracts, and does nothing else.

    Returns
    -------
    numpy.ndarray
        What ``total`` returns; exactly zero where the terms cancel.

    Notes
    -----
    What is at risk late, and light, is the difference of two sums that may be heavy: old stays are often the only long
    ones, and with recency weights they are millions of times lighter. So the values are taken apart into layers, each
    of multiples of one power of two that is coarse enough to be added up exactly in any order.
    """
    layer, rest = _split(values)
    answer = total(layer)
    while rest.any():
        layer, rest = _split(rest)
        answer = answer + total(layer)
    return answer


def _split(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    size = np.abs(values).sum()
    if not 1e-290 < size < np.inf:  # nothing, or so little that a still finer unit would underflow
        return values, np.zeros_like(values)
    unit = np.ldexp(1.0, np.frexp(size)[1] - 52)
    layer = np.round(values / unit) * unit
    return layer, values - layer
