"""The score of one record taken apart: from the average record to this one, reason by reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit

from funnelml.language import Language, join_words, say, share
from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.explain import check_contributions
from funnelml.scoring.reasons.tell import FieldTeller
from funnelml.scoring.reasons.topics import TIME_OF_YEAR, weigh_topics

_TIME_OF_YEAR = ("time of year", "日历时段")


@dataclass(frozen=True, kw_only=True)
class ScoreBreakdown:
    """What each topic adds to the score of one record.

    Parameters
    ----------
    record_id : str
        The record.
    average : float
        Log odds of the average record.
    steps : pandas.DataFrame
        One row per topic, the strongest first: ``topic, field`` (the one that speaks), ``contribution`` (log odds),
        ``reason, reason_zh, told``. The time of year comes last; it is not ``told`` as a reason, nor is a topic whose
        contribution is the opposite of what everyone expects, which has the name of the field for words.
    """

    record_id: str
    average: float
    steps: pd.DataFrame

    @property
    def log_odds(self) -> float:
        """Log odds of the record."""
        return self.average + float(self.steps["contribution"].sum())

    @property
    def probability(self) -> float:
        """Chance of the record."""
        return float(expit(self.log_odds))

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per topic: ``topic, field, reason, contribution, points, odds`` (times the odds)."""
        table = self.steps
        return pd.DataFrame(
            {
                "topic": table["topic"],
                "field": table["field"],
                "reason": table["reason" if language == "en" else "reason_zh"],
                "contribution": table["contribution"],
                "points": np.rint(table["contribution"] / POINT).astype("int64"),
                "odds": np.exp(table["contribution"]),
            }
        )

    def summary(self, language: Language = "en") -> str:
        """Return the chance beside that of the average record, and the strongest reasons on both sides."""
        chance, average = share(self.probability, 1), share(float(expit(self.average)), 1)
        told = [
            say(
                language,
                en=f"{self.record_id}: chance {chance}, the average record {average}.",
                zh=f"{self.record_id}：概率 {chance}，平均记录 {average}。",
            )
        ]
        reasons = self.steps[self.steps["told"]]
        for sign, en, zh in ((1, "For it", "有利"), (-1, "Against it", "不利")):
            strong = reasons[sign * reasons["contribution"] >= POINT / 2].head(3)
            if len(strong):
                told.append(
                    say(
                        language,
                        en=f"{en}: {join_words(list(strong['reason']))}.",
                        zh=f"{zh}：{join_words(list(strong['reason_zh']), 'zh')}。",
                    )
                )
        return say(language, en=" ", zh="").join(told)


def break_down_score(
    contributions: ArrayLike, features: pd.DataFrame, *, record_id: str = "", currency: str = ""
) -> ScoreBreakdown:
    """Take the score of one record apart.

    Parameters
    ----------
    contributions : array, shape (1, k + 1)
        Log odds that each field adds, the constant last.
    features : pandas.DataFrame, shape (1, k)
        Values of the fields, in the same order.
    record_id : str
        The record.
    currency : str
        Currency of the amount.

    Raises
    ------
    ModelInputError
        If there is not exactly one row, shapes do not agree, or a contribution is not finite.
    """
    added, _ = check_contributions(contributions, features, [record_id])
    teller = FieldTeller(features, currency)
    weights = weigh_topics(added[:, :-1], teller.topics, teller.expect())
    here = np.zeros(1, dtype=np.intp)
    rows = []
    for topic, contribution, field, believed in zip(
        weights.topics, weights.contribution[0], weights.speaker[0].tolist(), weights.believed[0].tolist(), strict=True
    ):
        told = believed and topic != TIME_OF_YEAR
        reason, reason_zh = _TIME_OF_YEAR
        if told:
            reason, reason_zh = teller.tell(field, here)[0], teller.tell(field, here, "zh")[0]
        elif topic != TIME_OF_YEAR:
            reason, reason_zh = teller.name(field), teller.name(field, "zh")
        rows.append((topic, teller.fields[field], contribution, reason, reason_zh, told))
    steps = pd.DataFrame(rows, columns=["topic", "field", "contribution", "reason", "reason_zh", "told"])
    steps = steps.astype({"contribution": "float64", "told": bool})
    order = np.lexsort((-steps["contribution"].abs().to_numpy(), steps["topic"] == TIME_OF_YEAR))
    return ScoreBreakdown(
        record_id=record_id, average=float(added[0, -1]), steps=steps.iloc[order].reset_index(drop=True)
    )
