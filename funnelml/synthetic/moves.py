"""The log of moves: when each happened, and when the CRM came to know it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import CLOSES, OPENS
from funnelml.synthetic.clock import instants
from funnelml.synthetic.market import generator
from funnelml.synthetic.paths import stage_names
from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import SyntheticWorld

BULK_MINUTE = 17 * 60 + 30
"""Minute of the day at which bulk moves are made."""


def log_moves(world: SyntheticWorld, records: pd.DataFrame, stays: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the stage changes of all stays with their event and record times.

    Returns
    -------
    pandas.DataFrame
        Ordered by day, then record: ``record, day, stage`` (position), ``event`` (how it came about: 0
        created, else the code of the stay it ended), ``entered_at, recorded_at`` (microseconds).

    Notes
    -----
    One record makes one move a day at most, so that moves keep their order whatever the minute.
    """
    over = stays[stays["left_day"] >= 0]
    created = pd.DataFrame({"record": records.index, "day": records["day"], "stage": 0, "event": 0, "bulk": False})
    ended = pd.DataFrame(
        {
            "record": over["record"],
            "day": over["left_day"],
            "stage": over["next_stage"],
            "event": over["event"],
            "bulk": over["bulk"],
        }
    )
    log = pd.concat([created, ended]).sort_values(["day", "record", "event"], kind="stable", ignore_index=True)
    minute = generator(seed, "move minutes").integers(OPENS, CLOSES, size=len(log))
    minute = np.where(log["bulk"], BULK_MINUTE, minute)
    creation = (log["event"] == 0).to_numpy()
    minute = np.where(creation, records["minute"].to_numpy()[log["record"]], minute)
    day = log["day"].to_numpy()
    entered = instants(world, day, minute)
    delay = np.where(creation | log["bulk"], 0, _delays(world, len(log), seed=seed))
    later = instants(world, day + delay, generator(seed, "record minutes").integers(OPENS, CLOSES, size=len(log)))
    return log.drop(columns="bulk").assign(entered_at=entered, recorded_at=np.where(delay > 0, later, entered))


def _delays(world: SyntheticWorld, n: int, *, seed: int) -> IntArray:
    law = world.recording
    late = generator(seed, "late").random(n) < law.late_share
    days = generator(seed, "delays").geometric(1 / max(law.mean_days, 1.0), size=n)
    return np.where(late, days, 0)


def stage_changes(world: SyntheticWorld, records: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical stage log of all simulated days."""
    names = np.array(stage_names(world), dtype=object)
    return pd.DataFrame(
        {
            "funnel": world.funnel.name,
            "record_id": records["record_id"].to_numpy()[moves["record"]],
            "stage": names[moves["stage"]],
            "entered_at": moves["entered_at"],
            "recorded_at": moves["recorded_at"],
        }
    )
