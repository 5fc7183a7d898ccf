"""Peers that know one cause: a model of each cause in each stage, put together to incidences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from survival_peers_models.rows import PeerRows

CAUSES = 4
LEAST_EVENTS = 20  # fewer of a cause in a stage are no model: its hazard is taken as 0
GRID = np.linspace(0, 1, 9)[1:]  # eighths of a day, in which hazards compete
Hazard = Callable[[pd.DataFrame, np.ndarray, np.ndarray], np.ndarray]
"""Takes a design, ages and days after them; returns cumulative hazards since the age, (n, days)."""


def fit_hazards(fit_one: Callable[..., Hazard], past: PeerRows) -> dict[tuple[str, int], Hazard]:
    return {
        (stage, cause): fit_one(past.design[own].pipe(varying), past.age[own], past.days[own], past.event[own] == cause)
        for stage, cause, own in cells(past)
    }


def cells(past: PeerRows) -> Iterator[tuple[str, int, np.ndarray]]:
    for stage in pd.unique(past.stage):
        own = past.stage == stage
        for cause in range(1, 1 + CAUSES):
            if (past.event[own] == cause).sum() >= LEAST_EVENTS:
                yield stage, cause, own


def varying(design: pd.DataFrame) -> pd.DataFrame:
    return design.loc[:, design.std() > 1e-3]


def predict(hazards: dict[tuple[str, int], Hazard], rows: PeerRows, times: np.ndarray) -> np.ndarray:
    """Let the causes compete: in each eighth of a day who leaves is shared out by the hazards."""
    grid = np.concatenate(([0.0], (np.arange(int(times[-1]))[:, None] + GRID).ravel()))
    cumulative = np.zeros((len(rows.stage), CAUSES, len(grid)))
    for (stage, cause), hazard in hazards.items():
        own = np.flatnonzero(rows.stage == stage)
        if len(own):
            cumulative[own, cause - 1] = hazard(rows.design.iloc[own], rows.age[own], grid)
    step = np.maximum(np.diff(cumulative, axis=2), 0.0)
    total = step.sum(axis=1)
    staying = np.exp(-np.concatenate((np.zeros((len(total), 1)), np.cumsum(total, axis=1)), axis=1))
    leaving = -np.diff(staying, axis=1)
    shared = step * np.divide(leaving, total, where=total > 0, out=np.zeros_like(total))[:, None]
    left = np.concatenate((np.zeros((*cumulative.shape[:2], 1)), np.cumsum(shared, axis=2)), axis=2)
    at = np.searchsorted(grid, times)
    return np.concatenate((staying[:, None, at], left[:, :, at]), axis=1)
