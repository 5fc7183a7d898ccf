"""Small worlds for tests of evaluation: outcomes from arrays, and stays whose true incidence is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.survival.evaluation.predictions import pair_predictions
from funnelml.survival.evaluation.stay_outcomes import StayOutcomes


def outcomes_of(days, event, *, record_id=None, cut=0):
    """Outcomes of stays; the record closes with the stay."""
    days, event = np.asarray(days, float), np.asarray(event, int)
    ids = np.arange(len(days)).astype(str) if record_id is None else record_id
    table = pd.DataFrame({"record_id": np.asarray(ids, object), "stage": "Lead", "cut": cut, "days": days})
    return StayOutcomes(
        table=table.assign(event=event, close_days=days, close_event=event, followed_days=days, found="followed")
    )


def wins(days, won, chance, times, **kwargs):
    """Chances to be won beside outcomes: ``won`` is 1 for won, 2 for lost, 0 for open."""
    event = np.choose(np.asarray(won, int), [0, 2, 3])
    return pair_predictions(outcomes_of(days, event, **kwargs), chance, times)


def peer_example():
    """One cause, censored at random: also in the recipes of the reference values."""
    rng = np.random.default_rng(11)
    n = 300
    x = rng.normal(size=n)
    rate = 0.05 * np.exp(0.8 * x)
    end, last = rng.exponential(1 / rate), rng.uniform(5, 60, n)
    days, event = np.minimum(end, last), (end <= last).astype(int)
    times = np.arange(1.0, 31.0)
    chance = 1 - np.exp(-0.06 * np.exp(0.5 * x)[:, None] * times)
    return days, event, chance, times


RATES = np.array([0.02, 0.03, 0.01, 0.005])


def competing(n, seed, *, times, followed=None, sharpness=1.0):
    """Four constant hazards that a covariate drives, and the true incidence; with ``sharpness`` of the log hazards."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)) * 0.7
    rates = RATES * np.exp(x)
    end = rng.exponential(1 / rates.sum(axis=1))
    cause = 1 + (rng.random(n)[:, None] > np.cumsum(rates / rates.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    last = np.full(n, np.inf) if followed is None else rng.uniform(*followed, n)
    days, event = np.minimum(end, last), np.where(end <= last, cause, 0)
    told = RATES * np.exp(sharpness * x)
    total = told.sum(axis=1)[:, None]
    gone = 1 - np.exp(-total * np.asarray(times))
    incidence = np.concatenate(((1 - gone)[:, None], (told / total)[:, :, None] * gone[:, None]), axis=1)
    return outcomes_of(days, event), incidence
