"""Exact incidence curves of the stays in one stage, for many weightings of the records at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from funnelml.survival.risk_sets import count_risk_sets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class StayCurves:
    """What became of the stays in one stage, as a function of the days spent there, by weighting.

    Parameters
    ----------
    times : numpy.ndarray, shape (m,)
        Days at which somebody left, increasing.
    staying : numpy.ndarray, shape (m, draws)
        Chance to be still in the stage just after each time.
    left : mapping of int to numpy.ndarray, shape (m, draws)
        Chance to have left to each place by each time.
    last_follow_up : float
        Greatest number of days that anybody was followed.
    """

    times: FloatArray
    staying: FloatArray
    left: Mapping[int, FloatArray]
    last_follow_up: float

    @property
    def draws(self) -> int:
        """Number of weightings."""
        return self.staying.shape[1]

    def leaving(self, to: Iterable[int]) -> FloatArray:
        """Return the chance to have left to any of these places by each time, shape (m, draws)."""
        return sum((self.left[place] for place in to if place in self.left), np.zeros_like(self.staying))

    def chance_of(self, place: int) -> FloatArray:
        """Return the chance to leave to a place within all that was observed, shape (draws,)."""
        curve = self.left.get(place)
        return np.zeros(self.draws) if curve is None or not len(curve) else curve[-1]

    def mean_days(self, until: float) -> FloatArray:
        """Return the mean days spent in the stage, each stay counted up to ``until``, shape (draws,).

        The area under the curve of those still in the stage: the restricted mean.
        """
        inside = self.times < until
        edges = np.concatenate(([0.0], self.times[inside], [until]))
        height = np.vstack((np.ones(self.draws), self.staying[inside]))
        return np.diff(edges) @ height

    def still_in(self, days: FloatArray) -> FloatArray:
        """Return the chance to be still in the stage after each number of days, shape (j, draws)."""
        curve = np.vstack((np.ones(self.draws), self.staying))
        return curve[np.searchsorted(self.times, days, side="right")]


def weigh_stays(
    duration: FloatArray, entry: FloatArray, place: IntArray, weights: FloatArray, *, running: int = -1
) -> StayCurves:
    """Estimate the curves of one stage under every weighting.

    Parameters
    ----------
    duration, entry : numpy.ndarray, shape (n,)
        Days to the end of each stay or of its observation, and delayed entry.
    place : numpy.ndarray of int, shape (n,)
        Where each stay ended; ``running`` if its end was not seen.
    weights : numpy.ndarray, shape (draws, n)
        Positive weights.
    running : int
        Code of a censored stay.

    Returns
    -------
    StayCurves

    Notes
    -----
    The Aalen-Johansen estimate with the risk sets of ``count_risk_sets``; with one weighting of ones it is that of
    ``estimate_incidence``.
    """
    ended = (place != running).astype(np.int64)
    order = np.argsort(duration, kind="stable")
    duration, entry, place, ended = duration[order], entry[order], place[order], ended[order]
    sets = count_risk_sets(duration, ended, entry=entry, weights=np.ones(len(duration)), n_causes=1)
    m, n, draws = len(sets.times), len(duration), len(weights)
    weight = np.ascontiguousarray(weights[:, order].T)

    def sums(rows: IntArray, where: NDArray[np.bool_]) -> FloatArray:
        chosen = np.flatnonzero(where)
        return sparse.csr_matrix((np.ones(len(chosen)), (rows[chosen], chosen)), shape=(m, n)) @ weight

    # At risk at the time number i: those whose last time comes after it, less those whose first one does.
    at_risk = _from_here_on(sums(sets.last - 1, sets.last > 0))
    if (sets.first > 0).any():
        at_risk -= _from_here_on(sums(sets.first - 1, sets.first > 0))
    exit_time = np.searchsorted(sets.times, duration)
    exits = {int(to): sums(exit_time, place == to) for to in np.unique(place[ended > 0])}
    gone = sum(exits.values(), np.zeros((m, draws)))
    at_risk = np.maximum(at_risk, gone)
    leaving = np.divide(gone, at_risk, out=np.ones_like(gone), where=at_risk > 0)
    staying = np.cumprod(1.0 - leaving, axis=0, dtype=np.float64)
    before = np.vstack((np.ones(draws), staying))[:-1]
    per_weight = np.divide(before, at_risk, out=np.zeros_like(before), where=at_risk > 0)
    left = {to: np.cumsum(per_weight * those, axis=0) for to, those in exits.items()}
    last = float(duration[-1]) if n else 0.0
    return StayCurves(times=sets.times, staying=staying, left=left, last_follow_up=last)


def _from_here_on(sums: FloatArray) -> FloatArray:
    """Return for each row the sum of its own and all later rows."""
    return np.cumsum(sums[::-1], axis=0)[::-1]


def first_reached(times: FloatArray, curve: FloatArray, level: FloatArray) -> FloatArray:
    """Return the first time at which each curve reaches its level.

    Parameters
    ----------
    times : numpy.ndarray, shape (m,)
        Times.
    curve : numpy.ndarray, shape (m, draws)
        Increasing curves.
    level : numpy.ndarray, shape (draws,)
        Level of each.

    Returns
    -------
    numpy.ndarray, shape (draws,)
        Infinity where a curve does not get that far.
    """
    if not len(times):
        return np.full(len(level), np.inf)
    # The last bits of a sum must not push the answer to the next time.
    there = curve >= level * (1 - 1e-12)
    return np.where(there[-1], times[np.argmax(there, axis=0)], np.inf)
