"""The score: a model chosen forward in time, its level and its calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from funnelml.scoring.choice import Choice, Trial, block_losses, choose, is_better, mean_log_loss
from funnelml.scoring.forward_folds import Fold, make_folds
from funnelml.scoring.models.columns import as_frame
from funnelml.scoring.recency import recency_weights, shift_of_level
from funnelml.scoring.recipe import Part, Recipe

_SLOPES = (0.25, 4.0)
"""Bounds of the slope of the calibration: beyond them the model is wrong, not its calibration."""

_MOST_TRIED = 40_000
"""Rows on which recipes are compared: more would tell them apart no better; the one chosen learns from all rows."""

ENOUGH = 200
"""Records of the rarer class from which models are compared; below, a scorecard with a penalty that grows is all."""


class LeadScorer(ClassifierMixin, BaseEstimator):
    """The chance of each record to convert.

    Parameters
    ----------
    model : {"auto", "scorecard", "boosting", "blend"}
        ``auto`` takes the one with the least log loss on later rows.
    directions : mapping of str to {-1, 0, 1}, optional
        Columns of numbers whose direction is known.
    recipe : Recipe, optional
        How the score is made, if that is known: nothing is chosen then. The ``recipe_`` of another scorer, say, for
        the same score as of an earlier date.
    random_state : int
        Seed of boosting and of random folds.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (2,)
        The labels; the second counts.
    recipe_ : Recipe
        What was chosen, with the calibration: slope and intercept that the log odds pass through, (1, 0) if no line
        helped later rows.
    models_ : list
        The fitted models whose log odds are averaged.
    shift_ : float
        Added to the log odds, so that the level is that of the latest labels.
    trials_ : dict of str to float
        Log loss of the best of each kind on later rows; empty if nothing was compared.

    Notes
    -----
    With the time of each row (``at``) every choice is made forward in time: four folds over the newest 40 % of the
    rows, each learning only from labels that were known when it begins. Kind of model, penalty, number of trees, how
    fast the past fades and whether the level is that of the latest labels are chosen by the log loss of the tested
    rows. Calibration is a line in the log odds (Platt 1999), fitted on the earlier folds and kept only if the last ones
    gain from it: the contributions of the columns then still add up.
    """

    def __init__(
        self,
        *,
        model: Literal["auto", "scorecard", "boosting", "blend"] = "auto",
        directions: Mapping[str, int] | None = None,
        recipe: Recipe | None = None,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.directions = directions
        self.recipe = recipe
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        at: ArrayLike | None = None,
        known_at: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> LeadScorer:
        """Choose and fit the model.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n, k)
            Numbers and texts, perhaps missing.
        y : array, shape (n,)
            Labels of two classes; the second in order is the one that counts.
        at, known_at : array of int, shape (n,), optional
            When each row was seen, and from when its label is known (the same unit, say microseconds).
        groups : array, shape (n,), optional
            The record of each row: without ``at``, its rows are never learned from and tested on at once.
        """
        frame = self._checked(X, reset=True)
        label = self._labels(y, len(frame))
        when = None if at is None else np.asarray(at, dtype=np.int64)
        known = None if known_at is None else np.asarray(known_at, dtype=np.int64)
        self.trials_: dict[str, float] = {}
        if self.recipe is None:
            group = None if groups is None else np.asarray(groups, dtype=object)
            tried = _thin(len(label), group, self.random_state)
            when_tried, known_tried = (None if v is None else v[tried] for v in (when, known))
            group_tried = None if group is None else group[tried]
            folds = make_folds(
                label[tried], at=when_tried, known_at=known_tried, groups=group_tried, seed=self.random_state
            )
            rarer = _count_rarer(label, group)
            repeats = 1.0 if group is None else len(group) / len(np.unique(group.astype(str)))
            base = Recipe(repeats=repeats, directions=self.directions, seed=self.random_state)
            self.recipe_ = self._choose(frame.iloc[tried], label[tried], when_tried, folds, base, rarer)
        else:
            self.recipe_ = self.recipe
        chosen = self.recipe_
        now = 0 if when is None else int(when.max()) + 1
        self.models_, odds = [], np.zeros(len(label))
        for part in chosen.parts:
            weight = None
            if when is not None and part.half_life is not None:
                weight = recency_weights(when, now, part.half_life)
            model = chosen.make(part).fit(frame, label, weight)
            self.models_.append(model)
            odds += model.decision_function(frame) / len(chosen.parts)
        self.shift_ = 0.0
        if when is not None and chosen.level_half_life is not None:
            self.shift_ = shift_of_level(odds, label, recency_weights(when, now, chosen.level_half_life))
        return self

    def _choose(
        self,
        frame: pd.DataFrame,
        label: NDArray[np.float64],
        at: NDArray[np.int64] | None,
        folds: list[Fold],
        base: Recipe,
        rare: int,
    ) -> Recipe:
        if rare < ENOUGH or not folds:
            # Few rows can tell no model from another; a penalty that grows as they get fewer draws to the mean.
            penalty = 8.0 * ENOUGH / max(rare, 1)
            kind: Any = "boosting" if self.model == "boosting" else "scorecard"
            return replace(base, parts=(Part(kind=kind, penalty=min(penalty, 64.0)),))
        choice = Choice(frame, label, at=at, folds=folds, base=base)
        tried: dict[str, Trial] = {}
        if self.model != "boosting":
            tried["scorecard"] = choice.best_scorecard()
        if self.model != "scorecard":
            fade = [tried["scorecard"].recipe.parts[0].half_life] if tried else choice.half_lives((1 / 2, 1 / 8))
            tried["boosting"] = choice.best_boosting([None, *fade])
        if self.model in ("auto", "blend"):
            tried["blend"] = choice.blend(tried["scorecard"], tried["boosting"])
        wanted = {self.model: tried[self.model]} if self.model != "auto" else tried
        levelled = {kind: choice.with_best_level(trial) for kind, trial in wanted.items()}
        self.trials_ = {kind: trial.loss for kind, trial in levelled.items()}
        best = choose(*levelled.values())
        return replace(best.recipe, calibration=_calibrate(best, label, at, folds))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds, shape (n,)."""
        check_is_fitted(self)
        frame = self._checked(X, reset=False)
        odds = np.zeros(len(frame))
        for model in self.models_:
            odds += model.decision_function(frame) / len(self.models_)
        slope, intercept = self.recipe_.calibration
        return slope * (odds + self.shift_) + intercept

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the chance of each class, shape (n, 2)."""
        chance = expit(self.decision_function(X))
        return np.column_stack((1 - chance, chance))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row."""
        odds = self.decision_function(X)
        return self.classes_[(odds > 0).astype(np.int64)]

    def contributions(self, X: Any) -> NDArray[np.float64]:
        """Return what each column adds to the log odds: points of a scorecard, SHAP values of trees.

        Returns
        -------
        numpy.ndarray of float64, shape (n, k + 1)
            One column per feature, then the constant (the average record); rows sum to ``decision_function``.
        """
        check_is_fitted(self)
        frame = self._checked(X, reset=False)
        slope, intercept = self.recipe_.calibration
        out = np.zeros((len(frame), self.n_features_in_ + 1))
        for model in self.models_:
            out += model.contributions(frame) * (slope / len(self.models_))
        out[:, -1] += slope * self.shift_ + intercept
        return out

    def _checked(self, X: Any, *, reset: bool) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, skip_check_array=True, reset=reset)
            if reset and X.shape[0] == 0:
                raise ValueError("there are no rows to learn from (0 samples)")
            return X
        array = validate_data(self, X, dtype=None, ensure_all_finite=False, reset=reset)
        return as_frame(array)

    def _labels(self, y: ArrayLike, n: int) -> NDArray[np.float64]:
        values = column_or_1d(y, warn=True)
        check_classification_targets(values)
        if len(values) != n:
            raise ValueError(f"there are {n:,} rows of features and {len(values):,} labels")
        self.classes_, target = np.unique(values, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(values)}: "
                f"{len(self.classes_)} different labels; a lead converts or does not"
            )
        if len(self.classes_) < 2:
            raise ValueError(f"all labels are of one class, {self.classes_[0]!r}; both are needed to learn from")
        return target.astype(np.float64)


