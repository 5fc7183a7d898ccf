"""Two models on the same records: which told better what came about, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError
from funnelml.language import Language, say
from funnelml.survival.evaluation.evaluate import default_days
from funnelml.survival.evaluation.losses import brier_losses, log_losses, mean_over_times
from funnelml.survival.evaluation.predictions import PredictedStays
from funnelml.survival.evaluation.ranking import rank_by_chance
from funnelml.survival.evaluation.standard_errors import NORMAL_95, clustered_error
from funnelml.survival.evaluation.survival_evaluation import TOGETHER
from funnelml.survival.risk_sets import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class IncidenceComparison:
    """The first model against the second on the same records.

    Parameters
    ----------
    rows, records, dates : int
        Predictions of each model, records they speak of, and as-of dates.
    from_day, to_day : float
        Range of days of the integrated Brier score.
    figures : pandas.DataFrame
        One row per figure: ``cause, measure`` (``integrated_brier, log_loss, auc``), ``day`` (NaN for the integrated),
        ``first, second, advantage`` (their difference, positive if the first is better), ``std_err`` (by record),
        ``std_err_dates`` (by as-of date; NaN for one date), ``low, high``: 95 % interval by the larger of the two.
    """

    rows: int
    records: int
    dates: int
    from_day: float
    to_day: float
    figures: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per figure."""
        return self.figures

    def summary(self, language: Language = "en") -> str:
        """Return which model has the lower integrated Brier score, and whether that is beyond chance."""
        # The first row judges all causes at once, or the only one there is.
        row = self.figures.iloc[0]
        gain, low, high = float(row["advantage"]), float(row["low"]), float(row["high"])
        shown, better = low > 0 or high < 0, gain > 0
        return say(
            language,
            en=f"The integrated Brier score of the first model over day {self.from_day:g} to {self.to_day:g} is "
            f"{float(row['first']):.4f}, {abs(gain):.4f} {'lower' if better else 'higher'} than that of the second "
            f"(advantage {low:+.4f} to {high:+.4f}), {'beyond' if shown else 'within'} chance: {self.rows:,} "
            f"predictions of {self.records:,} records (as-of dates: {self.dates:,}).",
            zh=f"第一个模型第 {self.from_day:g} 至 {self.to_day:g} 天的积分 Brier 分数为 {float(row['first']):.4f}，"
            f"比第二个{'低' if better else '高'} {abs(gain):.4f}（优势 {low:+.4f} 至 {high:+.4f}），"
            f"{'超出' if shown else '未超出'}偶然范围：在 {self.dates:,} 个时点对 {self.records:,} 条记录"
            f"作了 {self.rows:,} 次预测。",
        )


def compare_incidence(
    first: PredictedStays, second: PredictedStays, *, at_days: Sequence[float] | None = None
) -> IncidenceComparison:
    """Compare two models on the same records, dates and times.

    Parameters
    ----------
    first, second : PredictedStays
        Predictions of both models, with the same outcomes in the same order.
    at_days : sequence of float, optional
        Days on which ranking and logarithmic score are told, among the predicted times; by default those of 14, 30
        and 60 that were predicted, or the last time if none was.

    Returns
    -------
    IncidenceComparison

    Raises
    ------
    ModelInputError
        If the two do not speak of the same records, times and causes, or nothing was predicted for a day.
    NotEnoughDataError
        If nobody was followed to the last time.

    Notes
    -----
    Standard errors are those of the difference row by row, so that what is hard to predict for both does not count.
    Few as-of dates tell little of how much dates differ: with under ten, take the error by date as a lower limit.
    """
    _check_same(first, second)
    days = default_days(first) if at_days is None else sorted({float(day) for day in at_days})
    places = first.at(days)
    weights, happened = first.weights(), first.came_about()
    record, date = first.record, first.date
    over = mean_over_times(first.times)
    ours, theirs = (brier_losses(predicted, weights) @ over for predicted in (first, second))
    figures = [
        _row(cause, "integrated_brier", np.nan, (ours[:, k], theirs[:, k]), record, date)
        for k, cause in enumerate((TOGETHER, *first.causes))
        if k > 0 or len(first.causes) > 1
    ]
    logarithms = [log_losses(predicted, weights) for predicted in (first, second)]
    for day, j in zip(days, places, strict=True):
        said = (logarithms[0][:, j], logarithms[1][:, j])
        figures.append(_row(str(figures[0]["cause"]), "log_loss", day, said, record, date))
        for k, cause in enumerate(first.causes):
            ranked = [rank_by_chance(p.chance[:, k, j], happened[:, k, j], weights[:, j]) for p in (first, second)]
            # As a loss, so that all signs are alike.
            lost = [-(area + influence) for area, influence in ranked]
            row = _row(cause, "auc", day, (lost[0], lost[1]), record, date)
            figures.append(row | {"first": ranked[0][0], "second": ranked[1][0]})
    return IncidenceComparison(
        rows=len(first),
        records=int(record.max()) + 1,
        dates=int(date.max()) + 1,
        from_day=float(first.times[0]),
        to_day=float(first.times[-1]),
        figures=pd.DataFrame(figures),
    )


def _check_same(first: PredictedStays, second: PredictedStays) -> None:
    told = [p.outcomes.table[["record_id", "cut", "days", "event"]].reset_index(drop=True) for p in (first, second)]
    if not told[0].equals(told[1]):
        raise ModelInputError(
            f"the two models do not speak of the same records on the same dates, in the same order, with the same "
            f"outcomes ({len(first):,} and {len(second):,} rows); predict with both on the same open records"
        )
    if first.causes != second.causes or not np.array_equal(first.times, second.times):
        raise ModelInputError("the two models predict other causes or other times; predict both for the same")


def _row(
    cause: str, measure: str, day: float, losses: tuple[FloatArray, FloatArray], record: IntArray, date: IntArray
) -> dict[str, object]:
    gain = losses[1] - losses[0]
    advantage = float(gain.mean())
    error, error_dates = (float(clustered_error(gain - advantage, cluster)) for cluster in (record, date))
    margin = NORMAL_95 * float(np.fmax(error, error_dates))
    return {
        "cause": cause,
        "measure": measure,
        "day": day,
        "first": float(losses[0].mean()),
        "second": float(losses[1].mean()),
        "advantage": advantage,
        "std_err": error,
        "std_err_dates": error_dates,
        "low": advantage - margin,
        "high": advantage + margin,
    }
