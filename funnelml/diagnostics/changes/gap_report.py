"""What a search for gaps found: a table, the weekly counts behind it, and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from funnelml.diagnostics.changes.words import describe_gap, describe_no_gap
from funnelml.language import Language, say

COLUMNS: Final = (
    "kind",
    "stage",
    "group_by",
    "group",
    "began_on",
    "began_first",
    "began_last",
    "share_before",
    "share_now",
    "share_now_low",
    "share_now_high",
    "records",
    "records_low",
    "records_high",
    "wins",
    "wins_low",
    "wins_high",
    "amount",
    "amount_low",
    "amount_high",
    "shift",
    "error",
    "z",
)


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Lasting changes of conversion, as known on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    table : pandas.DataFrame
        One row per finding, likeliest first. ``kind`` is ``gap`` or ``strength``; ``stage`` is empty for a
        change in all stages, ``group_by`` and ``group`` for one in all records. ``began_on`` is the first day of the
        week with which it began, with the weeks between which it lies (80 %). ``share_before`` went on of the stays
        that ended before; ``share_now`` is what remains of the change once the winner's curse is taken out.
        ``records``, ``wins`` and ``amount`` are per quarter, negative for a gap; ``_low`` and ``_high`` bound the
        interval. ``shift`` and ``error`` are the change of the log odds as it looked, and ``z`` their ratio.
    rate : float
        Chance of at least one false gap (and as much of a false strength) in a year of weekly looks.
    series : int
        Number of series that were looked at.
    threshold : float
        Bound that ``z`` had to pass.
    shared_sd : float
        Standard deviation of the shocks that all records of eight weeks share, on the logit scale.
    weeks : pandas.DataFrame
        One row per week and stage, for all records (``group_by`` empty) and for each group in which something was
        found: ``group_by, group, stage, week_start, exits, went_on, expected``.
    level : float
        Level of the intervals.
    currency : str
        Reporting currency.
    """

    as_of: date
    table: pd.DataFrame
    rate: float
    series: int
    threshold: float
    shared_sd: float
    weeks: pd.DataFrame
    level: float
    currency: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding."""
        return self.table

    @property
    def gaps(self) -> pd.DataFrame:
        """The falls."""
        return self.table[self.table["kind"] == "gap"].reset_index(drop=True)

    @property
    def strengths(self) -> pd.DataFrame:
        """The rises."""
        return self.table[self.table["kind"] == "strength"].reset_index(drop=True)

    def sentences(self, language: Language = "en") -> list[str]:
        """Return one sentence per finding."""
        return [describe_gap(row, self.currency, self.level, language) for row in _records(self.table)]

    def summary(self, language: Language = "en") -> str:
        """Return the largest finding of each kind in words, or that there is none, and how sure that is."""
        told = [
            describe_gap(_records(part)[0], self.currency, self.level, language)
            for part in (self.gaps, self.strengths)
            if len(part)
        ]
        told.append(describe_no_gap(len(self.gaps), self.series, self.rate, language))
        return say(language, en=" ", zh="").join(told)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
