"""How many of the records with a given score convert: the interval that goes out with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from scipy.stats import norm

from funnelml.scoring.evaluation.recalibration import clip, fit_recalibration
from funnelml.scoring.evaluation.resampling import draw_record_weights

LEVEL = 0.8
"""Chance with which the share of records scored alike that convert lies in the interval."""
_KNOTS = 41
_BINS = 10
_GRID = 2_001
_RESAMPLES = 400
_FEWEST = 5
"""Rows of each label that a date needs to tell its level."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Spread:
    r"""How far the share that converts may lie from a score, in angles :math:`\arcsin \sqrt p`.

    Parameters
    ----------
    angle : numpy.ndarray of float64, shape (m,)
        Knots, increasing.
    half_width : numpy.ndarray of float64, shape (m,)
        How far the interval reaches on either side there; between knots it is interpolated.

    Notes
    -----
    Chance moves the angle of a share as far at any level (Anscombe 1948, Biometrika 35), and so do the misses of a
    score, as measured on records whose chance is known. In log odds those of the lowest scores are the largest by far,
    though in shares they are the smallest.
    """

    angle: FloatArray
    half_width: FloatArray

    def interval(self, probability: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the ends of the 80 % interval of each probability, shape (n,)."""
        angle = _angle(probability)
        half = np.interp(angle, self.angle, self.half_width)
        low, high = (np.sin(np.clip(end, 0, np.pi / 2)) ** 2 for end in (angle - half, angle + half))
        # the transform there and back may lose the last digit
        return np.minimum(low, probability), np.maximum(high, probability)


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
    they are taken to be as large. What is larger counts: the misses of slope and intercept of the logistic
    recalibration (Cox 1958), by the bootstrap by record, or those of ten bins beyond chance. Where the tested rows are
    of three dates or more, the interval is at least as wide as the level has moved between them. It is the share that
    converts among records scored alike, not the chance of a single one, which nobody can observe.
    """
    label, probability = (test_scores[c].to_numpy(dtype=np.float64) for c in ("label", "probability"))
    record = np.unique(test_scores["record_id"].astype(str), return_inverse=True)[1]
    fitted = fit_recalibration(label, probability)
    drawn = draw_record_weights(int(record.max()) + 1, n_rows=len(label), resamples=_RESAMPLES, seed=seed)
    told = [fitted.measure(weights[:, record]) for weights in drawn]
    slope, intercept, shift = (
        np.concatenate([t[f"calibration_{name}"] for t in told]) for name in ("slope", "intercept", "in_the_large")
    )
    angle = np.linspace(0, np.pi / 2, _KNOTS)
    chance = np.sin(angle) ** 2
    if np.isfinite(slope).mean() > 0.5:
        reach = intercept[:, None] + (slope[:, None] - 1) * logit(clip(chance))
    else:
        # scores that are all alike have a level and no slope
        reach = np.repeat(shift[:, None], _KNOTS, axis=1)
    line = np.maximum(np.sqrt(np.nanmean(reach**2, axis=0)), _spread_of_dates(test_scores))
    # an angle moves by half the root of p (1 - p) with each unit of log odds
    line *= np.sqrt(chance * (1 - chance)) / 2
    miss = _miss_of_bins(label, probability, (record.max() + 1) / len(label))
    return Spread(angle=angle, half_width=norm.ppf((1 + LEVEL) / 2) * np.maximum(line, miss))


def _angle(probability: FloatArray) -> FloatArray:
    return np.asarray(np.arcsin(np.sqrt(probability)))


def _miss_of_bins(label: FloatArray, probability: FloatArray, independent: float) -> float:
    """Return by how much ten bins of equal size miss their share beyond chance (standard deviation, angles).

    The root of the posterior mean of its square, since an estimate that is cut off at zero would be zero half of the
    time. The prior of the standard deviation is half-Cauchy (Gelman 2006, Bayesian Analysis 1), its scale that of
    chance in a bin. ``independent`` is the number of records for each row: rows of one record are no new evidence.
    """
    bins = np.array_split(np.argsort(probability, kind="stable"), min(_BINS, len(label)))
    missed = np.array([_angle(label[rows].mean()) - _angle(probability[rows].mean()) for rows in bins])
    by_chance = len(bins) / (4 * independent * len(label))
    beyond = np.linspace(0, np.pi / 2, _GRID) ** 2
    total = beyond + by_chance
    log_posterior = -(len(bins) * np.log(total) + np.sum(missed**2) / total) / 2 - np.log(total)
    return float(np.sqrt(np.average(beyond, weights=np.exp(log_posterior - log_posterior.max()))))


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
