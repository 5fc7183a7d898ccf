"""Which fields matter: how far each moves the scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnelml.language import Language, join_words, say, share
from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.explain import check_contributions
from funnelml.scoring.reasons.tell import FieldTeller


@dataclass(frozen=True, kw_only=True)
class FieldImportance:
    """How far each field moves the scores.

    Parameters
    ----------
    fields : pandas.DataFrame
        One row per field, the most important first: ``field, topic, name, name_zh, importance`` (mean of the
        absolute contribution, log odds), ``points`` (the same in points; 20 double the odds), ``share`` (of the sum).
    rows : int
        Rows over which the mean is taken.
    """

    fields: pd.DataFrame
    rows: int

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per field: ``field, topic, name, importance, points, share``."""
        told = self.fields
        if language == "zh":
            told = told.assign(name=told["name_zh"])
        return told.drop(columns="name_zh")

    def summary(self, language: Language = "en") -> str:
        """Return which fields matter most, and how many do not matter."""
        table, n = self.fields, len(self.fields)
        idle = int((table["importance"] == 0).sum())
        if idle == n:
            return say(
                language,
                en=f"None of {n:,} fields moves a score ({self.rows:,} rows).",
                zh=f"{n:,} 个字段均不影响评分（{self.rows:,} 行）。",
            )
        best = table[table["importance"] > 0].head(3)
        told = [
            say(language, en=f"{name} ({share(part)})", zh=f"{name_zh}（{share(part)}）")
            for name, name_zh, part in zip(best["name"], best["name_zh"], best["share"], strict=True)
        ]
        return say(
            language,
            en=f"What moves the scores most, of {n:,} fields: {join_words(told)}.",
            zh=f"{n:,} 个字段中对评分影响最大的：{join_words(told, 'zh')}。",
        ) + (say(language, en=f" {idle:,} move none.", zh=f"{idle:,} 个字段没有影响。") if idle else "")


def measure_importance(contributions: ArrayLike, features: pd.DataFrame) -> FieldImportance:
    """Measure how far each field moves the scores.

    Parameters
    ----------
    contributions : array, shape (n, k + 1)
        Log odds that each field adds to each row, the constant last.
    features : pandas.DataFrame, shape (n, k)
        Values of the fields, in the same order.

    Raises
    ------
    ModelInputError
        If shapes do not agree, or a contribution is not finite.

    Notes
    -----
    The mean of the absolute SHAP value (Lundberg et al. 2020): it says what the model uses, not what would happen if
    somebody changed the field.
    """
    added, _ = check_contributions(contributions, features, None)
    n, k = features.shape
    importance = np.array([np.abs(added[:, j]).mean() if n else 0.0 for j in range(k)])
    total = importance.sum()
    teller = FieldTeller(features)
    table = pd.DataFrame(
        {
            "field": teller.fields,
            "topic": teller.topics,
            "name": [teller.name(j) for j in range(k)],
            "name_zh": [teller.name(j, "zh") for j in range(k)],
            "importance": importance,
            "points": importance / POINT,
            "share": importance / total if total > 0 else importance,
        }
    )
    return FieldImportance(
        fields=table.sort_values("importance", ascending=False, kind="stable", ignore_index=True), rows=n
    )
