"""The steady state: how many records should lie in each stage, given who comes in, how they convert and dwell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import nbinom, poisson

from funnelml.diagnostics.dwell.curves import FloatArray
from funnelml.diagnostics.dwell.visits import VisitLaw, learn_visits
from funnelml.history.episodes import CENSORED
from funnelml.history.funnel import Funnel
from funnelml.schema import DAY


@dataclass(frozen=True, kw_only=True)
class SteadyState:
    """What one span of the log implies for the stock of each stage.

    Parameters
    ----------
    law : VisitLaw
        Visits and stays within the span.
    until : numpy.ndarray, shape (stages,)
        Days in the stage up to which records count.
    arrivals : int
        New records in the span.
    per_day : float
        New records per day.
    stock : numpy.ndarray, shape (draws, stages)
        Expected stock, 0 for a stage that nobody entered; row 0 is the estimate.
    dispersion : numpy.ndarray, shape (stages,)
        Variance of the stock at weekly dates of the span, by its mean; at least that of weekly arrivals, and 1.
    arrival_dispersion : float
        The same of weekly arrivals; at least 1.
    """

    law: VisitLaw
    until: FloatArray
    arrivals: int
    per_day: float
    stock: FloatArray
    dispersion: FloatArray
    arrival_dispersion: float


def settle_stock(
    stays: pd.DataFrame, funnel: Funnel, *, start: int, end: int, oldest_days: float, weights: FloatArray
) -> SteadyState:
    r"""Work out the steady-state stock that the span ``[start, end)`` implies.

    Parameters
    ----------
    stays : pandas.DataFrame
        Stays as ``number_stays`` returns them.
    funnel : Funnel
        The funnel.
    start, end : int
        The span in microseconds.
    oldest_days : float
        Days in the stage up to which records count, or the longest that the span observed.
    weights : numpy.ndarray, shape (draws, records)
        Weights of the records; the first row ones.

    Returns
    -------
    SteadyState

    Notes
    -----
    .. math:: L_s = \lambda\, v_s \int_0^{\tau} S_s(u)\, du

    with :math:`\lambda` the new records per day, :math:`v_s` the visits of stage s per new record and :math:`S_s` the
    chance to be still in it (Little, Operations Research 9, 1961; for stays younger than :math:`\tau` it holds
    just so). A stay counts in the span while it was in it: it enters late if it began earlier, and is censored if it
    ended later.
    """
    inside = clip_stays(stays, start, end)
    first = stays[stays["first"] & (stays["entered_at"] >= start) & (stays["entered_at"] < end)]
    law = learn_visits(inside, first, funnel, weights)
    until = np.array(
        [
            min(oldest_days, law.curves[s].last_follow_up) if s in law.curves else np.nan
            for s in range(len(funnel.stages))
        ]
    )
    per_day = weights[:, first["record"].to_numpy()].sum(axis=1) / ((end - start) / DAY)
    stock = np.where(law.visits > 0, per_day[:, None] * law.visits * law.mean_days(until), 0.0)
    weeks = np.arange(end, start, -7 * DAY)[::-1]
    counts = np.diff(np.searchsorted(np.sort(first["entered_at"].to_numpy()), weeks))
    arrival_dispersion = max(1.0, _dispersion(counts))
    return SteadyState(
        law=law,
        until=until,
        arrivals=len(first),
        per_day=float(per_day[0]),
        stock=np.nan_to_num(stock),
        dispersion=np.array(
            [
                max(arrival_dispersion, _dispersion(_stock_on(weeks, stays[stays["stage"] == stage], until[s])))
                for s, stage in enumerate(funnel.stages)
            ]
        ),
        arrival_dispersion=arrival_dispersion,
    )


def clip_stays(stays: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """Return the stays as seen between two instants: late entry before ``start``, censoring from ``end`` on."""
    entered = stays["entered_at"].to_numpy()
    to_start, to_end = (start - entered) / DAY, (end - entered) / DAY
    length = stays["duration_days"].to_numpy()
    late = np.maximum(stays["from_age_days"].to_numpy(), np.maximum(to_start, 0.0))
    cut_off = length >= to_end
    clipped = stays.assign(
        from_age_days=late,
        duration_days=np.where(cut_off, np.maximum(to_end - 1 / DAY, 0.0), length),
        event=np.where(cut_off, CENSORED, stays["event"]),
    )
    return clipped[(to_end > 0) & ((late == 0) | (clipped["duration_days"].to_numpy() > late))]


def chance_interval(mean: float, variance: float, confidence: float) -> tuple[float, float]:
    """Return the central interval of a count with that mean and variance: negative binomial, or Poisson.

    Examples
    --------
    >>> chance_interval(10.0, 10.0, 0.8)
    (6.0, 14.0)
    """
    if not mean > 0:
        return 0.0, 0.0
    ends = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if variance > mean * (1 + 1e-9):
        share = mean / variance
        low, high = nbinom.ppf(ends, mean * share / (1 - share), share)
    else:
        low, high = poisson.ppf(ends, mean)
    return float(low), float(high)


def _stock_on(instants: np.ndarray, stays: pd.DataFrame, until: float) -> np.ndarray:
    if stays.empty or not np.isfinite(until):
        return np.zeros(0)
    entered = np.sort(stays["entered_at"].to_numpy())
    left = stays["entered_at"] + np.minimum(stays["duration_days"], until) * DAY
    # The stock before the first records had the time to leave says nothing about its spread.
    settled = instants[instants >= entered[0] + until * DAY]
    return np.searchsorted(entered, settled) - np.searchsorted(np.sort(left.to_numpy()), settled)


def _dispersion(counts: np.ndarray) -> float:
    return float(counts.var(ddof=1) / counts.mean()) if len(counts) >= 8 and counts.mean() > 0 else 1.0
