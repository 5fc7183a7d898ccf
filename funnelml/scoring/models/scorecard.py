"""A logistic scorecard: every bin of every column has points, and the points add up to the log odds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin

from funnelml.scoring.models.bins import BinnedColumn, cut_bins
from funnelml.scoring.models.columns import TextColumn, as_frame, learn_columns
from funnelml.scoring.recency import shift_of_level

POINT = np.log(2) / 20
"""Log odds of one point: twenty points double the odds."""


class Scorecard(ClassifierMixin, BaseEstimator):
    """Logistic regression on bins, with points that a person can add up.

    Parameters
    ----------
    penalty : float
        Strength of the ridge penalty on the steps between bins and on the levels of texts.
    most_bins : int
        Most bins of a number.
    smallest_bin : int
        Least rows of a bin or of a level with points of its own.
    directions : mapping of str to {-1, 0, 1}, optional
        Columns whose direction is known: 1 if the chance may only rise with the number, -1 if it may only fall, 0 if
        free. The others follow their data, and are monotone unless these contradict it.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (2,)
        The labels.
    bins_ : tuple of BinnedColumn
        The bins of each column.
    points_ : tuple of numpy.ndarray of int
        Points of each bin of each column, on average zero over the rows of training.
    constant_ : float
        Log odds of a record with no points.

    Notes
    -----
    Minimises ``sum_i w_i loss_i + penalty / 2 * sum steps^2`` where a number's score is the sum of the steps up to its
    bin (steps have one sign where the direction is known), and a text's score is that of its level. Points are the
    scores on a grid of ``log(2) / 20``, so that what a person adds up is what the model says. Siddiqi, *Intelligent
    Credit Scoring*, 2nd edition, ch. 10, for points to double the odds.
    """

    def __init__(
        self,
        *,
        penalty: float = 5.0,
        most_bins: int = 32,
        smallest_bin: int = 10,
        directions: Mapping[str, int] | None = None,
    ) -> None:
        self.penalty = penalty
        self.most_bins = most_bins
        self.smallest_bin = smallest_bin
        self.directions = directions

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Scorecard:
        """Cut the bins and find their points.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n, k)
            Numbers and texts, perhaps missing.
        y : array, shape (n,)
            Labels of two classes; the second in order is the one that counts.
        sample_weight : array, shape (n,), optional
            Weights; they do not move the bins.
        """
        frame = as_frame(X)
        self.classes_, target = np.unique(np.asarray(y), return_inverse=True)
        label = target.astype(np.float64)
        weight = np.ones(len(label)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self.feature_names_in_ = np.array([str(c) for c in frame.columns], dtype=object)
        self.n_features_in_ = frame.shape[1]
        self.bins_ = _cut_all(frame, label, self)
        codes = self._codes(frame)
        scores = _fit_scores(self.bins_, codes, label, weight, float(self.penalty))
        self._keep_points(scores, codes, label, weight)
        return self

    def _keep_points(
        self,
        scores: tuple[float, list[NDArray[np.float64]]],
        codes: NDArray[np.int32],
        label: NDArray[np.float64],
        weight: NDArray[np.float64],
    ) -> None:
        constant, by_column = scores
        points = []
        for j, score in enumerate(by_column):
            rows = np.bincount(codes[j], weights=weight, minlength=len(score))
            mean = float(rows @ score / rows.sum())
            # what was never seen speaks neither for nor against
            points.append(np.where(rows > 0, np.rint((score - mean) / POINT), 0).astype(np.int64))
            constant += mean
        self.points_ = tuple(points)
        # What rounding takes from the most frequent bins of many columns does not cancel out.
        self.constant_ = constant + shift_of_level(self._add_up(codes) * POINT + constant, label, weight)

    def contributions(self, X: Any) -> NDArray[np.float64]:
        """Return what each column adds to the log odds.

        Returns
        -------
        numpy.ndarray of float64, shape (n, k + 1)
            One column per feature, then the constant; rows sum to the log odds.
        """
        codes = self._codes(as_frame(X, self.feature_names_in_))
        out = np.empty((codes.shape[1], len(self.bins_) + 1))
        for j, points in enumerate(self.points_):
            out[:, j] = points[codes[j]] * POINT
        out[:, -1] = self.constant_
        return out

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds, shape (n,)."""
        return self._add_up(self._codes(as_frame(X, self.feature_names_in_))) * POINT + self.constant_

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the chance of each class, shape (n, 2)."""
        chance = expit(self.decision_function(X))
        return np.column_stack((1 - chance, chance))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row."""
        return self.classes_[(self.decision_function(X) > 0).astype(np.int64)]

    def points_table(self) -> pd.DataFrame:
        """Return the card: ``column, bin, points``, one row per bin; the base points stand in the last row."""
        rows = [
            (binned.column.name, name, int(points))
            for binned, column_points in zip(self.bins_, self.points_, strict=True)
            for name, points in zip(binned.bin_names(), column_points, strict=True)
        ]
        rows.append(("(base)", "", int(np.rint(self.constant_ / POINT))))
        return pd.DataFrame(rows, columns=["column", "bin", "points"])

    def _add_up(self, codes: NDArray[np.int32]) -> NDArray[np.int64]:
        total = np.zeros(codes.shape[1], dtype=np.int64)
        for j, points in enumerate(self.points_):
            total += points[codes[j]]
        return total

    def _codes(self, frame: pd.DataFrame) -> NDArray[np.int32]:
        return np.stack(
            [
                b.bin(frame[b.column.name] if b.column.name in frame else frame.iloc[:, j])
                for j, b in enumerate(self.bins_)
            ]
        )


