"""lifelines' regressions of the days to come, the age among the covariates: Cox, and a Weibull AFT."""

from __future__ import annotations

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, WeibullAFTFitter

PENALTY = 0.01
TENTHS = 10  # of a day


def fit_cox(design: pd.DataFrame, age: np.ndarray, days: np.ndarray, ended: np.ndarray):
    table = design.reset_index(drop=True).assign(days=np.ceil(days * TENTHS) / TENTHS, ended=ended.astype(int))
    model = CoxPHFitter(penalizer=PENALTY).fit(table, "days", "ended")
    baseline = model.baseline_cumulative_hazard_.iloc[:, 0]
    known, level = np.append(0.0, baseline.index.to_numpy()), np.append(0.0, baseline.to_numpy())

    def hazard(asked: pd.DataFrame, asked_age: np.ndarray, grid: np.ndarray) -> np.ndarray:
        ratio = model.predict_partial_hazard(asked[design.columns]).to_numpy()
        return ratio[:, None] * np.interp(grid, known, level)

    return hazard


def fit_weibull(design: pd.DataFrame, age: np.ndarray, days: np.ndarray, ended: np.ndarray):
    table = design.reset_index(drop=True).assign(days=np.maximum(days, 1e-3), ended=ended.astype(int))
    model = WeibullAFTFitter(penalizer=PENALTY).fit(table, "days", "ended")

    def hazard(asked: pd.DataFrame, asked_age: np.ndarray, grid: np.ndarray) -> np.ndarray:
        later = np.maximum(grid, 1e-9)
        return model.predict_cumulative_hazard(asked[design.columns], times=later).to_numpy().T

    return hazard
