"""New opportunities: how many a day brings, and what each is like when it arrives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.market import generator, weekday_factors
from funnelml.synthetic.names import account_name
from funnelml.synthetic.reps import rep_on_day
from funnelml.synthetic.stages import FloatArray, IntArray
from funnelml.synthetic.world import SyntheticWorld

OPENS, CLOSES = 9 * 60, 18 * 60
"""Business hours, in minutes of the local day."""


def mean_arrivals(world: SyntheticWorld) -> FloatArray:
    """Return the mean number of new opportunities on each simulated day, shape (days,)."""
    return arrival_level(world, np.arange(world.total_days)) * weekday_factors(world, world.arrivals.weekday)


def arrival_level(world: SyntheticWorld, day: IntArray) -> FloatArray:
    """Return the mean number of new opportunities per day, at those days and but for the weekday."""
    law, years = world.arrivals, np.asarray(day) / 365
    season = 1 + law.yearly_swing * np.sin(2 * np.pi * years)
    return np.asarray(law.per_day * (1 + law.yearly_growth) ** years * season)


def draw_counts(mean: FloatArray, dispersion: float, *, seed: int, what: str) -> IntArray:
    """Draw gamma-mixed Poisson counts with variance ``mean + dispersion * mean ** 2``."""
    if dispersion > 0:
        mixing = generator(seed, f"{what} mixing").gamma(1 / dispersion, dispersion, size=len(mean))
        mean = mean * mixing
    return generator(seed, what).poisson(mean)


def draw_records(world: SyntheticWorld, reps: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw every opportunity of a world, in order of arrival.

    Returns
    -------
    pandas.DataFrame
        One row per record: ``record_id, day, minute`` (of creation), ``account, segment, source`` (names),
        ``account_number, seat, rep`` (first owner, by number), ``amount`` (at creation), ``frailty``, ``quality``
        (sum of all effects on the log odds), ``speed`` (effect on the log of all hazards), and ``meets <name>`` for
        each criterion.
    """
    counts = draw_counts(mean_arrivals(world), world.arrivals.dispersion, seed=seed, what="arrivals")
    n = int(counts.sum())
    day = np.repeat(np.arange(world.total_days), counts)
    minute = generator(seed, "arrival minutes").integers(OPENS, CLOSES, size=n)
    minute = minute[np.lexsort((minute, day))]
    account = generator(seed, "accounts").integers(world.accounts, size=n)
    shares = np.array([s.share for s in world.segments])
    of_account = _pick(shares, generator(seed, "segments").random(world.accounts))
    segment = of_account[account]
    source = _pick(np.array([s.share for s in world.sources]), generator(seed, "sources").random(n))
    seat = generator(seed, "seats").integers(world.team.seats, size=n)
    rep = rep_on_day(reps, seat, day)
    spread = generator(seed, "amounts").normal(size=n)
    median = np.array([s.median for s in world.segments])[segment]
    amount = median * np.exp(np.array([s.spread for s in world.segments])[segment] * spread)
    amount = np.maximum(np.round(amount, -2), 100.0)
    meets = {f"meets {c.name}": generator(seed, f"criterion {c.name}").random(n) < c.share for c in world.criteria}
    frailty = world.frailty_sd * generator(seed, "frailty").normal(size=n)
    quality = (
        frailty
        + world.amounts.slope * np.log(amount / typical_amount(world))
        + np.array([s.effect for s in world.sources])[source]
        + reps["effect"].to_numpy()[rep]
        + sum(c.effect * (meets[f"meets {c.name}"] - c.share) for c in world.criteria)
    )
    names = [account_name(i, world.language) for i in range(world.accounts)]
    return pd.DataFrame(
        {
            "record_id": [f"O-{i + 1:06d}" for i in range(n)],
            "day": day,
            "minute": minute,
            "account": np.array(names, dtype=object)[account],
            "account_number": account,
            "segment": np.array([s.name for s in world.segments], dtype=object)[segment],
            "source": np.array([s.name for s in world.sources], dtype=object)[source],
            "seat": seat,
            "rep": rep,
            "amount": amount,
            "frailty": frailty,
            "quality": quality,
            "speed": world.speed_sd * generator(seed, "speed").normal(size=n),
            **meets,
        }
    )


def typical_amount(world: SyntheticWorld) -> float:
    """Return the geometric mean of amounts at creation, at which the amount has no effect."""
    shares = np.array([s.share for s in world.segments])
    logs = np.log([s.median for s in world.segments])
    return float(np.exp(logs @ shares / shares.sum()))


def _pick(shares: FloatArray, uniform: FloatArray) -> IntArray:
    return np.minimum(np.searchsorted(np.cumsum(shares / shares.sum()), uniform, side="right"), len(shares) - 1)
