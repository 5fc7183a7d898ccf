"""Where the model and the rules disagree most, and how such cases ended before."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError
from funnelml.language import Language, points, say, share
from funnelml.scoring.grades import Grades
from funnelml.scoring.grading import SCALES, name_grade
from funnelml.scoring.intervals import share_interval
from funnelml.scoring.score_table import check_columns

ENOUGH: Final = 20
"""Past records of each kind from which on it is said which converted more often."""

_KINDS: Final = ("model", "rules")
_SURE: Final = 0.95
"""Probability of the interval of the difference, by which one kind is said to convert more often."""


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Records that have the best grade by one score and the last by the other.

    Parameters
    ----------
    grades : tuple of str
        The grades, the best first.
    records : int
        Records that both scores graded.
    agreement : pandas.DataFrame
        Records by grade of the model (rows) and of the rules (columns).
    table : pandas.DataFrame
        One row per record they disagree about: ``record_id``, ``hot_by`` (``model`` or ``rules``), ``model_grade,
        model_probability, rules_grade, rules_probability``; those hot by the model first, the largest gap first.
    past : pandas.DataFrame
        Index ``hot_by``: ``records, converted, rate, low, high``; past cases of the same kind.
    difference : tuple of float
        Rate of the first kind less that of the second, and the two ends of its 95 % interval; NaN if a kind has no
        past.
    verdict : {"model", "rules", "not_shown", "too_few"}
        Whose hot records converted more often where the other held them cold.
    level : float
        Probability of the intervals in ``past``.
    """

    grades: tuple[str, ...]
    records: int
    agreement: pd.DataFrame
    table: pd.DataFrame
    past: pd.DataFrame
    difference: tuple[float, float, float]
    verdict: str
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row per record they disagree about."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return how many records they disagree about, how such cases ended, and which kind converted more often."""
        hot, cold = name_grade(self.grades[0], language), name_grade(self.grades[-1], language)
        counts = [int((self.table["hot_by"] == kind).sum()) for kind in _KINDS]
        now = say(
            language,
            en=f"Of {self.records:,} records {counts[0]:,} are {hot} by the model and {cold} by the rules, "
            f"{counts[1]:,} the other way round.",
            zh=f"{self.records:,} 条记录中，{counts[0]:,} 条模型评为“{hot}”而规则评为“{cold}”，{counts[1]:,} 条相反。",
        )
        if not self.past["records"].sum():
            return now + say(language, en=" How such cases ended before is not known.", zh="过去此类情况的结果未知。")
        ends = [_tell_share(k, n, language) for k, n in self._past_counts()]
        words = self._words(hot, language)
        before = say(
            language,
            en=f" In the past {ends[0]} of the first kind converted and {ends[1]} of the second: {words}.",
            zh=f"过去第一种情况转化 {ends[0]}，第二种 {ends[1]}：{words}。",
        )
        return now + before

    def _past_counts(self) -> list[tuple[float, float]]:
        return [(float(self.past["converted"][kind]), float(self.past["records"][kind])) for kind in _KINDS]

    def _words(self, hot: str, language: Language) -> str:
        if self.verdict == "too_few":
            return say(
                language,
                en=f"too few to tell which converts more often, {ENOUGH} of each would do",
                zh=f"样本太少，每种至少需 {ENOUGH} 条才能判断哪一种转化率更高",
            )
        by, low, high = points(self.difference[0], language), *(f"{100 * end:+.0f}" for end in self.difference[1:])
        apart = say(
            language,
            en=f"a difference of {by}, 95 % interval {low} to {high}",
            zh=f"相差 {by}，95 % 区间 {low} 至 {high}",
        )
        if self.verdict == "not_shown":
            return say(
                language,
                en=f"neither is shown to convert more often ({apart})",
                zh=f"尚不能判断哪一种转化率更高（{apart}）",
            )
        who, zh = ("model", "模型") if self.verdict == "model" else ("rules", "规则")
        return say(
            language,
            en=f"what the {who} called {hot} converted more often ({apart})",
            zh=f"{zh}评为“{hot}”的转化率更高（{apart}）",
        )


def _tell_share(converted: float, of: float, language: Language) -> str:
    counts, part = f"{converted:,.0f} / {of:,.0f}", share(converted / of if of else np.nan)
    return say(language, en=f"{counts} ({part})", zh=f"{counts}（{part}）")


