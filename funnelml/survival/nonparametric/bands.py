"""Bands around incidences: for one day at a time, and for all days of a range at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm

from funnelml.errors import InputError
from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.nonparametric.influence import draw_deviations
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stays import Stays

LEAST_EVENTS = 10
"""By default a simultaneous band begins with this many exits of its kind: before, no normal law holds."""
LEAST_AT_RISK = 10
"""By default it ends where fewer records than this are at risk."""


def check_level(level: float) -> None:
    """Refuse a level that is no probability between 0 and 1.

    Raises
    ------
    InputError
    """
    if not 0 < level < 1:
        raise InputError(f"level is {level}; give a probability between 0 and 1, such as 0.9")


def pointwise_band(
    stays: Stays, curve: CumulativeIncidence, days: FloatArray, *, level: float
) -> tuple[FloatArray, FloatArray]:
    r"""Return the ends of the confidence interval of each incidence on each day.

    Parameters
    ----------
    stays : Stays
        The stays.
    curve : CumulativeIncidence
        Their estimate, with its variance.
    days : numpy.ndarray, shape (j,)
        Days in the stage.
    level : float
        Chance with which the interval of one day is to hold the truth.

    Returns
    -------
    tuple of numpy.ndarray, shape (1 + K, j)
        NaN beyond ``curve.observed_until``.

    Notes
    -----
    The complementary log-log interval: normal on the scale of :math:`\log\{-\log(1 - F)\}`,

    .. math:: 1 - (1 - F)^{\exp(\pm z \sigma / |(1 - F) \log(1 - F)|)},

    always inside 0 to 1 and lopsided as it should be (Kalbfleisch and Prentice, 2002, section 1.4). "Still in the
    stage" is one less the interval of having left. Where the estimate is 0 or 1, or has no variance, there is no such
    scale: the exact binomial interval (Clopper and Pearson, 1934) of as many trials as there are records whose fate by
    that day is known, those who left and those still at risk.
    """
    return log_log_band(
        curve(days), curve.standard_error(days), known_records(stays, days), quantile=_normal(level), level=level
    )


def known_records(stays: Stays, days: FloatArray) -> FloatArray:
    """Return how many records' fate by each day is known: those who left before, and those still at risk."""
    ended = np.concatenate(([0.0], np.cumsum(stays.weights * (stays.event > 0))))
    known = stays.at_risk_on(days) + ended[np.searchsorted(stays.duration, days, side="left")]
    return known * stays.records_per_weight


