"""Tables of scores for a person: whom to call and why, grades, segments and points; few columns, percent, and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.language import Language, say, share
from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.tables import ReadableTable
from funnelml.scoring.bant.evaluation import BantEvaluation
from funnelml.scoring.disagreement import Disagreement
from funnelml.scoring.evaluation.metrics import METRIC_NAMES
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation
from funnelml.scoring.evaluation.segments import REST, UNKNOWN
from funnelml.scoring.grades import Grades
from funnelml.scoring.grading import name_grade
from funnelml.scoring.leaks.report import LeakReport
from funnelml.scoring.monitoring.challenge import Challenge
from funnelml.scoring.monitoring.selection_rates import SelectionRates
from funnelml.scoring.score_trend import ScoreTrend

_HEADINGS: Final[Mapping[str, str]] = {
    "record": "记录",
    "grade": "等级",
    "chance": "概率",
    "80 % between": "80 % 区间",
    "95 % between": "95 % 区间",
    "for it": "有利因素",
    "against it": "不利因素",
    "then": "当时",
    "now": "现在",
    "weeks": "逐周",
    "records": "记录数",
    "expected": "预计转化",
    "past": "过去",
    "converted": "已转化",
    "expected then": "当时预计",
    "value": "取值",
    "rows": "行数",
    "came about": "实际",
    "promised": "预测",
    "chances": "概率",
    "field": "字段",
    "verdict": "结论",
    "AUC": "AUC",
    "why": "原因",
    "points": "分数",
    "model": "模型",
    "rules": "规则",
    "hottest": "最高等级",
    "share": "占比",
    "to the highest": "与最高之比",
    "metric": "指标",
    "new": "新模型",
    "in use": "现用模型",
    "advantage": "新模型优势",
}
_SPECIAL: Final = {REST: ("(others)", "（其余）"), UNKNOWN: ("(unknown)", "（未知）"), "unknown": ("unknown", "未知")}
_RATIOS: Final = {
    "highest": ("the highest", "最高"),
    "ok": ("in line", "相符"),
    "low": ("under four fifths", "低于五分之四"),
    "low by chance": ("perhaps by chance", "可能出于偶然"),
    "too few": ("too few", "样本太少"),
}
_RANKS_ONLY: Final = "ranks only"
_AUC_DIGITS: Final = 2


def table_scores(
    scores: pd.DataFrame, *, verdict: str = "publish", most: int = 20, language: Language = "en"
) -> ReadableTable:
    """Return the best records with what speaks for and against each.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per record, the best first: ``record_id, probability, low, high, grade, reasons_for, reasons_against``.
    verdict : str
        The verdict on the score: of ``ranks only`` no chance is shown.
    most : int
        Records that are shown.
    language : {"en", "zh"}
        Language of headings and grades; reasons are in the language that they were told in.
    """
    best = scores.head(most)
    columns: dict[str, Any] = {"record": _texts(best["record_id"]), "grade": _grades(best["grade"], language)}
    if verdict != _RANKS_ONLY:
        columns["chance"] = best["probability"].map(share)
        columns["80 % between"] = _between(best["low"], best["high"])
    columns["for it"] = best["reasons_for"].fillna("")
    columns["against it"] = best["reasons_against"].fillna("")
    return _readable(columns, {"record", "grade", "for it", "against it"}, language)


def table_contact_now(
    trend: ScoreTrend, scores: pd.DataFrame, *, most: int = 10, language: Language = "en"
) -> ReadableTable:
    """Return the records that rose into a better grade or came in with the best, week by week, and what speaks for them.

    Parameters
    ----------
    trend : ScoreTrend
        Scores over time.
    scores : pandas.DataFrame
        One row per record of the last date: ``record_id, reasons_for``.
    most : int
        Records that are shown.
    language : {"en", "zh"}
        Language of headings and grades.
    """
    told = trend.contact_now.head(most)
    weeks = trend.to_frame().set_index("record_id")["spark"]
    reasons = scores.set_index("record_id")["reasons_for"]
    new = say(language, en="new", zh="新增")
    was = [new if kind == "new" else share(old) for kind, old in zip(told["kind"], told["old_probability"], strict=True)]
    columns = {
        "record": _texts(told["record_id"]),
        "then": was,
        "now": told["new_probability"].map(share),
        "grade": _grades(told["new_grade"], language),
        "weeks": told["record_id"].map(weeks),
        "for it": told["record_id"].map(reasons).fillna(""),
    }
    return _readable(columns, {"record", "grade", "weeks", "for it"}, language)


def table_grades(grades: Grades, *, language: Language = "en") -> ReadableTable:
    """Return each grade with its chances, what is expected of it, and how past records of that grade did."""
    table = grades.by_grade
    columns: dict[str, Any] = {
        "grade": _grades(table["grade"], language),
        "records": _counts(table["records"]),
        "chance": _between(table["lowest"], table["highest"]),
        "expected": _counts(table["expected"]),
        "80 % between": _between(table["expected_low"], table["expected_high"], written="{:,.0f}".format),
    }
    if (table["past_records"] > 0).any():
        columns |= {
            "past": _counts(table["past_records"]),
            "converted": table["past_rate"].map(share),
            "expected then": (table["past_expected"] / table["past_records"].where(table["past_records"] > 0)).map(share),
        }
    return _readable(columns, {"grade"}, language)


def table_segments(evaluation: ScoreEvaluation, *, language: Language = "en") -> ReadableTable:
    """Return how well the score did for each value of the fields it was told by, the most frequent first."""
    table = evaluation.by_segment
    sides = [
        say(language, en="too low", zh="偏低") if low > 0 else say(language, en="too high", zh="偏高") if high < 0 else "-"
        for low, high in zip(
            table["calibration_in_the_large_low"], table["calibration_in_the_large_high"], strict=True
        )
    ]
    columns = {
        "value": [_special(name, language) for name in table["segment"]],
        "rows": _counts(table["rows"]),
        "came about": table["base_rate"].map(share),
        "promised": table["mean_probability"].map(share),
        "chances": sides,
        "AUC": table["auc"].map(_auc),
        "95 % between": _between(table["auc_low"], table["auc_high"], written=_auc),
    }
    return _readable(columns, {"value", "chances"}, language)


def table_leaks(report: LeakReport, *, language: Language = "en") -> ReadableTable:
    """Return the fields that are left out or to be looked at, by the name that settings take, and why."""
    table = report.to_frame(language)
    kept = say(language, en="kept all the same", zh="按要求保留")
    columns = {
        "field": [_both_names(field, language) for field in table["field"]],
        "verdict": np.where(table["kept"], kept, table["verdict"]),
        "AUC": table["auc"].map(_auc),
        "why": table["evidence"],
    }
    return _readable(columns, {"field", "verdict", "why"}, language)


def table_bant(bant: BantEvaluation, *, language: Language = "en") -> ReadableTable:
    """Return how past records did by their points; bands without a row are left out."""
    table = bant.bands[bant.bands["rows"] > 0]
    columns = {
        "points": [_special(band, language) for band in table["band"]],
        "rows": _counts(table["rows"]),
        "converted": table["rate"].map(share),
        "80 % between": _between(table["low"], table["high"]),
        "promised": table["expected"].map(share),
    }
    return _readable(columns, set(), language)


def table_agreement(told: Disagreement, *, language: Language = "en") -> ReadableTable:
    """Return how many records have each grade by the model (down) and by the rules (across)."""
    table = told.agreement
    columns: dict[str, Any] = {"model": _grades(table.index, language)}
    frame = _readable(columns, {"model"}, language)
    colon = say(language, en=": ", zh="：")
    rules = say(language, en="rules", zh=_HEADINGS["rules"])
    counts = {f"{rules}{colon}{name_grade(grade, language)}": _counts(table[grade]) for grade in table}
    return ReadableTable(frame=frame.frame.assign(**counts), words=frame.words)


def table_disagreement(told: Disagreement, *, most: int = 10, language: Language = "en") -> ReadableTable:
    """Return the records that one side holds best and the other last, the widest apart of each kind first."""
    table = told.table.groupby("hot_by", sort=False).head(most)
    sides = {
        side: [
            f"{name_grade(grade, language)}, {share(chance)}" if language == "en" else f"{name_grade(grade, language)}，{share(chance)}"
            for grade, chance in zip(table[f"{side}_grade"], table[f"{side}_probability"], strict=True)
        ]
        for side in ("model", "rules")
    }
    return _readable({"record": _texts(table["record_id"]), **sides}, {"record", "model", "rules"}, language)


def table_selection(rates: SelectionRates, *, language: Language = "en") -> ReadableTable:
    """Return how often each value of a field has the best grade, against the highest share."""
    table = rates.table
    columns = {
        "value": [say(language, en="(unknown)", zh="（未知）") if v is None else str(v) for v in table["level"]],
        "records": _counts(table["records"]),
        "hottest": _counts(table["selected"]),
        "share": table["rate"].map(share),
        "to the highest": table["ratio"].map(_ratio),
        "95 % between": _between(table["low"], table["high"], written=_ratio),
        "verdict": [_RATIOS[verdict][language == "zh"] for verdict in table["verdict"]],
    }
    return _readable(columns, {"value", "verdict"}, language)


def table_challenge(told: Challenge, *, language: Language = "en") -> ReadableTable:
    """Return the new model beside the one in use, figure by figure; an advantage above 0 speaks for the new one."""
    table = told.to_frame()
    columns = {
        "metric": [METRIC_NAMES[metric][language == "zh"] for metric in table["metric"]],
        "new": table["challenger"].map("{:.3f}".format),
        "in use": table["champion"].map("{:.3f}".format),
        "advantage": table["advantage"].map("{:+.3f}".format),
        "95 % between": _between(table["low"], table["high"], written="{:+.3f}".format),
    }
    return _readable(columns, {"metric"}, language)


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]


def _grades(values: Iterable[object], language: Language) -> list[str]:
    return [name_grade(str(grade), language) for grade in values]


def _counts(values: pd.Series) -> list[str]:
    return ["-" if pd.isna(value) else f"{value:,.0f}" for value in values]


def _auc(value: float) -> str:
    return f"{value:.{_AUC_DIGITS}f}" if np.isfinite(value) else "-"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "-"
