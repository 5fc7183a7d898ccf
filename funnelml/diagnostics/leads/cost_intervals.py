"""Costs per outcome with bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

COSTS = {
    "per_lead": "leads",
    "per_opportunity": "opportunities",
    "per_win": "wins",
    "per_amount_won": "amount_won",
}
"""Each cost and what the spend is divided by."""
_BLOCK = 2_000_000


def draw_costs(
    spend: float, leads: pd.DataFrame, *, rng: np.random.Generator, draws: int, level: float
) -> dict[str, float]:
    """Return the cost of each outcome of one source with its interval.

    Parameters
    ----------
    spend : float
        What was paid.
    leads : pandas.DataFrame
        Leads of the source: ``opened, won`` (bool) and ``amount`` (won).
    rng : numpy.random.Generator
        Where the draws come from.
    draws : int
        Bootstrap draws: each lead counts a Poisson(1) number of times.
    level : float
        Probability of the interval.

    Returns
    -------
    dict of str to float
        The names of ``COSTS``, and the same with ``_low`` and ``_high``; NaN if nothing was spent or came of it.
    """
    outcomes = np.column_stack((np.ones(len(leads)), leads["opened"], leads["won"], leads["amount"])).astype(np.float64)
    nothing = {f"{name}{end}": float("nan") for name in COSTS for end in ("", "_low", "_high")}
    if spend <= 0 or leads.empty:
        return nothing
    # In blocks, so that many leads do not fill the memory.
    size = max(1, _BLOCK // len(leads))
    blocks = [min(size, draws - begin) for begin in range(0, draws, size)]
    drawn = np.vstack([rng.poisson(1.0, (block, len(leads))).astype(np.float64) @ outcomes for block in blocks])
    found = dict(nothing)
    for column, name in enumerate(COSTS):
        whole = float(outcomes[:, column].sum())
        if whole > 0:
            sums = drawn[:, column]
            costs = np.divide(spend, sums, out=np.full(draws, np.inf), where=sums > 0)
            # Without interpolation: between a number and infinity lies nothing.
            ends = np.quantile(costs, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
            found |= {name: spend / whole, f"{name}_low": float(ends[0]), f"{name}_high": float(ends[1])}
    return found
