"""Where a record stands at a moment, and how it came there: stage, visit, ages, moves forward, back and skipping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.features.known_rows import KnownPairs, KnownRows, Moments
from funnelml.history.funnel import Funnel


def describe_stages(stages: KnownRows, moments: Moments, funnel: Funnel) -> pd.DataFrame:
    """Return where each record stood at each moment, by the rule of ``known_moves``.

    Parameters
    ----------
    stages : KnownRows
        Stage changes with ``rank``, in their written order.
    moments : Moments
        Records at instants.
    funnel : Funnel
        The funnel.

    Returns
    -------
    pandas.DataFrame
        ``stage, visit, entered_at`` and ``created_at`` (float64 microseconds, NaN if nothing was known), ``moves``
        (changes of stage since the first), ``moves_back`` (from an open stage to an earlier one), ``stages_skipped``
        (open stages between the two ends of moves forward).
    """
    ranks = stages.rows["rank"].to_numpy(dtype=np.int64)
    entered = stages.event_at.astype(np.float64)
    # Ranks beyond the ends are stages that the funnel does not know.
    names = np.array([*funnel.order, None], dtype=object)

    def tell(known: KnownPairs) -> dict[str, NDArray[Any]]:
        rank = ranks[known.row]
        before = np.where(known.is_first(), -1, np.roll(rank, 1))
        moved = rank != before
        moves = known.take(moved)
        to, source = rank[moved], before[moved]
        last = moves.last(to, -1)
        inside = (source >= 0) & (source < len(funnel.stages)) & (to < len(funnel.stages))
        return {
            "stage": names[np.where(last < 0, len(names) - 1, np.minimum(last, len(names) - 1))],
            "visit": moves.count(to == last[moves.moment]),
            "entered_at": moves.last(entered[moves.row], np.nan),
            "created_at": moves.first(entered[moves.row], np.nan),
            "moves": np.maximum(moves.count() - 1, 0),
            "moves_back": moves.count(inside & (to < source)),
            "stages_skipped": moves.sum(np.where(inside & (to > source), to - source - 1, 0).astype(np.float64)),
        }

    return pd.DataFrame(stages.describe(moments, tell))
