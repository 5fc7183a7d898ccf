"""Ratios that are log-linear in what is known, shrunken to none: the effects can be read off a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
NEVER_SEEN: Final = 1e9
"""Curvature of an effect that nothing speaks of: it is 0, and stays there."""
FADING_DAYS: Final = 14.0
"""Days ahead by which the passing part of an effect of what moves has fallen to 1 / e."""
MOST_STEPS, SMALLEST_STEP, CLOSE_ENOUGH = 30, 1e-4, 1e-5
"""Steps of a fit at most, the smallest part of one that is tried, and the change of an effect at which it ends."""
MOST_EXTREME: Final = 20.0
"""Bound of the log of a ratio on the way to a fit."""
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

    def ratios(self, rows: StayRows, row: NDArray[np.int64], band: NDArray[np.int64]) -> FloatArray:
        """Return how many times the baseline the hazards of a row are in a band ahead, shape (p, K)."""
        return self.ratios_at(design_columns(self.design, rows, row, band))

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
    weight = weights[pieces.row]
    for k in range(N_CAUSES):
        happened = weight * pieces.happened[:, k]
        risk = weight * np.maximum(pieces.expected[:, k], 1e-6)
        used = (pieces.expected[:, k] > 0) | (happened > 0)
        if happened.sum() < LEAST_EVENTS or c == 0:
            continue
        effects[k], intercept[k], curvature[k] = _fit_cause(x if used.all() else x[used], risk[used], happened[used])
    return LinearRatios(design=design, stages=rows.stages, intercept=intercept, effects=effects, curvature=curvature)


def _fit_cause(x: FloatArray, risk: FloatArray, happened: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Return effects, level and curvature of one cause: the highest posterior, by Newton's steps."""
    c = x.shape[1]
    prior = np.append(np.full(c, 1 / PRIOR_SD**2), 1e-6)
    # Where a column never was anything, as that of running stays where none was looked at, nothing is drawn either.
    prior[:c] += NEVER_SEEN * ~x.any(axis=0)

    def look(theta: FloatArray) -> tuple[float, FloatArray]:
        log_rate = np.clip(x @ theta[:c] + theta[c], -MOST_EXTREME, MOST_EXTREME)
        rate = risk * np.exp(log_rate)
        return float(rate.sum() - happened @ log_rate + theta @ (prior * theta) / 2), rate

    theta = np.append(np.zeros(c), np.log(happened.sum() / risk.sum()))
    lowest, rate = look(theta)
    for _ in range(MOST_STEPS):
        gradient = np.append(x.T @ (rate - happened), (rate - happened).sum()) + prior * theta
        curvature = _curve(x, rate, prior)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while (found := look(theta - size * step))[0] > lowest and size > SMALLEST_STEP:
            size /= 2
        if found[0] > lowest:
            break
        theta, (lowest, rate) = theta - size * step, found
        if np.abs(size * step).max() < CLOSE_ENOUGH:
            break
    return theta[:c], float(theta[c]), _curve(x, rate, prior)


def _curve(x: FloatArray, rate: FloatArray, prior: FloatArray) -> FloatArray:
    # A product with itself takes a fraction of the time of one with another matrix.
    weighed = x * np.sqrt(rate)[:, None]
    across = x.T @ rate
    return np.block([[weighed.T @ weighed, across[:, None]], [across[None, :], rate.sum()]]) + np.diag(prior)


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
