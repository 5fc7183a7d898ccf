"""What lies ahead of one open record, day by day: how its stay ends, and by when it is won."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError
from funnelml.history.episodes import ADVANCED, LOST_EVENT, WON_EVENT
from funnelml.language import Language, say, share
from funnelml.survival.causes import CAUSES
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.verdicts import StallVerdicts
from funnelml.survival.stay_rows import StayRows


@dataclass(frozen=True, kw_only=True)
class RecordFuture:
    """What lies ahead of one open record.

    Parameters
    ----------
    record_id, stage : str
        The record, and the stage in which it sits.
    as_of : datetime.date
        Last day that is known.
    age_days : float
        Days it has sat there.
    days : numpy.ndarray, shape (m,)
        Days ahead.
    incidence : numpy.ndarray, shape (5, m)
        Chance to be still in the stage, and to have advanced from it, been won, lost, or moved back.
    won_by, won_low, won_high : numpy.ndarray, shape (m,)
        Chance to be won through all remaining stages, and its interval by what the parameters may be.
    level : float
        Probability of the interval.
    observed_days : float
        Days ahead for which anybody was followed.
    win_days, floor, floor_in_days : float
        Horizon, floor, and days after which the chance to be won within the horizon is under the floor (NaN: never
        within what is observed).
    """

    record_id: str
    stage: str
    as_of: date
    age_days: float
    days: FloatArray
    incidence: FloatArray
    won_by: FloatArray
    won_low: FloatArray
    won_high: FloatArray
    level: float
    observed_days: float
    win_days: float
    floor: float
    floor_in_days: float

    @property
    def last_seen(self) -> int:
        """Position of the last day ahead that was observed."""
        return int(np.searchsorted(self.days, self.observed_days, side="right")) - 1

    def to_frame(self) -> pd.DataFrame:
        """Return one row per day ahead: ``days, still`` and a column per way out, ``won_by, won_low, won_high``."""
        columns = {"days": self.days, "still": self.incidence[0]}
        columns |= {cause: self.incidence[k] for k, cause in enumerate(CAUSES, start=1)}
        return pd.DataFrame(columns | {"won_by": self.won_by, "won_low": self.won_low, "won_high": self.won_high})

    def summary(self, language: Language = "en") -> str:
        """Return how likely it goes on, is lost and is won by the last day that was observed."""
        k = self.last_seen
        last = f"{self.days[k]:g}"
        on = share(self.incidence[ADVANCED, k] + self.incidence[WON_EVENT, k])
        lost, won = share(self.incidence[LOST_EVENT, k]), share(self.won_by[k])
        low, high = share(self.won_low[k]), share(self.won_high[k])
        text = say(
            language,
            en=f"{self.record_id} goes on from {self.stage} within {last} days with chance {on} and is lost from there "
            f"with {lost}; it is won by then with {won} ({low} to {high}).",
            zh=f"{self.record_id} 在 {last} 天内从{self.stage}推进的概率为 {on}，从该阶段输单的概率为 {lost}；"
            f"届时赢单的概率为 {won}（{low} 至 {high}）。",
        )
        if self.observed_days < self.days[-1]:
            text += say(language, en=" Nobody was followed for longer from here.", zh="没有记录从此处起被跟踪更久。")
        return text


def foresee_record(
    model: StageModel,
    rows: StayRows,
    verdicts: StallVerdicts,
    record_id: str,
    *,
    days: int = 120,
    draws: int = 50,
    level: float = 0.8,
    seed: int = 0,
) -> RecordFuture:
    """Return what lies ahead of one open record.

    Parameters
    ----------
    model : StageModel
        The model by which the verdicts were given.
    rows : StayRows
        The running stays of which they were given.
    verdicts : StallVerdicts
        The verdicts.
    record_id : str
        The record.
    days : int
        Days ahead.
    draws, seed : int
        Models drawn from what the parameters may be, for the interval, and the seed.
    level : float
        Probability of the interval.

    Returns
    -------
    RecordFuture

    Raises
    ------
    ModelInputError
        If the record is not open, there is no day ahead, or the interval has no draws or no level.
    """
    if days < 1 or draws < 2 or not 0 < level < 1:
        raise ModelInputError(
            f"a future needs at least 1 day, 2 draws and a level between 0 and 1, not {days}, {draws} and {level:g}"
        )
    row = verdicts.row(record_id)
    mine = rows.take(np.flatnonzero(rows.record_id == record_id)[:1])
    if not len(mine):
        raise ModelInputError(f"record '{record_id}' has a verdict and no row; hand over the rows that were judged")
    asked = replace(mine, age=np.array([float(row["read_at_days"])]))
    ahead = np.arange(days + 1.0)
    drawn = np.stack([other.predict_won_by(asked, ahead)[0] for other in model.draws(draws, seed=seed)])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return RecordFuture(
        record_id=record_id,
        stage=str(row["stage"]),
        as_of=verdicts.as_of,
        age_days=float(row["age_days"]),
        days=ahead,
        incidence=model.predict_cumulative_incidence(asked, ahead)[0],
        won_by=model.predict_won_by(asked, ahead)[0],
        won_low=low,
        won_high=high,
        level=level,
        observed_days=float(model.days_observed(asked)[0]),
        win_days=verdicts.win_days,
        floor=verdicts.floor,
        floor_in_days=float(row["floor_in_days"]),
    )
