"""Scores over time: who rose into a better grade and is to be contacted now, and who is being lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from funnelml.errors import AsOfError, ModelInputError
from funnelml.language import join_words
from funnelml.scoring.grades import grade_scores
from funnelml.scoring.grading import Grading
from funnelml.scoring.score_table import check_columns
from funnelml.scoring.score_trend import ScoreTrend

__all__ = ["ScoreTrend", "trend_of"]

MARGIN: Final = 0.1
"""How far beyond a border the log odds must lie before a grade changes."""


def trend_of(
    scores_by_date: Mapping[date, pd.DataFrame],
    *,
    rules: Grading | None = None,
    base_rate: float | None = None,
    since: date | None = None,
    margin: float = MARGIN,
) -> ScoreTrend:
    """Follow the chances of records over past as-of dates.

    Parameters
    ----------
    scores_by_date : mapping of datetime.date to pandas.DataFrame
        ``record_id, probability`` of the records that were open on each date, all by one model. Two dates at least.
    rules : Grading, optional
        The same for every date; multiples 2 and 1 of the base rate by default.
    base_rate : float, optional
        The same for every date; needed by multiples of it.
    since : datetime.date, optional
        Date with which the last one is compared; the one before the last by default.
    margin : float
        How far beyond a border the log odds must lie before a grade changes.

    Returns
    -------
    ScoreTrend

    Raises
    ------
    AsOfError
        If there are fewer than two dates, or ``since`` is not one of those before the last.
    ModelInputError
        If the scores of a date cannot be used.

    Notes
    -----
    A grade is held until it is clearly left (a Schmitt trigger): a record rises when the odds of its chance are a
    tenth above the border (log odds + 0.1), and falls when they are a tenth below. Between, it keeps the grade that it
    had at the date before, so that a flicker around a border is no crossing and a slow rise is one in the end. A
    record has the plain grade at the first date it is seen, and when it comes back. Under a capacity the border of
    each date is half-way between the last record inside and the first outside.
    """
    dates = tuple(sorted(scores_by_date))
    if len(dates) < 2:
        raise AsOfError(f"a trend takes the scores of two dates or more, not of {len(dates)}")
    since = dates[-2] if since is None else since
    if since not in dates[:-1]:
        raise AsOfError(
            f"there are no scores of {since} before {dates[-1]}; there are {join_words([*map(str, dates[:-1])])}"
        )
    if not margin >= 0:
        raise ModelInputError(f"margin is {margin}; it is a difference of log odds, 0 or more")
    rules = Grading() if rules is None else rules
    parts, borders = [], []
    held = pd.Series(dtype="float64")
    for day in dates:
        check_columns(scores_by_date[day], ("record_id", "probability"), what=f"scores of {day}")
        graded = grade_scores(
            scores_by_date[day]["probability"], scores_by_date[day]["record_id"], rules, base_rate=base_rate
        )
        own = graded.table.set_index("record_id")
        plain = pd.Series(pd.Index(rules.grades).get_indexer(pd.Index(own["grade"])), index=own.index)
        before = held.reindex(own.index).fillna(plain).to_numpy(dtype=np.int64)
        now = _hold(before, own["probability"].to_numpy(), graded.borders, margin)
        held = pd.Series(now.astype(np.float64), index=own.index)
        parts.append(graded.table.assign(as_of=day, grade=np.array(rules.grades, dtype=object)[now]))
        borders.append(graded.borders)
    table = pd.concat(parts, ignore_index=True)[["as_of", "record_id", "probability", "grade"]]
    return ScoreTrend(
        dates=dates,
        since=since,
        rules=rules,
        borders=pd.DataFrame(borders, index=pd.Index(dates, name="as_of"), columns=list(rules.grades[:-1])),
        table=table,
        crossings=_find_crossings(table, dates, since, rules.grades),
        margin=margin,
    )


def _hold(
    held: NDArray[np.int64], p: NDArray[np.float64], borders: tuple[float, ...], margin: float
) -> NDArray[np.int64]:
    """Return the held grade (0 is the best): at least what is clearly reached, at most what is barely missed."""
    edges = logit(np.array(borders))
    clearly = len(edges) - np.sum(p[:, None] >= expit(edges + margin), axis=1)
    barely = len(edges) - np.sum(p[:, None] >= expit(edges - margin), axis=1)
    return np.clip(held, barely, clearly)


def _find_crossings(table: pd.DataFrame, dates: tuple[date, ...], since: date, grades: tuple[str, ...]) -> pd.DataFrame:
    rank = table.assign(rank=pd.Index(grades).get_indexer(pd.Index(table["grade"])))
    old = rank[rank["as_of"] == since].set_index("record_id")
    new = rank[rank["as_of"] == dates[-1]].set_index("record_id")
    old = old.reindex(new.index)
    known = old["rank"].notna()
    kind = pd.Series(None, index=new.index, dtype=object)
    kind[known & (new["rank"] < old["rank"])] = "rose"
    kind[known & (new["rank"] > old["rank"])] = "fell"
    kind[~known & (new["rank"] == 0)] = "new"
    told = pd.DataFrame(
        {
            "record_id": new.index.to_numpy(dtype=object),
            "kind": kind.to_numpy(dtype=object),
            "old_grade": old["grade"].where(known, None).to_numpy(dtype=object),
            "new_grade": new["grade"].to_numpy(dtype=object),
            "old_probability": old["probability"].to_numpy(dtype=np.float64),
            "new_probability": new["probability"].to_numpy(dtype=np.float64),
        }
    )
    told["change"] = told["new_probability"] - told["old_probability"]
    told["crossed_on"] = _since_when(rank, dates, new).to_numpy(dtype=object)
    told = told[told["kind"].notna()]
    up = told[told["kind"] != "fell"].sort_values("new_probability", ascending=False, kind="stable")
    down = told[told["kind"] == "fell"].sort_values("change", kind="stable")
    return pd.concat([up, down], ignore_index=True)


def _since_when(rank: pd.DataFrame, dates: tuple[date, ...], new: pd.DataFrame) -> pd.Series:
    """Return the date from which each record of the last date has its grade without a break."""
    wide = rank.pivot(index="record_id", columns="as_of", values="rank").reindex(
        index=new.index, columns=pd.Index(dates)
    )
    same = wide.to_numpy() == new["rank"].to_numpy()[:, None]
    unbroken = np.logical_and.accumulate(same[:, ::-1], axis=1).sum(axis=1)
    return pd.Series(np.array(dates, dtype=object)[len(dates) - np.maximum(unbroken, 1)], index=new.index)
