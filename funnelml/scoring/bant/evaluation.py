"""How much a BANT score tells: the same figures as for the model, and conversion by band of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from funnelml.errors import ModelInputError
from funnelml.language import Language, say, share
from funnelml.scoring.bant.points import score_bant
from funnelml.scoring.bant.rules import BantRules
from funnelml.scoring.bant.scorer import BantScorer
from funnelml.scoring.evaluation.comparison import ScoreComparison, compare_scores
from funnelml.scoring.evaluation.evaluate import evaluate_scores
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation
from funnelml.scoring.intervals import share_interval
from funnelml.scoring.rows import ScoringRows

_BANDS = 4
_TOLD = 20
"""Records that a band needs to be told in a sentence."""


@dataclass(frozen=True, kw_only=True)
class BantEvaluation:
    """A BANT score on rows that it has not learned from.

    Parameters
    ----------
    rules : BantRules
        The rules.
    points_auc : float
        AUC of the bare points, over rows of which some part is known; NaN if these have one label.
    chances : ScoreEvaluation
        What the chances made of the points tell, measured like those of a model.
    bands : pandas.DataFrame
        One row per quarter of the points that can be had, and one for records of which no part is known: ``band``
        (words), ``from_points, to_points`` (included only in the last band), ``rows, records, converted`` (rows),
        ``rate`` with ``low, high`` (Wilson, as if of so many records), ``expected`` (mean chance).
    against_model : ScoreComparison, optional
        The model (first) against the rules (second) on the same rows.
    level : float
        Probability of the intervals of ``bands``.
    """

    rules: BantRules
    points_auc: float
    chances: ScoreEvaluation
    bands: pd.DataFrame
    against_model: ScoreComparison | None
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return ``bands``."""
        return self.bands

    def summary(self, language: Language = "en") -> str:
        """Return the rules, their AUC, the conversion of the lowest and highest band, and how the model compares."""
        told = [self.rules.describe(language)]
        auc, loss = self.chances.estimate("auc"), self.chances.estimate("log_loss").value
        told.append(
            say(
                language,
                en=f"On {self.chances.rows:,} rows the AUC of the points is {self.points_auc:.3f}, that of their "
                f"chances {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f}), their log loss {loss:.4f}.",
                zh=f"在 {self.chances.rows:,} 行上，得分的 AUC 为 {self.points_auc:.3f}，"
                f"换算概率的 AUC 为 {auc.value:.3f}（{auc.low:.3f} 至 {auc.high:.3f}），对数损失 {loss:.4f}。",
            )
        )
        seen = self.bands[(self.bands["records"] >= _TOLD) & self.bands["from_points"].notna()]
        if len(seen) > 1:
            (least, low), (most, high) = ((seen["band"].iloc[k], share(seen["rate"].iloc[k])) for k in (0, -1))
            told.append(
                say(
                    language,
                    en=f"With {least} points {low} converted, with {most} {high}.",
                    zh=f"{least} 分的转化率为 {low}，{most} 分的为 {high}。",
                )
            )
        if self.against_model is not None:
            gain = self.against_model.advantage("log_loss")
            shown = gain.low > 0 or gain.high < 0
            told.append(
                say(
                    language,
                    en=f"The model's log loss is {abs(gain.value):.4f} {'lower' if gain.value > 0 else 'higher'}, "
                    f"{'beyond' if shown else 'within'} chance.",
                    zh=f"模型的对数损失{'低' if gain.value > 0 else '高'} {abs(gain.value):.4f}，"
                    f"{'超出' if shown else '未超出'}偶然范围。",
                )
            )
        return say(language, en=" ", zh="").join(told)


def evaluate_bant(
    scorer: BantScorer,
    rows: ScoringRows,
    *,
    model_probability: ArrayLike | None = None,
    seed: int = 0,
    level: float = 0.8,
) -> BantEvaluation:
    """Measure a BANT score on rows that it has not learned from.

    Parameters
    ----------
    scorer : BantScorer
        Fitted on rows of before.
    rows : ScoringRows
        Later rows with labels.
    model_probability : array_like, shape (n,), optional
        What the model said of the same rows.
    seed : int
        Seed of resamples.
    level : float
        Probability of the intervals of the bands.

    Returns
    -------
    BantEvaluation

    Raises
    ------
    ModelInputError
        If the rows have no labels.
    NotEnoughDataError
        If all have the same label.
    """
    if rows.label is None:
        raise ModelInputError("the rows have no labels; a score is measured on rows whose outcome is known")
    total = score_bant(rows.features, scorer.rules).table["total"].to_numpy(dtype=np.float64)
    chance = scorer.predict_proba(rows.features)[:, 1]
    against = None
    if model_probability is not None:
        against = compare_scores(rows.label, model_probability, chance, record_id=rows.record_id, seed=seed)
    return BantEvaluation(
        rules=scorer.rules,
        points_auc=_auc(total, rows.label),
        chances=evaluate_scores(rows.label, chance, record_id=rows.record_id, seed=seed),
        bands=_band_rows(total, chance, rows, scorer.rules.maximum, level),
        against_model=against,
        level=level,
    )


def _auc(total: np.ndarray, label: np.ndarray) -> float:
    known = ~np.isnan(total)
    rank, y = rankdata(total[known]), label[known]
    ones = float(y.sum())
    pairs = ones * (len(y) - ones)
    return float((rank[y == 1].sum() - ones * (ones + 1) / 2) / pairs) if pairs else float("nan")


def _band_rows(total: np.ndarray, chance: np.ndarray, rows: ScoringRows, maximum: float, level: float) -> pd.DataFrame:
    assert rows.label is not None
    # Whole points read better, where there are enough of them to divide.
    ends = np.round(maximum * np.arange(_BANDS + 1) / _BANDS, 0 if maximum >= 5 * _BANDS else 2)
    # The highest total belongs to the last band, which has no upper neighbour.
    band = np.where(np.isnan(total), _BANDS, np.clip(np.searchsorted(ends, total, side="right") - 1, 0, _BANDS - 1))
    out = []
    for k in range(_BANDS + 1):
        mine, unknown = band == k, k == _BANDS
        n, records = int(mine.sum()), len(pd.unique(rows.record_id[mine]))
        rate = float(rows.label[mine].mean()) if n else float("nan")
        _, low, high = share_interval(rate * records if n else 0, records, level)
        out.append(
            {
                "band": "unknown" if unknown else f"{ends[k]:g}-{ends[k + 1]:g}",
                "from_points": np.nan if unknown else ends[k],
                "to_points": np.nan if unknown else ends[k + 1],
                "rows": n,
                "records": records,
                "converted": int(rows.label[mine].sum()),
                "rate": rate,
                "low": float(low),
                "high": float(high),
                "expected": float(chance[mine].mean()) if n else float("nan"),
            }
        )
    return pd.DataFrame(out)
