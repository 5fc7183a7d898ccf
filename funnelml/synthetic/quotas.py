"""Quotas of the team: a stretch over what the funnel should bring, fixed two weeks before each quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import OPENS, mean_arrivals
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
    last = (np.datetime64(world.start, "D") + world.total_days).astype("datetime64[M]").astype(int)
    month = np.arange(first, last + 3, 3)
    starts = (month.astype("datetime64[M]").astype("datetime64[D]") - np.datetime64(world.start, "D")).astype(
        int
    )
    going_on = np.prod([share_going_on(law, 0.0) * (1 - law.never) for law in world.laws])
    shares = np.array([s.share for s in world.segments])
    means = np.array([s.median * np.exp(s.spread**2 / 2) for s in world.segments])
    per_record = float(going_on * (shares @ means) / shares.sum())
    rows = []
    for begin, end in zip(starts[:-1], starts[1:], strict=True):
        inside = mean_arrivals(world)[max(begin, 0) : min(end, world.total_days)]
        if len(inside):
            target = inside.mean() * (end - begin) * per_record * STRETCH
            rows.append((begin, end, float(np.round(target, 1 - int(np.log10(target))))))
    begin, end, amount = (np.array(column) for column in zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "period_start": instants(world, begin),
            "period_end": instants(world, end),
            "recorded_at": instants(world, begin - 14, OPENS),
            "owner": pd.Series([None] * len(begin), dtype=object),
            "amount": amount,
        }
    )
