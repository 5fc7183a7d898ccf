"""scikit-survival's RandomSurvivalForest of the days to come, one for each cause in each stage."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sksurv.ensemble import RandomSurvivalForest
from sksurv.util import Surv

TREES = 200
LEAF = 30
QUARTERS = 4  # of a day: every leaf holds a curve over all times


def fit_forest(design: pd.DataFrame, age: np.ndarray, days: np.ndarray, ended: np.ndarray):
    rounded = np.ceil(days * QUARTERS) / QUARTERS
    model = RandomSurvivalForest(
        TREES, min_samples_leaf=LEAF, max_features="sqrt", max_samples=0.6, random_state=0, n_jobs=1
    ).fit(design, Surv.from_arrays(ended, rounded))

    def hazard(asked: pd.DataFrame, asked_age: np.ndarray, grid: np.ndarray) -> np.ndarray:
        curves = model.predict_cumulative_hazard_function(asked[design.columns], return_array=True)
        at = np.searchsorted(model.unique_times_, grid, side="right")
        return np.hstack((np.zeros((len(asked), 1)), curves))[:, at]

    return hazard
