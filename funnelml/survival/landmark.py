"""Landmark incidence: the chance that a record is won in the coming days, given that it still sits in its stage.

For a record that has been in stage s for a days, the reference set is every past stay in s that lasted longer than
a: not merely the records that were not closed by then, most of which had already moved on and are worth more. From
the landmark on, the reference records are followed through all later stages until won or lost, and the exact
Aalen-Johansen estimate of that subset is read off (van Houwelingen and Putter, Dynamic Prediction in Clinical Survival
Analysis, 2012, chapter 3). Records that are still open are censored, not dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta

from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import LOST_EVENT, WON_EVENT, StageEpisodes

FloatArray = NDArray[np.float64]
LEAST_AT_RISK: Final = 5
"""Fewest stays that must have outlasted a landmark for it to stand alone."""
LEAST_FOR_BOUND: Final = 149
"""Fewest that can show a chance to be under 2 %: none of 149 won has the upper bound 1 - 0.05 ** (1 / 149)."""


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
        stays had outlasted it.
    observed : numpy.ndarray of bool, shape (n,)
        Whether any reference record began long enough ago to be followed to the last horizon. Where none did, the
        estimate stops where the follow-up does, and is low.
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
    "Older than any seen" means not observed, not hopeless. Where fewer than ``LEAST_AT_RISK`` stays of the stage
    outlasted the record's age, the landmark moves down to the greatest age that so many outlasted; a stage with fewer
    stays than that is read from the stays of all stages together.

    The upper bound is Clopper and Pearson's on those that could be followed to the end of the horizon, whatever
    happened to them, at the greatest age (not above the record's own) with ``LEAST_FOR_BOUND`` of them: a younger age
    is the cautious one, since chances fall as records age.
    """
    horizons = np.asarray(horizons, dtype=float)
    n = len(open_records)
    won = np.zeros((n, len(horizons)))
    upper, landmark = np.ones(n), np.zeros(n)
    at_risk, observed = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool)
    stays = follow_to_closing(episodes)
    everywhere = _Reference.of(stays)
    stages = open_records["stage"].to_numpy()
    ages = open_records["age_days"].to_numpy(dtype=float)
    for stage in pd.unique(stages):
        reference = _Reference.of(stays[stays["stage"] == stage])
        if len(reference.stay) < LEAST_AT_RISK:
            reference = everywhere
        rows = np.flatnonzero(stages == stage)
        landmark[rows] = np.minimum(ages[rows], reference.outlasted(LEAST_AT_RISK))
        starts, back = np.unique(landmark[rows], return_inverse=True)
        answers = [reference.incidence_from(a, horizons) for a in starts]
        won[rows] = np.array([curve for curve, _ in answers])[back]
        at_risk[rows] = np.array([count for _, count in answers])[back]
        bounded = np.minimum(ages[rows], reference.outlasted(LEAST_FOR_BOUND, followed_for=horizons[-1]))
        starts, back = np.unique(bounded, return_inverse=True)
        upper[rows] = np.array([reference.upper_bound(a, horizons[-1]) for a in starts])[back]
        observed[rows] = landmark[rows] <= reference.outlasted(1, followed_for=horizons[-1])
    return LandmarkIncidence(
        horizons=horizons,
        won=won,
        # A bound read at a younger age may lie under an estimate read at the record's own.
        upper=np.maximum(upper, won[:, -1]),
        at_risk=at_risk,
        landmark_days=landmark,
        observed=observed,
    )


@dataclass(frozen=True, kw_only=True)
class _Reference:
    """Stays followed to their record's next closing, sorted by ``close``; all in days since entering the stage."""

    stay: FloatArray
    late: FloatArray
    close: FloatArray
    event: NDArray[np.int64]
    followable: FloatArray

    @classmethod
    def of(cls, stays: pd.DataFrame) -> _Reference:
        ordered = stays.sort_values("close_days", kind="stable")
        return cls(
            stay=ordered["stay_days"].to_numpy(),
            late=ordered["late_days"].to_numpy(),
            close=ordered["close_days"].to_numpy(),
            event=ordered["event"].to_numpy(),
            followable=ordered["followable_days"].to_numpy(),
        )

    def outlasted(self, least: int, *, followed_for: float = 0.0) -> float:
        """Return the greatest age that ``least`` stays outlasted, begun long enough ago to be followed from it.

        The answer is 0 if there are fewer than that at any age, so that the youngest landmark is the last resort.
        """
        if len(self.stay) < least:
            return 0.0
        serves = np.minimum(np.nextafter(self.stay, -np.inf), self.followable - followed_for)
        return max(0.0, float(np.partition(serves, -least)[-least]))

    def incidence_from(self, age: float, horizons: FloatArray) -> tuple[FloatArray, int]:
        """Return the exact estimate of being won by ``age + horizons`` given a stay > age, and the number at risk."""
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
        wins = _sums(event == WON_EVENT, starts)
        hazard = np.divide(wins + _sums(event == LOST_EVENT, starts), at_risk, where=at_risk > 0, out=0.0 * times)
        before = np.concatenate(([1.0], np.cumprod(1.0 - hazard)))[:-1]
        steps = np.divide(before * wins, at_risk, where=at_risk > 0, out=0.0 * times)
        # The steps sum to at most one, but for the last bits.
        curve = np.minimum(np.concatenate(([0.0], np.cumsum(steps))), 1.0)
        return curve[np.searchsorted(times, age + horizons, side="right")], len(inside) + beyond

    def upper_bound(self, age: float, horizon: float) -> float:
        """Return the one-sided 95 % upper bound of being won by ``age + horizon`` given a stay > age."""
        followed = (self.stay > age) & (self.followable - horizon >= age) & (self.late <= age)
        wins = int((followed & (self.event == WON_EVENT) & (self.close <= age + horizon)).sum())
        total = int(followed.sum())
        return 1.0 if wins == total else float(beta.ppf(0.95, wins + 1, total - wins))


def _sums(flags: NDArray[np.bool_], starts: NDArray[np.intp]) -> FloatArray:
    return np.add.reduceat(flags, starts, dtype=float) if len(starts) else np.zeros(0)
