"""Stays as plain arrays: what a stored model keeps of those it learned from, without ids and dates of their records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelml.survival.risk_sets import FloatArray, IntArray
from funnelml.survival.stay_rows import StayRows


@dataclass(frozen=True, kw_only=True)
class PackedStays:
    """Stays with their ends, as numbers.

    Parameters
    ----------
    stages : tuple of str
        Stages of the funnel in their order.
    grain, time_zone : str
        As in ``StayRows``.
    record : numpy.ndarray of int, shape (n,)
        Number of each stay's record, in the order in which records come.
    place, next_place : numpy.ndarray of int, shape (n,)
        Position of the stage, and of where it went; -1 if nowhere yet.
    age, duration : numpy.ndarray, shape (n,)
        Days.
    event : numpy.ndarray of int, shape (n,)
        How it ended.
    numbers : dict of str to numpy.ndarray
        Covariates of numbers.
    texts : dict of str to tuple
        Covariates of texts: their values, and the position of each row's value, -1 if unknown.
    columns : tuple of str
        Covariates in their order.
    """

    stages: tuple[str, ...]
    grain: str
    time_zone: str
    record: IntArray
    place: IntArray
    next_place: IntArray
    age: FloatArray
    duration: FloatArray
    event: IntArray
    numbers: dict[str, FloatArray]
    texts: dict[str, tuple[tuple[str, ...], IntArray]]
    columns: tuple[str, ...]

    def unpack(self) -> StayRows:
        """Return the stays; a record is its number, and when it was seen is not known any more."""
        unknown = np.zeros(len(self.age), dtype=np.int64)
        named = np.array([*self.stages, None], dtype=object)
        covariates = {name: self.numbers[name] if name in self.numbers else self._text(name) for name in self.columns}
        return StayRows(
            stages=self.stages,
            grain=self.grain,
            time_zone=self.time_zone,
            record_id=self.record.astype(object),
            stage=named[self.place],
            at=unknown,
            entered_at=unknown,
            age=self.age,
            covariates=pd.DataFrame(covariates, index=range(len(self.age))),
            duration=self.duration,
            event=self.event,
            next_stage=named[self.next_place],
        )

    def _text(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        values, code = self.texts[name]
        return np.array([*values, None], dtype=object)[code]


def pack_stays(rows: StayRows, covariates: Iterable[str] = ()) -> PackedStays:
    """Return stays as plain arrays.

    Parameters
    ----------
    rows : StayRows
        With their ends.
    covariates : iterable of str
        Which of their covariates are kept.
    """
    assert rows.duration is not None and rows.event is not None and rows.next_stage is not None
    kept = tuple(covariates)
    numbers, texts = {}, {}
    for name in kept:
        column = rows.covariates[name]
        if pd.api.types.is_numeric_dtype(column):
            numbers[name] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            code, values = pd.factorize(column)
            texts[name] = (tuple(map(str, values)), np.asarray(code, dtype=np.int64))
    return PackedStays(
        stages=rows.stages,
        grain=rows.grain,
        time_zone=rows.time_zone,
        record=np.asarray(pd.factorize(rows.record_id)[0], dtype=np.int64),
        place=rows.place,
        next_place=np.asarray(pd.Index(rows.stages).get_indexer(pd.Index(rows.next_stage)), dtype=np.int64),
        age=rows.age,
        duration=rows.duration,
        event=rows.event,
        numbers=numbers,
        texts=texts,
        columns=kept,
    )
