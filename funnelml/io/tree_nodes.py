"""Trees of a stored model, checked before anything walks them.

The compiled code of scikit-learn follows the indices in a tree's nodes without looking whether they are inside: a file
with other indices would read foreign memory or never end.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from funnelml.errors import ModelStoreError


def check_trees(model: Any) -> None:
    """Refuse a model that holds boosted trees whose nodes point outside.

    Raises
    ------
    ModelStoreError
        If a child does not come after its parent, or a column or a set of categories does not exist.
    """
    for trees in _find_boosting(model):
        if not _is_sound(trees):
            raise ModelStoreError(
                "the trees of the model point outside of themselves: the file is damaged or was made to do harm; "
                "train the model again"
            )


def _find_boosting(model: Any) -> Iterator[Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    seen: set[int] = set()
    waiting = [model]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, (HistGradientBoostingClassifier, HistGradientBoostingRegressor)):
            yield part
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, (list, tuple)) or (isinstance(part, np.ndarray) and part.dtype == object):
            waiting.extend(part)
        elif hasattr(part, "__dict__"):
            waiting.extend(vars(part).values())


def _is_sound(trees: Any) -> bool:
    is_categorical = np.asarray(trees._bin_mapper.is_categorical_, dtype=bool)
    columns = len(is_categorical)
    return _width(trees) == columns and all(
        _nodes_are_sound(tree, is_categorical) for iteration in trees._predictors for tree in iteration
    )


def _width(trees: Any) -> int:
    """Return the number of columns that the trees are given for a row of the model's own."""
    if trees._preprocessor is None:
        return int(trees.n_features_in_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the row has no names
        row = np.full((1, trees.n_features_in_), np.nan, dtype=object)
        return int(trees._preprocessor.transform(row).shape[1])


def _nodes_are_sound(tree: Any, is_categorical: Any) -> bool:
    nodes = tree.nodes
    if nodes.ndim != 1 or not len(nodes):
        return False
    place = np.arange(len(nodes))
    inner = nodes["is_leaf"] == 0
    split, place = nodes[inner], place[inner]
    children = np.stack([split["left"], split["right"]])
    column = split["feature_idx"]
    if not (np.all(children > place) and np.all(children < len(nodes))):
        return False
    if not np.all((column >= 0) & (column < len(is_categorical))):
        return False
    by_category = split["is_categorical"] != 0
    sets = [tree.raw_left_cat_bitsets, tree.binned_left_cat_bitsets]
    return bool(
        np.all(is_categorical[column[by_category]])
        and all(s.ndim == 2 and s.shape[1] == 8 for s in sets)
        and np.all(split["bitset_idx"][by_category] < min(len(s) for s in sets))
    )
