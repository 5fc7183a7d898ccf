"""Grades of scored records: whom to call first, how many of them will convert, and how past grades did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError
from funnelml.language import Language, join_words, say, share
from funnelml.scoring.grading import Grading, name_grade
from funnelml.scoring.intervals import conversions_interval, share_interval
from funnelml.scoring.score_table import check_columns, check_scores


@dataclass(frozen=True, kw_only=True)
class Grades:
    """Scored records with their grades.

    Parameters
    ----------
    rules : Grading
        The rules.
    base_rate : float
        Base rate that their borders are multiples of; NaN if they are none.
    borders : tuple of float
        Chances from which on a record has each grade but the last. Under a capacity: half-way between the last record
        inside and the first outside, 0 if all are inside.
    table : pandas.DataFrame
        One row per record, the best first: ``record_id, probability, grade, rank`` (from 1).
    by_grade : pandas.DataFrame
        One row per grade, the best first: ``grade, records, lowest, highest`` (chances), ``expected`` (conversions: the
        sum of the chances), ``expected_low, expected_high`` (what chance allows), and how past records of that grade
        did: ``past_records, past_converted, past_rate, past_low, past_high, past_expected`` (NaN if unknown).
    tied : tuple of int
        For each border, how many records share the chance at which a capacity cut them apart; 0 if it cut none.
    level : float
        Probability of the intervals.
    """

    rules: Grading
    base_rate: float
    borders: tuple[float, ...]
    table: pd.DataFrame
    by_grade: pd.DataFrame
    tied: tuple[int, ...]
    level: float

    def __len__(self) -> int:
        return len(self.table)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per record, the best first: ``record_id, probability, grade, rank``."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return how many records have each grade, what is expected of the best, how it did before, and ties."""
        if not len(self.table):
            return say(language, en="No record is open, so none has a grade.", zh="没有未结记录，因此没有评级。")
        told = [self._counts(language), self._best(language), self._ties(language)]
        return say(language, en=" ", zh="").join(s for s in told if s)

    def _counts(self, language: Language) -> str:
        each = [
            say(language, en=f"{n:,} {grade}", zh=f"{name_grade(grade, 'zh')} {n:,} 条")
            for grade, n in zip(self.by_grade["grade"], self.by_grade["records"], strict=True)
        ]
        rule = self.rules.describe(language, base_rate=self.base_rate)
        return say(
            language,
            en=f"{join_words(each)} ({rule}).",
            zh=f"{join_words(each, 'zh')}（{rule}）。",
        )

    def _best(self, language: Language) -> str:
        best = self.by_grade.iloc[0]
        if not best["records"]:
            return ""
        grade = name_grade(best["grade"], language)
        n, low, high = f"{best['records']:,}", f"{best['expected_low']:,.0f}", f"{best['expected_high']:,.0f}"
        now = say(
            language,
            en=f"Of the {n} {grade} records {best['expected']:,.1f} are expected to convert ({low} to {high}).",
            zh=f"{n} 条“{grade}”记录预计转化 {best['expected']:,.1f} 条（{low} 至 {high}）。",
        )
        if not best["past_records"] > 0:
            return now
        k, past, rate = f"{best['past_converted']:,.0f}", f"{best['past_records']:,.0f}", share(best["past_rate"])
        said = share(best["past_expected"] / best["past_records"])
        before = say(
            language,
            en=f" Of {past} past {grade} records {k} did ({rate}; expected {said}).",
            zh=f"过去 {past} 条“{grade}”记录中有 {k} 条转化（{rate}，当时预计 {said}）。",
        )
        return now + before

    def _ties(self, language: Language) -> str:
        told = []
        for grade, border, tied in zip(self.rules.grades, self.borders, self.tied, strict=False):
            if tied:
                name, at = name_grade(grade, language), share(border, 1)
                told.append(
                    say(
                        language,
                        en=f"{tied:,} records share the chance at the end of {name} ({at}); the first by id are in.",
                        zh=f"“{name}”边界处有 {tied:,} 条记录概率相同（{at}），按编号先后取舍。",
                    )
                )
        return say(language, en=" ", zh="").join(told)


