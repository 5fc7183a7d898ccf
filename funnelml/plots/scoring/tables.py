"""Tables of scores for a person: whom to call and why, grades, figures and segments, and fields left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.language import Language, join_words, say, share
from funnelml.plots.scoring.cells import between, figures, grades, readable, texts, write_expected
from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.tables import ReadableTable
from funnelml.scoring.evaluation.metrics import METRIC_NAMES
from funnelml.scoring.evaluation.model_evaluation import ModelEvaluation
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation
from funnelml.scoring.evaluation.segments import REST, UNKNOWN
from funnelml.scoring.grades import Grades
from funnelml.scoring.leaks.report import LeakReport
from funnelml.scoring.score_trend import ScoreTrend
from funnelml.scoring.why_not import WhyNot

_SPECIAL: Final = {REST: ("(others)", "（其余）"), UNKNOWN: ("(unknown)", "（未知）")}
_RANKS_ONLY: Final = "ranks only"
_FIGURES: Final = ("auc", "average_precision", "top_decile_capture", "log_loss", "brier")
"""Metrics of a table: those of which is known what they would be without a score."""


def table_scores(
    scores: pd.DataFrame, *, verdict: str = "publish", most: int = 20, language: Language = "en"
) -> ReadableTable:
    """Return the best records with what speaks for and against each.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per record, the best first: ``record_id, probability, low, high, grade, reasons_for, reasons_against``.
    verdict : str
        The verdict on the score: under ``ranks only`` no chance is shown.
    most : int
        Records that are shown.
    language : {"en", "zh"}
        Language of headings and grades; reasons are in the one that they were told in.
    """
    best = scores.head(most)
    columns: dict[str, Any] = {"record": texts(best["record_id"]), "grade": grades(best["grade"], language)}
    if verdict != _RANKS_ONLY:
        chances = zip(best["probability"], best["low"], best["high"], strict=True)
        columns["chance"] = [_with_interval(share(p), 100 * low, 100 * high, language) for p, low, high in chances]
    columns |= {"for it": texts(best["reasons_for"]), "against it": texts(best["reasons_against"])}
    return readable(columns, {"record", "grade", "for it", "against it"}, language)


def table_contact_now(
    trend: ScoreTrend, scores: pd.DataFrame, *, most: int = 10, language: Language = "en"
) -> ReadableTable:
    """Return the records that rose into a better grade, or are new and have the best, and what speaks for them.

    Parameters
    ----------
    trend : ScoreTrend
        Scores over time.
    scores : pandas.DataFrame
        One row per record of the last date: ``record_id, reasons_for``.
    most : int
        Records that are shown, the highest chances first.
    language : {"en", "zh"}
        Language of headings and grades.
    """
    told = trend.contact_now.head(most)
    weeks = trend.to_frame().set_index("record_id")["spark"]
    reasons = scores.set_index("record_id")["reasons_for"]
    columns = {
        "record": texts(told["record_id"]),
        "by week": texts(told["record_id"].map(weeks)),
        "now": told["new_probability"].map(share),
        "for it": texts(told["record_id"].map(reasons)),
    }
    return readable(columns, {"record", "for it"}, language)


def table_grades(graded: Grades, *, language: Language = "en") -> ReadableTable:
    """Return each grade with its chances, what is expected of it, and how past records of that grade did."""
    table = graded.by_grade
    columns: dict[str, Any] = {
        "grade": grades(table["grade"], language),
        "records": figures(table["records"]),
        "chance": between(table["lowest"], table["highest"]),
        "expected": [
            _with_interval(write_expected(mean), low, high, language)
            for mean, low, high in table[["expected", "expected_low", "expected_high"]].itertuples(index=False)
        ],
    }
    if (table["past_records"] > 0).any():
        columns["converted before"] = [
            say(language, en=f"{share(rate)} of {n:,.0f}", zh=f"{n:,.0f} 条中 {share(rate)}") if n > 0 else "-"
            for rate, n in zip(table["past_rate"], table["past_records"], strict=True)
        ]
        columns["promised then"] = (table["past_expected"] / table["past_records"].replace(0, np.nan)).map(share)
    return readable(columns, {"grade"}, language)


def table_metrics(evaluation: ModelEvaluation, *, language: Language = "en") -> ReadableTable:
    """Return the figures of the evaluation that counts, with their intervals, and what no score would reach.

    Where that is of the newest rows, the figures on rows drawn at random stand beside.
    """
    judged = evaluation.main.scores.metrics.loc[list(_FIGURES)]
    columns: dict[str, Any] = {
        "figure": [METRIC_NAMES[name][language == "zh"] for name in _FIGURES],
        "value": figures(judged["value"], ".3f"),
        "95 % between": between(judged["low"], judged["high"], "{:.3f}".format),
    }
    if evaluation.time is not None:
        columns["at random"] = figures(evaluation.random.scores.metrics.loc[list(_FIGURES), "value"], ".3f")
    columns["without a score"] = figures(judged["reference"], ".3f")
    return readable(columns, {"figure"}, language)


def table_segments(evaluation: ScoreEvaluation, *, language: Language = "en") -> ReadableTable:
    """Return how well a score did for each value of the fields it was told by, the most frequent first.

    Chances are called too low or too high where the 95 % interval of the shift that would mend them leaves out 0.
    """
    table = evaluation.by_segment
    ends = table["calibration_in_the_large_low"], table["calibration_in_the_large_high"]
    columns = {
        "who": [_SPECIAL[name][language == "zh"] if name in _SPECIAL else str(name) for name in table["segment"]],
        "rows": figures(table["rows"]),
        "converted": table["base_rate"].map(share),
        "promised": table["mean_probability"].map(share),
        "chances": [_side(low, high, language) for low, high in zip(*ends, strict=True)],
        "AUC": figures(table["auc"], ".2f"),
        "95 % between": between(table["auc_low"], table["auc_high"], "{:.2f}".format),
    }
    return readable(columns, {"who", "chances"}, language)


def table_leaks(report: LeakReport, *, language: Language = "en") -> ReadableTable:
    """Return the fields that are left out or to be looked at, by the names that settings take, and why."""
    table = report.to_frame(language)
    kept = say(language, en="kept", zh="按要求保留")
    columns = {
        "verdict": np.where(table["kept"].astype(bool), kept, table["verdict"]),
        "field": [_name_twice(str(field), language) for field in table["field"]],
        "AUC": figures(table["auc"], ".2f"),
        "why": texts(table["evidence"]),
    }
    return readable(columns, {"verdict", "field", "why"}, language)


def table_unused(reasons: Mapping[str, WhyNot], *, language: Language = "en") -> ReadableTable:
    """Return the fields that are not used although their past is known, together where the reason is the same."""
    fields: dict[str, list[str]] = {}
    for field, reason in reasons.items():
        fields.setdefault(reason.tell(language), []).append(_name_twice(field, language))
    columns = {"fields": [join_words(names, language) for names in fields.values()], "why": list(fields)}
    return readable(columns, {"fields", "why"}, language)


def _side(low: float, high: float, language: Language) -> str:
    if low > 0:
        return say(language, en="too low", zh="偏低")
    return say(language, en="too high", zh="偏高") if high < 0 else "-"


def _name_twice(field: str, language: Language) -> str:
    """Return what a field is called and, where that is another, the name that settings take."""
    name = name_field(field, language)
    return field if name.replace(" ", "_") == field else say(language, en=f"{name} ({field})", zh=f"{name}（{field}）")


def _with_interval(middle: str, low: float, high: float, language: Language) -> str:
    ends = f"{low:,.0f}-{high:,.0f}"
    return say(language, en=f"{middle}\xa0({ends})", zh=f"{middle}（{ends}）")
