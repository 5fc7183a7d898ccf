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
_BINS = 10
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
    half_width : numpy.ndarray of float64, shape (m,)
        How far the interval reaches on either side there; between knots it is interpolated.
    """

    log_odds: FloatArray
    half_width: FloatArray

    def interval(self, probability: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the 80 % interval of each probability, shape (n,)."""
        odds = logit(clip(probability))
        half = np.interp(odds, self.log_odds, self.half_width)
        # the transform there and back may lose the last digit
        return np.minimum(expit(odds - half), probability), np.maximum(expit(odds + half), probability)


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
    The model that goes out is learned anew from all rows, so that its misses are not those of the one that was judged;
    they are taken to be as large. Their variance is that of slope and intercept of the logistic recalibration (Cox
    1958), misses included, by the bootstrap by record, and the mean squared miss of ten bins beyond chance. Where the
    tested rows are of three dates or more, the interval is at least as wide as the level has moved between them. It is
    the share that converts among records scored alike, not the chance of a single one, which nobody can observe.
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
    miss = _miss_of_bins(label, odds, (record.max() + 1) / len(label))
    sd = np.sqrt(np.nanmean(reach**2, axis=0) + miss**2)
    half = norm.ppf((1 + LEVEL) / 2) * np.maximum(sd, _spread_of_dates(test_scores))
    return Spread(log_odds=knots, half_width=half)


def _miss_of_bins(label: FloatArray, odds: FloatArray, independent: float) -> float:
    """Return by how much the level of ten bins of equal size was missed beyond chance (root mean square, log odds).

    ``independent`` is the number of records for each row: rows of one record are no new evidence.
    """
    order = np.argsort(odds, kind="stable")
    missed, weight = [], []
    for rows in np.array_split(order, min(_BINS, len(order))):
        chance = float(expit(odds[rows]).mean())
        observed = (independent * label[rows].sum() + chance) / (independent * len(rows) + 1)
        missed.append(logit(clip(np.array(observed))) - logit(clip(np.array(chance))))
        weight.append(independent * len(rows) * chance * (1 - chance))
    # the weight is one over the variance that chance gives a miss
    beyond = float(np.dot(weight, np.square(missed))) - len(missed)
    return float(np.sqrt(max(beyond, 0.0) / max(sum(weight), 1e-12)))


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
