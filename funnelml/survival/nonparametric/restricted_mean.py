"""Mean days in a stage up to a day, and the part of them lost to each outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from funnelml.errors import InputError
from funnelml.language import Language, say
from funnelml.survival.causes import N_CAUSES
from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.nonparametric.bands import known_records, log_log_band
from funnelml.survival.nonparametric.influence import influence_on_area
from funnelml.survival.nonparametric.stage_incidence import OUTCOMES, StageIncidence
from funnelml.survival.nonparametric.words import are_several, list_few, name_place, tell_between, tell_time
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stays import Stays


@dataclass(frozen=True, kw_only=True)
class RestrictedMeans:
    """Days of a stay up to ``tau``: spent in the stage, and lost to each outcome; together they are ``tau``.

    Parameters
    ----------
    level : float
        Probability of the intervals.
    table : pandas.DataFrame
        One row per ``stage, group, outcome``: ``tau_days``; ``mean_days``, for ``still_in_stage`` the mean days in the
        stage, for an outcome the mean days of the first ``tau`` that come after leaving by it; ``std_err, low, high``.
        NaN where the curve was not observed so far.
    """

    level: float
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``table``."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return the mean days in each stage with their interval."""
        rows = self.table[self.table["outcome"] == OUTCOMES[0]]
        several = are_several(rows["group"])
        known = rows[np.isfinite(rows["mean_days"])].sort_values("mean_days", ascending=False, kind="stable")
        if known.empty:
            return say(
                language,
                en="No stage was observed up to the day asked for; give fewer days.",
                zh="没有任何阶段观察到所要求的天数，请减少天数。",
            )
        told = [
            name_place(row["stage"], row["group"], several, language)
            + say(
                language,
                en=f" {tell_time(row['mean_days'], 'en')} ({tell_between(row['low'], row['high'], 'en')}; up to "
                f"{tell_time(row['tau_days'], 'en')})",
                zh=f" {tell_time(row['mean_days'], 'zh')} ({tell_between(row['low'], row['high'], 'zh')}；"
                f"最多计 {tell_time(row['tau_days'], 'zh')})",
            )
            for _, row in known.iterrows()
        ]
        return say(
            language,
            en=f"Mean time in a stage: {list_few(told, 'en')}.",
            zh=f"阶段平均停留时间：{list_few(told, 'zh')}。",
        )


def restricted_means(incidence: StageIncidence, *, tau_days: float | None = None) -> RestrictedMeans:
    r"""Measure the mean days of a stay up to ``tau``, and those lost to each outcome.

    Parameters
    ----------
    incidence : StageIncidence
        Curves of every stage and group.
    tau_days : float, optional
        Days up to which a stay counts; by default, for each stage, those of ``StageIncidence.common_days``, so that
        groups are compared on the same days.

    Returns
    -------
    RestrictedMeans

    Raises
    ------
    InputError
        If ``tau_days`` is not a positive number.

    Notes
    -----
    .. math:: \mu(\tau) = \int_0^\tau S(t) dt, \qquad L_k(\tau) = \int_0^\tau F_k(t) dt, \qquad
        \mu + \sum_k L_k = \tau

    (Andersen, Statistics in Medicine 32, 2013). Standard errors are those of the infinitesimal jackknife between
    records; intervals are those of ``pointwise_band`` for the share of ``tau``: lopsided, and never beyond it.
    """
    if tau_days is not None and not (np.isfinite(tau_days) and tau_days > 0):
        raise InputError(f"tau_days is {tau_days}; give a positive number of days, or leave it out")
    told = incidence.common_days()
    quantile = float(norm.ppf((1 + incidence.level) / 2))
    parts = []
    for (stage, group), of in incidence.curves.items():
        tau = told[stage] if tau_days is None else float(tau_days)
        mean, error = area_until(of.stays, of.curve, tau)
        trials = known_records(of.stays, np.array([tau]))
        shares = mean[:, None] / tau, error[:, None] / tau
        ends = [tau * end[:, 0] for end in log_log_band(*shares, trials, quantile=quantile, level=incidence.level)]
        columns = {"mean_days": mean, "std_err": error, "low": ends[0], "high": ends[1]}
        parts.append(pd.DataFrame({"stage": stage, "group": group, "outcome": OUTCOMES, "tau_days": tau} | columns))
    return RestrictedMeans(level=incidence.level, table=pd.concat(parts, ignore_index=True))


def area_until(stays: Stays, curve: CumulativeIncidence, tau: float) -> tuple[FloatArray, FloatArray]:
    """Return the area under each curve from day 0 to ``tau`` and its standard error, shape (1 + K,).

    NaN if the curve was not observed so far.
    """
    if tau > curve.observed_until:
        return np.full(1 + N_CAUSES, np.nan), np.full(1 + N_CAUSES, np.nan)
    edges = np.concatenate(([0.0], curve.times[curve.times < tau], [tau]))
    mean = curve(edges[:-1]) @ np.diff(edges)
    return mean, np.sqrt((stays.add_up(influence_on_area(stays, curve, tau)) ** 2).sum(axis=0))
