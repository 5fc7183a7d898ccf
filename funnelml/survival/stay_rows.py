"""Stays seen at an instant: how long they had lasted, what was known of them, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import ModelInputError, first_few
from funnelml.schema import DAY
from funnelml.survival.risk_sets import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class StayRows:
    """Stays in a stage, each seen at one instant.

    Parameters
    ----------
    stages : tuple of str
        Stages of the funnel in their order.
    grain : {"instant", "day"}
        Whether stays are known to the microsecond or in whole days.
    time_zone : str
        IANA zone in which days begin.
    record_id, stage : numpy.ndarray of object, shape (n,)
        Whose stay, and in which stage.
    at, entered_at : numpy.ndarray of int64, shape (n,)
        First instant that is not known, and the instant at which the stay began, in microseconds.
    age : numpy.ndarray, shape (n,)
        Days in the stage by then; the stay is longer. -1 at the very entry, so that an end on day 0 counts.
    covariates : pandas.DataFrame, shape (n, k)
        What was known by then: numbers as float64 (NaN if unknown), texts as object (None if unknown).
    duration : numpy.ndarray, shape (n,), or None
        Days from entering the stage to leaving it or to the end of knowledge; None of rows to be predicted.
    event : numpy.ndarray of int, shape (n,), or None
        0 still in the stage, 1 advanced, 2 won, 3 lost, 4 moved back.
    next_stage : numpy.ndarray of object, shape (n,), or None
        Where it went; None if nowhere yet.
    """

    stages: tuple[str, ...]
    grain: str
    time_zone: str
    record_id: NDArray[np.object_]
    stage: NDArray[np.object_]
    at: IntArray
    entered_at: IntArray
    age: FloatArray
    covariates: pd.DataFrame
    duration: FloatArray | None = None
    event: IntArray | None = None
    next_stage: NDArray[np.object_] | None = None

    def __post_init__(self) -> None:
        """Refuse rows of a stage that the funnel has not, or of no age."""
        strange = ~np.isin(self.stage.astype(str), np.array(self.stages, dtype=str))
        if strange.any():
            names = first_few(pd.unique(self.stage[strange]))
            raise ModelInputError(f"{int(strange.sum()):,} rows stand in stages the funnel does not have ({names})")
        if not np.isfinite(self.age).all():
            raise ModelInputError(f"{int((~np.isfinite(self.age)).sum()):,} rows have no age in their stage")

    def __len__(self) -> int:
        return len(self.stage)

    @property
    def place(self) -> IntArray:
        """Position of each row's stage, shape (n,)."""
        return np.asarray(pd.Index(self.stages).get_indexer(pd.Index(self.stage)), dtype=np.int64)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> StayRows:
        """Return some of the rows."""
        return replace(
            self,
            record_id=self.record_id[rows],
            stage=self.stage[rows],
            at=self.at[rows],
            entered_at=self.entered_at[rows],
            age=self.age[rows],
            covariates=self.covariates.iloc[_positions(rows)].reset_index(drop=True),
            duration=None if self.duration is None else self.duration[rows],
            event=None if self.event is None else self.event[rows],
            next_stage=None if self.next_stage is None else self.next_stage[rows],
        )

    def seen_first(self) -> NDArray[np.bool_]:
        """Return which rows see their stay for the first time, shape (n,): each stay once."""
        assert self.duration is not None
        # A record may enter a stage twice on one day: such stays are told apart by how long they last.
        stay = np.column_stack((pd.factorize(self.record_id)[0], self.place, self.entered_at, self.duration))
        order = np.lexsort((self.age, *stay.T[::-1]))
        new = np.append(True, (stay[order[1:]] != stay[order[:-1]]).any(axis=1))
        first = np.zeros(len(self), dtype=bool)
        first[order[new[: len(order)]]] = True
        return first

    def known_by(self, instant: int) -> StayRows:
        """Return the rows seen before an instant, with what had happened before it; later ends are censored."""
        assert self.duration is not None and self.event is not None
        rows = self.take(np.flatnonzero(self.at < instant))
        assert rows.duration is not None and rows.event is not None
        last = (instant - rows.entered_at) / DAY
        last = np.round(last) - 1 / DAY if self.grain == "day" else last - 1 / DAY
        later = rows.duration > last
        return replace(rows, duration=np.minimum(rows.duration, last), event=np.where(later, 0, rows.event))


def _positions(rows: NDArray[np.intp] | NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.flatnonzero(rows) if rows.dtype == bool else np.asarray(rows, dtype=np.intp)
