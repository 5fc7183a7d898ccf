"""Tables of honest fields, and fields that know the outcome to be planted in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.scoring.rows import ScoringRows


def rows_of(features, label, **more):
    ids = np.array([f"id{k}z" for k in range(len(features))], dtype=object)
    return ScoringRows(features=features, record_id=ids, label=np.asarray(label, dtype=float), **more)


def honest_table(seed, *, n=2_000, base=0.3, strong=True):
    """Fields as they are known when a lead comes in; ``engagement`` has an AUC of 0.9 if strong, else of 0.74."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < base).astype(float)
    place = np.arange(n) / n

    def some(share, values=("x", "y")):
        return np.where(rng.random(n) < share, rng.choice(values, n), None).astype(object)

    fields = {
        # Two normals 1.812 standard deviations apart: AUC = Phi(1.812 / sqrt(2)) = 0.9.
        "engagement": rng.normal(size=n) + (1.812 if strong else 0.9) * y,
        "income": np.exp(rng.normal(size=n) + 0.3 * y),
        "visits": np.where(rng.random(n) < 0.4 - 0.1 * y, 0, rng.poisson(3 + y, n)).astype(float),
        "age": np.where(rng.random(n) < 0.8, rng.integers(18, 80, n), np.nan),
        "credit_score": 600 + 60 * rng.normal(size=n) + 40 * y,
        "source": np.where(rng.random(n) < 0.05 + 0.12 * y, "referral", rng.choice(["web", "fair"], n)).astype(object),
        "market": np.where(rng.random(n) < 0.4 * (1 - y), "outside", "home").astype(object),
        "region": some(0.7, [f"r{k}" for k in range(200)]),
        "employment_status": rng.choice(["a", "b", "c"], n).astype(object),
        "last_name": np.array([f"n{k}" for k in rng.zipf(1.3, n) % 800], dtype=object),
        "token": np.array([f"h{k}x" for k in rng.permutation(n)], dtype=object),
        "job": some(0.65 + 0.15 * y),
        "new question": some(0.9 * (place > 0.6)),
        "filled in later": some(0.9 - 0.5 * place),
        "rating since": np.where(place > 0.5, rng.normal(size=n), np.nan),
        "number": np.cumsum(rng.integers(1, 9, n)).astype(float),
    }
    return pd.DataFrame(fields), y, rng


def _flag(y, rng):
    return "contract", np.where(rng.random(len(y)) < 0.01, 1 - y, y)


def _loss_reason(y, rng):
    lost = (y == 0) & (rng.random(len(y)) < 0.6)
    return "why", np.where(lost, rng.choice(["price", "late", "rival"], len(y)), None).astype(object)


def _paid(y, rng):
    return "paid", np.where((y == 1) & (rng.random(len(y)) < 0.5), rng.gamma(2, 100, len(y)), np.nan)


def _tags(y, rng):
    good = rng.choice(["will pay", "invoice", "busy"], len(y), p=[0.5, 0.3, 0.2])
    bad = rng.choice(["ringing", "off", "busy"], len(y), p=[0.4, 0.3, 0.3])
    return "note code", np.where(rng.random(len(y)) < 0.7, np.where(y == 1, good, bad), None).astype(object)


def _filled_late(y, rng):
    worked = np.linspace(1, 0.1, len(y))
    filled = rng.random(len(y)) < worked**0.7 * (0.4 + 0.5 * y)
    return "budget", np.where(filled, rng.choice(["a", "b"], len(y)), None).astype(object)


def _last_state(y, rng):
    sent = rng.random(len(y)) < 0.3 + 0.35 * y
    return "Last Activity", np.where(sent, "sms", "open").astype(object)


def _judgement(y, rng):
    filled = rng.random(len(y)) < 0.35 + 0.35 * y
    return "线索评级", np.where(filled, np.where(rng.random(len(y)) < 0.3 + 0.3 * y, "高", "低"), None).astype(object)


def _batches(y, rng):
    scored = np.arange(len(y)) // (len(y) // 5) % 2 == 0
    return "Vendor Index", np.where(scored, rng.normal(size=len(y)) + 0.2 * y, np.nan)


PLANTED = {
    "flag after the fact": _flag,
    "reason of the lost": _loss_reason,
    "amount of the won": _paid,
    "tags": _tags,
    "filled late": _filled_late,
    "last state": _last_state,
    "judgement": _judgement,
    "scored in batches": _batches,
}
