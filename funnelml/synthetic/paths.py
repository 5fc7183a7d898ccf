"""The paths of all records through the funnel, day by day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.history.funnel import LOST, WON
from funnelml.synthetic.market import Market, generator
from funnelml.synthetic.stages import ADVANCE, BACK, FAVOUR, LOSE, WIN, FloatArray, IntArray
from funnelml.synthetic.world import SyntheticWorld

STILL_OPEN = -1
"""``left_day`` of a stay that lasts beyond the simulated days."""


def simulate_stays(world: SyntheticWorld, market: Market, records: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Walk every record through the funnel.

    Parameters
    ----------
    records : pandas.DataFrame
        As ``draw_records`` returns them: ``day``, ``quality`` and ``speed`` are used.

    Returns
    -------
    pandas.DataFrame
        One row per stay, by record and time: ``record`` (row of ``records``), ``stage`` (position),
        ``entered_day``, ``left_day`` (-1 if it lasts beyond the simulated days), ``event`` (0 still open, 1
        advanced, 2 won, 3 lost, 4 moved back, by hand of a bulk move too), ``next_stage`` (position; won and
        lost follow the stages), ``asleep`` (never ends of itself), ``bulk`` (ended by a bulk move).
    """
    stages = len(market.never)
    draws = generator(seed, "moves")
    created, quality = records["day"].to_numpy(), records["quality"].to_numpy()
    favour = np.exp(np.outer(quality, FAVOUR) + records["speed"].to_numpy()[:, None])
    n, oldest = len(records), market.hazards.shape[1] - 1
    stage = np.zeros(n, dtype=np.int64)
    entered = created.copy()
    asleep = generator(seed, "first sleep").random(n) < market.never[0]
    arrives = np.searchsorted(created, np.arange(world.total_days + 1))
    awake = np.zeros(0, dtype=np.int64)
    ended: list[tuple[IntArray, ...]] = []

    def end(who: IntArray, to: IntArray, day: int, bulk: bool) -> None:
        ended.append((who, stage[who], entered[who], np.full(len(who), day), to, asleep[who], np.full(len(who), bulk)))
        stage[who], entered[who], asleep[who] = to, day, False

    for day in range(world.total_days):
        chance = draws.random((len(awake), 2))
        leaves, to = _moves(market, day, stage[awake], np.minimum(day - entered[awake], oldest), favour[awake], chance)
        end(awake[leaves], to, day, bulk=False)
        moved = awake[leaves]
        in_stage = moved[to < stages]
        sleepy = chance[leaves, 1][to < stages]
        asleep[in_stage] = sleepy < market.never[stage[in_stage]]
        for move in world.bulk_moves:
            if world.day_index(move.day) == day:
                of = world.funnel.order
                who = np.flatnonzero((stage == of[move.stage]) & (entered < day - move.older_than_days))
                end(who, np.full(len(who), of[move.to]), day, bulk=True)
                awake = np.union1d(awake, who)
        awake = np.concatenate((awake, np.arange(arrives[day], arrives[day + 1])))
        awake = awake[(stage[awake] < stages) & ~asleep[awake]]
    still = np.flatnonzero(stage < stages)
    nowhere = np.full(len(still), -1)
    ended.append((still, stage[still], entered[still], nowhere, nowhere, asleep[still], np.zeros(len(still), bool)))
    return _stays(ended, stages)


def _moves(
    market: Market, day: int, stage: IntArray, age: IntArray, favour: FloatArray, chance: FloatArray
) -> tuple[IntArray, IntArray]:
    hazard = daily_hazards(market, day, stage, age, favour)
    total = hazard.sum(axis=1)
    leaving = -np.expm1(-total)
    leaves = np.flatnonzero(chance[:, 0] < leaving)
    # Given that it leaves, the same uniform is uniform again, and picks the cause.
    point = chance[leaves, 0] / leaving[leaves] * total[leaves]
    cause = (point[:, None] >= np.cumsum(hazard[leaves], axis=1)[:, :-1]).sum(axis=1)
    steps = np.zeros(4, dtype=np.int64)
    steps[ADVANCE], steps[BACK] = 1, -1
    stages = len(market.never)
    to = stage[leaves] + steps[cause]
    to[cause == WIN], to[cause == LOSE] = stages, stages + 1
    return leaves, to


def daily_hazards(
    market: Market, day: IntArray | int, stage: IntArray, age: IntArray, favour: FloatArray
) -> FloatArray:
    """Return the hazards of one day by cause, shape (..., 4), for records of that stage, age and favour."""
    hazard = market.hazards[stage, age] * favour
    hazard = hazard * (market.pace[stage, day, None] * np.exp(market.tilt[stage, day, None] * FAVOUR))
    hazard[..., WIN] *= market.closing[day]
    return hazard


def _stays(ended: list[tuple[IntArray, ...]], stages: int) -> pd.DataFrame:
    columns = ("record", "stage", "entered_day", "left_day", "next_stage", "asleep", "bulk")
    stays = pd.DataFrame({c: np.concatenate([part[i] for part in ended]) for i, c in enumerate(columns)})
    stays = stays.sort_values(["record", "entered_day"], kind="stable", ignore_index=True)
    to, of = stays["next_stage"], stays["stage"]
    event = np.select([to < 0, to == stages, to == stages + 1, to > of], [0, 2, 3, 1], default=4)
    return stays.assign(event=event)


def stage_names(world: SyntheticWorld) -> tuple[str, ...]:
    """Return the canonical names by position: stages, then won, then lost."""
    return (*world.funnel.stages, WON, LOST)
