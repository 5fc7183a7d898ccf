"""Past scores against what happened: calibration and conversion by past grade, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError, NotEnoughDataError, first_few
from funnelml.language import Language, join_words, say, share
from funnelml.scoring.grading import SCALES, name_grade
from funnelml.scoring.intervals import conversions_interval, share_interval
from funnelml.scoring.score_table import check_columns, check_scores

_CHANCE = 0.95


@dataclass(frozen=True, kw_only=True)
class PastScores:
    """What became of records that were scored before.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    horizon_days : int
        Days within which a record was to convert.
    by_month : pandas.DataFrame
        One row per month of scoring and grade: ``month`` (its first day), ``grade, records, expected`` (sum of the
        chances), ``converted, rate`` with ``low, high`` (Wilson).
    months : pandas.DataFrame
        One row per month: ``month, records, expected, converted, chance_low, chance_high`` (95 % of what right chances
        would bring), ``off`` (whether ``converted`` lies outside).
    by_grade : pandas.DataFrame
        One row per grade, the best first: ``grade, records, expected, converted, rate, low, high``.
    waiting : int
        Scores whose window had not ended by ``as_of``.
    level : float
        Probability of the intervals of rates.
    went_out : bool
        Whether these scores went out; if not, they are what would have been told then.
    """

    as_of: date
    horizon_days: int
    by_month: pd.DataFrame
    months: pd.DataFrame
    by_grade: pd.DataFrame
    waiting: int
    level: float
    went_out: bool = True

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month and grade."""
        return self.by_month

    def summary(self, language: Language = "en") -> str:
        """Return how each past grade converted against what was expected, and in how many months chances were off."""
        each = []
        told = self.by_grade[["grade", "records", "rate", "expected"]]
        for grade, n, rate, expected in told.itertuples(index=False):
            if n:
                seen, said = share(rate), share(expected / n)
                each.append(
                    say(
                        language,
                        en=f"{grade} {seen} (expected {said}) of {n:,}",
                        zh=f"{name_grade(grade, 'zh')} {n:,} 条转化 {seen}（预计 {said}）",
                    )
                )
        off, months = int(self.months["off"].sum()), len(self.months)
        days = self.horizon_days
        whose = say(language, en="Of records scored before", zh="过去评分的记录")
        if not self.went_out:
            whose = say(
                language,
                en="No score that went out has come due. As the method would have scored records on past days, knowing "
                "only what was known then",
                zh="尚无已发出的评分到期。若按同一方法仅用当时所知在过去评分，记录",
            )
        return say(
            language,
            en=f"{whose}, these converted within {days} days: {join_words(each)}. In {off} "
            f"of {months} months conversions lay outside of what right chances would bring (95 %); {self.waiting:,} "
            "scores still wait for the end of their window.",
            zh=f"{whose}在 {days} 天内的转化：{join_words(each, 'zh')}。{months} 个月中有 {off} 个月的转化超出"
            f"准确概率应有的范围（95 %）；另有 {self.waiting:,} 个评分尚未到期。",
        )


