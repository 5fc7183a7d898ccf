"""hazardous' SurvivalBoost: all causes at once, one model for all stages."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hazardous import SurvivalBoost

from survival_peers_models.rows import PeerRows

ROUNDS = 100


def fit_boost(past: PeerRows) -> tuple[SurvivalBoost, list[int]]:
    """Return the model and the causes it has seen: it takes them to be numbered without gaps."""
    seen = sorted(set(past.event) - {0})
    code = np.searchsorted([0, *seen], past.event)
    target = pd.DataFrame({"event": code, "duration": np.maximum(past.days, 1e-3)})
    model = SurvivalBoost(n_iter=ROUNDS, show_progressbar=False, random_state=0)
    return model.fit(past.design, target), seen


def predict_boost(fitted: tuple[SurvivalBoost, list[int]], rows: PeerRows, times: np.ndarray) -> np.ndarray:
    """Return its incidences, made to rise and to add up to 1, which they need not."""
    model, seen = fitted
    said = np.asarray(model.predict_cumulative_incidence(rows.design, times=times))
    out = np.zeros((len(rows.stage), 5, len(times)))
    out[:, seen] = np.maximum.accumulate(np.clip(said[:, 1:], 0, 1), axis=2)
    out[:, 1:] /= np.maximum(out[:, 1:].sum(axis=1, keepdims=True), 1.0)
    out[:, 0] = 1 - out[:, 1:].sum(axis=1)
    return out
