"""The figures of an evaluation for each value of a field: a score may hold for one source and not for another."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import ModelInputError
from funnelml.scoring.evaluation.measure import measure_scores
from funnelml.scoring.evaluation.scored_rows import ScoredRows

SMALLEST_SEGMENT: Final = 40
"""Rows that a value needs for a segment of its own; rarer ones make up the rest."""
MOST_SEGMENTS: Final = 25
"""Values of a field with a segment of their own, the most frequent; others make up the rest."""
REST: Final = "(rest)"
UNKNOWN: Final = "(unknown)"

COLUMNS: Final = (
    "field", "segment", "rows", "records", "positives", "base_rate", "mean_probability", "auc", "auc_low", "auc_high",
    "log_loss", "calibration_in_the_large", "calibration_in_the_large_low", "calibration_in_the_large_high",
    "calibration_error", "calibration_error_95",
)  # fmt: skip


def measure_segments(scored: ScoredRows, segments: pd.DataFrame | None, *, seed: int, resamples: int) -> pd.DataFrame:
    """Return one row per field and value, the largest segments first.

    Parameters
    ----------
    scored : ScoredRows
        All rows.
    segments : pandas.DataFrame, shape (n, s), or None
        Fields, in the order of the rows.
    seed : int
        Seed of the resamples.
    resamples : int
        Resamples behind the intervals.

    Returns
    -------
    pandas.DataFrame
        ``COLUMNS``; all that needs both labels, or two records, is NaN where a segment has them not.

    Raises
    ------
    ModelInputError
        If the fields have another number of rows.
    """
    if segments is None:
        return pd.DataFrame(columns=list(COLUMNS))
    if len(segments) != len(scored):
        raise ModelInputError(f"segments has {len(segments):,} rows for {len(scored):,} scored rows")
    rows = []
    for field in segments:
        names = _name_segments(segments[field])
        for segment in names.value_counts(sort=True).index:
            own = scored.take(np.flatnonzero(names.to_numpy() == segment))
            rows.append({"field": str(field), "segment": segment} | _measure(own, seed, resamples))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _name_segments(values: pd.Series) -> pd.Series:
    texts = values.astype(object).where(values.notna(), UNKNOWN).map(str)
    counts = texts.value_counts()
    kept = counts[counts >= SMALLEST_SEGMENT].index[:MOST_SEGMENTS]
    return texts.where(texts.isin(kept), REST)


def _measure(own: ScoredRows, seed: int, resamples: int) -> dict[str, float]:
    row: dict[str, float] = {
        "rows": len(own),
        "records": own.n_records,
        "positives": int(own.label.sum()),
        "base_rate": float(own.label.mean()),
        "mean_probability": float(own.probability.mean()),
    }
    if own.label.min() == own.label.max() or own.n_records < 2:
        return row
    told = measure_scores(own, seed=seed, resamples=resamples)
    auc, large = told.estimate("auc"), told.estimate("calibration_in_the_large")
    return row | {
        "auc": auc.value,
        "auc_low": auc.low,
        "auc_high": auc.high,
        "log_loss": told.estimate("log_loss").value,
        "calibration_in_the_large": large.value,
        "calibration_in_the_large_low": large.low,
        "calibration_in_the_large_high": large.high,
        "calibration_error": told.calibration.error,
        "calibration_error_95": told.calibration.perfect_error_95,
    }
