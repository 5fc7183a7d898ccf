"""Records whose true chance to be won is known, to hold a score against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.history import History
from funnelml.synthetic import Arrivals, SyntheticCRM, scoring_world, simulate_crm, true_win_chance

HORIZON_DAYS = 28
PER_DAY = 80.0
# By this Sunday the funnel is as full as it will be.
FIRST_DAY = 181
DATES = 7


@dataclass(frozen=True, kw_only=True)
class ScoringTruth:
    """A history to learn from up to a day, and records of later days with their true chances.

    Parameters
    ----------
    history : History
        The whole export: training sees of it what was known on ``as_of_train``.
    as_of_train : datetime.date
        Last day that training may know: that of the first test date.
    horizon_days : int
        Days within which a record is to be won.
    train_dates : tuple of datetime.date
        As-of dates one horizon apart, the last one horizon before ``as_of_train``: about as many open records as the
        test dates have.
    test_dates : tuple of datetime.date
        As-of dates one horizon apart, so that no record is judged twice on the same days.
    test_moments : pandas.DataFrame
        Records open at the end of each test date: ``record_id, as_of, cut`` (first instant not known).
    probability, label : numpy.ndarray of float64
        True chance of each test moment to be won in time, and whether it was.
    """

    history: History
    as_of_train: date
    horizon_days: int
    train_dates: tuple[date, ...]
    test_dates: tuple[date, ...]
    test_moments: pd.DataFrame
    probability: NDArray[np.float64]
    label: NDArray[np.float64]


def synthetic_scoring_data(seed: int) -> ScoringTruth:
    """Simulate a CRM in which all that matters can be seen: about 20,000 moments to learn from, and as many to test."""
    days = [FIRST_DAY + HORIZON_DAYS * k for k in range(2 * DATES)]
    world = scoring_world(
        days=days[-1] + 1, future_days=HORIZON_DAYS + 2, arrivals=Arrivals(per_day=PER_DAY, yearly_growth=0.0)
    )
    crm = simulate_crm(world, seed=seed)
    dates = [world.start + timedelta(days=day) for day in days]
    tested = zip(days[DATES:], dates[DATES:], strict=True)
    moments = pd.concat([_moments(crm, day, on) for day, on in tested])
    moments = moments.reset_index(drop=True)
    return ScoringTruth(
        history=crm.history,
        as_of_train=dates[DATES],
        horizon_days=HORIZON_DAYS,
        train_dates=tuple(dates[:DATES]),
        test_dates=tuple(dates[DATES:]),
        test_moments=moments[["record_id", "as_of", "cut"]],
        probability=moments["probability"].to_numpy(),
        label=moments["label"].to_numpy(),
    )


def _moments(crm: SyntheticCRM, day: int, on: date) -> pd.DataFrame:
    still = true_win_chance(crm, day=day, horizon_days=HORIZON_DAYS)
    closed = crm.truth.records.set_index("record_id").loc[still["record_id"]]
    begins, ends = crm.history.cut(on), crm.history.cut(on + timedelta(days=HORIZON_DAYS))
    won = (closed["outcome"] == "won") & (closed["closed_at"] >= begins) & (closed["closed_at"] < ends)
    return still.assign(as_of=on, cut=begins, label=won.to_numpy(dtype=np.float64))
