"""The choice of a model, forward in time, by log loss.

What is simpler goes first: it is left only for what is better beyond doubt, by two standard errors of the difference
(the rule of Breiman, Friedman, Olshen and Stone 1984, section 3.4.3, made stricter). Losses of one time move together,
so the error is that of blocks of tested rows and not of rows. Taking the least loss instead follows every turn of a
drifting log and pays for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from funnelml.scoring.forward_folds import Fold
from funnelml.scoring.models.boosting import BoostedTrees
from funnelml.scoring.recency import recency_weights, shift_of_level
from funnelml.scoring.recipe import Part, Recipe

FADES = (None, 1 / 2, 1 / 8, 1 / 32)
"""Half-lives of the rows' weights that are tried, as shares of the time that the rows span; None does not fade."""
LEVELS = (None, 1 / 8)
"""Half-lives of the level that are tried, likewise; None leaves the level as the model has it."""
PENALTIES = (2.0, 8.0, 32.0)
"""Penalties of the scorecard that are tried."""
TREES = (25, 50, 100, 150, 200, 300)
"""Numbers of trees that are tried."""

_DOUBT = 2.0
_BLOCKS = 5
"""Blocks of tested rows in a fold."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a recipe said of every fold.

    Parameters
    ----------
    recipe : Recipe
        How the score is made.
    learned, tested : tuple of numpy.ndarray
        Log odds of the rows that were learned from, and of those tested, by fold.
    losses : numpy.ndarray
        Mean log loss of each block of tested rows, in their order.
    loss : float
        Mean log loss of all tested rows.
    """

    recipe: Recipe
    learned: tuple[FloatArray, ...]
    tested: tuple[FloatArray, ...]
    losses: FloatArray
    loss: float


def choose(simplest: Trial, *others: Trial) -> Trial:
    """Return the trial with the least loss of those that are better than the simplest beyond doubt, or the simplest."""
    better = [t for t in others if is_better(t.losses, simplest.losses)]
    return min(better, key=lambda t: t.loss, default=simplest)


def is_better(first: FloatArray, second: FloatArray) -> bool:
    """Return whether the first losses are less than the second by two standard errors of the difference.

    With few blocks that error is itself doubtful, and it takes more of them for as little doubt (Student's t); a single
    block shows nothing.
    """
    gain = second - first
    if len(gain) < 2:
        return False
    errors = stats.t.isf(stats.norm.sf(_DOUBT), len(gain) - 1)
    return bool(gain.mean() > errors * gain.std(ddof=1) / np.sqrt(len(gain)))


