"""What each source cost in each month."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import OPENS, mean_arrivals
from funnelml.synthetic.clock import instants
from funnelml.synthetic.market import generator
from funnelml.synthetic.world import SyntheticWorld

_SPREAD = 0.15


def draw_spend(world: SyntheticWorld, *, seed: int) -> pd.DataFrame:
    """Draw the spend of each source and whole month.

    Returns
    -------
    pandas.DataFrame
        The canonical table, booked on the last morning of each month that ends within the simulated days. A month's
        spend is the source's ``cost`` times the leads it may expect, with a log-normal error; to two digits.
    """
    dates = np.datetime64(world.start, "D") + np.arange(world.total_days)
    month = (dates.astype("datetime64[M]") - dates[0].astype("datetime64[M]")).astype(np.int64)
    last = np.flatnonzero((dates + 1).astype("datetime64[M]") > dates.astype("datetime64[M]"))
    expected = np.bincount(month, weights=mean_arrivals(world))[: len(last)]
    parts = []
    for source in world.sources:
        noise = np.exp(_SPREAD * generator(seed, f"spend of {source.name}").normal(size=len(last)))
        amount = expected * source.share / source.converts * source.cost * noise
        if source.cost > 0 and len(last):
            step = 10.0 ** (np.floor(np.log10(np.maximum(amount, 1.0))) - 1)
            parts.append(pd.DataFrame({"day": last, "source": source.name, "amount": np.round(amount / step) * step}))
    spent = pd.concat(parts) if parts else pd.DataFrame({"day": last[:0], "source": "", "amount": 0.0})
    at = instants(world, spent["day"].to_numpy(dtype=np.int64), OPENS)
    return pd.DataFrame(
        {
            "spent_at": at,
            "recorded_at": at,
            "source": spent["source"].to_numpy(dtype=object),
            "amount": spent["amount"].to_numpy(dtype=np.float64),
        }
    )
