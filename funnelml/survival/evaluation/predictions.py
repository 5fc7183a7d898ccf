"""Predictions beside what came later, checked before anything is measured on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError, NotEnoughDataError, first_few
from funnelml.history.episodes import WON_EVENT
from funnelml.language import Language, say
from funnelml.survival.causes import CAUSES, N_CAUSES
from funnelml.survival.evaluation.censoring import censoring_weights
from funnelml.survival.evaluation.stay_outcomes import StayOutcomes
from funnelml.survival.risk_sets import FloatArray, IntArray

_ROUNDING: Final = 1e-6
"""How far chances may lie outside 0 and 1, and their sum from 1."""


@dataclass(frozen=True, kw_only=True)
class PredictedStays:
    """What was predicted of open records, and what became of them.

    Parameters
    ----------
    outcomes : StayOutcomes
        What became of n records looked at on one or several dates.
    times : numpy.ndarray, shape (m,)
        Days after the as-of instant, increasing.
    chance : numpy.ndarray, shape (n, K, m)
        Chance of each cause by each time.
    causes : tuple of str
        Names of the K causes: how the running stay ends, or ``("won",)`` through all later stages.
    days : numpy.ndarray, shape (n,)
        Days until the end that is predicted, or until knowledge ended.
    event : numpy.ndarray of int, shape (n,)
        0 not ended, ``1..K`` its cause, ``K + 1`` an end that is not predicted.
    """

    outcomes: StayOutcomes
    times: FloatArray
    chance: FloatArray
    causes: tuple[str, ...]
    days: FloatArray
    event: IntArray

    def __len__(self) -> int:
        return len(self.days)

    @property
    def record(self) -> IntArray:
        """Number of the record of each row, shape (n,)."""
        return pd.factorize(self.outcomes.table["record_id"])[0].astype(np.int64)

    @property
    def date(self) -> IntArray:
        """Number of the as-of date of each row, shape (n,)."""
        return pd.factorize(self.outcomes.table["cut"])[0].astype(np.int64)

    @property
    def rest(self) -> FloatArray:
        """Chance of none of the causes by each time, shape (n, m)."""
        return np.clip(1.0 - self.chance.sum(axis=1), 0.0, 1.0)

    def came_about(self) -> FloatArray:
        """Return 1 where a cause had come about by a time, else 0, shape (n, K, m)."""
        code = np.arange(1, 1 + len(self.causes))
        of_cause = self.event[:, None] == code
        return (of_cause[:, :, None] & (self.days[:, None] <= self.times)[:, None, :]).astype(np.float64)

    def weights(self) -> FloatArray:
        """Return the weight of each row at each time, shape (n, m): 1 over its chance to be followed, 0 if it was not.

        Raises
        ------
        NotEnoughDataError
            If nobody was followed to the last time.
        """
        return censoring_weights(self.days, self.event, self.times)

    def at(self, days: ArrayLike) -> IntArray:
        """Return the positions of these days among the times.

        Raises
        ------
        ModelInputError
            If one is not among them.
        """
        asked = np.atleast_1d(np.asarray(days, dtype=np.float64))
        missing = asked[~np.isin(asked, self.times)]
        if len(missing):
            raise ModelInputError(
                f"nothing was predicted for day {first_few(f'{day:g}' for day in missing)}; the times run from "
                f"{self.times[0]:g} to {self.times[-1]:g}: choose among them, or predict for more"
            )
        return np.searchsorted(self.times, asked).astype(np.int64)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per record and date: the outcome, and the chance of each cause by the last time."""
        last = {f"chance_{name}": self.chance[:, k, -1] for k, name in enumerate(self.causes)}
        return self.outcomes.table.assign(**last)

    def summary(self, language: Language = "en") -> str:
        """Return what was predicted for how many, and what became of them."""
        records, dates = self.record.max(initial=-1) + 1, self.date.max(initial=-1) + 1
        count = say(
            language,
            en=f"{len(self):,} predictions of {records:,} records (as-of dates: {dates:,}), "
            f"for day {self.times[0]:g} to {self.times[-1]:g}. ",
            zh=f"在 {dates:,} 个时点对 {records:,} 条记录作了 {len(self):,} 次预测，"
            f"覆盖第 {self.times[0]:g} 至 {self.times[-1]:g} 天。",
        )
        return count + self.outcomes.summary(language)


def pair_predictions(outcomes: StayOutcomes, incidence: ArrayLike, times: ArrayLike) -> PredictedStays:
    """Put predictions beside what came later.

    Parameters
    ----------
    outcomes : StayOutcomes
        What became of n records.
    incidence : array-like, shape (n, 1 + K, m) or (n, m)
        Chance by each time to be still in the stage (row 0) and to have left it by each of the K = 4 causes, given
        that the stay is longer than it was at the as-of instant; or the chance to be won through all later stages.
    times : array-like, shape (m,)
        Days after the as-of instant, increasing.

    Returns
    -------
    PredictedStays

    Raises
    ------
    ModelInputError
        If shapes do not fit, a chance is missing or not between 0 and 1, or those of a record do not add up to 1.
    NotEnoughDataError
        If there is no record.
    """
    days = np.asarray(times, dtype=np.float64)
    if days.ndim != 1 or not len(days) or not np.isfinite(days).all() or days[0] < 0 or (np.diff(days) <= 0).any():
        raise ModelInputError("times must be increasing days from 0 on, one at least")
    n = len(outcomes.table)
    if n == 0:
        raise NotEnoughDataError("no record was open, so there is nothing to evaluate; choose other as-of dates")
    given = read_chances(incidence)
    allowed = ((n, 1 + N_CAUSES, len(days)), (n, len(days)))
    if given.shape not in allowed:
        raise ModelInputError(
            f"predictions have shape {given.shape}; for {n:,} records and {len(days):,} times it must be {allowed[0]}, "
            f"how the stay ends, or {allowed[1]}, the chance to be won"
        )
    ids = outcomes.table["record_id"].to_numpy()
    _refuse(ids, ~np.isfinite(given), "is missing")
    _refuse(ids, (given < -_ROUNDING) | (given > 1 + _ROUNDING), "does not lie between 0 and 1")
    if given.ndim == 2:
        closed = outcomes.table["close_event"].to_numpy()
        return PredictedStays(
            outcomes=outcomes,
            times=days,
            chance=np.clip(given, 0, 1)[:, None, :],
            causes=("won",),
            days=outcomes.table["close_days"].to_numpy(dtype=np.float64),
            event=np.where(closed == WON_EVENT, 1, np.where(closed > 0, 2, 0)).astype(np.int64),
        )
    _refuse(ids, np.abs(given.sum(axis=1) - 1) > _ROUNDING, "does not add up to 1 with the others")
    return PredictedStays(
        outcomes=outcomes,
        times=days,
        chance=np.clip(given[:, 1:], 0, 1),
        causes=CAUSES,
        days=outcomes.days,
        event=outcomes.event,
    )


def read_chances(values: ArrayLike) -> FloatArray:
    """Return predictions as numbers.

    Raises
    ------
    ModelInputError
        If they are not, or their rows differ in length.
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelInputError("predictions must be one array of numbers, a row for each record") from None


def _refuse(ids: NDArray[np.object_], odd: NDArray[np.bool_], what: str) -> None:
    rows = odd.reshape(len(ids), -1).any(axis=1)
    if rows.any():
        raise ModelInputError(
            f"a predicted chance {what} for {int(rows.sum()):,} of {len(ids):,} records ({first_few(ids[rows])})"
        )
