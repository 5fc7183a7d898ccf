"""lifelines' regressions: Cox on the age in the stage with delayed entry, and a Weibull AFT of the days to come."""

from __future__ import annotations

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, WeibullAFTFitter

PENALTY = 0.01
TENTHS = 10  # of a day: delayed entry on untied times takes quadratic time


def fit_cox(design: pd.DataFrame, age: np.ndarray, days: np.ndarray, ended: np.ndarray):
    design = design.drop(columns=["age", "log_age"])  # the age is its clock
    entry = np.floor(age * TENTHS) / TENTHS
    end = np.maximum(np.ceil((age + days) * TENTHS) / TENTHS, entry + 1 / TENTHS)
    table = design.reset_index(drop=True).assign(entry=entry, end=end, ended=ended.astype(int))
    model = CoxPHFitter(penalizer=PENALTY).fit(table, "end", "ended", entry_col="entry")
    baseline = model.baseline_cumulative_hazard_.iloc[:, 0]
    known, level = np.append(0.0, baseline.index.to_numpy()), np.append(0.0, baseline.to_numpy())

    def hazard(asked: pd.DataFrame, asked_age: np.ndarray, grid: np.ndarray) -> np.ndarray:
        ratio = model.predict_partial_hazard(asked[design.columns]).to_numpy()
        since = np.interp(asked_age, known, level)
        return ratio[:, None] * (np.interp(asked_age[:, None] + grid, known, level) - since[:, None])

    return hazard


def fit_weibull(design: pd.DataFrame, age: np.ndarray, days: np.ndarray, ended: np.ndarray):
    table = design.reset_index(drop=True).assign(days=np.maximum(days, 1e-3), ended=ended.astype(int))
    model = WeibullAFTFitter(penalizer=PENALTY).fit(table, "days", "ended")

    def hazard(asked: pd.DataFrame, asked_age: np.ndarray, grid: np.ndarray) -> np.ndarray:
        later = np.maximum(grid, 1e-9)
        return model.predict_cumulative_hazard(asked[design.columns], times=later).to_numpy().T

    return hazard
