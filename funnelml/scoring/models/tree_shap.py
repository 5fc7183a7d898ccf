"""Exact path-dependent SHAP values of scikit-learn's histogram gradient boosting, in log odds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from funnelml.errors import ModelInputError

_MISSING = 255
"""Code of a missing value, and of a category that was not seen in training: the trees treat both alike."""
_MOST_NODES = 8
"""Most nodes that share a table: 256 rows of it stay in the cache."""
_MOST_FIELDS = 12
"""Most columns on the path of a single leaf that has a table of its own."""
_ROWS = 8192
"""Rows at a time."""

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]
LookUp = Callable[[Codes], Sequence[Floats]]
"""What leaves add to each of their columns, given codes of shape (k, rows)."""


@dataclass(frozen=True, kw_only=True)
class _Leaf:
    """A leaf and its path, taken apart by column.

    Parameters
    ----------
    value : float
        Log odds that the leaf adds.
    tests : mapping of int to tuple of (int, bool)
        For each column on the path the nodes that test it, each with whether the path goes left there.
    shares : numpy.ndarray of float64, shape (m,)
        For each of these columns the share of training rows that its nodes let pass, one node after the other.
    """

    value: float
    tests: Mapping[int, tuple[tuple[int, bool], ...]]
    shares: Floats

    @property
    def nodes(self) -> set[int]:
        return {node for tests in self.tests.values() for node, _ in tests}


@dataclass(frozen=True, kw_only=True)
class _Node:
    """The test of an inner node, on codes."""

    column: int
    missing_left: bool
    last_left: int = 0
    left_codes: Bools | None = None

    def goes_left(self, codes: Codes) -> Bools:
        if self.left_codes is not None:
            return self.left_codes[codes[self.column]]
        if self.missing_left:
            # 255 + 1 is 0 in eight bits: what is missing becomes the smallest
            return codes[self.column] + np.uint8(1) <= self.last_left + 1
        return codes[self.column] <= self.last_left


def tree_shap(model: HistGradientBoostingClassifier, X: ArrayLike) -> Floats:
    r"""Return what each column adds to the log odds of each row.

    Parameters
    ----------
    model : HistGradientBoostingClassifier
        Fitted on two classes.
    X : array, shape (n, k)
        Rows as the model takes them; NaN where missing.

    Returns
    -------
    numpy.ndarray of float64, shape (n, k + 1)
        One column per column of ``X``, then the mean log odds over the rows of training (not weighted). Rows sum to
        ``model.decision_function(X)``.

    Raises
    ------
    ModelInputError
        If the model is not fitted, has more than two classes, or takes another number of columns.

    Notes
    -----
    The value of a set of columns S is the mean of a tree over training rows that follow the path of the row at nodes
    on S, and any path elsewhere (path-dependent; Lundberg et al. 2020, Nature Machine Intelligence 2, 56-67). A leaf
    whose path tests columns 1 to m, with value v, shares :math:`z_j` and :math:`o_j = 1` if the row passes all tests
    of j, adds to column i

    .. math:: v (o_i - z_i) \int_0^1 \prod_{j \ne i} \bigl(t o_j + (1 - t) z_j\bigr) dt

    (the multilinear extension of a game: Owen 1972, Management Science 18, 64-79), a polynomial of degree m - 1 that
    Gauss-Legendre quadrature with :math:`\lceil m / 2 \rceil` points integrates exactly. As in Fast TreeSHAP (Yang
    2021, arXiv:2109.09847) it is tabulated for all patterns of passed tests, once per tree and not once per row.
    """
    trees = _check(model)
    codes, cuts, columns = _encode(model, X)
    n, k = codes.shape[1], codes.shape[0]
    # one line per column in memory: it is written line by line
    out = np.zeros((k + 1, n))
    out[k] = float(np.ravel(model._baseline_prediction)[0])
    for tree in trees:
        nodes = _read_nodes(tree, cuts)
        ends = tree.nodes[tree.nodes["is_leaf"] == 1]
        out[k] += float(ends["count"] @ ends["value"]) / float(tree.nodes["count"][0])
        for group in _group_leaves(list(_follow_paths(tree.nodes))):
            tell, told = _tabulate(group, nodes)
            for start in range(0, n, _ROWS):
                rows = slice(start, start + _ROWS)
                for column, added in zip(told, tell(codes[:, rows]), strict=True):
                    out[columns[column], rows] += added
    return out.T


def _check(model: HistGradientBoostingClassifier) -> list[Any]:
    """Return the trees, one per iteration."""
    if not hasattr(model, "_predictors"):
        raise ModelInputError("the trees are not fitted; call fit first")
    if model.n_trees_per_iteration_ != 1:
        raise ModelInputError(f"the trees tell {len(model.classes_)} classes apart; reasons are for two")
    return [tree for (tree,) in model._predictors]


def _encode(
    model: HistGradientBoostingClassifier, X: ArrayLike
) -> tuple[Codes, Mapping[int, Floats], NDArray[np.intp]]:
    """Return codes (k, n) in the order in which the trees know the columns, thresholds, and that order.

    A number is coded as the number of thresholds below it: it is at most the j-th one exactly if its code is at most j.
    """
    rows = np.asarray(X, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != model.n_features_in_:
        raise ModelInputError(f"the trees take {model.n_features_in_} columns; the rows have shape {rows.shape}")
    k = rows.shape[1]
    categorical = np.zeros(k, dtype=bool) if model.is_categorical_ is None else np.asarray(model.is_categorical_)
    # the model puts its categorical columns first
    columns = np.concatenate((np.flatnonzero(categorical), np.flatnonzero(~categorical)))
    cuts = _collect_thresholds(model)
    codes = np.empty((k, len(rows)), dtype=np.uint8)
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        known = model._preprocess_X(rows[part], reset=False)
        for j in range(k):
            values = known[:, j]
            found = np.searchsorted(cuts[j], values) if j in cuts else np.nan_to_num(values, nan=0.0)
            codes[j, part] = np.where(np.isnan(values), _MISSING, found)
    return codes, cuts, columns


def _collect_thresholds(model: HistGradientBoostingClassifier) -> dict[int, Floats]:
    nodes = np.concatenate([tree.nodes for (tree,) in model._predictors])
    tests = nodes[(nodes["is_leaf"] == 0) & (nodes["is_categorical"] == 0)]
    return {int(j): np.unique(tests["num_threshold"][tests["feature_idx"] == j]) for j in set(tests["feature_idx"])}


def _read_nodes(tree: Any, cuts: Mapping[int, Floats]) -> dict[int, _Node]:
    nodes = {}
    for number, node in enumerate(tree.nodes):
        if node["is_leaf"]:
            continue
        column, missing_left = int(node["feature_idx"]), bool(node["missing_go_to_left"])
        if node["is_categorical"]:
            words = tree.raw_left_cat_bitsets[node["bitset_idx"]].astype("<u4")
            left = np.unpackbits(words.view(np.uint8), bitorder="little").astype(bool)
            left[_MISSING] = missing_left
            nodes[number] = _Node(column=column, missing_left=missing_left, left_codes=left)
        else:
            last = int(np.searchsorted(cuts[column], node["num_threshold"]))
            nodes[number] = _Node(column=column, missing_left=missing_left, last_left=last)
    return nodes


def _follow_paths(nodes: NDArray[Any]) -> Iterator[_Leaf]:
    """Yield the leaves from left to right: neighbours have most of their path in common."""
    open_paths: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
    while open_paths:
        number, path = open_paths.pop()
        node = nodes[number]
        if not node["is_leaf"]:
            open_paths.append((int(node["right"]), [*path, (number, False)]))
            open_paths.append((int(node["left"]), [*path, (number, True)]))
            continue
        tests: dict[int, tuple[tuple[int, bool], ...]] = {}
        shares: dict[int, float] = {}
        for above, left in path:
            column = int(nodes[above]["feature_idx"])
            child = nodes[int(nodes[above]["left" if left else "right"])]
            tests[column] = (*tests.get(column, ()), (above, left))
            shares[column] = shares.get(column, 1.0) * float(child["count"]) / float(nodes[above]["count"])
        yield _Leaf(value=float(node["value"]), tests=tests, shares=np.array(list(shares.values())))


def _group_leaves(leaves: Sequence[_Leaf]) -> Iterator[list[_Leaf]]:
    """Yield neighbouring leaves as long as few nodes lie on their paths; a leaf deeper than that goes alone."""
    group: list[_Leaf] = []
    nodes: set[int] = set()
    for leaf in leaves:
        if group and len(nodes | leaf.nodes) > _MOST_NODES:
            yield group
            group, nodes = [], set()
        group.append(leaf)
        nodes |= leaf.nodes
    if nodes:
        yield group


def _tabulate(group: Sequence[_Leaf], nodes: Mapping[int, _Node]) -> tuple[LookUp, Sequence[int]]:
    """Return what a group of leaves adds, and the columns to which it does."""
    tested = sorted(set().union(*(leaf.nodes for leaf in group)))
    if len(tested) > _MOST_NODES:
        return _tabulate_deep(group[0], nodes)
    bits = _all_patterns(len(tested))
    left = {node: bits[:, place] for place, node in enumerate(tested)}
    columns = sorted({nodes[node].column for node in tested})
    table = np.zeros((len(columns), len(bits)))
    for leaf in group:
        added = _share_value(_pass_tests(leaf, left), leaf)
        for column, values in zip(leaf.tests, added.T, strict=True):
            table[columns.index(column)] += values

    def look_up(codes: Codes) -> Sequence[Floats]:
        where = _number_patterns([nodes[node].goes_left(codes) for node in tested])
        return [line.take(where) for line in table]

    return look_up, columns


def _tabulate_deep(leaf: _Leaf, nodes: Mapping[int, _Node]) -> tuple[LookUp, Sequence[int]]:
    """Do the same for one leaf by its columns, which are fewer than its nodes; without a table if they are many."""
    m = len(leaf.tests)
    table = _share_value(_all_patterns(m), leaf).T.copy() if m <= _MOST_FIELDS else None

    def look_up(codes: Codes) -> Sequence[Floats]:
        passed = _pass_tests(leaf, {node: nodes[node].goes_left(codes) for node in leaf.nodes})
        if table is None:
            return list(_share_value(passed, leaf).T)
        where = _number_patterns(list(passed.T))
        return [line.take(where) for line in table]

    return look_up, list(leaf.tests)


def _all_patterns(bits: int) -> Bools:
    """Return all patterns of so many bits, shape (2 ** bits, bits), in the order of ``_number_patterns``."""
    return (np.arange(2**bits)[:, None] >> np.arange(bits)) % 2 == 1


def _number_patterns(bits: Sequence[Bools]) -> NDArray[np.intp]:
    number = np.zeros(len(bits[0]), dtype=np.uint16)
    for place, bit in enumerate(bits):
        number |= bit.astype(np.uint16) << np.uint16(place)
    return number.astype(np.intp)


def _pass_tests(leaf: _Leaf, left: Mapping[int, Bools]) -> Bools:
    """Return which columns pass all their tests on the path, shape (rows, m)."""
    passed = [
        np.logical_and.reduce([left[node] == goes_left for node, goes_left in tests]) for tests in leaf.tests.values()
    ]
    return np.stack(passed, axis=1)


def _share_value(passed: Bools, leaf: _Leaf) -> Floats:
    """Return what the leaf adds to each column of its path, shape (rows, m), by the formula of ``tree_shap``."""
    m = passed.shape[1]
    points, weights = np.polynomial.legendre.leggauss((m + 1) // 2)
    out = np.zeros(passed.shape)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        factors = point * passed + (1 - point) * leaf.shares
        out += weight * factors.prod(axis=1, keepdims=True) / factors
    return out * (passed - leaf.shares) * leaf.value
