"""Ratios learned by boosted trees on top of the log-linear ones: curves, and what goes together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from funnelml.survival.causes import N_CAUSES
from funnelml.survival.ratios.linear import STEEPEST, LinearRatios, design_columns, fit_linear
from funnelml.survival.ratios.pieces import Pieces
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows

LEAST_EVENTS: Final = 200
"""Fewest events of a cause for trees of its own."""
MOST_PIECES: Final = 150_000
"""Most pieces the trees are grown on: of more, a random part of the rows."""


@dataclass(frozen=True, kw_only=True)
class BoostedRatios:
    """Log-linear ratios times those of boosted trees.

    Parameters
    ----------
    linear : LinearRatios
        What the trees start from.
    trees : tuple of HistGradientBoostingRegressor or None, length K
        Trees of each cause; None where it had too few events.
    """

    linear: LinearRatios
    trees: tuple[HistGradientBoostingRegressor | None, ...]

    def ratios(self, rows: StayRows, row: NDArray[np.int64], band: NDArray[np.int64]) -> FloatArray:
        """Return how many times the baseline the hazards of a row are in a band ahead, shape (p, K)."""
        x = design_columns(self.linear.design, rows, row, band)
        start = self.linear.ratios_at(x)
        if not len(row):
            return start
        for k, trees in enumerate(self.trees):
            if trees is not None:
                start[:, k] *= trees.predict(x)
        return np.clip(start, np.exp(-STEEPEST), np.exp(STEEPEST))

    def redraw(self, generator: np.random.Generator) -> BoostedRatios:
        """Return these ratios with the log-linear effects drawn from their posterior; the trees stay."""
        return BoostedRatios(linear=self.linear.redraw(generator), trees=self.trees)


def fit_boosted(rows: StayRows, pieces: Pieces, weights: FloatArray, *, random_state: int) -> BoostedRatios:
    """Learn ratios by boosting from pieces of stays.

    Parameters
    ----------
    rows : StayRows
        The stays.
    pieces : Pieces
        Their pieces, with what the baseline expects of each.
    weights : numpy.ndarray, shape (n,)
        Weight of each row.
    random_state : int
        Seed of the choice of rows and columns.

    Notes
    -----
    Poisson boosting of events per expected event, each piece weighing what the log-linear model expects of it. That
    many shallow trees with strong penalties start from a ratio of 1, so that little data changes little.
    """
    linear = fit_linear(rows, pieces, weights)
    generator = np.random.default_rng(random_state)
    share = min(1.0, MOST_PIECES / max(len(pieces), 1))
    kept = np.flatnonzero((generator.random(len(rows)) < share)[pieces.row])
    x = design_columns(linear.design, rows, pieces.row[kept], pieces.band[kept])
    start = linear.ratios_at(x)
    weight = weights[pieces.row[kept]]
    grown: list[HistGradientBoostingRegressor | None] = []
    for k in range(N_CAUSES):
        foreseen = np.maximum(pieces.expected[kept, k] * start[:, k], 1e-6)
        happened = pieces.happened[kept, k]
        used = np.flatnonzero((pieces.expected[kept, k] > 0) | (happened > 0))
        if (weight * happened).sum() < LEAST_EVENTS:
            grown.append(None)
            continue
        trees = HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=80,
            learning_rate=0.05,
            max_leaf_nodes=6,
            min_samples_leaf=50,
            l2_regularization=20.0,
            max_features=0.3,
            max_bins=63,
            early_stopping=False,
            random_state=random_state,
        )
        trees.fit(x[used], happened[used] / foreseen[used], sample_weight=(weight * foreseen)[used])
        grown.append(trees)
    return BoostedRatios(linear=linear, trees=tuple(grown))
