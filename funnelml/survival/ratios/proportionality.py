"""Whether an effect is the same at every age in the stage, as a Cox model takes it to be."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr

from funnelml.survival.ratios.partial_likelihood import StageRisks, add_by_record, evaluate_partial_likelihood
from funnelml.survival.risk_sets import FloatArray, IntArray, sum_by

LEAST_TELLING: Final = 10.0
"""Fewest events that a column tells apart for a word on its effect by age."""


def find_changing_effects(x: FloatArray, effects: FloatArray, risks: StageRisks, record: IntArray) -> FloatArray:
    r"""Return the p-value of each column that its effect is the same at all ages; NaN where too little is known.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, c)
        Columns of the stays of ``risks``.
    effects : numpy.ndarray, shape (c,)
        Log ratio per column.
    risks : StageRisks
        Stays of all stages.
    record : numpy.ndarray of int, shape (n,)
        Number of each stay's record: stays of one record may vary together.

    Returns
    -------
    numpy.ndarray, shape (c,)

    Notes
    -----
    The score test of an effect of :math:`x\,g(t)` on top of that of x, with g the share of events that came at younger
    ages (Grambsch and Therneau, Biometrika 81, 1994): the sum of g times the Schoenfeld residuals, less what the other
    effects explain of it, over the root of its sum of squares by record. So little shrinkage of effects does no harm
    (Neyman's C(alpha)).
    """
    p_value = np.full(x.shape[1], np.nan)
    if not len(risks) or not x.shape[1]:
        return p_value
    shape = _rank_ages(risks)
    plain = evaluate_partial_likelihood(x, effects, risks)
    changing = evaluate_partial_likelihood(x, effects, risks, shape=shape)
    diagonal = np.trace(plain.information) / x.shape[1]
    if diagonal <= 0:
        return p_value
    held = plain.information + 1e-8 * diagonal * np.eye(x.shape[1])
    explained = np.linalg.solve(held, changing.information)
    by_record = add_by_record(changing.scores - plain.scores @ explained, record)
    spread = np.sqrt((by_record**2).sum(axis=0))
    told = _count_telling(x, effects, risks) >= LEAST_TELLING
    told &= spread > 1e-9 * np.sqrt(diagonal)
    p_value[told] = 2 * ndtr(-np.abs(by_record.sum(axis=0)[told]) / spread[told])
    return p_value


def _rank_ages(risks: StageRisks) -> FloatArray:
    """Return at each time the share of all events at younger ages, of mean 0 over the events."""
    ages, which = np.unique(risks.times, return_inverse=True)
    at_age = sum_by(which.astype(np.int64), risks.events, len(ages))
    younger = (np.cumsum(at_age) - at_age / 2) / at_age.sum()
    return np.asarray(younger[which] - 0.5)


def _count_telling(x: FloatArray, effects: FloatArray, risks: StageRisks) -> FloatArray:
    """Return how many events tell of each column, (sum s^2)^2 / sum s^4 of its residuals s: those of a rare value."""
    ratio = risks.weights * np.exp(x @ effects)
    mean = risks.add_to_times(ratio[:, None] * x) / np.maximum(risks.add_to_times(ratio), 1e-300)[:, None]
    ended = np.flatnonzero(risks.happened)
    squares = (x[ended] - mean[risks.last[ended] - 1]) ** 2
    fourth = (squares**2).sum(axis=0)
    return np.divide(squares.sum(axis=0) ** 2, fourth, where=fourth > 1e-24, out=np.zeros(x.shape[1]))
