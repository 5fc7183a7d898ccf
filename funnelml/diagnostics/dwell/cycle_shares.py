"""Which stage takes most of the way to the win, and how long any new record waits in each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnelml.diagnostics.dwell.curves import FloatArray
from funnelml.diagnostics.dwell.visits import VisitLaw
from funnelml.diagnostics.record_bootstrap import central_interval
from funnelml.history.episodes import WON_EVENT
from funnelml.history.funnel import Funnel

LEAST_WON = 10
"""Fewest wins from which shares of the cycle get an interval."""


def share_cycle(
    stays: pd.DataFrame,
    law: VisitLaw,
    until: Sequence[float],
    funnel: Funnel,
    *,
    weights: FloatArray,
    level: float,
) -> pd.DataFrame:
    """Share out the days from start to win among the stages.

    Parameters
    ----------
    stays : pandas.DataFrame
        Stays with ``stage, duration_days, event, record, pass_end`` and ``first``.
    law : VisitLaw
        Visits of a new record, under ``weights``.
    until : sequence of float
        Days up to which a visit of each stage counts in the wait of a new record.
    funnel : Funnel
        The funnel.
    weights : numpy.ndarray, shape (1 + draws, records)
        First row ones.
    level : float
        Probability of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row per stage, as ``Dwell.cycle``.

    Notes
    -----
    The share of a stage is visits per won record times mean days of a visit, by the sum of that over all stages, among
    the records won by the as-of date, moves back and returns included. In a short or fast-growing log the ones won so
    far are the quick ones; the wait of a new record has no such bias, since open stays count in it.
    """
    n = len(funnel.stages)
    won = stays[stays["pass_end"] == WON_EVENT]
    position = won["stage"].map({s: i for i, s in enumerate(funnel.stages)}).to_numpy(dtype=np.int64)
    shape = (n, weights.shape[1])
    days = np.zeros(shape)
    np.add.at(days, (position, won["record"].to_numpy()), won["duration_days"].to_numpy())
    per_stage = weights @ days.T
    whole = per_stage.sum(axis=1, keepdims=True)
    shares = np.divide(per_stage, whole, out=np.full_like(per_stage, np.nan), where=whole > 0)
    n_won = int(won["first"].sum())
    visits = np.bincount(position, minlength=n).astype(float)
    total = days.sum(axis=1)
    wait = np.where(law.visits > 0, law.visits * law.mean_days(until), 0.0)
    enough = n_won >= LEAST_WON
    blank = np.full(n, np.nan)
    low, high = central_interval(shares[1:], level) if enough else (blank, blank)
    wait_low, wait_high = central_interval(wait[1:], level)
    order = np.argsort(np.argsort(-np.nan_to_num(shares[0]), kind="stable"))
    return pd.DataFrame(
        {
            "stage": list(funnel.stages),
            "won_records": n_won,
            "visits_per_won": visits / n_won if n_won else blank,
            "days_per_visit": np.divide(total, visits, out=blank.copy(), where=visits > 0),
            "days_per_won": total / n_won if n_won else blank,
            "share_of_cycle": shares[0],
            "share_low": low,
            "share_high": high,
            "rank": order + 1,
            "visits_per_record": law.visits[0],
            "wait_per_record": wait[0],
            "wait_low": wait_low,
            "wait_high": wait_high,
        }
    )
