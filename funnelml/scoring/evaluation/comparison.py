"""Two scores on the same rows: which is better, in how many resamples of the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnelml.language import Language, join_words, say, share
from funnelml.scoring.evaluation.metrics import METRIC_NAMES, measure_losses, measure_order
from funnelml.scoring.evaluation.ranking import Ranking, rank_rows
from funnelml.scoring.evaluation.resampling import RESAMPLES, Estimate, central_interval, draw_record_weights
from funnelml.scoring.evaluation.scored_rows import FloatArray, check_scored

LOWER_IS_BETTER: Final = frozenset({"log_loss", "brier"})


@dataclass(frozen=True, kw_only=True)
class ScoreComparison:
    """The first score against the second on the same rows.

    Parameters
    ----------
    rows, records : int
        Rows, and records they speak of.
    metrics : pandas.DataFrame
        Index ``metric`` (``log_loss, brier, auc, average_precision``): ``first, second``, ``advantage`` (their
        difference, positive if the first is better) with ``low, high`` (95 % interval, paired bootstrap by record),
        ``share_in_favour`` of the first: share of resamples in which it is better, ties counted half.
    resamples : int
        Resamples behind the intervals.
    """

    rows: int
    records: int
    metrics: pd.DataFrame
    resamples: int

    def advantage(self, metric: str) -> Estimate:
        """Return by how much the first score is better, with its interval."""
        value, low, high = (float(self.metrics[column][metric]) for column in ("advantage", "low", "high"))
        return Estimate(value=value, low=low, high=high)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per metric: ``metric, first, second, advantage, low, high, share_in_favour``."""
        return self.metrics.reset_index()

    def summary(self, language: Language = "en") -> str:
        """Return which score has the lower log loss, how sure that is, and what the other figures say."""
        gain, favour = self.advantage("log_loss"), share(float(self.metrics["share_in_favour"]["log_loss"]))
        others = self.metrics.drop(index="log_loss").reset_index()
        told = join_words(
            [
                f"{METRIC_NAMES[metric][language == 'zh']} {first:.3f} / {second:.3f}"
                for metric, first, second in zip(others["metric"], others["first"], others["second"], strict=True)
            ],
            language,
        )
        shown, better = gain.low > 0 or gain.high < 0, gain.value > 0
        return say(
            language,
            en=f"The log loss of the first score is {abs(gain.value):.4f} {'lower' if better else 'higher'} than that "
            f"of the second (advantage {gain.low:+.4f} to {gain.high:+.4f}), {'beyond' if shown else 'within'} chance; "
            f"the first is better in {favour} of the resamples. First / second: {told}.",
            zh=f"第一个评分的对数损失比第二个{'低' if better else '高'} {abs(gain.value):.4f}"
            f"（优势 {gain.low:+.4f} 至 {gain.high:+.4f}），{'超出' if shown else '未超出'}偶然范围；"
            f"在 {favour} 的重抽样中第一个更好。第一个 / 第二个：{told}。",
        )


def compare_scores(
    label: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    record_id: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> ScoreComparison:
    """Compare two scores on the same rows, each resample of the records the same for both.

    Parameters
    ----------
    label : array_like, shape (n,)
        1 if it came about, 0 if not.
    first, second : array_like, shape (n,)
        Probabilities of label 1.
    record_id : array_like, shape (n,), optional
        The record of each row; by default each row is a record of its own.
    seed : int
        Seed of the resamples.
    resamples : int
        Resamples behind the intervals.

    Returns
    -------
    ScoreComparison

    Raises
    ------
    ModelInputError
        If shapes differ, a label is neither 0 nor 1, a probability is missing or not in [0, 1], or a record has no id.
    NotEnoughDataError
        If all rows have the same label, or speak of one record.
    """
    one = check_scored(label, first, record_id, name="first")
    other = check_scored(label, second, record_id, name="second")
    rankings = (rank_rows(one), rank_rows(other))
    everyone = np.ones((1, one.n_records))
    values = [{name: float(v[0]) for name, v in _measure(ranking, everyone).items()} for ranking in rankings]
    drawn: dict[str, list[FloatArray]] = {name: [] for name in values[0]}
    for weights in draw_record_weights(one.n_records, n_rows=len(one), resamples=resamples, seed=seed):
        ours, theirs = (_measure(ranking, weights) for ranking in rankings)
        for name in drawn:
            drawn[name].append(_sign(name) * (ours[name] - theirs[name]))
    rows = []
    for name, parts in drawn.items():
        advantage = np.concatenate(parts)
        low, high = central_interval(advantage)
        ours_now, theirs_now = (own[name] for own in values)
        rows.append(
            {
                "metric": name,
                "first": ours_now,
                "second": theirs_now,
                "advantage": _sign(name) * (ours_now - theirs_now),
                "low": float(low),
                "high": float(high),
                "share_in_favour": float(((advantage > 0) + (advantage == 0) / 2)[np.isfinite(advantage)].mean()),
            }
        )
    return ScoreComparison(
        rows=len(one), records=one.n_records, metrics=pd.DataFrame(rows).set_index("metric"), resamples=resamples
    )


def _measure(ranking: Ranking, record_weights: FloatArray) -> dict[str, FloatArray]:
    weights = record_weights[:, ranking.record]
    return measure_losses(ranking, weights) | measure_order(ranking.accumulate(weights))


def _sign(metric: str) -> int:
    return -1 if metric in LOWER_IS_BETTER else 1
