"""How well a field alone tells the outcome, and how well many do together: AUC of out-of-fold rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from funnelml.scoring.leaks.levels import Levels

_FOLDS = 5
_MOST_OF_A_LABEL = 10_000
"""Rows of one label on which fields are tried together: the second decimal of an AUC takes no more."""
_PRIOR_ROWS = 10.0
"""Rows of the overall rate that are added to each level: a level of one row says next to nothing."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Strength:
    """AUC of a field alone.

    Parameters
    ----------
    auc : float
        Cross-validated.
    low : float
        What it is at least, with 95 % confidence.
    """

    auc: float
    low: float


def deal_folds(record_id: NDArray[np.object_], label: FloatArray, seed: int) -> IntArray:
    """Return one of five folds for each row: a record's rows in one fold, both labels spread evenly."""
    record = pd.factorize(record_id)[0]
    records = int(record.max()) + 1
    ones = np.bincount(record, weights=label, minlength=records) > 0
    zeros = np.bincount(record, weights=1 - label, minlength=records) > 0
    shuffled = np.random.default_rng(seed).permutation(records)
    # Records with rows of label 1 only, of both, of label 0 only: each kind is dealt out in turn.
    kind = ones.astype(np.int64) - zeros
    place = np.empty(records, dtype=np.int64)
    place[shuffled[np.argsort(kind[shuffled], kind="stable")]] = np.arange(records) % _FOLDS
    return place[record]


def sample_rows(label: FloatArray, seed: int) -> IntArray:
    """Return rows on which fields are tried together: at most 10,000 of each label, all of a rare one."""
    shuffled = np.random.default_rng(seed).permutation(len(label))
    return np.concatenate([shuffled[label[shuffled] == value][:_MOST_OF_A_LABEL] for value in (0, 1)])


def rate_out_of_fold(levels: Levels, label: FloatArray, fold: IntArray) -> FloatArray:
    """Return for each row the rate of its level in the other folds, drawn to the overall rate (shape (n,)).

    No row sees its own label, and a level without rows in other folds has the overall rate: a field with a different
    value in every row tells nothing (Micci-Barreca, SIGKDD Explorations 3, 2001, for the shrinkage).
    """
    size = int(levels.code.max()) + 1
    cell = levels.code * _FOLDS + fold
    rows = np.bincount(cell, minlength=size * _FOLDS).reshape(size, _FOLDS)
    positives = np.bincount(cell, weights=label, minlength=size * _FOLDS).reshape(size, _FOLDS)
    others = rows.sum(axis=1, keepdims=True) - rows
    there = positives.sum(axis=1, keepdims=True) - positives
    return ((there + _PRIOR_ROWS * label.mean()) / (others + _PRIOR_ROWS))[levels.code, fold]


def measure_strength(rate: FloatArray, label: FloatArray, independent: float = 1.0) -> Strength:
    """Return the AUC of out-of-fold rates and its lower bound (Hanley and McNeil, Radiology 143, 1982).

    Parameters
    ----------
    rate, label : numpy.ndarray, shape (n,)
        Scores and what became of the rows.
    independent : float
        Records for each row: rows of one record are no independent witnesses.
    """
    auc = float(roc_auc_score(label, rate))
    ones, zeros = label.sum() * independent, (1 - label).sum() * independent
    pairs = auc * (1 - auc)
    pairs += max(ones - 1, 0) * (auc / (2 - auc) - auc**2) + max(zeros - 1, 0) * (2 * auc**2 / (1 + auc) - auc**2)
    return Strength(auc=auc, low=auc - float(norm.ppf(0.95)) * float(np.sqrt(pairs / (ones * zeros))))


def measure_together(log_odds: Sequence[FloatArray], label: FloatArray, fold: IntArray) -> float:
    """Return the cross-validated AUC of a logistic regression on the out-of-fold log odds of several fields.

    Parameters
    ----------
    log_odds : sequence of numpy.ndarray, shape (n,)
        One for each field; 0.5 is returned if there is none.
    label, fold : numpy.ndarray, shape (n,)
        What became of the rows, and their folds.
    """
    if not log_odds:
        return 0.5
    model, split = LogisticRegression(max_iter=1_000), PredefinedSplit(fold)
    told = cross_val_predict(model, np.column_stack(log_odds), label, cv=split, method="predict_proba")
    return float(roc_auc_score(label, told[:, 1]))
