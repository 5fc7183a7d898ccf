"""A kind of model judged on the newest rows, and beside it on rows drawn at random: the price of drift."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from funnelml.language import Language, say, share
from funnelml.scoring.evaluation.class_counts import ClassCounts
from funnelml.scoring.evaluation.comparison import ScoreComparison
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation
from funnelml.scoring.evaluation.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class SplitEvaluation:
    """A model learned from one part of the rows and judged on the other.

    Parameters
    ----------
    in_time : bool
        Whether the test are the newest rows; else they were drawn at random.
    train_rows : int
        Rows that were learned from.
    training : ClassCounts
        Records of both outcomes among them.
    train_base_rate : float
        Share of them with label 1.
    embargoed : int
        Older rows that were not learned from, since their label was not yet known when the test begins.
    already_learned : int
        Newer rows whose record was learned from too, at an earlier date.
    test_from, test_to : int or None
        First and last instant of the test rows (microseconds).
    scores : ScoreEvaluation
        Figures on the test rows.
    against_base_rate : ScoreComparison
        The model (first) against the base rate of training (second).
    verdict : Verdict
        What may be done with the scores.
    test_scores : pandas.DataFrame
        One row per test row: ``record_id, at`` (if dated), ``label, probability``.
    """

    in_time: bool
    train_rows: int
    training: ClassCounts
    train_base_rate: float
    embargoed: int
    already_learned: int
    test_from: int | None
    test_to: int | None
    scores: ScoreEvaluation
    against_base_rate: ScoreComparison
    verdict: Verdict
    test_scores: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class ModelEvaluation:
    """How far a kind of model is to be trusted on rows it has not seen.

    Parameters
    ----------
    outcome : str
        What label 1 means.
    time : SplitEvaluation or None
        Judged on the newest rows; None if the rows have no dates.
    random : SplitEvaluation
        Judged on records drawn at random.
    """

    outcome: str
    time: SplitEvaluation | None
    random: SplitEvaluation

    @property
    def main(self) -> SplitEvaluation:
        """The evaluation that counts: in time where there are dates, else at random."""
        return self.time or self.random

    @property
    def verdict(self) -> Verdict:
        """The verdict on the main evaluation."""
        return self.main.verdict

    @property
    def auc_lost_to_drift(self) -> float:
        """AUC on a random split minus AUC on the newest rows; NaN without dates."""
        if self.time is None:
            return float("nan")
        return self.random.scores.estimate("auc").value - self.time.scores.estimate("auc").value

    def to_frame(self) -> pd.DataFrame:
        """Return one row per split and metric: ``split, metric, value, low, high, reference``."""
        splits = [("time", self.time), ("random", self.random)]
        return pd.concat(
            [own.scores.to_frame().assign(split=name)[_COLUMNS] for name, own in splits if own is not None],
            ignore_index=True,
        )

    def summary(self, language: Language = "en") -> str:
        """Return the verdict, the base rates of training and test, and what time costs."""
        main = self.main
        before, now = share(main.train_base_rate, 1), share(main.scores.base_rate, 1)
        rows, learned = main.scores.rows, main.train_rows
        where = say(
            language,
            en=f"Learned from {learned:,} rows ({before} {self.outcome}), judged on {rows:,} "
            f"{'newer ones' if main.in_time else 'others'} ({now}).",
            zh=f"用 {learned:,} 行训练（转化率 {before}），"
            f"在{'更新的' if main.in_time else '其余'} {rows:,} 行上检验（转化率 {now}）。",
        )
        return say(language, en=" ", zh="").join((self.verdict.summary(language), where, self._tell_drift(language)))

    def _tell_drift(self, language: Language) -> str:
        if self.time is None:
            return say(
                language,
                en="The rows have no dates, so the test was drawn at random and drift could not be seen.",
                zh="数据没有日期，测试集为随机抽取，无法看出漂移。",
            )
        drawn, newest = self.random.scores.estimate("auc"), self.time.scores.estimate("auc")
        if newest.low <= drawn.value:
            apart = drawn.low > newest.high
            return say(
                language,
                en=f"On a random split the AUC is {drawn.value:.3f} ({drawn.low:.3f} to {drawn.high:.3f}): "
                + ("the difference is what time costs." if apart else "no more than chance apart."),
                zh=f"随机划分时 AUC 为 {drawn.value:.3f}（{drawn.low:.3f} 至 {drawn.high:.3f}）："
                + ("差距即时间推移的代价。" if apart else "差距未超出偶然范围。"),
            )
        return say(
            language,
            en=f"On a random split the AUC is {drawn.value:.3f}, not higher: no drift to be seen.",
            zh=f"随机划分时 AUC 为 {drawn.value:.3f}，并不更高：未见漂移。",
        )


_COLUMNS = ["split", "metric", "value", "low", "high", "reference"]
