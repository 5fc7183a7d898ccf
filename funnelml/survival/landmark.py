"""Landmark incidence: the chance that a record is won in the coming days, given that it still sits in its stage.

For a record that has been in stage s for a days, the reference set is every past stay in s that lasted longer than
a: not merely the records that were not closed by then, most of which had already moved on and are worth more. From
the landmark on, the reference records are followed through all later stages until won or lost, and the exact
Aalen-Johansen estimate of that subset is read off (van Houwelingen and Putter, Dynamic Prediction in Clinical Survival
Analysis, 2012, chapter 3). Records that are still open are censored, not dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta

from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import LOST_EVENT, WON_EVENT, StageEpisodes

FloatArray = NDArray[np.float64]
LEAST_AT_RISK = 5
"""Fewest followed records on which a landmark stands alone; under it, younger ages of the stage are pooled in."""


@dataclass(frozen=True, kw_only=True)
class LandmarkIncidence:
    """Chance to be won by each horizon, for every open record.

    Parameters
    ----------
    horizons : numpy.ndarray, shape (m,)
        Days after the as-of instant, increasing.
    won : numpy.ndarray, shape (n, m)
        Chance to be won by each horizon.
    upper : numpy.ndarray, shape (n,)
        One-sided 95 % upper bound of the chance to be won by the last horizon.
    at_risk : numpy.ndarray, shape (n,)
        Reference records at the landmark.
    landmark_days : numpy.ndarray, shape (n,)
        Age from which the reference records were followed: the record's own, or a younger one where too few
        had been seen beyond it.
    observed : numpy.ndarray of bool, shape (n,)
        False where no reference record could have been followed to the last horizon: the estimate is then low.
    """

    horizons: FloatArray
    won: FloatArray
    upper: FloatArray
    at_risk: NDArray[np.int64]
    landmark_days: FloatArray
    observed: NDArray[np.bool_]


def landmark_incidence(episodes: StageEpisodes, open_records: pd.DataFrame, horizons: FloatArray) -> LandmarkIncidence:
    """Estimate the landmark incidence of being won for every open record.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on the same date as ``open_records``.
    open_records : pandas.DataFrame
        Open records of the snapshot, with ``stage`` and ``age_days``.
    horizons : numpy.ndarray, shape (m,)
        Days after the as-of instant, increasing.

    Returns
    -------
    LandmarkIncidence
        Rows in the order of ``open_records``.

    Notes
    -----
    Where fewer than ``LEAST_AT_RISK`` stays of the stage lasted longer than the record's age, the landmark moves down
    to the greatest age that so many outlasted ("older than any seen" means not observed, not hopeless). A stage
    with fewer stays than that is read from the stays of all stages together.
    """
    horizons = np.asarray(horizons, dtype=float)
    n = len(open_records)
    won = np.zeros((n, len(horizons)))
    upper, at_risk, landmark = np.ones(n), np.zeros(n, dtype=np.int64), np.zeros(n)
    observed = np.zeros(n, dtype=bool)
    references = follow_to_closing(episodes)
    everywhere = _sorted_reference(references)
    stages = open_records["stage"].to_numpy()
    ages = open_records["age_days"].to_numpy(dtype=float)
    for stage in pd.unique(stages):
        reference = _sorted_reference(references[references["stage"] == stage])
        if len(reference.stay) < LEAST_AT_RISK:
            reference = everywhere
        rows = np.flatnonzero(stages == stage)
        starts = np.minimum(ages[rows], reference.oldest_landmark())
        distinct, back = np.unique(starts, return_inverse=True)
        answers = [reference.incidence_from(a, horizons) for a in distinct]
        won[rows] = np.array([w for w, _, _, _ in answers])[back]
        at_risk[rows] = np.array([k for _, k, _, _ in answers])[back]
        upper[rows] = np.array([u for _, _, u, _ in answers])[back]
        observed[rows] = np.array([o for _, _, _, o in answers])[back]
        landmark[rows] = starts
    return LandmarkIncidence(
        horizons=horizons, won=won, upper=upper, at_risk=at_risk, landmark_days=landmark, observed=observed
    )


@dataclass(frozen=True, kw_only=True)
class _Reference:
    """Stays of one stage, each followed to its record's next closing; sorted by ``close``."""

    stay: FloatArray
    late: FloatArray
    close: FloatArray
    event: NDArray[np.int64]
    followable: FloatArray

    def oldest_landmark(self) -> float:
        """Return the greatest age that at least ``LEAST_AT_RISK`` stays outlasted (0 if there are fewer)."""
        if len(self.stay) <= LEAST_AT_RISK:
            return 0.0
        kth = np.partition(self.stay, -LEAST_AT_RISK)[-LEAST_AT_RISK]
        return float(np.nextafter(kth, 0.0))

    def incidence_from(self, age: float, horizons: FloatArray) -> tuple[FloatArray, int, float, bool]:
        """Return the chance to be won by ``age + horizons``, the number at risk, its upper bound, and if observed."""
        member = self.stay > age
        first = np.searchsorted(self.close, age, side="right")
        last = np.searchsorted(self.close, age + horizons[-1], side="right")
        inside = first + np.flatnonzero(member[first:last])
        times, starts = np.unique(self.close[inside], return_index=True)
        beyond = int(member[last:].sum())
        at_risk = len(inside) - starts + beyond
        late = np.sort(self.late[member & (self.late > age)])
        at_risk = at_risk - (len(late) - np.searchsorted(late, times, side="left"))
        event = self.event[inside]
        wins = np.add.reduceat(event == WON_EVENT, starts, dtype=float) if len(starts) else np.zeros(0)
        losses = np.add.reduceat(event == LOST_EVENT, starts, dtype=float) if len(starts) else np.zeros(0)
        hazard = np.divide(wins + losses, at_risk, out=np.zeros(len(times)), where=at_risk > 0)
        staying = np.concatenate(([1.0], np.cumprod(1.0 - hazard)))[:-1]
        steps = np.divide(staying * wins, at_risk, out=np.zeros(len(times)), where=at_risk > 0)
        curve = np.concatenate(([0.0], np.cumsum(steps)))
        won = curve[np.searchsorted(times, age + horizons, side="right")]
        count = len(inside) + beyond
        fewest = int(at_risk.min()) if len(times) else beyond
        observed = bool((member & (self.followable >= age + horizons[-1])).any())
        return won, count, _upper_bound(won[-1], min(fewest, count)), observed


def _upper_bound(chance: float, at_risk: int) -> float:
    # Clopper and Pearson's bound at the smallest risk set of the window: wide where few were followed to its end.
    wins = chance * at_risk
    return 1.0 if at_risk <= 0 or wins >= at_risk else float(beta.ppf(0.95, wins + 1, at_risk - wins))


def _sorted_reference(references: pd.DataFrame) -> _Reference:
    ordered = references.sort_values("close_days", kind="stable")
    return _Reference(
        stay=ordered["stay_days"].to_numpy(),
        late=ordered["late_days"].to_numpy(),
        close=ordered["close_days"].to_numpy(),
        event=ordered["event"].to_numpy(),
        followable=ordered["followable_days"].to_numpy(),
    )
