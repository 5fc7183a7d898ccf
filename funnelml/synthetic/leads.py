"""Leads: one before every opportunity, and those that never became one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import CLOSES, OPENS, draw_counts, mean_arrivals
from funnelml.synthetic.clock import instants
from funnelml.synthetic.market import generator
from funnelml.synthetic.reps import rep_on_day
from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import MOST_LEAD_DAYS, SyntheticWorld


def draw_leads(
    world: SyntheticWorld, records: pd.DataFrame, reps: pd.DataFrame, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Draw the leads of all simulated days.

    Returns
    -------
    leads : pandas.DataFrame
        One row per lead, in order of arrival: ``lead_id, record`` (row of ``records``; -1 if it never becomes one),
        ``day, minute, source, seat, rep`` (its owner, by number).
    table : pandas.DataFrame
        The canonical table, without ``opportunity_id``: an opportunity names its lead, known when it is
        created.
    lead_ids : pandas.Series
        The lead of each record.

    Notes
    -----
    A lead comes a geometric number of days before its opportunity (one to 21); those that convert are the
    source's ``converts`` share. The others are dated back in the same way, from days on which an opportunity might have
    opened, so that weekday and hour of arrival have one law and tell nothing of what becomes of a lead.
    """
    converted = pd.DataFrame(
        {
            "record": records.index,
            "day": records["day"] - _days_ahead(len(records), seed=seed, what="lead days"),
            "source": records["source"],
            "seat": records["seat"],
            "minute": generator(seed, "lead minutes").integers(OPENS, CLOSES, size=len(records)),
        }
    )
    parts = [converted]
    for source in world.sources:
        mean = mean_arrivals(world) * source.share * (1 - source.converts) / source.converts
        counts = draw_counts(mean, world.arrivals.dispersion, seed=seed, what=f"leads of {source.name}")
        n = int(counts.sum())
        ahead = _days_ahead(n, seed=seed, what=f"lead days of {source.name}")
        parts.append(
            pd.DataFrame(
                {
                    "record": -1,
                    "day": np.repeat(np.arange(world.total_days), counts) - ahead,
                    "source": source.name,
                    "seat": generator(seed, f"lead seats of {source.name}").integers(world.team.seats, size=n),
                    "minute": generator(seed, f"lead minutes of {source.name}").integers(OPENS, CLOSES, size=n),
                }
            )
        )
    leads = pd.concat(parts).sort_values(["day", "minute", "record"], kind="stable", ignore_index=True)
    at = instants(world, leads["day"].to_numpy(), leads["minute"].to_numpy())
    owner = rep_on_day(reps, leads["seat"].to_numpy(), np.maximum(leads["day"].to_numpy(), 0))
    ids = pd.Series([f"L-{i + 1:06d}" for i in range(len(leads))], dtype=object)
    table = pd.DataFrame(
        {
            "lead_id": ids,
            "created_at": at,
            "recorded_at": at,
            "source": leads["source"].astype(object),
            "owner": reps["name"].to_numpy()[owner],
        }
    )
    own = leads["record"] >= 0
    lead_ids = pd.Series(ids[own].to_numpy(), index=leads.loc[own, "record"]).sort_index()
    return leads.assign(lead_id=ids, rep=owner), table, lead_ids


def _days_ahead(n: int, *, seed: int, what: str) -> IntArray:
    return np.minimum(generator(seed, what).geometric(0.2, size=n), MOST_LEAD_DAYS)
