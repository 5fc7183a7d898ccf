"""Quotas of the team: a stretch over what the funnel should bring, fixed two weeks before each quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import OPENS, arrival_level, typical_amount
from funnelml.synthetic.clock import instants
from funnelml.synthetic.market import share_going_on
from funnelml.synthetic.world import SyntheticWorld

STRETCH = 1.1
"""Quota over the bookings that arrivals at the quarter's rate would bring in the long run."""


def set_quotas(world: SyntheticWorld) -> pd.DataFrame:
    """Return the quotas of all quarters that touch the simulated days.

    Returns
    -------
    pandas.DataFrame
        The canonical table; ``period_end`` is the first instant after the quarter, ``owner`` is None (the
        team).
    """
    first = np.datetime64(world.start, "M").astype(int) // 3 * 3
    last = (np.datetime64(world.start, "D") + world.total_days - 1).astype("datetime64[M]").astype(int)
    month = np.arange(first, last // 3 * 3 + 6, 3)
    first_days = month.astype("datetime64[M]").astype("datetime64[D]")
    starts = (first_days - np.datetime64(world.start, "D")).astype(np.int64)
    per_record = _bookings_per_record(world)
    begin, end = starts[:-1], starts[1:]
    target = arrival_level(world, begin + (end - begin) // 2) * (end - begin) * per_record * STRETCH
    # Two digits, as quotas are.
    step = 10.0 ** (np.floor(np.log10(target)) - 1)
    return pd.DataFrame(
        {
            "period_start": instants(world, begin),
            "period_end": instants(world, end),
            "recorded_at": instants(world, begin - 14, OPENS),
            "owner": pd.Series([None] * len(begin), dtype=object),
            "amount": np.round(target / step) * step,
        }
    )


def _bookings_per_record(world: SyntheticWorld) -> float:
    """Return the mean amount won per record in the long run, amounts as entered, nothing planted."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(7)
    total = 0.0
    for segment in world.segments:
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            amount = segment.median * np.exp(segment.spread * node)
            tilt = world.amounts.slope * np.log(amount / typical_amount(world))
            won = np.prod([share_going_on(law, tilt) * (1 - law.never) for law in world.laws])
            total += segment.share * weight * amount * won
    return float(total / sum(s.share for s in world.segments))
