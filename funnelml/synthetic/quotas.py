"""Quotas of the team: a stretch over what the funnel should bring, fixed two weeks before each quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import OPENS, arrival_level
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
    going_on = np.prod([share_going_on(law, 0.0) * (1 - law.never) for law in world.laws])
    shares = np.array([s.share for s in world.segments])
    means = np.array([s.median * np.exp(s.spread**2 / 2) for s in world.segments])
    per_record = float(going_on * (shares @ means) / shares.sum())
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
