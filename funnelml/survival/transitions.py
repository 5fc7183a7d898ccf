"""Where records go that advance, or move back, from each stage."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.survival.causes import MOVES
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows


def fit_transitions(rows: StayRows, weights: FloatArray) -> FloatArray:
    """Return the share of each next stage among those that advance, and that move back, from each stage.

    Parameters
    ----------
    rows : StayRows
        Stays, each once.
    weights : numpy.ndarray, shape (n,)
        Weight of each.

    Returns
    -------
    numpy.ndarray, shape (S, 2, S)
        Rows sum to 1. A stage that nobody was seen to leave so leads to its neighbour; the last stage, which has none
        to advance to, and the first, which has none to fall back to, lead to themselves, and nobody goes there.
    """
    assert rows.event is not None and rows.next_stage is not None
    size = len(rows.stages)
    to = np.asarray(pd.Index(rows.stages).get_indexer(pd.Index(rows.next_stage)), dtype=np.int64)
    towards = np.zeros((size, len(MOVES), size))
    for way, cause in enumerate(MOVES):
        seen = np.flatnonzero((rows.event == cause) & (to >= 0))
        np.add.at(towards[:, way], (rows.place[seen], to[seen]), weights[seen])
        for place in range(size):
            total = towards[place, way].sum()
            if total > 0:
                towards[place, way] /= total
            else:
                towards[place, way, min(place + 1, size - 1) if way == 0 else max(place - 1, 0)] = 1.0
    return towards
