"""Rows in the order of their scores: AUC, average precision and gains, under any weights of the records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnelml.scoring.evaluation.scored_rows import FloatArray, IntArray, ScoredRows


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Rows from the highest probability to the lowest.

    Parameters
    ----------
    label, probability : numpy.ndarray of float64, shape (n,)
        In that order.
    record : numpy.ndarray of int64, shape (n,)
        In that order.
    ends : numpy.ndarray of int64, shape (g,)
        Position of the last row of each distinct probability: rows with equal probabilities have no order.
    """

    label: FloatArray
    probability: FloatArray
    record: IntArray
    ends: IntArray

    def accumulate(self, weights: FloatArray) -> Accumulated:
        """Return what lies at or above each distinct probability, for each set of weights, shape (b, n)."""
        return Accumulated(
            positives=np.cumsum(weights * self.label, axis=1)[:, self.ends],
            rows=np.cumsum(weights, axis=1)[:, self.ends],
        )


@dataclass(frozen=True, kw_only=True)
class Accumulated:
    """Weight of the rows with label 1, and of all rows, at or above each distinct probability.

    Parameters
    ----------
    positives, rows : numpy.ndarray of float64, shape (b, g)
        One line for each set of weights, from the highest probability to the lowest.
    """

    positives: FloatArray
    rows: FloatArray

    def auc(self) -> FloatArray:
        """Return the area under the ROC curve; NaN where one of the labels has no weight.

        It is the Mann-Whitney share of pairs in which the row with label 1 has the higher probability, pairs of equal
        probability counted half (Hanley and McNeil, Radiology 143, 1982).
        """
        negatives = self.rows - self.positives
        of_label_1 = np.diff(self.positives, axis=1, prepend=0.0)
        of_label_0 = np.diff(negatives, axis=1, prepend=0.0)
        right = (of_label_1 * (negatives[:, -1:] - negatives + of_label_0 / 2)).sum(axis=1)
        return _divide(right, self.positives[:, -1] * negatives[:, -1])

    def average_precision(self) -> FloatArray:
        """Return the mean precision at each distinct probability, weighted by the recall gained there."""
        precision = np.divide(self.positives, self.rows, out=np.zeros_like(self.rows), where=self.rows > 0)
        gained = np.diff(self.positives, axis=1, prepend=0.0)
        return _divide((precision * gained).sum(axis=1), self.positives[:, -1])

    def capture(self, fractions: FloatArray) -> FloatArray:
        """Return the share of label 1 among the rows with the highest probabilities, shape (b, len(fractions)).

        Within rows of equal probability the share grows evenly, as it does on average in any order of them.
        """
        shares = [
            np.interp(
                fractions, np.append(0.0, rows / rows[-1]), np.append(0.0, positives / max(positives[-1], 1e-300))
            )
            for positives, rows in zip(self.positives, self.rows, strict=True)
        ]
        return np.where(self.positives[:, -1:] > 0, np.array(shares), np.nan)


def rank_rows(scored: ScoredRows) -> Ranking:
    """Return the rows from the highest probability to the lowest."""
    order = np.argsort(-scored.probability, kind="stable")
    probability = scored.probability[order]
    return Ranking(
        label=scored.label[order],
        probability=probability,
        record=scored.record[order],
        ends=np.flatnonzero(np.append(np.diff(probability) != 0, True)),
    )


def _divide(value: FloatArray, by: FloatArray) -> FloatArray:
    return np.divide(value, by, out=np.full_like(value, np.nan), where=by > 0)
