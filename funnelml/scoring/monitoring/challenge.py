"""Champion against challenger on the same past rows: keep the score in use, or replace it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd
from numpy.typing import ArrayLike

from funnelml.errors import ModelInputError
from funnelml.language import Language, say
from funnelml.scoring.evaluation.class_counts import NO_MODEL_UNDER, count_classes
from funnelml.scoring.evaluation.comparison import ScoreComparison, compare_scores

TOLERANCE: Final = 0.01
"""By what part of the champion's log loss a fresh challenger may be worse."""
OLD_DAYS: Final = 180
"""Age of a champion from which on an equal challenger replaces it."""

Reason = Literal["better", "fresh", "worse", "not_shown", "too_few"]


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """Whether the challenger is to replace the champion.

    Parameters
    ----------
    decision : {"keep", "replace"}
        What to do with the champion.
    reason : {"better", "fresh", "worse", "not_shown", "too_few"}
        Why: the challenger is better; it is as good within the tolerance and the champion is old; it is worse; neither
        is shown; or there are under 40 records of an outcome.
    comparison : ScoreComparison
        The challenger (first) against the champion (second), paired by record.
    champion_age_days : float, optional
        Age of the champion; None if unknown.
    tolerance : float
        By how much (log loss) the challenger may be worse.
    rarer : int
        Records of the rarer outcome.
    """

    decision: Literal["keep", "replace"]
    reason: Reason
    comparison: ScoreComparison
    champion_age_days: float | None
    tolerance: float
    rarer: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row per metric: ``metric, challenger, champion, advantage, low, high, share_in_favour``."""
        return self.comparison.to_frame().rename(columns={"first": "challenger", "second": "champion"})

    def summary(self, language: Language = "en") -> str:
        """Return the decision, the difference in log loss with its interval, and the reason."""
        gain = self.comparison.advantage("log_loss")
        what = say(
            language,
            en="Replace the champion" if self.decision == "replace" else "Keep the champion",
            zh="建议替换现用模型" if self.decision == "replace" else "建议保留现用模型",
        )
        lower, ends = gain.value > 0, f"{gain.low:+.4f} to {gain.high:+.4f}"
        size = say(
            language,
            en=f"on {self.comparison.rows:,} past rows the challenger's log loss is {abs(gain.value):.4f} "
            f"{'lower' if lower else 'higher'} (advantage {ends})",
            zh=f"在过去 {self.comparison.rows:,} 行上，候选模型的对数损失{'低' if lower else '高'} "
            f"{abs(gain.value):.4f}（优势 {ends.replace(' to ', ' 至 ')}）",
        )
        return say(language, en=f"{what}: {size}, {self._why('en')}.", zh=f"{what}：{size}，{self._why('zh')}。")

    def _why(self, language: Language) -> str:
        age = "?" if self.champion_age_days is None else f"{self.champion_age_days:,.0f}"
        limit = f"{self.tolerance:.4f}"
        told = {
            "better": ("which is beyond chance", "超出偶然范围"),
            "fresh": (
                f"at most {limit} worse, and the champion is {age} days old",
                f"至多差 {limit}，且现用模型已使用 {age} 天",
            ),
            "worse": ("which is beyond chance", "超出偶然范围"),
            "not_shown": ("which is not shown to be more than chance", "未能证明超出偶然范围"),
            "too_few": (
                f"from {self.rarer:,} records of the rarer outcome, too few to decide; {NO_MODEL_UNDER} would do",
                f"但较少一类结果只有 {self.rarer:,} 条记录，不足以决定，至少需 {NO_MODEL_UNDER} 条",
            ),
        }[self.reason]
        return told[language == "zh"]


def challenge(
    champion: ArrayLike,
    challenger: ArrayLike,
    label: ArrayLike,
    *,
    record_id: ArrayLike | None = None,
    champion_age_days: float | None = None,
    seed: int = 0,
) -> Challenge:
    """Decide whether the challenger is to replace the champion.

    Parameters
    ----------
    champion, challenger : array_like, shape (n,)
        Chances that both gave the same rows: the same records at the same past dates, none of which either has learned
        from.
    label : array_like, shape (n,)
        What became of each row: 1 or 0.
    record_id : array_like, shape (n,), optional
        The record of each row; by default each row is a record of its own.
    champion_age_days : float, optional
        Days since the champion was trained; if unknown, it is not taken to be old.
    seed : int
        Seed of the paired bootstrap by record.

    Returns
    -------
    Challenge

    Raises
    ------
    ModelInputError
        If the chances, labels or ids cannot be used.
    NotEnoughDataError
        If all rows have the same label, or speak of one record.

    Notes
    -----
    Replace if the 95 % interval of the advantage in log loss lies above 0, or if the champion is 180 days old and the
    interval lies above minus 1 % of its log loss: then a score that knows the recent past is worth having. Keep
    otherwise, and whenever there are under 40 records of an outcome. Others are more lenient: Microsoft Dynamics 365
    publishes a retrained model if its accuracy is at least 95 % of the old one's, without an interval.
    """
    if champion_age_days is not None and not champion_age_days >= 0:
        raise ModelInputError(f"champion_age_days is {champion_age_days}; it is 0 or more, or not given")
    compared = compare_scores(label, challenger, champion, record_id=record_id, seed=seed)
    gain = compared.advantage("log_loss")
    tolerance = TOLERANCE * float(compared.metrics["second"]["log_loss"])
    rarer = count_classes(label, record_id=record_id).rarer
    old = champion_age_days is not None and champion_age_days >= OLD_DAYS
    reason: Reason = "not_shown"
    if rarer < NO_MODEL_UNDER:
        reason = "too_few"
    elif gain.low > 0:
        reason = "better"
    elif old and gain.low > -tolerance:
        reason = "fresh"
    elif gain.high < 0:
        reason = "worse"
    return Challenge(
        decision="replace" if reason in ("better", "fresh") else "keep",
        reason=reason,
        comparison=compared,
        champion_age_days=champion_age_days,
        tolerance=tolerance,
        rarer=rarer,
    )