def _count_rarer(label: NDArray[np.float64], groups: NDArray[np.object_] | None) -> int:
    """Return the records of the rarer class; one with a row of label 1 counts there, and without groups each row."""
    if groups is None:
        return int(min(label.sum(), len(label) - label.sum()))
    came = pd.Series(label).groupby(groups.astype(str)).max()
    return int(min(came.sum(), len(came) - came.sum()))


def _thin(n: int, groups: NDArray[np.object_] | None, seed: int) -> NDArray[np.int64]:
    """Return the rows on which recipes are tried: all of them, or whole records drawn at random."""
    if n <= _MOST_TRIED:
        return np.arange(n)
    of = np.arange(n) if groups is None else np.unique(groups.astype(str), return_inverse=True)[1]
    place = np.random.default_rng(seed).permutation(int(of.max()) + 1)[of]
    return np.flatnonzero(place < (int(of.max()) + 1) * _MOST_TRIED / n)


def _calibrate(
    best: Trial, label: NDArray[np.float64], at: NDArray[np.int64] | None, folds: list[Fold]
) -> tuple[float, float]:
    """Return slope and intercept, fitted on all folds if those of the earlier ones help the last quarter."""
    labels = [label[fold.test] for fold in folds]
    later = len(folds) - max(1, len(folds) // 4)
    if later < 1:
        return 1.0, 0.0
    slope, intercept = _line(np.concatenate(best.tested[:later]), np.concatenate(labels[:later]))
    losses: list[list[NDArray[np.float64]]] = [[], []]
    for fold, odds, own in list(zip(folds, best.tested, labels, strict=True))[later:]:
        when = None if at is None else at[fold.test]
        losses[0].append(block_losses(own, slope * odds + intercept, when))
        losses[1].append(block_losses(own, odds, when))
    if not is_better(*(np.concatenate(each) for each in losses)):
        return 1.0, 0.0
    return _line(np.concatenate(best.tested), np.concatenate(labels))


def _line(odds: NDArray[np.float64], label: NDArray[np.float64]) -> tuple[float, float]:
    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total = line[0] * odds + line[1]
        error = expit(total) - label
        return mean_log_loss(label, total), np.array([np.mean(error * odds), np.mean(error)])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[_SLOPES, (-5, 5)])
    return float(found.x[0]), float(found.x[1])
