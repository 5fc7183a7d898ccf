"""The verdict on a score: publish, provisional, ranks only, no usable signal, or suspected leak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import pandas as pd

from funnelml.language import Language, say
from funnelml.scoring.evaluation.class_counts import NO_MODEL_UNDER, PROVISIONAL_UNDER, ClassCounts
from funnelml.scoring.evaluation.comparison import ScoreComparison
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation
from funnelml.scoring.evaluation.verdict_words import (
    Words,
    tell_auc,
    tell_calibration,
    tell_calibration_fault,
    tell_few,
    tell_high_auc,
    tell_leaks,
    tell_log_loss,
    tell_slope_fault,
    tell_weak_auc,
)

VerdictName = Literal["publish", "provisional", "ranks only", "no usable signal", "suspected leak"]

LEAK_ABOVE: Final = 0.95
STAGES_TELL: Final = 0.85
"""AUC of stage and age alone from which on a high AUC of the score is explained by them."""
"""AUC above which a leak is suspected."""
WEAK_UNDER: Final = 0.60
"""AUC under which a score is too weak to use."""
SLOPE_RANGE: Final = (0.8, 1.25)
"""The interval of the calibration slope must reach into this range."""
MARGIN_OF_RATE: Final = 0.1
"""Calibration error that is tolerated beyond chance, as a part of the share of the rarer outcome ..."""
LARGEST_MARGIN: Final = 0.02
"""... and at most."""

VERDICT_NAMES: Final[Mapping[VerdictName, Words]] = MappingProxyType(
    {
        "publish": ("publish", "可以发布"),
        "provisional": ("provisional", "暂定"),
        "ranks only": ("ranks only", "仅可排序"),
        "no usable signal": ("no usable signal", "没有可用信号"),
        "suspected leak": ("suspected leak", "疑似泄漏"),
    }
)
"""Every verdict, in English and in Chinese."""

_MEANING: Final[Mapping[VerdictName, Words]] = MappingProxyType(
    {
        "publish": ("the probabilities may be shown and used", "概率可以展示和使用"),
        "provisional": ("usable with care until there is more to judge by", "在积累更多数据之前请谨慎使用"),
        "ranks only": (
            "the order of the records tells something, the probabilities do not hold",
            "记录的排序有参考价值，但概率不可信",
        ),
        "no usable signal": (
            "the scores tell no more than the base rate; do not use them",
            "评分并不优于基准转化率，请勿使用",
        ),
        "suspected leak": (
            "too good to be true until the suspect fields are cleared up",
            "好得不可信，请先查清可疑字段",
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What may be done with a score, and why.

    Parameters
    ----------
    verdict : {"publish", "provisional", "ranks only", "no usable signal", "suspected leak"}
        The verdict.
    reasons : tuple of (str, str)
        Why, with figures, in English and in Chinese.
    """

    verdict: VerdictName
    reasons: tuple[Words, ...]

    def name(self, language: Language = "en") -> str:
        """Return the verdict for a person."""
        return VERDICT_NAMES[self.verdict][language == "zh"]

    def reason(self, language: Language = "en") -> str:
        """Return why, with figures."""
        return say(language, en="; ", zh="；").join(words[language == "zh"] for words in self.reasons)

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per reason: ``verdict, reason``."""
        return pd.DataFrame({"verdict": self.name(language), "reason": [w[language == "zh"] for w in self.reasons]})

    def summary(self, language: Language = "en") -> str:
        """Return the verdict, what it means, and why."""
        en, zh = _MEANING[self.verdict]
        return say(
            language,
            en=f"{self.name().capitalize()}: {en}. {self.reason()[:1].upper()}{self.reason()[1:]}.",
            zh=f"{self.name('zh')}：{zh}。{self.reason('zh')}。",
        )


def judge_scores(
    evaluation: ScoreEvaluation,
    against_base_rate: ScoreComparison,
    *,
    training: ClassCounts,
    leaks: Sequence[str] = (),
    stages_auc: float = 0.5,
) -> Verdict:
    """Judge a score by its figures on rows that it was not learned from.

    Parameters
    ----------
    evaluation : ScoreEvaluation
        Figures on the test rows.
    against_base_rate : ScoreComparison
        The score (first) against the base rate known at training (second) on the same rows.
    training : ClassCounts
        Records of both outcomes that it was learned from.
    leaks : sequence of str
        Fields that the leak report says to leave out, and that the score uses all the same.
    stages_auc : float
        AUC of stage and age alone, which are known of any day from the log of stages. Where stale records fill the
        pipeline they tell most by themselves, and a high AUC of the score is no sign of a leak.

    Returns
    -------
    Verdict
        The first of these that holds. **suspected leak**: there are ``leaks``, or AUC above 0.95 (and that of
        stage and age alone under 0.85). **no usable signal**: AUC under 0.60, or its interval reaches down to
        0.5, or the log loss is not lower than that of the base rate and calibration is not at fault. **ranks
        only**: the calibration error exceeds the value that a perfect model of this size does not exceed in 95 of 100
        cases, and a margin (a tenth of the share of the rarer outcome, at most 0.02), or the interval of the
        calibration slope lies outside of 0.8 to 1.25. **provisional**: fewer than 200 records of the rarer
        outcome in training, or 40 rows of it in the test. **publish** otherwise.
    """
    auc = evaluation.estimate("auc")
    losses = against_base_rate.metrics
    told_loss = tell_log_loss(float(losses["first"]["log_loss"]), float(losses["second"]["log_loss"]))
    better = against_base_rate.advantage("log_loss").value > 0
    faults = _calibration_faults(evaluation)
    too_good = auc.value > LEAK_ABOVE and stages_auc < STAGES_TELL
    if leaks or too_good:
        high = (tell_high_auc(auc, LEAK_ABOVE),) if too_good else ()
        return Verdict(verdict="suspected leak", reasons=(*((tell_leaks(leaks),) if leaks else ()), *high))
    weak = auc.value < WEAK_UNDER or auc.low <= 0.5
    if weak or not (better or faults):
        return Verdict(
            verdict="no usable signal",
            reasons=(tell_weak_auc(auc, WEAK_UNDER) if weak else tell_auc(auc), *(() if better else (told_loss,))),
        )
    if faults:
        return Verdict(verdict="ranks only", reasons=(tell_auc(auc), *faults, *(() if better else (told_loss,))))
    few = _counts_that_are_few(evaluation, training)
    calibration = evaluation.calibration
    good = (tell_auc(auc), told_loss, tell_calibration(calibration.error, calibration.perfect_error_95))
    return Verdict(verdict="provisional" if few else "publish", reasons=(*few, *good))


def tolerated_margin(evaluation: ScoreEvaluation) -> float:
    """Return the calibration error that is tolerated beyond chance."""
    rate = evaluation.base_rate
    return min(LARGEST_MARGIN, MARGIN_OF_RATE * min(rate, 1 - rate))


def _calibration_faults(evaluation: ScoreEvaluation) -> tuple[Words, ...]:
    calibration, margin = evaluation.calibration, tolerated_margin(evaluation)
    slope = evaluation.estimate("calibration_slope")
    found: list[Words] = []
    if calibration.error > calibration.perfect_error_95 + margin:
        found.append(tell_calibration_fault(calibration.error, calibration.perfect_error_95, margin))
    if slope.high < SLOPE_RANGE[0] or slope.low > SLOPE_RANGE[1]:
        found.append(tell_slope_fault(slope, SLOPE_RANGE))
    return tuple(found)


def _counts_that_are_few(evaluation: ScoreEvaluation, training: ClassCounts) -> tuple[Words, ...]:
    found: list[Words] = []
    if training.few:
        found.append(tell_few(training.rarer, PROVISIONAL_UNDER, tested=False))
    tested = min(evaluation.positives, evaluation.rows - evaluation.positives)
    if tested < NO_MODEL_UNDER:
        found.append(tell_few(tested, NO_MODEL_UNDER, tested=True))
    return tuple(found)
