"""The result of following scores over time: every chance by date, the crossings, and what they say in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.language import Language, join_words, say, share
from funnelml.scoring.grading import Grading, name_grade

_BARS = np.array(list(" ▁▂▃▄▅▆▇█"))


@dataclass(frozen=True, kw_only=True)
class ScoreTrend:
    """Chances of the records at several dates.

    Parameters
    ----------
    dates : tuple of datetime.date
        As-of dates, rising.
    since : datetime.date
        Date with which the last one is compared.
    rules : Grading
        The rules of both.
    borders : pandas.DataFrame
        Index ``as_of``: chance from which on a record has each grade but the last.
    table : pandas.DataFrame
        One row per date and record: ``as_of, record_id, probability, grade`` (held: see ``trend_of``).
    crossings : pandas.DataFrame
        One row per record of the last date whose grade is not that of ``since``: ``record_id, kind`` (``rose``,
        ``fell``, or ``new`` if it was not there and now has the best grade), ``old_grade, new_grade, old_probability,
        new_probability, change`` (of the probability), ``crossed_on`` (the date from which it has the new grade without
        a break); the highest chances first, of those that fell the largest losses.
    margin : float
        How far beyond a border the log odds had to lie.
    """

    dates: tuple[date, ...]
    since: date
    rules: Grading
    borders: pd.DataFrame
    table: pd.DataFrame
    crossings: pd.DataFrame
    margin: float

    @property
    def contact_now(self) -> pd.DataFrame:
        """Records that rose into a better grade, or are new and have the best."""
        return self.crossings[self.crossings["kind"] != "fell"].reset_index(drop=True)

    @property
    def losing(self) -> pd.DataFrame:
        """Records that fell into a worse grade."""
        return self.crossings[self.crossings["kind"] == "fell"].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per record of the last date, the highest chance first.

        Returns
        -------
        pandas.DataFrame
            ``record_id, probability, change`` (since ``since``; NaN if it was not there), ``grade, spark`` (one bar for
            each date, the tallest for the highest chance of all; blank where it was not there).
        """
        wide = self.table.pivot(index="record_id", columns="as_of", values="probability")
        wide = wide.reindex(columns=pd.Index(self.dates))
        last = self.table[self.table["as_of"] == self.dates[-1]].set_index("record_id")
        wide = wide.loc[wide[self.dates[-1]].notna()]
        top = float(np.nanmax(wide.to_numpy(), initial=0.0)) or 1.0
        height = np.nan_to_num(np.ceil(wide.to_numpy() / top * 8), nan=0.0)
        # A chance of zero is still a record that was there: the lowest bar.
        height = np.where(wide.notna().to_numpy(), np.maximum(height, 1), 0).astype(int)
        spark = ["".join(row) for row in _BARS[height]]
        table = pd.DataFrame(
            {
                "record_id": wide.index.to_numpy(dtype=object),
                "probability": wide[self.dates[-1]].to_numpy(),
                "change": (wide[self.dates[-1]] - wide[self.since]).to_numpy(),
                "grade": last["grade"].reindex(wide.index).to_numpy(dtype=object),
                "spark": spark,
            }
        )
        return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)

    def summary(self, language: Language = "en") -> str:
        """Return who is to be contacted now and who is being lost, with the first few of each."""
        if not (self.table["as_of"] == self.dates[-1]).any():
            return say(language, en="No record is open, so none has a trend.", zh="没有未结记录，因此没有趋势。")
        rose = self.crossings[self.crossings["kind"] == "rose"]
        new = self.crossings[self.crossings["kind"] == "new"]
        best = name_grade(self.rules.grades[0], language)
        noun = "record" if len(rose) == 1 else "records"
        told = [
            say(
                language,
                en=f"Since {self.since} {len(rose):,} {noun} rose into a better grade{_first_of(rose, 'en')}, "
                f"{len(self.losing):,} fell into a worse one{_first_of(self.losing, 'en')}.",
                zh=f"自 {self.since} 以来，{len(rose):,} 条记录升级{_first_of(rose, 'zh')}，"
                f"{len(self.losing):,} 条降级{_first_of(self.losing, 'zh')}。",
            )
        ]
        if len(new):
            told.append(
                say(
                    language,
                    en=f"{len(new):,} more, not scored then, now {best}{_first_of(new, 'en')}.",
                    zh=f"另有 {len(new):,} 条当时未评分、现为“{best}”{_first_of(new, 'zh')}。",
                )
            )
        return say(language, en=" ", zh="").join(told)


def _first_of(rows: pd.DataFrame, language: Language) -> str:
    if rows.empty:
        return ""
    each = []
    for record, old, new in zip(
        rows["record_id"][:3], rows["old_probability"][:3], rows["new_probability"][:3], strict=True
    ):
        each.append(f"{record} {share(old)} → {share(new)}" if np.isfinite(old) else f"{record} {share(new)}")
    names = join_words(each, language)
    more = len(rows) - len(each)
    if more:
        names += say(language, en=f" and {more:,} more", zh=f" 等，另有 {more:,} 条")
    return say(language, en=f" ({names})", zh=f"（{names}）")
