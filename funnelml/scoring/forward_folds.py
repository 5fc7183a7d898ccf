"""Folds for choosing a model: forward in time where rows have one, by record at random where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RANDOM = 4
_FORWARD = 4
_TESTED = 0.4
"""Share of the rows, the newest, that the folds forward in time cover: rows enough remain to learn from before them."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Rows to learn from, and later rows to be tested on.

    Parameters
    ----------
    train, test : numpy.ndarray of int
        Positions.
    now : int or None
        Instant of the first tested row; nothing known later is in ``train``.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    now: int | None


def make_folds(
    label: NDArray[np.float64],
    *,
    at: NDArray[np.int64] | None,
    known_at: NDArray[np.int64] | None,
    groups: NDArray[np.object_] | None,
    seed: int,
) -> list[Fold]:
    """Return folds that have both classes in what they learn from and are not empty.

    Parameters
    ----------
    label : numpy.ndarray of float64, shape (n,)
        0 or 1.
    at : numpy.ndarray, shape (n,), optional
        When each row was seen. With it, the newest 40 % of the rows make four folds, each tested on a model that
        knows only labels of before.
    known_at : numpy.ndarray, shape (n,), optional
        When each label was known; right after the row was seen if not given.
    groups : numpy.ndarray, shape (n,), optional
        Record of each row: without ``at`` a record's rows fall into one fold.
    seed : int
        Seed of the random folds.
    """
    found = _random(len(label), groups, seed) if at is None else _forward(at, known_at)
    return [f for f in found if len(f.test) and 0 < label[f.train].sum() < len(f.train)]


def _random(n: int, groups: NDArray[np.object_] | None, seed: int) -> Iterator[Fold]:
    of = np.arange(n) if groups is None else np.unique(groups.astype(str), return_inverse=True)[1]
    place = np.random.default_rng(seed).permutation(int(of.max(initial=-1)) + 1)[of] % _RANDOM
    for k in range(_RANDOM):
        yield Fold(train=np.flatnonzero(place != k), test=np.flatnonzero(place == k), now=None)


def _forward(at: NDArray[np.int64], known_at: NDArray[np.int64] | None) -> Iterator[Fold]:
    order = np.sort(at, kind="stable")
    marks = np.linspace(1 - _TESTED, 1, _FORWARD + 1)
    # a border is the instant of a row, so that rows of one instant stay together
    borders = [order[min(int(np.ceil(m * len(order))), len(order) - 1)] for m in marks[:-1]]
    known = at if known_at is None else known_at
    for k, begin in enumerate(borders):
        test = at >= begin if k == _FORWARD - 1 else (at >= begin) & (at < borders[k + 1])
        before = at < begin if known_at is None else (at < begin) & (known <= begin)
        yield Fold(train=np.flatnonzero(before), test=np.flatnonzero(test), now=int(begin))
