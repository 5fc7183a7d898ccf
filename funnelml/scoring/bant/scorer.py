"""BANT points as a chance to convert, so that rules and model are held against the same figures."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.isotonic import IsotonicRegression
from sklearn.utils.validation import check_is_fitted

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.bant.points import score_bant
from funnelml.scoring.bant.rules import BantRules

_PRIOR = 20.0


class BantScorer(ClassifierMixin, BaseEstimator):
    r"""The chance of each record to convert, given nothing but its BANT points.

    Parameters
    ----------
    rules : BantRules
        The rules.

    Attributes
    ----------
    base_rate_ : float
        Share of the past rows with label 1.
    points_, chances_ : numpy.ndarray, shape (l,)
        Totals seen in the past, rising, and the chance of each; between two of them the chance is read off a line.
    unknown_chance_ : float
        Chance of a record of which no part is known.
    classes_ : numpy.ndarray, shape (2,)
        0 and 1.

    Notes
    -----
    The conversion :math:`(k_t + 20 b) / (n_t + 20)` of the rows with total t, drawn to the base rate b as if by 20 more
    rows, passes through isotonic regression weighed by rows (Barlow et al., Statistical Inference under Order
    Restrictions, 1972). More points never mean less; points that tell nothing give everyone the base rate.
    """

    def __init__(self, rules: BantRules) -> None:
        self.rules = rules

    def fit(self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn the chance of each total from past rows.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, k)
            Features of past rows.
        y : array_like, shape (n,)
            1 if it came about, 0 if not.
        sample_weight : array_like, shape (n,), optional
            Weight of each row.

        Raises
        ------
        ModelInputError
            If lengths differ, a label is neither 0 nor 1, or a rule does not fit the features.
        NotEnoughDataError
            If all labels are the same.
        """
        total = score_bant(X, self.rules).table["total"].to_numpy(dtype=np.float64)
        label = np.asarray(y, dtype=np.float64)
        weight = np.ones(len(label)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if not len(total) == len(label) == len(weight):
            raise ModelInputError(
                f"{len(label):,} labels and {len(weight):,} weights for {len(total):,} rows of features"
            )
        if not np.isin(label, (0.0, 1.0)).all():
            raise ModelInputError(f"{int((~np.isin(label, (0.0, 1.0))).sum()):,} labels are neither 0 nor 1")
        if len(np.unique(label)) < 2:
            raise NotEnoughDataError(
                "a chance for BANT points is learned from rows of both outcomes; all labels are the same"
            )
        self.classes_ = np.array([0, 1])
        self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        self.n_features_in_ = X.shape[1]
        self.base_rate_ = float(np.average(label, weights=weight))
        known = ~np.isnan(total)
        self.points_, level = np.unique(total[known], return_inverse=True)
        rows = np.bincount(level, weight[known], len(self.points_))
        came = np.bincount(level, (weight * label)[known], len(self.points_))
        shrunken = (came + _PRIOR * self.base_rate_) / (rows + _PRIOR)
        self.chances_ = (
            IsotonicRegression().fit(self.points_, shrunken, sample_weight=rows).predict(self.points_)
            if known.any()
            else shrunken
        )
        blank = float(weight[~known].sum())
        self.unknown_chance_ = float((weight * label)[~known].sum() + _PRIOR * self.base_rate_) / (blank + _PRIOR)
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the chances of label 0 and 1, shape (n, 2)."""
        check_is_fitted(self)
        total = score_bant(X, self.rules).table["total"].to_numpy(dtype=np.float64)
        chance = np.full(len(total), self.unknown_chance_)
        known = ~np.isnan(total)
        if len(self.points_):
            chance[known] = np.interp(total[known], self.points_, self.chances_)
        else:
            chance[known] = self.base_rate_
        return np.column_stack([1 - chance, chance])

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Return the likelier label of each row."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]