def find_disagreement(
    model: Grades, rules: Grades, *, past: pd.DataFrame | None = None, level: float = 0.8
) -> Disagreement:
    """Find the records that one score holds hot and the other cold.

    Parameters
    ----------
    model, rules : Grades
        Both scores of the same records, on the same scale.
    past : pandas.DataFrame, optional
        Past rows in the order of time: ``record_id, model_grade, rules_grade, converted`` (0 or 1).
    level : float
        Probability of the intervals.

    Returns
    -------
    Disagreement

    Raises
    ------
    ModelInputError
        If the scales differ, no record has both grades, or ``past`` lacks a column or a label.

    Notes
    -----
    Each past record counts once per kind, when it first came up, so that one record followed for long is one
    observation. One kind is said to have converted more often if the 95 % interval of the difference of the two shares
    leaves out 0: with equal truth that happens in about one case of twenty. The interval is the hybrid of two Wilson
    intervals (Newcombe 1998, *Statistics in Medicine* 17:873-890, method 10).
    """
    if model.rules.scale != rules.rules.scale:
        raise ModelInputError(
            f"the model grades by {model.rules.scale} and the rules by {rules.rules.scale}; grade both on one scale"
        )
    scale = SCALES[model.rules.scale]
    both = model.table.merge(rules.table, on="record_id", suffixes=("_model", "_rules"))
    if both.empty and len(model) and len(rules):
        raise ModelInputError(
            f"none of the {len(model):,} records of the model is among the {len(rules):,} of the rules; "
            "hand over two scores of the same records"
        )
    both = both.rename(columns={f"{c}_{k}": f"{k}_{c}" for c in ("grade", "probability") for k in _KINDS})
    both["hot_by"] = _who_is_hot(both, scale)
    gap = (both["model_probability"] - both["rules_probability"]).abs()
    told = (
        both.assign(gap=gap)
        .dropna(subset="hot_by")
        .sort_values(["hot_by", "gap"], ascending=[True, False], kind="stable")
    )
    columns = ["record_id", "hot_by", "model_grade", "model_probability", "rules_grade", "rules_probability"]
    counts = both.groupby(["model_grade", "rules_grade"]).size().unstack(fill_value=0)
    agreement = counts.reindex(index=list(scale), columns=list(scale), fill_value=0).astype("int64")
    followed = _follow(past, scale, level)
    difference = _compare(followed)
    return Disagreement(
        grades=scale,
        records=len(both),
        agreement=agreement.rename_axis(index="model", columns="rules"),
        table=told[columns].reset_index(drop=True),
        past=followed,
        difference=difference,
        verdict=_judge(followed, difference),
        level=level,
    )


def _who_is_hot(rows: pd.DataFrame, scale: tuple[str, ...]) -> pd.Series:
    by_model = (rows["model_grade"] == scale[0]) & (rows["rules_grade"] == scale[-1])
    by_rules = (rows["rules_grade"] == scale[0]) & (rows["model_grade"] == scale[-1])
    who = pd.Series(None, index=rows.index, dtype=object)
    who[by_model], who[by_rules] = _KINDS
    return who


def _follow(past: pd.DataFrame | None, scale: tuple[str, ...], level: float) -> pd.DataFrame:
    needs = ("record_id", "model_grade", "rules_grade", "converted")
    if past is None:
        past = pd.DataFrame({name: pd.Series(dtype=object) for name in needs})
    check_columns(past, needs, what="past rows")
    if not past["converted"].isin((0, 1)).all():
        odd = int((~past["converted"].isin((0, 1))).sum())
        raise ModelInputError(
            f"past rows: {odd:,} values of converted are neither 0 nor 1; leave out what has not ended"
        )
    cases = past.assign(hot_by=_who_is_hot(past, scale)).dropna(subset="hot_by")
    first = cases.drop_duplicates(["hot_by", "record_id"]).astype({"converted": "int64"})
    counts = first.groupby("hot_by")["converted"].agg(records="size", converted="sum")
    counts = counts.reindex(list(_KINDS), fill_value=0)
    rate, low, high = share_interval(counts["converted"], counts["records"], level)
    return counts.assign(rate=rate, low=low, high=high)


def _compare(past: pd.DataFrame) -> tuple[float, float, float]:
    rate, low, high = (
        end.tolist() for end in share_interval(past["converted"], past["records"], _SURE)
    )  # of the model's hot records, and of the rules'
    difference = rate[0] - rate[1]
    below = hypot(rate[0] - low[0], high[1] - rate[1])
    above = hypot(high[0] - rate[0], rate[1] - low[1])
    return difference, difference - below, difference + above


def _judge(past: pd.DataFrame, difference: tuple[float, float, float]) -> str:
    if (past["records"] < ENOUGH).any():
        return "too_few"
    _, low, high = difference
    return "model" if low > 0 else "rules" if high < 0 else "not_shown"
