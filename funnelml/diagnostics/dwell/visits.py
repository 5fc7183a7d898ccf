"""How often each stage is visited and how long a visit takes: the renewal law of the funnel, moves back included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.diagnostics.dwell.curves import FloatArray, StayCurves, weigh_stays
from funnelml.history.episodes import CENSORED
from funnelml.history.funnel import Funnel

RUNNING = -1
"""Place of a stay whose end was not seen."""


@dataclass(frozen=True, kw_only=True)
class VisitLaw:
    """Visits of each stage that one new record will pay, for every weighting of the records.

    Parameters
    ----------
    curves : mapping of int to StayCurves
        Curves of each stage (by position) that anybody entered; places are positions, then won, lost, elsewhere.
    visits : numpy.ndarray, shape (draws, stages)
        Expected visits per new record.
    """

    curves: Mapping[int, StayCurves]
    visits: FloatArray

    def mean_days(self, until: Sequence[float] | FloatArray) -> FloatArray:
        """Return the restricted mean days of a visit up to ``until`` of each stage, shape (draws, stages).

        A stage that nobody entered has none: NaN.
        """
        days = np.full(self.visits.shape, np.nan)
        for stage, curves in self.curves.items():
            days[:, stage] = curves.mean_days(float(until[stage]))
        return days


def place_of(stays: pd.DataFrame, funnel: Funnel) -> NDArray[np.int64]:
    """Return where each stay ended: a position in the funnel, won and lost after the stages, or ``RUNNING``.

    A place that is no stage of the funnel comes after lost.
    """
    place = stays["next_stage"].map(funnel.order).fillna(len(funnel.order)).to_numpy(dtype=np.int64)
    return np.where(stays["event"].to_numpy() == CENSORED, RUNNING, place)


def learn_visits(stays: pd.DataFrame, arrivals: pd.DataFrame, funnel: Funnel, weights: FloatArray) -> VisitLaw:
    r"""Learn how often one new record will visit each stage.

    Parameters
    ----------
    stays : pandas.DataFrame
        Stays with ``stage, duration_days, from_age_days, event, next_stage`` and ``record`` (column of ``weights``).
    arrivals : pandas.DataFrame
        The stays in which new records were first seen: ``stage`` and ``record``.
    funnel : Funnel
        The funnel.
    weights : numpy.ndarray, shape (draws, records)
        Weights of the records.

    Returns
    -------
    VisitLaw

    Notes
    -----
    With :math:`P_{st}` the chance that a stay in s ends by a move to t, and :math:`a` the shares of new records by
    the stage in which they first appear, visits solve :math:`v = a + v P`, so that moves back and skips are in it. A
    stay that never ends, as far as observed, goes nowhere. P is the Aalen-Johansen estimate at the end of what was
    observed; the chain is taken to forget how a stage was reached.
    """
    n = len(funnel.stages)
    draws = len(weights)
    curves: dict[int, StayCurves] = {}
    moves = np.zeros((draws, n, n))
    start = np.zeros((draws, n))
    place = place_of(stays, funnel)
    columns = [stays[c].to_numpy() for c in ("duration_days", "from_age_days", "record")]
    for s, stage in enumerate(funnel.stages):
        here = (stays["stage"] == stage).to_numpy()
        if here.any():
            duration, entry, record = (c[here] for c in columns)
            curves[s] = weigh_stays(duration, entry, place[here], weights[:, record], running=RUNNING)
            moves[:, s] = np.stack([curves[s].chance_of(t) for t in range(n)], axis=1)
        first = arrivals["record"].to_numpy()[(arrivals["stage"] == stage).to_numpy()]
        start[:, s] = weights[:, first].sum(axis=1)
    whole = start.sum(axis=1, keepdims=True)
    start = np.divide(start, whole, out=np.zeros_like(start), where=whole > 0)
    # A few stays that all fell back and forth make a circle without a way out; it is left once in a thousand moves.
    inside = moves.sum(axis=2, keepdims=True)
    moves = moves * np.minimum(1.0, 0.999 / np.maximum(inside, 1e-300))
    visits = np.linalg.solve(np.eye(n) - np.swapaxes(moves, 1, 2), start[..., None])[..., 0]
    return VisitLaw(curves=curves, visits=visits)
