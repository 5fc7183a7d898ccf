"""Small logs by hand, and stays of a world whose truth is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from funnelml.history.episodes import StageEpisodes
from funnelml.history.funnel import Funnel

CODES = {"open": 0, "advanced": 1, "won": 2, "lost": 3, "back": 4}


def episodes_of(rows, stages=("线索", "演示", "方案")):
    """Return episodes from rows ``(record, stage, days, how it ended)`` or with the delayed entry as a fifth."""
    rows = [(*row, 0.0) if len(row) == 4 else row for row in rows]
    table = pd.DataFrame(rows, columns=["record_id", "stage", "duration_days", "event", "from_age_days"])
    table["event"] = table["event"].map(CODES).astype("int64") if len(table) else table["event"].astype("int64")
    numbers = {"duration_days": "float64", "from_age_days": "float64"}
    table = table.astype(numbers).assign(funnel="sales", visit=1, entered_at=0, next_stage=None)
    funnel = Funnel(name="sales", stages=tuple(stages))
    return StageEpisodes(as_of=date(2026, 3, 31), funnel=funnel, cut=0, grain="day", time_zone="UTC", table=table)


def drawn_episodes(n, seed, *, faster=1.0):
    """Stays of two stages with known constant hazards; those of group 乙 leave ``faster`` times as fast.

    线索: advanced 0.06, lost 0.03 a day; 方案: won 0.05, lost 0.03, back 0.01; whole days, followed for 5 to 90.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for stage, hazards in (("线索", (0.06, 0.0, 0.03, 0.0)), ("方案", (0.0, 0.05, 0.03, 0.01))):
        group = np.where(rng.random(n) < 0.5, "甲", "乙")
        pace = sum(hazards) * np.where(group == "乙", faster, 1.0)
        end, last = np.ceil(rng.exponential(1 / pace)), rng.integers(5, 91, n)
        cause = rng.choice(4, n, p=np.array(hazards) / sum(hazards)) + 1
        seen = end <= last
        parts.append(
            pd.DataFrame(
                {
                    "record_id": [f"{stage}-{i}" for i in range(n)],
                    "stage": stage,
                    "duration_days": np.where(seen, end, last + 0.5),
                    "code": np.where(seen, cause, 0),
                    "group": group,
                }
            )
        )
    every = pd.concat(parts, ignore_index=True)
    names = {code: name for name, code in CODES.items()}
    columns = (every["record_id"], every["stage"], every["duration_days"], every["code"].map(names))
    return episodes_of(zip(*columns, strict=True)), every.set_index("record_id")["group"]
