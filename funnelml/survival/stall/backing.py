"""Up to which age past stays back a chance: what is older than that is read from there, not from nothing."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import StageEpisodes
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows

LEAST_BACKING: Final = 5
"""Past stays that must have been followed long enough beyond an age to back the chances told from it."""


def backed_ages(episodes: StageEpisodes, rows: StayRows, *, days: float) -> FloatArray:
    """Return the age at which the chances of each running stay are read.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known when the rows were seen.
    rows : StayRows
        n running stays.
    days : float
        Days ahead that must have been followed.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Its own age, or the greatest age that ``LEAST_BACKING`` stays of its stage outlasted and from which they could
        be followed for so many days, whatever happened to them; 0 if there is none. A stage with fewer stays than that
        is read from those of all stages, as the model does.

    Notes
    -----
    Older than any seen means not observed, not hopeless: hazards that nobody was there to show are not zero. The
    youngest age is the cautious one, since chances fall as records age (so does ``landmark_incidence``).
    """
    followed = follow_to_closing(episodes)
    stage = followed["stage"].to_numpy(dtype=object)
    ages = rows.age.copy()
    for name in np.unique(rows.stage.astype(str)):
        own = followed[stage == name]
        oldest = _oldest_backed(own if len(own) >= LEAST_BACKING else followed, days)
        mine = rows.stage == name
        ages[mine] = np.minimum(ages[mine], oldest)
    return ages


def _oldest_backed(stays: pd.DataFrame, days: float) -> float:
    if len(stays) < LEAST_BACKING:
        return 0.0
    outlasts = np.nextafter(stays["stay_days"].to_numpy(), -np.inf)
    serves = np.minimum(outlasts, stays["followable_days"].to_numpy() - days)
    return max(0.0, float(np.partition(serves, -LEAST_BACKING)[-LEAST_BACKING]))