def grade_scores(
    probability: ArrayLike,
    record_id: ArrayLike,
    rules: Grading | None = None,
    *,
    base_rate: float | None = None,
    past: pd.DataFrame | None = None,
    level: float = 0.8,
) -> Grades:
    """Give every scored record its grade.

    Parameters
    ----------
    probability : array_like, shape (n,)
        Chance of each record to convert.
    record_id : array_like, shape (n,)
        The records, each once.
    rules : Grading, optional
        Multiples 2 and 1 of the base rate by default.
    base_rate : float, optional
        Share of past records that converted; needed by multiples of it.
    past : pandas.DataFrame, optional
        How past grades did: ``grade, records, converted, expected``, as ``PastScores.by_grade`` has them.
    level : float
        Probability of the intervals.

    Returns
    -------
    Grades

    Raises
    ------
    ModelInputError
        If a probability or an id cannot be used, or the base rate is needed and not given.

    Notes
    -----
    A border by chance is part of the better grade. A capacity takes the best so many records; among equal chances the
    ids decide, in the order of their texts, so that the same scores give the same grades in any order of rows.

    The interval of the expected conversions is exact for independent records whose chances are right
    (Poisson-binomial). It holds neither shocks that many records share nor an error of the model: compare it with how
    past grades did.
    """
    rules = Grading() if rules is None else rules
    p, ids = check_scores(probability, record_id)
    order = np.lexsort((ids.astype(str), -p))
    p, ids = p[order], ids[order]
    base_rate = _checked_rate(base_rate, rules)
    if rules.by == "capacity":
        grade, borders, tied = _by_capacity(p, rules)
    else:
        borders = rules.chances(base_rate)
        # Cold is under every border; each border reached is one grade better.
        grade = len(borders) - np.sum(p[:, None] >= np.array(borders), axis=1)
        tied = (0,) * len(borders)
    names = np.array(rules.grades, dtype=object)
    table = pd.DataFrame(
        {"record_id": ids, "probability": p, "grade": names[grade], "rank": np.arange(1, len(p) + 1, dtype="int64")}
    )
    by_grade = pd.DataFrame([_tell_grade(name, p[grade == k], level) for k, name in enumerate(rules.grades)])
    by_grade = pd.concat([by_grade, _past_of(rules.grades, past, level)], axis=1)
    return Grades(
        rules=rules,
        base_rate=base_rate,
        borders=borders,
        table=table,
        by_grade=by_grade,
        tied=tied,
        level=level,
    )


def _checked_rate(base_rate: float | None, rules: Grading) -> float:
    if rules.by != "base_rate":
        return float("nan")
    if base_rate is None or not 0 < base_rate < 1:
        raise ModelInputError(
            f"grades by multiples of the base rate need a base rate between 0 and 1, not {base_rate}; "
            "hand it over, or state probabilities or a capacity"
        )
    return float(base_rate)


def _by_capacity(
    p: NDArray[np.float64], rules: Grading
) -> tuple[NDArray[np.int64], tuple[float, ...], tuple[int, ...]]:
    ends = np.cumsum(rules.borders).astype(np.int64)
    grade = np.searchsorted(ends, np.arange(len(p)), side="right").astype(np.int64)
    borders, tied = [], []
    for end in ends:
        cuts = end < len(p)
        borders.append(float(p[end - 1] + p[end]) / 2 if cuts else 0.0)
        tied.append(int(np.sum(p == p[end])) if cuts and p[end - 1] == p[end] else 0)
    return grade, tuple(borders), tuple(tied)


def _tell_grade(name: str, p: NDArray[np.float64], level: float) -> dict[str, object]:
    low, high = conversions_interval(p, level)
    return {
        "grade": name,
        "records": len(p),
        "lowest": p.min() if len(p) else np.nan,
        "highest": p.max() if len(p) else np.nan,
        "expected": float(p.sum()),
        "expected_low": low,
        "expected_high": high,
    }


def _past_of(grades: tuple[str, ...], past: pd.DataFrame | None, level: float) -> pd.DataFrame:
    needs = ("grade", "records", "converted", "expected")
    if past is None:
        past = pd.DataFrame({name: pd.Series(dtype="float64") for name in needs})
    check_columns(past, needs, what="past grades")
    known = past.groupby("grade")[["records", "converted", "expected"]].sum().astype("float64").reindex(list(grades))
    rate, low, high = share_interval(known["converted"].fillna(0), known["records"].fillna(0), level)
    return pd.DataFrame(
        {
            "past_records": known["records"].to_numpy(),
            "past_converted": known["converted"].to_numpy(),
            "past_rate": rate,
            "past_low": low,
            "past_high": high,
            "past_expected": known["expected"].to_numpy(),
        }
    )
