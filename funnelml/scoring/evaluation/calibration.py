"""Calibration in bins of equal size, beside what a perfect model of the same size would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from funnelml.scoring.evaluation.resampling import LEVEL
from funnelml.scoring.evaluation.scored_rows import FloatArray, IntArray, ScoredRows

BINS: Final = 10
SIMULATIONS: Final = 1000
"""Sets of labels drawn for the perfect model."""

_CELLS = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Promised and observed shares in bins of equal size.

    Parameters
    ----------
    curve : pandas.DataFrame
        One row per bin, the lowest probabilities first: ``rows``, ``promised`` (mean probability), ``observed`` (share
        with label 1), ``low, high`` (Wilson interval of ``observed``), ``perfect_low, perfect_high`` (95 % of what a
        perfect model would observe there).
    error : float
        Calibration error: mean distance of observed and promised shares, weighted by rows.
    perfect_error, perfect_error_95 : float
        Mean, and value not exceeded in 95 of 100 cases, of that error for a perfect model with these probabilities.
    design_effect : float
        How much larger the variance of a bin's share is because records have several rows; 1 if each has one.
    """

    curve: pd.DataFrame
    error: float
    perfect_error: float
    perfect_error_95: float
    design_effect: float

    @property
    def beyond_chance(self) -> bool:
        """Whether the error is larger than that of a perfect model in 95 of 100 cases."""
        return self.error > self.perfect_error_95


def assign_bins(probability: FloatArray) -> IntArray:
    """Return the bin (0 to 9) of each row: bins of equal size, rows of equal probability always in one.

    A row belongs to the tenth in which the middle of all rows of its probability lies, so that the order of the rows
    has no say, and a constant probability makes one bin.

    Examples
    --------
    >>> assign_bins(np.array([0.1, 0.3, 0.3, 0.9]))
    array([1, 5, 5, 8])
    """
    _, inverse, counts = np.unique(probability, return_inverse=True, return_counts=True)
    # Twice the middle, so that everything stays whole numbers.
    middle = 2 * np.cumsum(counts) - counts
    return (BINS * middle // (2 * len(probability)))[inverse].astype(np.int64)


def measure_calibration(scored: ScoredRows, *, seed: int = 0) -> Calibration:
    r"""Measure the calibration error, and that of a perfect model with the same probabilities.

    Parameters
    ----------
    scored : ScoredRows
        Labels and probabilities.
    seed : int
        Seed of the perfect model's labels.

    Notes
    -----
    With :math:`n_b` rows in bin b, the error is :math:`\sum_b (n_b/n)\,|\bar y_b - \bar p_b|` (Naeini et al., AAAI
    2015). It is above zero even for a perfect model, the more so the fewer rows there are; so labels are drawn from the
    probabilities themselves and measured in the same bins (Broecker and Smith, Weather and Forecasting 22, 2007).
    Where records have several rows, their labels go together: deviations of the perfect model are then widened by the
    root of the design effect, the sum over records and bins of squared sums of residuals over the sum of squared
    residuals, residuals taken from the mean of their bin.
    """
    order = np.argsort(scored.probability, kind="stable")
    y, p = scored.label[order], scored.probability[order]
    bins = assign_bins(p)
    starts = np.flatnonzero(np.append(True, np.diff(bins) != 0))
    rows = np.diff(np.append(starts, len(p)))
    promised = np.add.reduceat(p, starts) / rows
    observed = np.add.reduceat(y, starts) / rows
    effect = _design_effect(y - p, bins, scored.record[order], scored.n_records)
    deviations = np.sqrt(effect) * _draw_deviations(p, starts, rows, seed)
    errors = np.abs(deviations) @ (rows / len(p))
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    perfect_low, perfect_high = np.clip(promised + np.quantile(deviations, ends, axis=0), 0, 1)
    low, high = proportion_confint(observed * rows / effect, rows / effect, alpha=1 - LEVEL, method="wilson")
    curve = pd.DataFrame(
        {
            "rows": rows,
            "promised": promised,
            "observed": observed,
            "low": np.clip(low, 0, 1),
            "high": np.clip(high, 0, 1),
            "perfect_low": perfect_low,
            "perfect_high": perfect_high,
        }
    )
    return Calibration(
        curve=curve,
        error=float(np.abs(observed - promised) @ (rows / len(p))),
        perfect_error=float(errors.mean()),
        perfect_error_95=float(np.quantile(errors, 0.95)),
        design_effect=effect,
    )


def _draw_deviations(p: FloatArray, starts: IntArray, rows: IntArray, seed: int) -> FloatArray:
    """Return observed minus promised share of a perfect model, shape (SIMULATIONS, bins); ``p`` ascending."""
    rng = np.random.default_rng(seed)
    block = max(1, _CELLS // len(p))
    promised = np.add.reduceat(p, starts)
    threshold = p.astype(np.float32)
    parts = []
    for start in range(0, SIMULATIONS, block):
        drawn = rng.random((min(block, SIMULATIONS - start), len(p)), dtype=np.float32) < threshold
        parts.append((np.add.reduceat(drawn, starts, axis=1, dtype=np.int64) - promised) / rows)
    return np.concatenate(parts)


def _design_effect(residual: FloatArray, bins: IntArray, record: IntArray, n_records: int) -> float:
    if n_records == len(residual):
        return 1.0
    centred = residual - (np.bincount(bins, residual) / np.maximum(np.bincount(bins), 1))[bins]
    _, cell = np.unique(bins * n_records + record, return_inverse=True)
    within = np.bincount(cell, centred)
    squares = float((centred**2).sum())
    return max(1.0, float((within**2).sum()) / squares) if squares > 0 else 1.0
