"""How many of the records with a given score convert: the interval that goes out with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from funnelml.scoring.evaluation.recalibration import clip, fit_recalibration
from funnelml.scoring.evaluation.resampling import draw_record_weights

LEVEL = 0.8
"""Chance with which the share of records scored alike that convert lies in the interval."""
_KNOTS = 41
_RESAMPLES = 400
_FEWEST = 5
"""Rows of each label that a date needs to tell its level."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How far the share that converts may lie from a score, in log odds.

    Parameters
    ----------
    log_odds : numpy.ndarray of float64, shape (m,)
        Knots, increasing.
    below, above : numpy.ndarray of float64, shape (m,)
        How far under and over the score the interval reaches there; between knots it is interpolated.
    """

    log_odds: FloatArray
    below: FloatArray
    above: FloatArray

    def interval(self, probability: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the 80 % interval of each probability, shape (n,)."""
        odds = logit(clip(probability))
        below, above = (np.interp(odds, self.log_odds, reach) for reach in (self.below, self.above))
        # the transform there and back may lose the last digit
        return np.minimum(expit(odds - below), probability), np.maximum(expit(odds + above), probability)


def learn_spread(test_scores: pd.DataFrame, *, seed: int = 0) -> Spread:
    """Learn the spread from scores of records that the model had not seen.

    Parameters
    ----------
    test_scores : pandas.DataFrame
        ``record_id, label, probability``: one row per tested row, both labels among them; ``at`` where there are dates.
    seed : int
        Seed of the resampling.

    Notes
    -----
    Slope and intercept of the logistic recalibration (Cox 1958) are drawn by the bootstrap by record; what they make of
    a score is where its share of conversions may lie. The score itself is always inside. It is the share among records
    scored alike, not the chance of a single one among them, which nobody can observe. Where the tested rows are of
    three dates or more, the interval is at least as wide as the level has moved between them.
    """
    label, probability = (test_scores[c].to_numpy(dtype=np.float64) for c in ("label", "probability"))
    record = np.unique(test_scores["record_id"].astype(str), return_inverse=True)[1]
    fitted = fit_recalibration(label, probability)
    drawn = draw_record_weights(int(record.max()) + 1, n_rows=len(label), resamples=_RESAMPLES, seed=seed)
    told = [fitted.measure(weights[:, record]) for weights in drawn]
    slope, intercept, shift = (
        np.concatenate([t[f"calibration_{name}"] for t in told]) for name in ("slope", "intercept", "in_the_large")
    )
    odds = logit(clip(probability))
    knots = np.linspace(odds.min() - 1, odds.max() + 1, _KNOTS)
    if np.isfinite(slope).mean() > 0.5:
        reach = intercept[:, None] + (slope[:, None] - 1) * knots
    else:
        # scores that are all alike have a level and no slope
        reach = np.repeat(shift[:, None], _KNOTS, axis=1)
    low, high = np.nanquantile(reach, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    moved = norm.ppf((1 + LEVEL) / 2) * _spread_of_dates(test_scores)
    return Spread(log_odds=knots, below=np.maximum(-low, moved), above=np.maximum(high, moved))


def _spread_of_dates(test_scores: pd.DataFrame) -> float:
    """Return the standard deviation of the level between dates, in log odds; 0 with fewer than three."""
    if "at" not in test_scores:
        return 0.0
    shifts = []
    for _, own in test_scores.groupby("at"):
        label = own["label"].to_numpy(dtype=np.float64)
        if min(label.sum(), len(label) - label.sum()) >= _FEWEST:
            shifts.append(fit_recalibration(label, own["probability"].to_numpy(dtype=np.float64)).in_the_large)
    return float(np.std(shifts, ddof=1)) if len(shifts) >= 3 else 0.0