def _cut_all(frame: pd.DataFrame, label: NDArray[np.float64], card: Scorecard) -> tuple[BinnedColumn, ...]:
    known = dict(card.directions or {})
    columns = learn_columns(frame, min_count=card.smallest_bin, max_levels=200)
    return tuple(
        cut_bins(
            column,
            frame.iloc[:, j],
            label,
            most=card.most_bins,
            smallest=card.smallest_bin,
            direction=known.get(column.name),  # type: ignore[arg-type]
        )
        for j, column in enumerate(columns)
    )


def _fit_scores(
    bins: tuple[BinnedColumn, ...],
    codes: NDArray[np.int32],
    label: NDArray[np.float64],
    weight: NDArray[np.float64],
    penalty: float,
) -> tuple[float, list[NDArray[np.float64]]]:
    """Return the constant and the score of every bin."""
    begins = np.concatenate(([0], np.cumsum([b.bins for b in bins]))).astype(np.int64)
    base = float(np.clip(np.average(label, weights=weight), 1e-6, 1 - 1e-6))
    steps = [isinstance(b.column, TextColumn) for b in bins]

    def scores_of(beta: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        out = []
        for j, is_text in enumerate(steps):
            own = beta[begins[j] : begins[j + 1]].copy()
            if not is_text:
                own[1:] = np.cumsum(own[1:])
            out.append(own)
        return out

    def sums_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of the values over the rows that each coefficient moves."""
        out = np.empty(begins[-1] + 1)
        for j, (is_text, code) in enumerate(zip(steps, codes, strict=True)):
            own = np.bincount(code, weights=values, minlength=bins[j].bins)
            if not is_text:
                own[1:] = np.cumsum(own[:0:-1])[::-1]
            out[begins[j] : begins[j + 1]] = own
        out[-1] = values.sum()
        return out

    # Coefficients in units of their own standard error: the search then takes a fraction of the steps.
    unit = 1 / np.sqrt(sums_of(weight) * base * (1 - base) + penalty)

    def loss(scaled: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        beta = scaled * unit
        total = np.full(len(label), beta[-1])
        for score, code in zip(scores_of(beta), codes, strict=True):
            total += score[code]
        gradient = sums_of(weight * (expit(total) - label))
        gradient[:-1] += penalty * beta[:-1]
        value = np.sum(weight * (np.logaddexp(0, total) - label * total)) + penalty / 2 * np.sum(beta[:-1] ** 2)
        return float(value), gradient * unit

    bounds: list[tuple[float | None, float | None]] = []
    for b in bins:
        # the first step of a number is its level, not a step
        own: list[tuple[float | None, float | None]] = [(None, None)] * b.bins
        for step in range(2, b.bins):
            own[step] = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}[b.direction]
        bounds += own
    bounds.append((None, None))
    start = np.zeros(begins[-1] + 1)
    start[-1] = logit(base) / unit[-1]
    options = {"maxiter": 500, "maxcor": 40, "ftol": 1e-7}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return float(found.x[-1] * unit[-1]), scores_of(found.x * unit)
