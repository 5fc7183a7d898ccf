"""Days ahead in steps, and how much of each record leaves its stage by each cause in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from funnelml.survival.hazards import StageHazards
from funnelml.survival.ratios.pieces import BANDS
from funnelml.survival.risk_sets import FloatArray, IntArray

FIRST_DAY: Final = (0.0, 1 / 1440, 10 / 1440, 1 / 24, 3 / 24, 6 / 24, 12 / 24)
"""Ends of the steps within the first day, in days: what is fresh in a stage may leave it within minutes."""
LEAST_LEFT: Final = 1e-10
"""Share of a stage that leaves in a step below which its causes are told by their hazards alone."""


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Steps from now, or from the entry of a stage, to a horizon.

    Parameters
    ----------
    edges : numpy.ndarray, shape (L + 1,)
        Days ahead at which steps begin and end; the first is now.
    band : numpy.ndarray of int, shape (L,)
        Band ahead in which each step lies.
    day : numpy.ndarray of int, shape (L,)
        Calendar day ahead on which each step lies; 0 is the first unknown day, or that of the entry.
    next_day : numpy.ndarray, shape (L,)
        Share of each step that lies on the day after ``day``: what enters at noon and leaves 18 hours later.
    whole_days : bool
        Whether the log knows days only: an event then lies on a day, and a window of t days holds t of them.
    """

    edges: FloatArray
    band: IntArray
    day: IntArray
    next_day: FloatArray
    whole_days: bool

    def __len__(self) -> int:
        return len(self.day)

    def ended_by(self, times: FloatArray) -> IntArray:
        """Return how many steps have ended by each time, in days ahead."""
        if self.whole_days:
            return np.asarray(np.searchsorted(self.day, np.ceil(times) - 1, side="right"), dtype=np.int64)
        return np.asarray(np.searchsorted(self.edges[1:], times, side="right"), dtype=np.int64)

    def first(self, days: int) -> Steps:
        """Return the steps of the first days."""
        end = int(np.searchsorted(self.day, days))
        return Steps(
            edges=self.edges[: end + 1],
            band=self.band[:end],
            day=self.day[:end],
            next_day=self.next_day[:end],
            whole_days=self.whole_days,
        )

    def factors(self, calendar: FloatArray) -> FloatArray:
        """Return the factor of each step, shape (L, K), from those of the calendar days ahead, shape (K, days)."""
        both = (1 - self.next_day) * calendar[:, self.day] + self.next_day * calendar[:, self.day + 1]
        return np.asarray(both.T)


def lay_steps(times: FloatArray, *, grain: str, entering: bool = False) -> Steps:
    """Lay steps that end at every day, and at the given times.

    Parameters
    ----------
    times : numpy.ndarray, shape (m,)
        Days ahead, not negative.
    grain : {"instant", "day"}
        Grain of the log.
    entering : bool
        Whether day 0 is that of the entry of a stage, which may be at any time of it, instead of beginning now.
    """
    until = max(int(np.ceil(times.max(initial=0.0))), 1)
    if grain == "day":
        # The first unknown day is 0: a stay that ends on it is longer than one that is still running now.
        begin = np.arange(float(until))
        edges = np.append(-0.5, begin)
        middle = begin
    else:
        edges = np.unique(np.concatenate((FIRST_DAY, np.arange(until + 1.0), times)))
        begin = edges[:-1]
        middle = (edges[:-1] + edges[1:]) / 2
    day = np.floor(begin)
    return Steps(
        edges=edges,
        band=(np.searchsorted(np.array(BANDS), begin, side="right") - 1).astype(np.int64),
        day=day.astype(np.int64),
        next_day=middle - day if entering else np.zeros_like(day),
        whole_days=grain == "day",
    )


def push_in_steps(
    hazards: StageHazards, age: FloatArray, steps: Steps, *, ratios: FloatArray | None = None
) -> FloatArray:
    """Return the summed hazards by which each row is pushed out of its stage by each cause in each step.

    Parameters
    ----------
    hazards : StageHazards
        Baseline of the stage in which all rows sit.
    age : numpy.ndarray, shape (n,)
        Days in the stage; each stay is known to be longer. -1 at the entry.
    steps : Steps
        L steps.
    ratios : numpy.ndarray, shape (n, K, bands), optional
        How many times the baseline the hazards are; 1 by default. One age serves any number of rows.

    Returns
    -------
    numpy.ndarray, shape (n, L, K)
    """
    if steps.whole_days:
        reached = np.ceil(np.maximum(age, 0.0))[:, None] + steps.edges
    else:
        reached = np.maximum(age, 0.0)[:, None] + steps.edges
        reached[:, 0] = age
    at = np.searchsorted(hazards.ages, reached, side="right")
    push = np.diff(hazards.leaving[at], axis=1)
    # In a step of many ages the causes that come early find more who could leave.
    left = np.diff(hazards.left[at], axis=1)
    total = left.sum(axis=2, keepdims=True)
    # Of what is left of a stage in its last days, differences of sums say nothing.
    told = total > LEAST_LEFT
    push = np.where(told, push.sum(axis=2, keepdims=True) * left / np.where(told, total, 1.0), push)
    return push if ratios is None else push * np.moveaxis(ratios, 1, 2)[:, steps.band, :]


def share_leaving(push: FloatArray, steps: Steps, *, calendar: FloatArray | None = None) -> FloatArray:
    r"""Return the chance of each row to leave its stage by each cause in each step.

    Parameters
    ----------
    push : numpy.ndarray, shape (n, L, K)
        As ``push_in_steps`` returns it.
    steps : Steps
        L steps.
    calendar : numpy.ndarray, shape (K, days), optional
        Factor of each calendar day ahead, one day further than the steps; 1 by default.

    Returns
    -------
    numpy.ndarray, shape (n, L, K)

    Notes
    -----
    With :math:`g_k` the push, times the factor of the date, the chance to stay through a step is
    :math:`\exp(-\sum_k g_k)` and what leaves is shared in proportion to :math:`g_k`. With all ratios and factors 1
    this is exactly the incidence of the baseline, ties included, however many ages a step holds; with others it is
    exact where a step holds one.
    """
    if calendar is not None:
        push = push * steps.factors(calendar)
    total = push.sum(axis=2)
    through = np.exp(-np.cumsum(total, axis=1))
    before = np.concatenate((np.ones((len(total), 1)), through[:, :-1]), axis=1)
    share = np.divide(before - through, total, where=total > 0, out=np.zeros_like(total))
    return np.asarray(push * share[:, :, None])