class Choice:
    """Tries recipes on folds.

    Parameters
    ----------
    X : pandas.DataFrame, shape (n, k)
        Features.
    label : numpy.ndarray of float64, shape (n,)
        0 or 1.
    at : numpy.ndarray or None
        When each row was seen.
    folds : sequence of Fold
        As ``make_folds`` gives them.
    base : Recipe
        What is not tried: directions, seed.
    """

    def __init__(
        self, X: pd.DataFrame, label: FloatArray, *, at: NDArray[np.int64] | None, folds: Sequence[Fold], base: Recipe
    ) -> None:
        self._x, self._label, self._at, self._folds, self._base = X, label, at, folds, base
        self._span = 0.0 if at is None else float(at.max() - at.min())

    def half_lives(self, shares: Iterable[float | None]) -> list[float | None]:
        """Return the shares of the span as half-lives; without dates nothing fades."""
        return [None] if not self._span else [None if s is None else s * self._span for s in shares]

    def best_scorecard(self) -> Trial:
        """Return the best scorecard: the fading first, then the penalty."""
        parts = [Part(kind="scorecard", half_life=h) for h in self.half_lives(FADES)]
        best = choose(*(self._try(part) for part in parts))
        part = best.recipe.parts[0]
        others = [replace(part, penalty=p) for p in PENALTIES if p != part.penalty]
        return choose(best, *(self._try(o) for o in others))

    def best_boosting(self, half_lives: Iterable[float | None]) -> Trial:
        """Return the best boosting among these half-lives and all numbers of trees."""
        found = [
            min(self._try_trees(Part(kind="boosting", half_life=h)), key=lambda t: t.loss)
            for h in dict.fromkeys(half_lives)
        ]
        return choose(*found)

    def blend(self, first: Trial, second: Trial) -> Trial:
        """Return the mean of two trials, in log odds."""
        recipe = replace(self._base, parts=(*first.recipe.parts, *second.recipe.parts))
        learned = [(a + b) / 2 for a, b in zip(first.learned, second.learned, strict=True)]
        tested = [(a + b) / 2 for a, b in zip(first.tested, second.tested, strict=True)]
        return self._trial(recipe, learned, tested)

    def with_best_level(self, trial: Trial) -> Trial:
        """Return the trial with the level of the latest labels, if one of the half-lives makes it better."""
        found = [trial]
        for half_life in self.half_lives(LEVELS)[1:]:
            shifts = []
            for fold, odds in zip(self._folds, trial.learned, strict=True):
                weight = self._weights(fold, half_life)
                shifts.append(shift_of_level(odds, self._label[fold.train], weight))
            tested = [odds + shift for odds, shift in zip(trial.tested, shifts, strict=True)]
            found.append(self._trial(replace(trial.recipe, level_half_life=half_life), trial.learned, tested))
        return choose(*found)

    def _try(self, part: Part) -> Trial:
        learned, tested = [], []
        for fold in self._folds:
            weight = None if part.half_life is None else self._weights(fold, part.half_life)
            model = self._base.make(part).fit(self._x.iloc[fold.train], self._label[fold.train], weight)
            learned.append(model.decision_function(self._x.iloc[fold.train]))
            tested.append(model.decision_function(self._x.iloc[fold.test]))
        return self._trial(replace(self._base, parts=(part,)), learned, tested)

    def _try_trees(self, part: Part) -> list[Trial]:
        stages: list[list[tuple[FloatArray, FloatArray]]] = []
        for fold in self._folds:
            weight = None if part.half_life is None else self._weights(fold, part.half_life)
            model = self._base.make(replace(part, trees=TREES[-1]))
            assert isinstance(model, BoostedTrees)
            model.fit(self._x.iloc[fold.train], self._label[fold.train], weight)
            both = [model.staged_decision_function(self._x.iloc[rows]) for rows in (fold.train, fold.test)]
            pairs = list(zip(*both, strict=True))
            stages.append([pairs[trees - 1] for trees in TREES])
        trials = []
        for k, trees in enumerate(TREES):
            learned, tested = zip(*(fold[k] for fold in stages), strict=True)
            trials.append(self._trial(replace(self._base, parts=(replace(part, trees=trees),)), learned, tested))
        return trials

    def _weights(self, fold: Fold, half_life: float | None) -> FloatArray:
        if self._at is None or fold.now is None:
            return np.ones(len(fold.train))
        return recency_weights(self._at[fold.train], fold.now, half_life)

    def _trial(self, recipe: Recipe, learned: Iterable[FloatArray], tested: Iterable[FloatArray]) -> Trial:
        tested = tuple(tested)
        losses = [
            block_losses(self._label[fold.test], odds, None if self._at is None else self._at[fold.test])
            for fold, odds in zip(self._folds, tested, strict=True)
        ]
        label = np.concatenate([self._label[fold.test] for fold in self._folds])
        return Trial(
            recipe=recipe,
            learned=tuple(learned),
            tested=tested,
            losses=np.concatenate(losses),
            loss=mean_log_loss(label, np.concatenate(tested)),
        )


def mean_log_loss(label: FloatArray, log_odds: FloatArray) -> float:
    """Return the mean log loss of log odds."""
    return float(np.mean(np.logaddexp(0, log_odds) - label * log_odds))


def block_losses(label: FloatArray, log_odds: FloatArray, at: NDArray[np.int64] | None) -> FloatArray:
    """Return the mean log loss of up to five blocks, in order of time; rows of one instant are in one block."""
    of = np.arange(len(label)) if at is None else np.unique(at, return_inverse=True)[1]
    blocks = np.array_split(np.arange(int(of.max()) + 1), min(_BLOCKS, int(of.max()) + 1))
    member = [(of >= block[0]) & (of <= block[-1]) for block in blocks]
    return np.array([mean_log_loss(label[rows], log_odds[rows]) for rows in member])
