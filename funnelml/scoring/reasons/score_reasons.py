"""The reasons of many records, and what they say in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.language import Language, say, share
from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.tell import FieldTeller

_SIDES = ("for", "against")


@dataclass(frozen=True, kw_only=True)
class ScoreReasons:
    """The strongest reasons for and against each record.

    Parameters
    ----------
    record_id : numpy.ndarray, shape (n,)
        The records.
    log_odds : numpy.ndarray of float64, shape (n,)
        Their scores.
    time_of_year : numpy.ndarray of float64, shape (n,)
        Log odds that the day itself adds; it is no reason.
    fields : numpy.ndarray of intp, shape (n, 2 * top)
        Positions of the fields that speak: first those for the record, strongest first, then those against it; -1 if
        there is none.
    contributions : numpy.ndarray of float64, shape (n, 2 * top)
        Log odds of each reason, with all fields of its topic; 0 if there is none.
    features : pandas.DataFrame, shape (n, k)
        Values of the fields.
    currency : str
        Currency of the amount.
    """

    record_id: NDArray[Any]
    log_odds: NDArray[np.float64]
    time_of_year: NDArray[np.float64]
    fields: NDArray[np.intp]
    contributions: NDArray[np.float64]
    features: pd.DataFrame
    currency: str = ""

    def __len__(self) -> int:
        return len(self.record_id)

    def to_frame(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per record: ``record_id, positive, negative``, the reasons of each side in one text."""
        texts = self._tell(language)
        top = texts.shape[1] // 2
        between = say(language, en="; ", zh="；")
        sides = [_join(texts[:, :top], between), _join(texts[:, top:], between)]
        return pd.DataFrame({"record_id": self.record_id, "positive": sides[0], "negative": sides[1]})

    def details(self, language: Language = "en") -> pd.DataFrame:
        """Return one row per reason, in the order of the records.

        Returns
        -------
        pandas.DataFrame
            ``record_id, side`` (``for`` or ``against``), ``rank`` (from 1), ``field, name, value`` (text or number;
            None if missing), ``contribution`` (log odds), ``points`` (20 double the odds), ``odds`` (times the odds),
            ``reason``.
        """
        row, place = np.nonzero(self.fields >= 0)
        top = self.fields.shape[1] // 2
        field, added = self.fields[row, place], self.contributions[row, place]
        teller = FieldTeller(self.features, self.currency)
        value = np.empty(len(row), dtype=object)
        name = np.empty(len(row), dtype=object)
        for own in np.unique(field):
            at = field == own
            column = self.features.iloc[row[at], own].astype(object)
            value[at] = column.where(column.notna(), None)
            name[at] = teller.name(int(own), language)
        return pd.DataFrame(
            {
                "record_id": self.record_id[row],
                "side": np.where(place < top, *_SIDES),
                "rank": place % top + 1,
                "field": np.array(teller.fields, dtype=object)[field],
                "name": name,
                "value": value,
                "contribution": added,
                "points": np.rint(added / POINT).astype(np.int64),
                "odds": np.exp(added),
                "reason": self._tell(language)[row, place],
            }
        )

    def summary(self, language: Language = "en") -> str:
        """Return which fields speak most often, how strong a point is, and what is counted but not told."""
        n, top = len(self), self.fields.shape[1] // 2
        teller = FieldTeller(self.features, self.currency)
        sides = [_most_frequent(part) for part in (self.fields[:, :top], self.fields[:, top:])]
        told = [say(language, en=f"{n:,} records scored.", zh=f"已评分 {n:,} 条记录。")]
        if not any(sides):
            told.append(say(language, en="None has a reason of a point or more.", zh="没有任何因素的影响达到 1 分。"))
        for side, en, zh in zip(sides, ("for", "against"), ("有利", "不利"), strict=True):
            if side is not None:
                field, part = side
                told.append(
                    say(
                        language,
                        en=f"Most often {en} a record: {teller.name(field)} ({share(part / n)}).",
                        zh=f"最常见的{zh}因素：{teller.name(field, 'zh')}（{share(part / n)}）。",
                    )
                )
        told.append(say(language, en="20 points double the odds.", zh="每 20 分使转化几率翻倍。"))
        if self.time_of_year.any():
            low, high = (f"{np.rint(value / POINT):+.0f}" for value in np.quantile(self.time_of_year, (0, 1)))
            told.append(
                say(
                    language,
                    en=f"The time of year counts in each score ({low} to {high} points) and is no reason.",
                    zh=f"日历时段计入每条评分（{low} 至 {high} 分），但不作为原因列出。",
                )
            )
        return say(language, en=" ", zh="").join(told)

    def _tell(self, language: Language) -> NDArray[np.object_]:
        """Return the phrases, shape (n, 2 * top); None where there is no reason."""
        teller = FieldTeller(self.features, self.currency)
        flat = self.fields.ravel()
        texts = np.full(len(flat), None, dtype=object)
        order = np.argsort(flat, kind="stable")
        ends = np.searchsorted(flat[order], np.arange(len(teller.fields) + 1))
        for field in range(len(teller.fields)):
            cells = order[ends[field] : ends[field + 1]]
            if len(cells):
                texts[cells] = teller.tell(field, cells // self.fields.shape[1], language)
        return texts.reshape(self.fields.shape)


def _join(texts: NDArray[np.object_], between: str) -> NDArray[np.object_]:
    """Return the texts of each row as one; reasons are strongest first, so that after a gap there are none."""
    out = np.where(texts[:, 0] == None, "", texts[:, 0])  # noqa: E711  (element by element)
    for place in range(1, texts.shape[1]):
        more = np.flatnonzero(texts[:, place] != None)  # noqa: E711
        out[more] = out[more] + between + texts[more, place]
    return out


def _most_frequent(fields: NDArray[np.intp]) -> tuple[int, int] | None:
    known = fields[fields >= 0]
    if not len(known):
        return None
    counts = np.bincount(known)
    return int(counts.argmax()), int(counts.max())
