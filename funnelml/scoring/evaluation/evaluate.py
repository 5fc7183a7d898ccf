"""Probabilities held against what came about: every figure with its interval."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from numpy.typing import ArrayLike

from funnelml.scoring.evaluation.measure import measure_scores
from funnelml.scoring.evaluation.resampling import RESAMPLES
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation
from funnelml.scoring.evaluation.scored_rows import check_scored
from funnelml.scoring.evaluation.segments import measure_segments

__all__ = ["ScoreEvaluation", "evaluate_scores"]


def evaluate_scores(
    label: ArrayLike,
    probability: ArrayLike,
    *,
    record_id: ArrayLike | None = None,
    segments: pd.DataFrame | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> ScoreEvaluation:
    """Measure how well probabilities told what came about.

    Parameters
    ----------
    label : array_like, shape (n,)
        1 if it came about, 0 if not.
    probability : array_like, shape (n,)
        Probability of label 1.
    record_id : array_like, shape (n,), optional
        The record of each row; the rows of a record stay together when records are drawn anew. By default each row is
        a record of its own.
    segments : pandas.DataFrame, shape (n, s), optional
        Fields by whose values the figures are also told.
    seed : int
        Seed of resamples and of the perfect model's labels.
    resamples : int
        Resamples behind the intervals.

    Returns
    -------
    ScoreEvaluation

    Raises
    ------
    ModelInputError
        If shapes differ, a label is neither 0 nor 1, a probability is missing or not in [0, 1], or a record has no id.
    NotEnoughDataError
        If all rows have the same label, or speak of one record.

    Notes
    -----
    Intervals are the central 95 % of a bootstrap in which whole records are drawn with replacement (Field and Welsh,
    JRSS B 69, 2007, on clustered data); slope and intercepts take one Newton step in each resample.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> p = rng.beta(1, 4, 2_000)
    >>> evaluation = evaluate_scores(rng.random(2_000) < p, p)
    >>> evaluation.calibration.beyond_chance
    False
    """
    scored = check_scored(label, probability, record_id)
    evaluation = measure_scores(scored, seed=seed, resamples=resamples)
    return replace(evaluation, by_segment=measure_segments(scored, segments, seed=seed, resamples=resamples))
