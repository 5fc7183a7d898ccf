"""Rows to learn a score from, or to be scored: what was known of a record at an instant, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import ModelInputError, first_few
from funnelml.scoring.why_not import WhyNot


@dataclass(frozen=True, kw_only=True)
class ScoringRows:
    """What was known of records at given instants, with the label where it is known.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, k)
        One row each, index 0 to n - 1. Numbers are float64 (NaN if unknown), texts are object (None if unknown).
    record_id : numpy.ndarray of object, shape (n,)
        The record. Several rows may speak of one record, at different instants.
    outcome : str
        What the label means, for sentences: ``won within 28 days``.
    label : numpy.ndarray of float64, shape (n,), optional
        1 if it came about, 0 if not. Rows to be scored have none.
    at : numpy.ndarray of int64, shape (n,), optional
        First instant that was not known (microseconds); a plain table without dates has none.
    known_at : numpy.ndarray of int64, shape (n,), optional
        Instant from which the label is known (microseconds); goes with ``at``.
    dropped : mapping of str to int
        Rows that were left out, by reason.
    left_out : mapping of str to str
        Fields that are no features because their past is not known, with the reason.
    withheld : mapping of str to WhyNot
        Features that were taken away although their past is known, with the reason.
    assumed : tuple of str, optional
        Features without a history, taken as set when the record was created. None means that all are as one export
        has them, as in a plain table.

    Raises
    ------
    ModelInputError
        If lengths differ, or a label is neither 0 nor 1.
    """

    features: pd.DataFrame
    record_id: NDArray[np.object_]
    outcome: str = "converted"
    label: NDArray[np.float64] | None = None
    at: NDArray[np.int64] | None = None
    known_at: NDArray[np.int64] | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, WhyNot] = field(default_factory=dict)
    assumed: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.features)
        for name in ("record_id", "label", "at", "known_at"):
            values = getattr(self, name)
            if values is not None and len(values) != n:
                raise ModelInputError(f"{name} has {len(values):,} values for {n:,} rows of features")
        if self.label is not None:
            odd = ~np.isin(self.label, (0.0, 1.0))
            if odd.any():
                raise ModelInputError(
                    f"{int(odd.sum()):,} labels are neither 0 nor 1 ({first_few(self.record_id[odd])})"
                )

    def __len__(self) -> int:
        return len(self.features)

    @property
    def positives(self) -> int:
        """Number of rows whose label is 1."""
        return 0 if self.label is None else int(self.label.sum())

    def take(self, which: NDArray[Any]) -> ScoringRows:
        """Return the rows at these positions, or where this mask is true."""

        def of(values: NDArray[Any] | None) -> Any:
            return None if values is None else values[which]

        kept = self.features.iloc[np.flatnonzero(which) if which.dtype == bool else which]
        return replace(
            self,
            features=kept.reset_index(drop=True),
            record_id=self.record_id[which],
            label=of(self.label),
            at=of(self.at),
            known_at=of(self.known_at),
        )

    def known_by(self, instant: int) -> ScoringRows:
        """Return the rows whose label was known at an instant (microseconds, excluded); all of them without dates."""
        return self if self.known_at is None else self.take(self.known_at <= instant)

    def without(self, *columns: str) -> ScoringRows:
        """Return the rows without these features."""
        return replace(self, features=self.features.drop(columns=list(columns)))

    def withhold(self, reasons: Mapping[str, WhyNot]) -> ScoringRows:
        """Return the rows without these features, and with the reasons."""
        return replace(self.without(*reasons), withheld={**self.withheld, **reasons})
