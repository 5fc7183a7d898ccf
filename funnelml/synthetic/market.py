"""What each day does to every record: rhythm, shocks, drift and what is planted in the calendar."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from funnelml.synthetic.stages import BACK, FAVOUR, LOSE, FloatArray, StageLaw, hazard_table
from funnelml.synthetic.world import SyntheticWorld


@dataclass(frozen=True, kw_only=True)
class Market:
    """Hazards of all stages and what each day makes of them.

    Parameters
    ----------
    hazards : numpy.ndarray, shape (stages, oldest + 1, 4)
        Daily hazards by age and cause for a record of quality zero on a day of no effect.
    never : numpy.ndarray, shape (stages,)
        Share of stays that never end.
    tilt : numpy.ndarray, shape (stages, days)
        Shift of the log odds of going on.
    pace : numpy.ndarray, shape (stages, days)
        Factor on all hazards.
    closing : numpy.ndarray, shape (days,)
        Factor on the hazard to be won.
    """

    hazards: FloatArray
    never: FloatArray
    tilt: FloatArray
    pace: FloatArray
    closing: FloatArray


def generator(seed: int, what: str) -> np.random.Generator:
    """Return the random stream of one concern: none depends on how much another has drawn."""
    return np.random.default_rng([seed, zlib.crc32(what.encode())])


def draw_shocks(world: SyntheticWorld, *, seed: int) -> FloatArray:
    """Draw the weekly shocks to the log odds: stationary, autoregressive of order one.

    Returns
    -------
    numpy.ndarray, shape (weeks,)
        Weeks count from the first day of the world.
    """
    memory = world.rhythm.shock_memory
    normal = generator(seed, "shocks").normal(size=-(-world.total_days // 7))
    shocks = np.empty(len(normal))
    shocks[0] = normal[0]
    for week in range(1, len(normal)):
        shocks[week] = memory * shocks[week - 1] + np.sqrt(1 - memory**2) * normal[week]
    return world.rhythm.shock_sd * shocks


def build_market(world: SyntheticWorld, shocks: FloatArray) -> Market:
    """Return the market of a world under given weekly shocks.

    Parameters
    ----------
    shocks : numpy.ndarray, shape (weeks,)
        Shifts of the log odds in each week, as ``draw_shocks`` returns them; zeros for a world without
        shocks.
    """
    days, rhythm = np.arange(world.total_days), world.rhythm
    dates = np.datetime64(world.start, "D") + days
    tilt = rhythm.drift_per_year * days / 365 + shocks[days // 7]
    for begins, shift in rhythm.shifts:
        tilt = tilt + shift * (dates >= np.datetime64(begins, "D"))
    quarter_end = (dates.astype("datetime64[M]").astype(int) // 3 + 1) * 3
    left = (quarter_end.astype("datetime64[M]").astype("datetime64[D]") - dates).astype(int)
    stages = world.funnel.stages
    tilts = np.tile(tilt, (len(stages), 1))

    for gap in world.gaps:
        s = stages.index(gap.stage)
        before, after = (tilt_for_share(world.laws[s], p) for p in (gap.before, gap.after))
        tilts[s] += np.where(dates < np.datetime64(gap.begins, "D"), before, after)
    pace = np.tile(weekday_factors(world, rhythm.weekday), (len(stages), 1))
    for pile in world.pile_ups:
        slow = (dates >= np.datetime64(pile.begins, "D")) & (dates < np.datetime64(pile.ends, "D"))
        pace[stages.index(pile.stage)] *= np.where(slow, pile.factor, 1.0)
    return Market(
        hazards=hazard_table(world.laws),
        never=np.array([law.never for law in world.laws]),
        tilt=tilts,
        pace=pace,
        closing=np.where(left <= rhythm.quarter_end_days, rhythm.quarter_end_factor, 1.0),
    )


def weekday_factors(world: SyntheticWorld, factors: tuple[float, ...]) -> FloatArray:
    """Return the factor of each simulated day, given those of Monday to Sunday."""
    weekdays = (world.start.weekday() + np.arange(world.total_days)) % 7
    return np.asarray(factors, dtype=float)[weekdays]


def share_going_on(law: StageLaw, tilt: float) -> float:
    """Return the share of ended stays that advance or are won, on a flat calendar and under a tilt."""
    last = law.from_day[-1]
    hazard = hazard_table((law,))[0, 1:] * np.exp(FAVOUR * tilt)
    total = hazard.sum(axis=1)
    staying = np.exp(-np.concatenate(([0.0], np.cumsum(total))))
    leaving = np.divide(-np.diff(staying), total, out=np.zeros(last), where=total > 0)
    ends = leaving @ hazard
    if total[-1] > 0:
        # Hazards stay what they are from the last age on, so what is left then splits by them.
        ends = ends + staying[-1] * hazard[-1] / total[-1]
    return float(1 - (ends[LOSE] + ends[BACK]) / ends.sum())


def tilt_for_share(law: StageLaw, share: float) -> float:
    """Return the tilt of the log odds under which ``share_going_on`` is ``share``."""
    return float(brentq(lambda tilt: share_going_on(law, tilt) - share, -20, 20))
