"""A choice of a stage model that takes no time: the real one has tests of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.survival.choice import StageModelChoice


def choose_at_once(*_: object, **__: object) -> StageModelChoice:
    """Return stage and age alone, chosen against log-linear ratios."""
    tried = pd.DataFrame(
        {
            "ratios": ["none", "linear"],
            "calendar": False,
            "half_life_days": np.nan,
            "brier": [0.25, 0.24],
            "gain": [0.0, 0.01],
            "gain_std_err": [0.0, 0.008],
            "chosen": [True, False],
        }
    )
    parameters = {"ratios": "none", "calendar": False, "half_life_days": None, "random_state": 0}
    return StageModelChoice(parameters=parameters, tried=tried, tested=500, dates=5)
