"""The result of an evaluation: figures with intervals, calibration, gains and segments, and what they say in words."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from funnelml.language import Language, say, share
from funnelml.scoring.evaluation.calibration import Calibration
from funnelml.scoring.evaluation.resampling import Estimate


@dataclass(frozen=True, kw_only=True)
class ScoreEvaluation:
    """How well probabilities told what came about.

    Parameters
    ----------
    rows, records, positives : int
        Rows, records they speak of, and rows with label 1.
    mean_probability : float
        Mean probability: what was promised.
    metrics : pandas.DataFrame
        Index ``metric``: ``value``, ``low, high`` (95 % interval, bootstrap by record; none for the calibration error,
        which resampling inflates), ``reference``: the value of a score that knows the share with label 1 and nothing
        else, for figures of calibration that of a calibrated score, for the calibration error the value that a perfect
        model of this size does not exceed in 95 of 100 cases.
    calibration : Calibration
        Calibration in bins.
    gains : pandas.DataFrame
        One row per share of the rows taken from the top: ``top``, ``rows``, ``lowest_probability`` among them,
        ``capture`` (share of label 1 among them) with ``low, high``, ``lift`` (capture over top) with ``lift_low,
        lift_high``, ``rate`` (share of them with label 1).
    histogram : pandas.DataFrame
        Rows by probability: ``left, right, rows``.
    by_segment : pandas.DataFrame
        One row per segment: ``field, segment, rows, records, positives, base_rate, mean_probability, auc, auc_low,
        auc_high, log_loss, calibration_in_the_large`` with its ``_low, _high``, ``calibration_error,
        calibration_error_95``; without rows if no segments were asked for.
    resamples : int
        Resamples behind the intervals.
    """

    rows: int
    records: int
    positives: int
    mean_probability: float
    metrics: pd.DataFrame
    calibration: Calibration
    gains: pd.DataFrame
    histogram: pd.DataFrame
    by_segment: pd.DataFrame
    resamples: int

    @property
    def base_rate(self) -> float:
        """Share of rows with label 1."""
        return self.positives / self.rows

    def estimate(self, metric: str) -> Estimate:
        """Return one of the ``metrics`` with its interval."""
        value, low, high = (float(self.metrics[column][metric]) for column in ("value", "low", "high"))
        return Estimate(value=value, low=low, high=high)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per metric: ``metric, value, low, high, reference``."""
        return self.metrics.reset_index()

    def summary(self, language: Language = "en") -> str:
        """Return how well the scores order, whether the probabilities hold, and what the top tenth holds."""
        auc, capture = self.estimate("auc"), share(self.estimate("top_decile_capture").value)
        promised, seen = share(self.mean_probability, 1), share(self.base_rate, 1)
        error, limit = f"{100 * self.calibration.error:.1f}", f"{100 * self.calibration.perfect_error_95:.1f}"
        beyond = self.calibration.beyond_chance
        return say(
            language,
            en=f"On {self.rows:,} rows of {self.records:,} records, {seen} of which came about and {promised} were "
            f"promised, the AUC is {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f}). The probabilities are off by "
            f"{error} points on average, {'more than' if beyond else 'within'} what chance does to a perfect model of "
            f"this size (up to {limit}). The top tenth holds {capture} of what came about.",
            zh=f"在 {self.records:,} 条记录的 {self.rows:,} 行上，实际转化 {seen}，预测平均概率 {promised}，"
            f"AUC 为 {auc.value:.3f}（{auc.low:.3f} 至 {auc.high:.3f}）。概率平均偏差 {error} 个百分点，"
            f"{'超出' if beyond else '未超出'}同等规模完美模型的偶然偏差（至多 {limit}）。"
            f"得分最高的十分之一包含 {capture} 的转化。",
        )
