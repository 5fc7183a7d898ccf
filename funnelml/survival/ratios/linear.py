"""Ratios that are log-linear in what is known, shrunken to none: the effects can be read off a table."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import PoissonRegressor

from funnelml.language import Language, say
from funnelml.survival.causes import CAUSES, N_CAUSES
from funnelml.survival.ratios.design import Design, learn_design
from funnelml.survival.ratios.pieces import BANDS, Pieces
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows

PRIOR_SD: Final = 0.2
"""Standard deviation of an effect on the log hazard before anything was seen, per standard deviation of a number."""
LEAST_EVENTS: Final = 10
"""Fewest events of a cause for effects of its own."""
FADING_DAYS: Final = 14.0
"""Days ahead by which the passing part of an effect of what moves has fallen to 1 / e."""
STEEPEST: Final = 3.0
"""Bound of the log of a ratio, either way."""


@dataclass(frozen=True, kw_only=True)
class LinearRatios:
    """Log-linear ratios of K causes.

    Parameters
    ----------
    design : Design
        How covariates become columns.
    stages : tuple of str
        Stages in order, each with an effect of its own on the level of running stays.
    intercept : numpy.ndarray, shape (K,)
        Log ratio of an average row.
    effects : numpy.ndarray, shape (K, c)
        Log ratio per column of ``columns``.
    curvature : numpy.ndarray, shape (K, c + 1, c + 1)
        Second derivative of minus the log posterior: its inverse is the spread of the effects; the last is the level.
    """

    design: Design
    stages: tuple[str, ...]
    intercept: FloatArray
    effects: FloatArray
    curvature: FloatArray

    @property
    def columns(self) -> tuple[str, ...]:
        """What each effect belongs to."""
        names = self.design.columns
        passing = [f"{name}, passing" for name, moves in zip(names, self.design.moving, strict=True) if moves]
        return (*names, *passing, *_timing_names(self.stages))

    def ratios(self, rows: StayRows, band: NDArray[np.int64]) -> FloatArray:
        """Return how many times the baseline each row's hazards are in a band ahead, shape (n, K)."""
        return self.ratios_at(design_columns(self.design, rows, np.arange(len(rows)), band))

    def ratios_at(self, x: FloatArray) -> FloatArray:
        """Return how many times the baseline the hazards are, given the columns of ``design_columns``."""
        return np.asarray(np.exp(np.clip(self.intercept + x @ self.effects.T, -STEEPEST, STEEPEST)))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cause and column: ``outcome, column, log_ratio, ratio, std_err``."""
        spread = [np.sqrt(np.diag(np.linalg.inv(matrix)))[:-1] for matrix in self.curvature]
        parts = [
            pd.DataFrame(
                {
                    "outcome": cause,
                    "column": list(self.columns),
                    "log_ratio": self.effects[k],
                    "ratio": np.exp(self.effects[k]),
                    "std_err": spread[k],
                }
            )
            for k, cause in enumerate(CAUSES)
        ]
        return pd.concat(parts, ignore_index=True)

    def summary(self, language: Language = "en") -> str:
        """Return how many effects were learned."""
        count = self.effects.shape[1]
        return say(
            language,
            en=f"{count:,} effects on each of {N_CAUSES} ways to leave a stage, shrunken towards none.",
            zh=f"对 {N_CAUSES} 种离开阶段的方式各有 {count:,} 个效应，均向零收缩。",
        )

    def redraw(self, generator: np.random.Generator) -> LinearRatios:
        """Return these ratios with effects drawn from their posterior (its normal approximation).

        The level goes along with the effects and does not vary by itself: that is the part of the baseline. A cause
        that keeps the baseline keeps it in every draw.
        """
        effects, intercept = self.effects.copy(), self.intercept.copy()
        for k, matrix in enumerate(self.curvature):
            if not effects[k].any():
                continue
            root = np.linalg.cholesky(matrix)
            moved = np.linalg.solve(root.T, generator.standard_normal(len(root)))[:-1]
            effects[k] += moved
            intercept[k] -= matrix[-1, :-1] @ moved / matrix[-1, -1]
        return replace(self, effects=effects, intercept=intercept)


def fit_linear(rows: StayRows, pieces: Pieces, weights: FloatArray) -> LinearRatios:
    r"""Learn log-linear ratios from pieces of stays.

    Parameters
    ----------
    rows : StayRows
        The stays.
    pieces : Pieces
        Their pieces, with what the baseline expects of each.
    weights : numpy.ndarray, shape (n,)
        Weight of each row.

    Notes
    -----
    Events of cause k in a piece are taken to come at the rate :math:`e_k \exp(x \beta_k)`, with :math:`e_k` what the
    baseline expects: the piecewise exponential model, whose estimate is that of Cox as pieces get small (Holford,
    Biometrics 36, 1980). Effects have a normal prior of mean 0: those of owners, sources and segments are random
    effects (Therneau, Grambsch and Pankratz, JCGS 12, 2003), and neither separation nor collinear columns lead
    anywhere. A cause with fewer than ``LEAST_EVENTS`` events keeps the baseline.
    """
    design = learn_design(rows.covariates)
    x = design_columns(design, rows, pieces.row, pieces.band)
    c = x.shape[1]
    intercept, effects = np.zeros(N_CAUSES), np.zeros((N_CAUSES, c))
    curvature = np.tile(np.eye(c + 1) / PRIOR_SD**2, (N_CAUSES, 1, 1))
    for k in range(N_CAUSES):
        weight, happened = weights[pieces.row], pieces.happened[:, k]
        risk = weight * np.maximum(pieces.expected[:, k], 1e-6)
        used = (pieces.expected[:, k] > 0) | (happened > 0)
        if (weight * happened).sum() < LEAST_EVENTS or c == 0:
            continue
        total = risk[used].sum()
        model = PoissonRegressor(alpha=1 / PRIOR_SD**2 / total, solver="newton-cholesky", max_iter=50, tol=1e-6)
        with warnings.catch_warnings():
            # Where columns tell nothing the start is the end, and the solver says that it gets no further.
            warnings.simplefilter("ignore", ConvergenceWarning)
            columns = x if used.all() else x[used]
        model.fit(columns, happened[used] / np.maximum(pieces.expected[used, k], 1e-6), sample_weight=risk[used])
        intercept[k], effects[k] = model.intercept_, model.coef_
        rate = risk[used] * np.exp(np.clip(model.intercept_ + columns @ model.coef_, -STEEPEST, STEEPEST))
        weighed = columns * rate[:, None]
        curvature[k, :c, :c] += weighed.T @ columns
        curvature[k, :c, c] = curvature[k, c, :c] = weighed.sum(axis=0)
        curvature[k, c, c] = rate.sum() + 1e-6
    return LinearRatios(design=design, stages=rows.stages, intercept=intercept, effects=effects, curvature=curvature)


def _timing_names(stages: tuple[str, ...]) -> list[str]:
    return ["running", "log age", "log days ahead", *(f"running in {name}" for name in stages)]


def design_columns(design: Design, rows: StayRows, row: NDArray[np.int64], band: NDArray[np.int64]) -> FloatArray:
    """Return covariates, the passing part of those that move, and where each row is seen, shape (p, c).

    Parameters
    ----------
    design : Design
        How covariates become columns.
    rows : StayRows
        Stays.
    row, band : numpy.ndarray of int, shape (p,)
        Which of the stays, and which band ahead of it.
    """
    table = design.transform(rows.covariates)[row]
    age, place = rows.age[row], rows.place[row]
    ahead = np.array(BANDS)[band]
    moving = design.moving > 0
    passing = table[:, moving] * np.exp(-ahead / FADING_DAYS)[:, None]
    running = (age >= 0).astype(np.float64)
    timing = np.column_stack((running, running * np.log1p(np.maximum(age, 0.0)) / 2, running * np.log1p(ahead) / 2))
    stage = running[:, None] * (place[:, None] == np.arange(len(rows.stages)))
    return np.column_stack((table, passing, timing, stage))
