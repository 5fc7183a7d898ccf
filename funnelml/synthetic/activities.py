"""What reps and customers do while a record is open; a record that fell asleep is hardly ever touched."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import CLOSES, OPENS
from funnelml.synthetic.clock import instants
from funnelml.synthetic.market import generator, weekday_factors
from funnelml.synthetic.names import KINDS, contact_name
from funnelml.synthetic.parameters import BUSINESS_DAYS
from funnelml.synthetic.reps import rep_on_day
from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import SyntheticWorld

EARLY = np.array([0.32, 0.38, 0.08, 0.02, 0.20])
LATE = np.array([0.22, 0.34, 0.26, 0.10, 0.08])
"""Shares of calls, emails, meetings, demos and web visits in the first and in the last stage."""

ASLEEP, LIVELY = 0.08, 0.3
"""Factor on the rate of a sleeping record, and effect of quality on the log of the rate."""

MOST_CONTACTS = 4
"""Most contacts of an account; each has one to four."""

_INBOUND = np.array([0.25, 0.45, 0.0, 0.0, 1.0])
_CHANNEL = np.array(["phone", "email", "video", "video", "web"], dtype=object)


def draw_activities(
    world: SyntheticWorld, records: pd.DataFrame, reps: pd.DataFrame, stays: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Draw the activities of every day on which a record is open.

    Returns
    -------
    pandas.DataFrame
        The canonical table over all simulated days.

    Notes
    -----
    The number on a day is Poisson with mean ``activities_per_day * weekday * exp(LIVELY * quality)``, times
    ``ASLEEP`` for a record that fell asleep. It depends on what the record is, never on how it will end.
    """
    left = np.where(stays["left_day"] < 0, world.total_days, stays["left_day"])
    length = left - stays["entered_day"].to_numpy()
    stay = np.repeat(np.arange(len(stays)), length)
    day = np.arange(len(stay)) - np.repeat(np.cumsum(length) - length, length) + stays["entered_day"].to_numpy()[stay]
    order = np.lexsort((stays["record"].to_numpy()[stay], day))
    stay, day = stay[order], day[order]
    lively = np.exp(LIVELY * records["quality"].to_numpy())[stays["record"]]
    rate = world.activities_per_day * np.where(stays["asleep"], ASLEEP, lively)
    mean = rate[stay] * weekday_factors(world, BUSINESS_DAYS)[day]
    count = generator(seed, "activities").poisson(mean)
    stay, day = np.repeat(stay, count), np.repeat(day, count)
    record = stays["record"].to_numpy()[stay]
    depth = stays["stage"].to_numpy()[stay] / max(len(world.laws) - 1, 1)
    shares = np.cumsum(EARLY + (LATE - EARLY) * depth[:, None], axis=1)
    kind = (generator(seed, "activity kinds").random(len(day))[:, None] >= shares[:, :-1]).sum(axis=1)
    inbound = generator(seed, "directions").random(len(day)) < _INBOUND[kind]
    minute = generator(seed, "activity minutes").integers(OPENS, CLOSES, size=len(day))
    at = instants(world, day, minute)
    owner = rep_on_day(reps, records["seat"].to_numpy()[record], day)
    contact = _contacts(world, records["account_number"].to_numpy()[record], seed=seed)
    return pd.DataFrame(
        {
            "record_id": records["record_id"].to_numpy()[record],
            "kind": np.array(KINDS[world.language], dtype=object)[kind],
            "occurred_at": at,
            "recorded_at": at,
            "direction": np.where(inbound, "inbound", "outbound").astype(object),
            "channel": _CHANNEL[kind],
            "owner": reps["name"].to_numpy()[owner],
            "contact": contact,
        }
    )


def _contacts(world: SyntheticWorld, account: IntArray, *, seed: int) -> pd.Series:
    """Return whom each activity was with: one of the one to four contacts of its account."""
    known = generator(seed, "contacts").integers(1, MOST_CONTACTS + 1, size=world.accounts)
    # One uniform per activity, so that the number of contacts of one account moves no other draw.
    which = (generator(seed, "contact of activities").random(len(account)) * known[account]).astype(np.int64)
    names = [contact_name(i, world.language) for i in range(world.accounts * MOST_CONTACTS)]
    return pd.Series(np.array(names, dtype=object)[account * MOST_CONTACTS + which], dtype=object)
