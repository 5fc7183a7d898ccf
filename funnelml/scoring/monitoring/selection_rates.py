"""Whether a score favours some groups: the share with the best grade in each level of a field."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.language import Language, join_words, say, share
from funnelml.scoring.grades import Grades
from funnelml.scoring.grading import name_grade
from funnelml.scoring.models.columns import as_texts, is_number

FOUR_FIFTHS: Final = 0.8
"""Ratio of selection rates under which a level is looked at."""
ENOUGH: Final = 30
"""Records of a level from which on it is judged."""


@dataclass(frozen=True, kw_only=True)
class SelectionRates:
    """The share of each level of a field that has the best grade.

    Parameters
    ----------
    field : str
        The field.
    grade : str
        The best grade.
    table : pandas.DataFrame
        One row per level, the highest rate first: ``level`` (``None`` where it is empty), ``records, selected, rate``,
        ``ratio`` (to the highest rate among levels with enough records) with ``low, high``, ``verdict``:
        ``highest``, ``ok``, ``low`` (ratio under 0.8, and more than chance), ``low by chance`` (under 0.8, but its
        interval holds 1), ``too few``.
    level : float
        Probability of the intervals.
    """

    field: str
    grade: str
    table: pd.DataFrame
    level: float

    @property
    def flagged(self) -> pd.DataFrame:
        """Levels under four fifths of the highest, more than by chance."""
        return self.table[self.table["verdict"] == "low"].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per level."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return which levels are under four fifths of the highest rate, and which are too small to judge."""
        best = self.table[self.table["verdict"] == "highest"].iloc[0]
        grade, top = name_grade(self.grade, language), share(best["rate"])
        level = _name(best["level"], language)
        en = f"By {self.field} {level} has the highest share of {grade} ({top})"
        zh = f"按 {self.field}：{level} 的“{grade}”比例最高（{top}）"
        told = self.flagged[["level", "rate", "ratio", "low", "high"]]
        low = [
            say(
                language,
                en=f"{_name(name, language)} {share(rate)} ({ratio:.2f}, {low:.2f}-{high:.2f})",
                zh=f"{_name(name, language)} {share(rate)}（{ratio:.2f}，{low:.2f}-{high:.2f}）",
            )
            for name, rate, ratio, low, high in told.itertuples(index=False)
        ]
        if low:
            en += f"; under four fifths of it: {join_words(low)}. A reason to look, not yet a proof of unfairness"
            zh += f"；低于其五分之四的有：{join_words(low, 'zh')}。这是需要核查的信号，不等于证明不公平"
        else:
            en, zh = f"{en}; no level is shown to be under four fifths of it", f"{zh}；没有层级被证明低于其五分之四"
        chance = int((self.table["verdict"] == "low by chance").sum())
        if chance:
            en += f"; lower, but perhaps by chance: {chance:,}"
            zh += f"；{chance:,} 个层级低于五分之四，但可能出于偶然"
        few = int((self.table["verdict"] == "too few").sum())
        if few:
            en += f"; not judged, with under {ENOUGH} records: {few:,}"
            zh += f"；{few:,} 个层级不足 {ENOUGH} 条，未作判断"
        return say(language, en=f"{en}.", zh=f"{zh}。")


def selection_rates(
    grades: Grades, values: pd.Series, *, field: str | None = None, level: float = 0.95
) -> SelectionRates:
    """Compare how often each level of a field has the best grade.

    Parameters
    ----------
    grades : Grades
        Graded records.
    values : pandas.Series
        The field's value (the index is the record); empty is a level of its own.
    field : str, optional
        Name of the field; that of ``values`` by default.
    level : float
        Probability of the intervals.

    Returns
    -------
    SelectionRates

    Raises
    ------
    ModelInputError
        If the field holds numbers, a record stands twice, or a graded record is not there.
    NotEnoughDataError
        If no level has 30 records, or none of them the best grade.

    Notes
    -----
    The four-fifths rule of the Uniform Guidelines on Employee Selection Procedures (29 CFR 1607.4 D) flags a ratio
    under 0.8; those guidelines also ask whether it is more than chance. The interval is that of a ratio of two
    independent shares by logarithms, half a record added (Walter, Biometrika 62, 1975). As the highest of several rates
    is high partly by luck, the error that ``level`` leaves is divided by the number of pairs of levels (Bonferroni).
    """
    name = str(values.name) if field is None else field
    if is_number(values):
        raise ModelInputError(
            f"field '{name}' holds numbers; name a field with levels, or put its numbers in bands first"
        )
    if (twice := values.index.duplicated()).any():
        raise ModelInputError(
            f"field '{name}': {int(twice.sum()):,} records stand twice in its index; keep one of each"
        )
    absent = ~grades.table["record_id"].isin(values.index)
    if absent.any():
        raise ModelInputError(f"field '{name}' is not told for {int(absent.sum()):,} of {len(grades):,} graded records")
    best = grades.rules.grades[0]
    texts = as_texts(values).reindex(grades.table["record_id"])
    hot = (grades.table["grade"] == best).to_numpy()
    counts = pd.DataFrame({"level": texts.to_numpy(dtype=object), "hot": hot}).groupby("level", dropna=False)["hot"]
    table = counts.agg(records="size", selected="sum").reset_index()
    table["level"] = table["level"].where(table["level"].notna(), None)
    table["rate"] = table["selected"] / table["records"]
    table = table.sort_values(["rate", "records"], ascending=False, kind="stable", ignore_index=True)
    judged = table[table["records"] >= ENOUGH]
    if judged.empty or not judged["selected"].any():
        raise NotEnoughDataError(
            f"field '{name}': no level has {ENOUGH} records of which some are {best} ({len(grades):,} records, "
            f"{len(table):,} levels); take a field with fewer levels, or more records"
        )
    top = judged.iloc[0]
    error = (1 - level) / max(len(judged) * (len(judged) - 1) / 2, 1)
    rows = [_hold_against(row, top, error) for row in table.to_dict("records")]
    return SelectionRates(field=name, grade=best, table=pd.concat([table, pd.DataFrame(rows)], axis=1), level=level)


def _hold_against(row: Mapping[Hashable, Any], top: pd.Series, error: float) -> dict[str, object]:
    if row["records"] < ENOUGH:
        return {"ratio": float("nan"), "low": float("nan"), "high": float("nan"), "verdict": "too few"}
    ratio = row["rate"] / top["rate"]
    if row["level"] == top["level"]:
        return {"ratio": 1.0, "low": 1.0, "high": 1.0, "verdict": "highest"}
    low, high = confint_proportions_2indep(
        row["selected"],
        row["records"],
        top["selected"],
        top["records"],
        compare="ratio",
        method="log-adjusted",
        alpha=error,
    )
    verdict = "ok" if ratio >= FOUR_FIFTHS else "low" if high < 1 else "low by chance"
    return {"ratio": float(ratio), "low": float(low), "high": float(high), "verdict": verdict}


def _name(level: object, language: Language) -> str:
    return say(language, en="unknown", zh="未知") if level is None else str(level)
