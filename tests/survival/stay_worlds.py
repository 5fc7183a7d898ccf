"""Stays to learn from whose law is known, and corners of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from funnelml.schema import DAY
from funnelml.survival.stay_rows import StayRows

STAGES = ("线索", "方案", "谈判")


def stays_from(stage, days, event, covariates=None, *, record_id=None, late=None, entered_at=None, stages=STAGES):
    """Stays seen at their entry, from arrays; codes of events are those of the causes."""
    stage, days, event = np.asarray(stage, object), np.asarray(days, float), np.asarray(event, np.int64)
    n = len(stage)
    entered = np.arange(n, dtype=np.int64) * DAY // 7 if entered_at is None else np.asarray(entered_at, np.int64)
    place = pd.Index(stages).get_indexer(pd.Index(stage))
    names = np.array([*stages, None], dtype=object)
    following = np.where(event == 1, np.minimum(place + 1, len(stages)), np.where(event == 4, place - 1, len(stages)))
    return StayRows(
        stages=tuple(stages),
        grain="instant",
        time_zone="Asia/Shanghai",
        record_id=np.array([f"r{i}" for i in range(n)], object) if record_id is None else np.asarray(record_id, object),
        stage=stage,
        at=entered + 1,
        entered_at=entered,
        age=np.full(n, -1.0) if late is None else np.where(np.asarray(late) > 0, late, -1.0),
        covariates=pd.DataFrame(index=range(n)) if covariates is None else pd.DataFrame(covariates),
        duration=days,
        event=event,
        next_stage=names[np.where((event == 1) | (event == 4), following, len(stages))],
    )


def running(rows, age):
    """The same stays as they run at an age."""
    n = len(rows)
    at = rows.entered_at.max() + DAY
    return replace(
        rows,
        age=np.broadcast_to(np.asarray(age, float), n).copy(),
        at=np.full(n, at),
        duration=None,
        event=None,
        next_stage=None,
    )


RATES = {"线索": (0.05, 0.0, 0.03, 0.0), "方案": (0.04, 0.01, 0.03, 0.01), "谈判": (0.0, 0.05, 0.03, 0.01)}
EFFECTS = {"won": (0.6, 0.0), "lost": (-0.4, 0.5), "advanced": (0.0, -0.3), "moved_back": (0.0, 0.0)}


def proportional_stays(n, seed, *, followed=(20.0, 90.0), effects=EFFECTS, late=0.0):
    """Stays whose constant hazards ``amount`` (normal) and ``channel`` (half "web") drive by the given log ratios."""
    rng = np.random.default_rng(seed)
    stage = rng.choice(np.array(STAGES, object), n)
    amount, web = rng.normal(size=n), rng.random(n) < 0.5
    order = ("advanced", "won", "lost", "moved_back")
    slope = np.array([effects[c] for c in order])
    rates = np.array([RATES[s] for s in stage]) * np.exp(np.column_stack((amount, web - 0.5)) @ slope.T)
    total = rates.sum(axis=1)
    end = rng.exponential(1 / total)
    cause = 1 + (rng.random(n)[:, None] > np.cumsum(rates / total[:, None], axis=1)).sum(axis=1)
    last = rng.uniform(*followed, n)
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0, 15, n), 0.0) if late else np.zeros(n)
    kept = np.minimum(end, last) > entry
    rows = stays_from(
        stage[kept],
        np.minimum(end, last)[kept],
        np.where(end <= last, cause, 0)[kept],
        {"amount": amount[kept], "channel": np.where(web, "web", "电话")[kept].astype(object)},
        late=entry[kept],
    )
    return rows, rates[kept]
