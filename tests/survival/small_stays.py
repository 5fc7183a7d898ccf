"""Rows of stays from plain arrays, and small funnels with moves back, for tests of the stage model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.schema import DAY
from funnelml.survival.stay_rows import StayRows

STAGES = ("Lead", "方案", "Closing")
MONDAY = 19_723 * DAY
"""2024-01-01 00:00 UTC."""


def rows_of(stage, duration, event, *, age=None, covariates=None, entered_at=None, grain="instant", to=None, ids=None):
    """Stays seen at their entry; those of a day-grained log end whole days after it, or just before one if they run."""
    duration, event = np.asarray(duration, float), np.asarray(event, np.int64)
    n = len(duration)
    if grain == "day":
        duration = np.where(event == 0, duration - 1 / DAY, duration)
    entered = np.full(n, MONDAY) if entered_at is None else np.asarray(entered_at, np.int64)
    place = np.array([STAGES.index(name) for name in stage], dtype=np.int64)
    # One forward, one back, unless a test says where to.
    following = [STAGES[min(p + 1, 2)] if e == 1 else STAGES[max(p - 1, 0)] for p, e in zip(place, event, strict=True)]
    ways = [name if e in (1, 4) else None for name, e in zip(following if to is None else to, event, strict=True)]
    return StayRows(
        stages=STAGES,
        grain=grain,
        time_zone="UTC",
        record_id=np.arange(n).astype(str).astype(object) if ids is None else np.asarray(ids, object),
        stage=np.asarray(stage, object),
        at=entered + 1,
        entered_at=entered,
        age=np.full(n, -1.0) if age is None else np.asarray(age, float),
        covariates=pd.DataFrame({"visit": np.ones(n)}) if covariates is None else covariates,
        duration=duration,
        event=event,
        next_stage=np.array(ways, dtype=object),
    )


def open_rows(stage, age, *, grain="instant", covariates=None, at=MONDAY + 91 * DAY):
    """Running stays, all seen at one midnight; in whole days an age of 5 means that day 5 has not yet begun."""
    age = np.asarray(age, float)
    n = len(age)
    last = age - 1 / DAY if grain == "day" else age
    return StayRows(
        stages=STAGES,
        grain=grain,
        time_zone="UTC",
        record_id=np.array([f"open {i}" for i in range(n)], dtype=object),
        stage=np.asarray(stage, object),
        at=np.full(n, at),
        entered_at=at - np.rint(age * DAY).astype(np.int64),
        age=last,
        covariates=pd.DataFrame({"visit": np.ones(n)}) if covariates is None else covariates,
    )


def cyclic_stays(n, seed, *, grain="instant", busy_weekdays=False):
    """Stays of three stages with moves back from the last two, whose hazards depend on one number and one text."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 3, n)
    x, kind = rng.normal(size=n), rng.choice(["新客户", "old"], n)
    rates = np.array([[0.08, 0.0, 0.04, 0.0], [0.06, 0.01, 0.04, 0.03], [0.0, 0.07, 0.03, 0.03]])[place]
    rates = rates * np.exp(np.outer(x, [0.5, 0.5, -0.5, 0.0]) + (kind == "old")[:, None] * [0.3, 0.3, -0.3, 0.0])
    # Some stays last minutes.
    rates = rates * np.where(rng.random(n) < 0.25, 40.0, 1.0)[:, None]
    wait = rng.exponential(1 / rates.sum(axis=1))
    entered = MONDAY + rng.integers(0, 80 * DAY, n)
    if grain == "day":
        entered, wait = entered // DAY * DAY, np.floor(wait)
    if busy_weekdays:
        ends = entered + np.rint(wait * DAY).astype(np.int64)
        weekend = ((ends // DAY + 3) % 7) >= 5
        wait = np.where(weekend & (rng.random(n) < 0.8), wait + 2, wait)
    last = rng.uniform(15, 60, n)
    last = np.ceil(last) if grain == "day" else last
    cause = 1 + (rng.random(n)[:, None] > np.cumsum(rates / rates.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    seen = wait < last
    covariates = pd.DataFrame(
        {"amount": np.exp(x), "source": kind.astype(object), "activities_7d": rng.poisson(1.0, n)}
    )
    return rows_of(
        np.array(STAGES, object)[place],
        np.where(seen, wait, last),
        np.where(seen, cause, 0),
        covariates=covariates.astype({"activities_7d": float}),
        entered_at=entered,
        grain=grain,
    )
