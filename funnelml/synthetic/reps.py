"""The reps: who sits on which seat when, how good and how optimistic each is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.market import generator
from funnelml.synthetic.names import TEAMS, rep_name
from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import SyntheticWorld

_TENURES = 8
"""Reps drawn per seat, whatever the length of the world, so that a longer one begins with the same people."""


def draw_reps(world: SyntheticWorld, *, seed: int) -> pd.DataFrame:
    """Draw the reps of a world.

    Returns
    -------
    pandas.DataFrame
        One row per rep in order of joining: ``name, team, seat, joined_day, left_day`` (days from the start; the
        first reps were there before), ``effect`` (on the log odds), ``optimism`` (bias on the log of promised
        days).
    """
    team = world.team
    stay = generator(seed, "tenures").exponential(size=(team.seats, _TENURES))
    rate = max(team.turnover_per_year / 365, 1e-9)
    left = np.cumsum(np.maximum(np.rint(np.minimum(stay / rate, 1e7)), 1), axis=1).astype(np.int64)
    left[:, -1] = np.iinfo(np.int64).max
    joined = np.concatenate((np.zeros((team.seats, 1), dtype=np.int64), left[:, :-1]), axis=1)
    reps = pd.DataFrame(
        {
            "seat": np.repeat(np.arange(team.seats), _TENURES),
            "joined_day": joined.ravel(),
            "left_day": left.ravel(),
        }
    )
    reps = reps.sort_values(["joined_day", "seat"], kind="stable", ignore_index=True)
    count = len(reps)
    effect = team.effect_sd * generator(seed, "rep effects").normal(size=count)
    known = min(len(team.effects), count)
    effect[:known] = team.effects[:known]
    reps["effect"] = effect
    reps["optimism"] = team.optimism_mean + team.optimism_sd * generator(seed, "optimism").normal(size=count)
    reps = reps[reps["joined_day"] < world.total_days].reset_index(drop=True)
    reps.insert(0, "name", [rep_name(i, world.language) for i in range(len(reps))])
    teams = np.array(TEAMS[world.language], dtype=object)
    reps.insert(1, "team", teams[reps["seat"].to_numpy() % len(teams)])
    return reps


def rep_on_day(reps: pd.DataFrame, seat: IntArray, day: IntArray) -> IntArray:
    """Return the number of the rep who sits on each seat on each day."""
    rep = np.zeros(len(seat), dtype=np.int64)
    tenures = reps[["seat", "joined_day", "left_day"]].to_numpy()
    for number, (of, joined, left) in enumerate(tenures):
        rep[(seat == of) & (day >= joined) & (day < left)] = number
    return rep
