"""How the running stay ends, by the past stays of its stage that lasted longer: what every model must beat."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnelml.history.episodes import StageEpisodes
from funnelml.survival.causes import N_CAUSES
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.landmark import LEAST_AT_RISK
from funnelml.survival.risk_sets import FloatArray


def landmark_stays(episodes: StageEpisodes, open_records: pd.DataFrame, times: ArrayLike) -> FloatArray:
    r"""Estimate for every open record how its stay ends, given that it is longer than its age.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on the as-of date, or on an earlier one.
    open_records : pandas.DataFrame
        Open records of the snapshot, with ``stage`` and ``age_days``.
    times : array-like, shape (m,)
        Days after the as-of instant, increasing.

    Returns
    -------
    numpy.ndarray, shape (n, 1 + K, m)
        Chance to be still in the stage (row 0), and to have left it by each cause, by each time.

    Notes
    -----
    The exact Aalen-Johansen estimate of the stays of the stage that lasted longer than the age a, under delayed entry
    at a. Its risk sets after a are those of all stays of the stage, so hazards are counted once a stage and multiplied
    out from a for each distinct age:

    .. math:: F_k(a + t \mid a) = \sum_{a < u \le a + t} h_k(u) \prod_{a < v < u} \{1 - h(v)\}.

    Where fewer than ``LEAST_AT_RISK`` stays outlasted the age, the landmark moves down to the greatest age that so many
    outlasted; a stage with fewer stays than that is read from those of all stages together. Beyond the longest
    follow-up the curve is flat.
    """
    days = np.asarray(times, dtype=np.float64)
    stages = open_records["stage"].to_numpy(dtype=object)
    ages = open_records["age_days"].to_numpy(dtype=np.float64)
    incidence = np.zeros((len(ages), 1 + N_CAUSES, len(days)))
    incidence[:, 0] = 1.0
    stays = episodes.table
    for stage in pd.unique(stages):
        own = stays[stays["stage"] == stage]
        if len(own) < LEAST_AT_RISK:
            own = stays
        if own.empty:
            continue
        rows = np.flatnonzero(stages == stage)
        landmarks, back = np.unique(np.minimum(ages[rows], _outlasted(own)), return_inverse=True)
        incidence[rows] = _read_from(own, landmarks, days)[back]
    return incidence


def _outlasted(stays: pd.DataFrame) -> float:
    """Return the greatest age that enough stays outlasted; 0 if that few outlasted any."""
    duration = stays["duration_days"].to_numpy(dtype=np.float64)
    if len(duration) < LEAST_AT_RISK:
        return 0.0
    return max(0.0, float(np.nextafter(np.partition(duration, -LEAST_AT_RISK)[-LEAST_AT_RISK], -np.inf)))


def _read_from(stays: pd.DataFrame, landmarks: FloatArray, days: FloatArray) -> FloatArray:
    curve = estimate_incidence(
        stays["duration_days"],
        stays["event"],
        entry=stays["from_age_days"],
        n_causes=N_CAUSES,
        variance=False,
    )
    hazard = curve.n_events / curve.at_risk
    staying = 1.0 - curve.n_events.sum(axis=0) / curve.at_risk
    answer = np.empty((len(landmarks), 1 + N_CAUSES, len(days)))
    first = np.searchsorted(curve.times, landmarks, side="right")
    last = np.searchsorted(curve.times, landmarks[:, None] + days, side="right")
    for i, (start, ends) in enumerate(zip(first, last, strict=True)):
        window = slice(start, ends[-1])
        stayed = np.concatenate(([1.0], np.cumprod(staying[window])))
        left = np.cumsum(hazard[:, window] * stayed[:-1], axis=1)
        left = np.hstack((np.zeros((N_CAUSES, 1)), left))[:, ends - start]
        answer[i, 1:] = left
        answer[i, 0] = stayed[ends - start]
    return answer
