"""Changes of fields: amounts that move, close dates that are pushed, owners who leave."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import CLOSES, OPENS
from funnelml.synthetic.clock import instants, iso_dates
from funnelml.synthetic.market import generator
from funnelml.synthetic.reps import rep_on_day
from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import SyntheticWorld

_COLUMNS = ("record", "field", "changed_at", "recorded_at", "old", "new")


def amount_changes(
    world: SyntheticWorld, records: pd.DataFrame, moves: pd.DataFrame, *, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the changes of amounts, and the last amount of each record.

    Notes
    -----
    A change comes with a move forward or a win, at its instant, and is known when the move is. The log of the
    ratio is normal; amounts are rounded to hundreds, at least 100.
    """
    law = world.amounts
    changing = generator(seed, "amount changes").random(len(moves)) < law.change_chance
    ratio = np.exp(law.change_mean + law.change_sd * generator(seed, "amount ratios").normal(size=len(moves)))
    moved = moves.assign(ratio=ratio)[changing & moves["event"].isin((1, 2)).to_numpy()]
    moved = moved.sort_values(["record", "day"], kind="stable")
    growth = np.exp(np.log(moved["ratio"]).groupby(moved["record"]).cumsum().to_numpy())
    new = np.maximum(np.round(records["amount"].to_numpy()[moved["record"]] * growth, -2), 100.0)
    changes = pd.DataFrame(
        {
            "record": moved["record"].to_numpy(),
            "field": "amount",
            "changed_at": moved["entered_at"].to_numpy(),
            "recorded_at": moved["recorded_at"].to_numpy(),
            "new": new,
        }
    )
    first = records["amount"].to_numpy()[changes["record"]]
    changes["old"] = changes.groupby("record")["new"].shift().fillna(pd.Series(first, index=changes.index))
    final = records["amount"].to_numpy(copy=True)
    final[changes["record"]] = changes["new"]
    changes = changes[changes["new"] != changes["old"]]
    for column in ("old", "new"):
        changes[column] = changes[column].map("{:.0f}".format).astype(object)
    return changes[list(_COLUMNS)], final


def promised_days(world: SyntheticWorld, records: pd.DataFrame, reps: pd.DataFrame, *, seed: int) -> IntArray:
    """Return the day (from the start) on which each record is promised to close as it is created."""
    noise = world.close_dates.spread * generator(seed, "promises").normal(size=len(records))
    bias = reps["optimism"].to_numpy()[records["rep"]]
    days = np.rint(world.close_dates.promised_days * np.exp(bias + noise)).astype(np.int64)
    return records["day"].to_numpy() + np.maximum(days, 1)


def close_date_changes(world: SyntheticWorld, promised: IntArray, closed_day: IntArray, *, seed: int) -> pd.DataFrame:
    """Return the pushes of expected close dates.

    Parameters
    ----------
    promised : numpy.ndarray of int, shape (n,)
        Day on which each record was promised to close.
    closed_day : numpy.ndarray of int, shape (n,)
        Day on which it was won or lost; beyond the simulated days if it was not.
    """
    law, n = world.close_dates, len(promised)
    shape = (n, law.most_pushes)
    waits = generator(seed, "push waits").geometric(law.push_chance, size=shape)
    lengths = generator(seed, "push lengths").geometric(1 / law.push_days, size=shape) + 1
    minutes = generator(seed, "push minutes").integers(OPENS, CLOSES, size=shape)
    last = np.minimum(closed_day, world.total_days)
    current, parts = promised.copy(), []
    for k in range(law.most_pushes):
        on = current + waits[:, k]
        who = np.flatnonzero(on < last)
        new = on + lengths[:, k]
        parts.append((who, on[who], minutes[who, k], current[who], new[who]))
        current = np.where(on < last, new, np.iinfo(np.int64).max // 2)
    record, day, minute, old, new = (np.concatenate([p[i] for p in parts]) for i in range(5))
    at = instants(world, day, minute)
    return pd.DataFrame(
        {
            "record": record,
            "field": "expected_close_date",
            "changed_at": at,
            "recorded_at": at,
            "old": iso_dates(world, old),
            "new": iso_dates(world, new),
        }
    )


def owner_changes(
    world: SyntheticWorld, records: pd.DataFrame, reps: pd.DataFrame, closed_day: IntArray
) -> pd.DataFrame:
    """Return the hand-overs of open records when an owner leaves: at 09:00 of the successor's first day."""
    day, seat, names = records["day"].to_numpy(), records["seat"].to_numpy(), reps["name"].to_numpy()
    parts = []
    for number, (of, left) in enumerate(reps[["seat", "left_day"]].to_numpy()):
        if left < world.total_days:
            who = np.flatnonzero((seat == of) & (day < left) & (closed_day > left))
            on = np.full(len(who), left)
            heir = rep_on_day(reps, seat[who], on)
            parts.append((who, on, names[np.full(len(who), number)], names[heir]))
    if not parts:
        whole = ("record", "changed_at", "recorded_at")
        return pd.DataFrame({c: pd.Series(dtype="int64" if c in whole else object) for c in _COLUMNS})
    record, on, old, new = (np.concatenate([p[i] for p in parts]) for i in range(4))
    at = instants(world, on, OPENS)
    return pd.DataFrame(
        {"record": record, "field": "owner", "changed_at": at, "recorded_at": at, "old": old, "new": new}
    )
