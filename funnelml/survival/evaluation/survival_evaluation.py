"""The result of an evaluation: figures with standard errors, curves and bins, and what they say in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from funnelml.language import Language, join_words, say, share

TOGETHER: Final = "together"
"""Name of the figures that judge all causes, and that none came about, at once."""
CAUSE_NAMES: Final = {
    "advanced": ("advanced", "前进"),
    "won": ("won", "赢单"),
    "lost": ("lost", "输单"),
    "moved_back": ("moved back", "回退"),
    TOGETHER: ("all causes together", "各结局合计"),
}


@dataclass(frozen=True, kw_only=True)
class SurvivalEvaluation:
    """How well predicted incidences told what came about.

    Parameters
    ----------
    rows, records, dates : int
        Predictions, records they speak of, and as-of dates on which they were made.
    from_day, to_day : float
        Range of days after the as-of instant over which the integrated Brier score is the mean.
    figures : pandas.DataFrame
        One row per figure: ``cause`` (a cause, or ``"together"``), ``measure`` (``integrated_brier, brier, log_loss,
        auc, predicted, observed, calibration_slope, calibration_error``), ``day`` (NaN for the integrated), ``value``,
        ``std_err`` (by record), ``std_err_dates`` (by as-of date; NaN for one date), ``reference``: of a Brier score
        that of who gives all the same share, of an AUC one half, of a slope 1, of a calibration error what chance
        alone would show, NaN for the others.
    curve : pandas.DataFrame
        ``cause, day, brier, reference`` at every time.
    bins : pandas.DataFrame
        ``cause, day``, and the bins of ``bin_calibration``.
    """

    rows: int
    records: int
    dates: int
    from_day: float
    to_day: float
    figures: pd.DataFrame
    curve: pd.DataFrame
    bins: pd.DataFrame

    def value(self, cause: str, measure: str, day: float | None = None) -> float:
        """Return one figure; NaN if there is none.

        Parameters
        ----------
        cause : str
            A cause, or ``"together"``.
        measure : str
            As in ``figures``.
        day : float, optional
            Day of the figure; None for the integrated.
        """
        f = self.figures
        on_day = f["day"].isna() if day is None else f["day"] == day
        found = f.loc[(f["cause"] == cause) & (f["measure"] == measure) & on_day, "value"]
        return float(found.iloc[0]) if len(found) else float("nan")

    @property
    def days(self) -> tuple[float, ...]:
        """Days on which single figures were measured."""
        return tuple(float(day) for day in np.unique(self.figures["day"].dropna()))

    @property
    def causes(self) -> tuple[str, ...]:
        """Causes that came about, or were given a chance, at all."""
        last = self.figures[self.figures["measure"].isin(("predicted", "observed"))]
        return tuple(str(c) for c in pd.unique(last.loc[last["value"] > 0, "cause"]))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per figure."""
        return self.figures

    def summary(self, language: Language = "en") -> str:
        """Return the integrated Brier scores, and what was promised beside what came about by the last day."""
        zh, day = language == "zh", self.days[-1]
        integrated = self.figures[self.figures["measure"] == "integrated_brier"]
        brier = join_words(
            [
                f"{CAUSE_NAMES[cause][zh]} {value:.4f} / {reference:.4f}"
                for cause, value, reference in zip(
                    integrated["cause"], integrated["value"], integrated["reference"], strict=True
                )
                if cause in (*self.causes, TOGETHER)
            ],
            language,
        )
        promised = join_words(
            [
                f"{CAUSE_NAMES[cause][zh]} {share(self.value(cause, 'predicted', day), 1)} / "
                f"{share(self.value(cause, 'observed', day), 1)}"
                for cause in self.causes
            ],
            language,
        )
        return say(
            language,
            en=f"{self.rows:,} predictions of {self.records:,} records (as-of dates: {self.dates:,}). Integrated Brier "
            f"score over day {self.from_day:g} to {self.to_day:g}, beside that of one share for all: {brier}. "
            f"Promised / observed by day {day:g}: {promised}.",
            zh=f"在 {self.dates:,} 个时点对 {self.records:,} 条记录作了 {self.rows:,} 次预测。"
            f"第 {self.from_day:g} 至 {self.to_day:g} 天的积分 Brier 分数（模型 / 全体同一比例）：{brier}。"
            f"至第 {day:g} 天，预测 / 实际：{promised}。",
        )