def log_log_band(
    centre: FloatArray, error: FloatArray, trials: FloatArray, *, quantile: float, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of ``pointwise_band`` for estimates and standard errors; row 0 is what is left of the others.

    Parameters
    ----------
    centre, error : numpy.ndarray, shape (1 + K, j)
        Shares between 0 and 1, and their standard errors.
    trials : numpy.ndarray, shape (j,)
        Trials of the exact interval where there is no standard error.
    quantile : float
        Standard errors that the band reaches.
    level : float
        Probability of the exact interval.
    """
    gone = centre.copy()
    gone[0] = 1.0 - gone[0]
    staying = 1.0 - gone
    plain = (gone > 1e-12) & (staying > 1e-12) & (error > 1e-12)
    safe_staying = np.where(plain, staying, 0.5)
    log_staying = np.log(safe_staying)
    reach = np.minimum(quantile * np.where(plain, error, 0.0) / np.abs(safe_staying * log_staying), 700.0)
    successes = np.clip(gone, 0.0, 1.0) * trials
    failures = np.maximum(trials - successes, 0.0)
    with np.errstate(invalid="ignore"):
        exact_low = np.where(successes > 0, beta.ppf((1 - level) / 2, successes, failures + 1), 0.0)
        exact_high = np.where(failures > 0, beta.ppf((1 + level) / 2, successes + 1, failures), 1.0)
    low = np.where(plain, -np.expm1(log_staying * np.exp(-reach)), exact_low)
    high = np.where(plain, -np.expm1(log_staying * np.exp(reach)), exact_high)
    unknown = np.isnan(centre)
    low[unknown], high[unknown] = np.nan, np.nan
    low[0], high[0] = 1.0 - high[0], 1.0 - low[0]
    return low, high


def _normal(level: float) -> float:
    return float(norm.ppf((1 + level) / 2))


@dataclass(frozen=True, kw_only=True)
class SimultaneousBand:
    """A band that is to hold the whole curve over a range of days, for each cause.

    Parameters
    ----------
    times : numpy.ndarray, shape (m,)
        Event times of the curve.
    low, high : numpy.ndarray, shape (1 + K, m)
        Ends; NaN outside of the range.
    critical : numpy.ndarray, shape (1 + K,)
        How many standard errors the band reaches on the log-log scale; NaN where there is no range.
    level : float
        Chance with which the band is to hold the whole curve.
    """

    times: FloatArray
    low: FloatArray
    high: FloatArray
    critical: FloatArray
    level: float


def simultaneous_band(
    stays: Stays,
    curve: CumulativeIncidence,
    *,
    level: float,
    between: tuple[float, float] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> SimultaneousBand:
    r"""Return bands that are to hold each whole curve over a range of days.

    Parameters
    ----------
    stays : Stays
        The stays.
    curve : CumulativeIncidence
        Their estimate, with its variance.
    level : float
        Chance with which the whole curve is to lie inside.
    between : tuple of float, optional
        First and last day of the range. By default from the tenth exit (of that cause; of any for "still in the
        stage") to the last exit at which ten records were at risk.
    draws, seed : int
        Draws of the multiplier bootstrap, and their seed.

    Returns
    -------
    SimultaneousBand

    Raises
    ------
    InputError
        If the range is empty, the level no probability, or there are fewer than 100 draws.

    Notes
    -----
    An equal-precision band (Nair, Technometrics 26, 1984): the pointwise one with the normal quantile replaced by that
    of the greatest :math:`|W(t)| / \sigma(t)` over the range, W drawn by the multiplier bootstrap with one multiplier
    for each record (Lin, Statistics in Medicine 16, 1997). Each cause has its own band: the level is that of one curve,
    not of all causes together.
    """
    check_level(level)
    if draws < 100:
        raise InputError(f"draws is {draws}; a quantile of a greatest deviation wants at least 100")
    if between is not None and not 0 <= between[0] < between[1]:
        raise InputError(f"between is {between}; give a first day from 0 on and a later last day")
    sigma = curve.standard_error(curve.times)
    inside = _range(stays, curve, between) & (sigma > 1e-12)
    greatest: list[list[FloatArray]] = [[] for _ in sigma]
    for row, deviation in draw_deviations(stays, curve, draws=draws, seed=seed):
        chosen = inside[row]
        if chosen.any():
            greatest[row].append(np.abs(deviation[chosen] / sigma[row, chosen][:, None]).max(axis=0))
    critical = np.array([np.quantile(np.concatenate(g), level) if g else np.nan for g in greatest])
    low, high = np.full(sigma.shape, np.nan), np.full(sigma.shape, np.nan)
    nobody = np.zeros(len(curve.times))
    for row in map(int, np.flatnonzero(np.isfinite(critical))):
        ends = log_log_band(curve.incidence, sigma, nobody, quantile=critical[row], level=level)
        low[row, inside[row]], high[row, inside[row]] = ends[0][row, inside[row]], ends[1][row, inside[row]]
    return SimultaneousBand(times=curve.times, low=low, high=high, critical=critical, level=level)


def _range(stays: Stays, curve: CumulativeIncidence, between: tuple[float, float] | None) -> NDArray[np.bool_]:
    if between is not None:
        within = (curve.times >= between[0]) & (curve.times <= between[1])
        return np.broadcast_to(within, curve.incidence.shape).copy()
    exits = np.vstack((curve.n_events.sum(axis=0), curve.n_events)) * stays.records_per_weight
    enough = curve.at_risk * stays.records_per_weight >= LEAST_AT_RISK - 1e-9
    # Up to the last time with enough at risk: under delayed entry there may be few at the beginning too.
    last = np.flatnonzero(enough)[-1] if enough.any() else -1
    return (np.cumsum(exits, axis=1) >= LEAST_EVENTS - 1e-9) & (np.arange(len(curve.times)) <= last)
