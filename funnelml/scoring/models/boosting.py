"""Histogram gradient boosting on columns of any kind: shallow trees, native categories, missing values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier

from funnelml.scoring.models.columns import MISSING, NumberColumn, TextColumn, as_frame, learn_columns

_MAX_LEVELS = 60
"""Levels of a text with a branch of their own: with 64 bins weighted fits are fast, with 255 five times slower."""


class BoostedTrees(ClassifierMixin, BaseEstimator):
    """Gradient boosting with shallow trees.

    Parameters
    ----------
    trees : int
        Number of trees.
    learning_rate : float
        Shrinkage of each tree.
    leaves : int
        Most leaves of a tree.
    smallest_leaf : int
        Least rows of a leaf.
    penalty : float
        L2 regularisation of the leaves.
    share_of_columns : float
        Share of the columns that each split may choose from.
    smallest_level : int
        Rows that a level of a text needs for a branch of its own; the rarer ones go together.
    directions : mapping of str to {-1, 0, 1}, optional
        Columns of numbers whose direction is known: 1 if the chance may only rise with it, -1 if it may only fall.
    random_state : int
        Seed of the choice of columns.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (2,)
        The labels.
    columns_ : tuple of NumberColumn or TextColumn
        How each column is encoded.
    blank_ : numpy.ndarray of bool, shape (k,)
        Columns of which nothing was known; they have no effect.
    trees_ : HistGradientBoostingClassifier
        The trees.
    """

    def __init__(
        self,
        *,
        trees: int = 200,
        learning_rate: float = 0.05,
        leaves: int = 8,
        smallest_leaf: int = 20,
        penalty: float = 5.0,
        share_of_columns: float = 0.3,
        smallest_level: int = 10,
        directions: Mapping[str, int] | None = None,
        random_state: int = 0,
    ) -> None:
        self.trees = trees
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.smallest_leaf = smallest_leaf
        self.penalty = penalty
        self.share_of_columns = share_of_columns
        self.smallest_level = smallest_level
        self.directions = directions
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> BoostedTrees:
        """Grow the trees.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n, k)
            Numbers and texts, perhaps missing.
        y : array, shape (n,)
            Labels of two classes; the second in order is the one that counts.
        sample_weight : array, shape (n,), optional
            Weights.
        """
        frame = as_frame(X)
        self.feature_names_in_ = np.array([str(c) for c in frame.columns], dtype=object)
        self.n_features_in_ = frame.shape[1]
        self.columns_ = learn_columns(frame, min_count=self.smallest_level, max_levels=_MAX_LEVELS)
        known = dict(self.directions or {})
        directions = [known.get(c.name, 0) if isinstance(c, NumberColumn) else 0 for c in self.columns_]
        self.trees_ = HistGradientBoostingClassifier(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.smallest_leaf,
            l2_regularization=self.penalty,
            max_features=self.share_of_columns,
            max_bins=64,
            categorical_features=[isinstance(c, TextColumn) for c in self.columns_],
            monotonic_cst=directions,
            early_stopping=False,
            random_state=self.random_state,
        )
        codes = self._codes(frame)
        # scikit-learn cannot bin a column without a single value
        self.blank_ = np.isnan(codes).all(axis=0)
        codes[:, self.blank_] = 0.0
        self.trees_.fit(codes, np.asarray(y), sample_weight=sample_weight)
        self.classes_ = self.trees_.classes_
        return self

    def encode(self, X: Any) -> NDArray[np.float64]:
        """Return the columns as the trees take them: numbers with NaN where missing; codes of texts from 0.

        A missing text has a code of its own: scikit-learn 1.9 predicts wrongly for a category with one level and NaN.
        """
        codes = self._codes(as_frame(X, self.feature_names_in_))
        codes[:, self.blank_] = 0.0
        return codes

    def _codes(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        out = np.empty((len(frame), len(self.columns_)))
        for j, column in enumerate(self.columns_):
            codes = column.encode(frame[column.name])
            out[:, j] = codes - MISSING if isinstance(column, TextColumn) else codes
        return out

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds, shape (n,)."""
        return self.trees_.decision_function(self.encode(X))

    def staged_decision_function(self, X: Any) -> Iterator[NDArray[np.float64]]:
        """Yield the log odds after each tree, shape (n,)."""
        for odds in self.trees_.staged_decision_function(self.encode(X)):
            yield odds.ravel()

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the chance of each class, shape (n, 2)."""
        chance = expit(self.decision_function(X))
        return np.column_stack((1 - chance, chance))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row."""
        return self.classes_[(self.decision_function(X) > 0).astype(np.int64)]

    def contributions(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the exact SHAP values of the trees.

        Returns
        -------
        numpy.ndarray of float64, shape (n, k + 1)
            One column per feature, then the mean log odds over training; rows sum to the log odds.
        """
        from funnelml.scoring.models.tree_shap import tree_shap

        return tree_shap(self.trees_, self.encode(X))