def score_past(
    scores: pd.DataFrame,
    conversions: pd.DataFrame,
    *,
    as_of: date,
    horizon_days: int,
    lag_days: int = 0,
    level: float = 0.8,
    went_out: bool = True,
) -> PastScores:
    """Hold past scores against what happened.

    Parameters
    ----------
    scores : pandas.DataFrame
        ``record_id, as_of`` (a date), ``probability, grade`` as they were told then.
    conversions : pandas.DataFrame
        ``record_id, converted_on`` (a date; empty if it did not) of records that converted, one row for each time: one
        that was opened again may convert again, and what counts is a conversion in the score's own window.
    as_of : datetime.date
        Last day that is known: later conversions have no effect.
    horizon_days : int
        Days within which a record was to convert.
    lag_days : int
        Days by which conversions may be recorded late: a score counts only when they too have passed.
    level : float
        Probability of the intervals of rates.
    went_out : bool
        Whether these scores went out.

    Returns
    -------
    PastScores

    Raises
    ------
    ModelInputError
        If a column is missing, a date, grade or probability cannot be used, or a record is scored twice on one date.
    NotEnoughDataError
        If no window has ended by ``as_of``.

    Notes
    -----
    A score is left out by its date alone, whether its record has converted or not: otherwise young months would hold
    only fast conversions. A record scored several times counts once in each month, with its first score there, and once
    for each grade, with the first score that gave it.
    """
    check_columns(scores, ("record_id", "as_of", "probability", "grade"), what="past scores")
    check_columns(conversions, ("record_id", "converted_on"), what="conversions")
    if horizon_days < 1 or lag_days < 0:
        raise ModelInputError(
            f"horizon_days is {horizon_days} and lag_days {lag_days}; they are 1 or more, and 0 or more"
        )
    p, ids = check_scores(scores["probability"], scores["record_id"], what="past scores", repeats=True)
    table = pd.DataFrame({"record_id": ids, "probability": p, "grade": scores["grade"].to_numpy(dtype=object)})
    table["as_of"] = _read_dates(scores["as_of"], ids)
    grades = _scale_of(list(table["grade"].unique()))
    if (twice := table.duplicated(["record_id", "as_of"])).any():
        raise ModelInputError(
            f"past scores: {int(twice.sum()):,} records are scored twice on a date ({first_few(ids[twice])}); keep one"
        )
    window = pd.Timedelta(days=horizon_days)
    ended = table["as_of"] + window + pd.Timedelta(days=lag_days) <= pd.Timestamp(as_of)
    known = table[ended].sort_values(["as_of", "record_id"], kind="stable", ignore_index=True)
    if known.empty:
        raise NotEnoughDataError(
            f"none of {len(table):,} past scores is old enough: a window of {horizon_days + lag_days} days must have "
            f"ended by {as_of}; wait, or ask for a shorter horizon"
        )
    known["converted"] = _converted(known, conversions, window)
    known["month"] = known["as_of"].dt.to_period("M")
    monthly = known.drop_duplicates(["month", "record_id"])
    by_month = _count(monthly, ["month", "grade"], level)
    # A month without a record of some grade has a row for it, so that pictures need not guess.
    every = pd.MultiIndex.from_product([by_month.index.unique("month"), grades], names=["month", "grade"])
    by_month = by_month.reindex(every).fillna({"records": 0, "expected": 0.0, "converted": 0})
    by_grade = _count(known.drop_duplicates(["grade", "record_id"]), ["grade"], level)
    by_grade = by_grade.reindex(list(grades)).fillna({"records": 0, "expected": 0.0, "converted": 0})
    whole = {"records": "int64", "converted": "int64"}
    return PastScores(
        as_of=as_of,
        horizon_days=horizon_days,
        by_month=_as_days(by_month.astype(whole).reset_index()),
        months=_as_days(_judge_months(monthly)),
        by_grade=by_grade.astype(whole).rename_axis("grade").reset_index(),
        waiting=int((~ended).sum()),
        level=level,
        went_out=went_out,
    )


def _read_dates(values: pd.Series, ids: np.ndarray) -> pd.Series:
    days = _as_dates(values)
    if days.isna().any():
        odd = days.isna().to_numpy()
        raise ModelInputError(f"past scores: {int(odd.sum()):,} as_of dates cannot be read ({first_few(ids[odd])})")
    return days


def _as_dates(values: pd.Series) -> pd.Series:
    days = pd.to_datetime(values.reset_index(drop=True), errors="coerce", format="ISO8601")
    return days.dt.tz_localize(None).dt.normalize()


def _scale_of(found: Sequence[object]) -> tuple[str, ...]:
    for grades in SCALES.values():
        if set(found) <= set(grades):
            return grades
    known = " or ".join("/".join(grades) for grades in SCALES.values())
    raise ModelInputError(f"past scores have grades {first_few(found, 5)}; they are {known}")


def _converted(known: pd.DataFrame, conversions: pd.DataFrame, window: pd.Timedelta) -> np.ndarray:
    dated = pd.DataFrame(
        {
            "record_id": conversions["record_id"].to_numpy(dtype=object),
            "on": _as_dates(conversions["converted_on"]).to_numpy(),
        }
    ).dropna()
    pairs = known[["record_id", "as_of"]].reset_index(names="row").merge(dated, on="record_id")
    inside = (pairs["on"] > pairs["as_of"]) & (pairs["on"] <= pairs["as_of"] + window)
    return known.index.isin(pairs.loc[inside, "row"])


def _count(rows: pd.DataFrame, by: list[str], level: float) -> pd.DataFrame:
    groups = rows.groupby(by, sort=True)
    table = groups.agg(records=("record_id", "size"), expected=("probability", "sum"), converted=("converted", "sum"))
    rate, low, high = share_interval(table["converted"], table["records"], level)
    return table.assign(rate=rate, low=low, high=high)


def _judge_months(monthly: pd.DataFrame) -> pd.DataFrame:
    out = []
    for month, rows in monthly.groupby("month", sort=True):
        low, high = conversions_interval(rows["probability"], _CHANCE)
        came = int(rows["converted"].sum())
        told = {"month": month, "records": len(rows), "expected": float(rows["probability"].sum()), "converted": came}
        out.append(told | {"chance_low": low, "chance_high": high, "off": not low <= came <= high})
    return pd.DataFrame(out)


def _as_days(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(month=[date(month.year, month.month, 1) for month in table["month"]])
