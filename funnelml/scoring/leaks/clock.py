"""What counts up with the creation of a record, in a table that may have no dates: a running number, or the place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.language import Language, say
from funnelml.scoring.models.columns import is_number
from funnelml.scoring.rows import ScoringRows

_DENSE = 20
"""A running number leaves fewer than twenty numbers for each row; amounts and phone numbers leave many more."""
_ENOUGH = 200

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What counts up with creation.

    Parameters
    ----------
    time : numpy.ndarray of float64, shape (n,)
        Larger means created later, unless it is the place in the table.
    field : str or None
        The field that is a running number.
    kind : {"date", "id", "field", "place"}
        What it was read from. A table may begin with its oldest or with its newest row, so that of the ``place`` only
        the order is known and not the direction.
    """

    time: FloatArray
    kind: str
    field: str | None = None

    @property
    def directed(self) -> bool:
        """Whether it is known which end is the newest."""
        return self.kind != "place"

    def describe(self, language: Language = "en") -> str:
        """Return by what the rows are ordered."""
        return {
            "date": say(language, en="by date", zh="按日期"),
            "id": say(language, en="by the number of the record", zh="按记录编号"),
            "field": say(language, en=f"by {self.field}", zh=f"按“{self.field}”"),
            "place": say(language, en="by the place in the table", zh="按表中位置"),
        }[self.kind]


def find_clock(rows: ScoringRows) -> Clock:
    """Return what counts up with creation: the dates, else a running number, else the place in the table."""
    if rows.at is not None and len(np.unique(rows.at)) > 1:
        return Clock(time=rows.at.astype(np.float64), kind="date")
    number = _trailing_number(rows.record_id)
    if number is not None and is_running(number) and not _is_place(number):
        return Clock(time=number, kind="id")
    for name in rows.features:
        values = rows.features[name]
        if is_number(values) and is_running(values.to_numpy(dtype=np.float64, na_value=np.nan)):
            return Clock(time=values.to_numpy(dtype=np.float64), kind="field", field=str(name))
    return Clock(time=np.arange(len(rows), dtype=np.float64), kind="place")


def is_running(numbers: FloatArray) -> bool:
    """Return whether numbers count something: whole, none twice, and close to each other; of 200 rows or more."""
    if len(numbers) < _ENOUGH or not np.isfinite(numbers).all() or (numbers % 1 != 0).any():
        return False
    return bool(np.ptp(numbers) < _DENSE * len(numbers)) and len(np.unique(numbers)) == len(numbers)


def _is_place(numbers: FloatArray) -> bool:
    return bool((np.diff(numbers) == 1).all())


def _trailing_number(record_id: NDArray[np.object_]) -> FloatArray | None:
    # Up to 15 digits are exact in a float; a longer number is no counter.
    parts = pd.Series(record_id).astype(str).str.extract(r"^(.*?)(\d{1,15})$")
    if parts[1].isna().any() or len(parts[0].unique()) > 1:
        return None
    return parts[1].to_numpy(dtype=np.float64)
