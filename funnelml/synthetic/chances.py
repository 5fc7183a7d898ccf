"""True chances, for tests of scores: of open records to be won in time, of leads to become opportunities."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from funnelml.errors import InputError
from funnelml.schema import DAY
from funnelml.synthetic.crm import SyntheticCRM
from funnelml.synthetic.incidence import awake_chance, favour_of, true_incidence, win_table
from funnelml.synthetic.lead_care import care_by_source
from funnelml.synthetic.market import Market
from funnelml.synthetic.stages import FloatArray

KNOTS = 64
"""Qualities at which the recursion is run; between them the chance is a cubic spline, right to about 1e-6."""


def true_win_chance(crm: SyntheticCRM, *, day: int, horizon_days: int) -> pd.DataFrame:
    """Return the true chance of each open record to be won within a horizon.

    Parameters
    ----------
    crm : SyntheticCRM
        The world, with its truth.
    day : int
        Last known day, in days from the first day of the world.
    horizon_days : int
        Days after the end of ``day``, at least 1.

    Returns
    -------
    pandas.DataFrame
        ``record_id, probability``, one row per record that is open at the end of ``day``.

    Raises
    ------
    InputError
        If the horizon is not positive, or the days asked for are not all simulated.

    Notes
    -----
    The chance given the record's stage, age and quality and the calendar, by the recursion of ``true_incidence``. In
    ``scoring_world`` all of these can be seen in the CRM, so that no score can do better. Elsewhere it knows what no
    score knows: frailty, and the shocks to come.
    """
    last = crm.world.total_days - 1
    if horizon_days < 1 or day < 0 or day + horizon_days > last:
        raise InputError(
            f"true chances: day {day} and {horizon_days} days after it do not lie within the days 0 to {last}; "
            "choose a shorter horizon, or a world with more future_days"
        )
    still = crm.truth.open_on(day)
    chance = _won_by_quality if (still["speed"] == 0).all() else _won_exactly
    probability = chance(crm.truth.market, still, day, horizon_days)
    return pd.DataFrame({"record_id": still["record_id"].to_numpy(), "probability": probability})


def _won_exactly(market: Market, still: pd.DataFrame, day: int, horizon_days: int) -> FloatArray:
    of = {name: still[name].to_numpy() for name in ("stage", "age", "quality", "speed")}
    return true_incidence(market, day=day, horizons=np.array([horizon_days]), **of)[:, 0]


def _won_by_quality(market: Market, still: pd.DataFrame, day: int, horizon_days: int) -> FloatArray:
    stage, age, quality = (still[name].to_numpy() for name in ("stage", "age", "quality"))
    # A little wider than what there is, so that records of one quality have an interval too.
    knots = np.linspace(quality.min(initial=0.0) - 0.05, quality.max(initial=0.0) + 0.05, KNOTS)
    won = win_table(market, day, np.array([horizon_days]), favour_of(knots, 0.0, KNOTS))[0]
    spline = CubicSpline(knots, won)
    piece = np.searchsorted(knots, quality, side="right") - 1
    beyond = quality - knots[piece]
    terms = spline.c[:, piece, stage, np.minimum(age, market.hazards.shape[1] - 1)]
    awake = awake_chance(market, stage=stage, entered_day=day - age, age=age, quality=quality)
    return np.asarray(awake * np.clip(np.polynomial.polynomial.polyval(beyond, terms[::-1], tensor=False), 0.0, 1.0))


def true_lead_chance(crm: SyntheticCRM) -> pd.DataFrame:
    """Return the true chance of each lead to become an opportunity, by its source and by how it was answered.

    Returns
    -------
    pandas.DataFrame
        One row per lead ever created: ``lead_id, at_arrival`` (given its source) and ``after_24_hours`` (given its
        source and whether it was answered by then; NaN where the lead had ended by then).

    Notes
    -----
    By Bayes' rule from ``care_by_source``. A lead that converts does so within ``MOST_LEAD_DAYS``.
    """
    leads = crm.truth.leads
    care = care_by_source(crm.world)
    converts = pd.Series({s.name: s.converts for s in crm.world.sources})
    answered, silent = (
        care["late"] * yes / (care["late"] * yes + (1 - care["late"]) * no)
        for yes, no in ((care["if_yes"], care["if_not"]), (1 - care["if_yes"], 1 - care["if_not"]))
    )
    undecided = (leads["ended_at"] < 0) | (leads["ended_at"] > leads["created_at"] + DAY)
    later = np.where(leads["fast"], leads["source"].map(answered), leads["source"].map(silent))
    return pd.DataFrame(
        {
            "lead_id": leads["lead_id"],
            "at_arrival": leads["source"].map(converts).astype(float),
            "after_24_hours": np.where(undecided, later, np.nan),
        }
    )
