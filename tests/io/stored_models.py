"""Models and a card to be stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from funnelml.io.model_card import ModelCard
from funnelml.scoring.models.boosting import BoostedTrees
from funnelml.scoring.models.scorecard import Scorecard
from funnelml.scoring.scorer import LeadScorer

RNG = np.random.default_rng(3)
N = 300
X = pd.DataFrame(
    {
        "amount": RNG.lognormal(8, 1, N),
        "days_since_activity": np.where(RNG.random(N) < 0.2, np.nan, RNG.integers(0, 60, N)),
        "来源": RNG.choice(np.array(["网站", "email", None], dtype=object), N),
    }
)
Y = (RNG.random(N) < 1 / (1 + np.exp(X["days_since_activity"].fillna(30) / 15 - 1))).astype(float).to_numpy()
NUMBERS = X[["amount", "days_since_activity"]]
CATEGORIES = X.assign(来源=X["来源"].astype("category"))

CARD = ModelCard(
    as_of=date(2026, 6, 30),
    funnel="sales",
    outcome="won within 28 days",
    horizon="28d",
    data_hash="ab" * 32,
    rows=N,
    positives=int(Y.sum()),
    features=tuple(X.columns),
    seed=7,
    metrics={"log_loss": 0.512, "brier": 0.17, "auc": float("nan")},
    verdict="Better than the stage alone.",
    leaks=("no feature knows the label | by itself",),
)


MODELS: dict[str, tuple[Callable[[], Any], pd.DataFrame]] = {
    "boosting on numbers": (lambda: HistGradientBoostingClassifier(max_iter=8, random_state=0), NUMBERS),
    "boosting on categories": (lambda: HistGradientBoostingClassifier(max_iter=8, random_state=0), CATEGORIES),
    "scorecard on numbers": (Scorecard, NUMBERS),
    "scorecard": (Scorecard, X),
    "boosted trees": (lambda: BoostedTrees(trees=8), X),
    "lead scorer": (lambda: LeadScorer(directions={"amount": 1}), X),
    "boosted lead scorer": (lambda: LeadScorer(model="boosting"), X),
}


def fitted(name: str) -> Any:
    make, features = MODELS[name]
    return make().fit(features, Y)
