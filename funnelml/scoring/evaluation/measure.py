"""All figures of one set of scored rows, at once and in every resample."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from funnelml.scoring.evaluation.calibration import Calibration, measure_calibration
from funnelml.scoring.evaluation.metrics import measure_losses, measure_order
from funnelml.scoring.evaluation.ranking import Ranking, rank_rows
from funnelml.scoring.evaluation.recalibration import Recalibration, fit_recalibration
from funnelml.scoring.evaluation.resampling import central_interval, draw_record_weights
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation
from funnelml.scoring.evaluation.scored_rows import FloatArray, ScoredRows

TOPS: Final = np.array([0.01, 0.02, *(k / 20 for k in range(1, 21))])
"""Shares of the rows, from the top, of which gains are told."""

_TOP_DECILE = int(np.flatnonzero(TOPS == 0.1)[0])
_HISTOGRAM_BARS = 40


def measure_scores(scored: ScoredRows, *, seed: int, resamples: int) -> ScoreEvaluation:
    """Return figures, calibration and gains, without segments.

    Parameters
    ----------
    scored : ScoredRows
        Labels and probabilities.
    seed : int
        Seed of resamples and of the perfect model's labels.
    resamples : int
        Resamples behind the intervals.
    """
    ranking = rank_rows(scored)
    recalibration = fit_recalibration(ranking.label, ranking.probability)
    calibration = measure_calibration(scored, seed=seed)
    figures, capture = _measure(ranking, recalibration, np.ones((1, scored.n_records)))
    drawn = [
        _measure(ranking, recalibration, weights)
        for weights in draw_record_weights(scored.n_records, n_rows=len(scored), resamples=resamples, seed=seed)
    ]
    draws = {name: np.concatenate([own[name] for own, _ in drawn]) for name in figures}
    return ScoreEvaluation(
        rows=len(scored),
        records=scored.n_records,
        positives=int(scored.label.sum()),
        mean_probability=float(scored.probability.mean()),
        metrics=_tabulate({name: float(own[0]) for name, own in figures.items()}, draws, scored, calibration),
        calibration=calibration,
        gains=_tabulate_gains(ranking, capture[0], np.concatenate([own for _, own in drawn])),
        histogram=_count_by_probability(scored.probability),
        by_segment=pd.DataFrame(),
        resamples=resamples,
    )


def _measure(
    ranking: Ranking, recalibration: Recalibration, record_weights: FloatArray
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return each metric, shape (b,), and the capture at each of ``TOPS``, shape (b, tops)."""
    weights = record_weights[:, ranking.record]
    accumulated = ranking.accumulate(weights)
    capture = accumulated.capture(TOPS)
    figures = measure_order(accumulated) | measure_losses(ranking, weights) | recalibration.measure(weights)
    return figures | {"top_decile_capture": capture[:, _TOP_DECILE]}, capture


def _tabulate(
    values: dict[str, float], draws: dict[str, FloatArray], scored: ScoredRows, calibration: Calibration
) -> pd.DataFrame:
    rate = float(scored.label.mean())
    reference = {
        "auc": 0.5,
        "average_precision": rate,
        "log_loss": -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)),
        "brier": rate * (1 - rate),
        "calibration_slope": 1.0,
        "calibration_intercept": 0.0,
        "calibration_in_the_large": 0.0,
        "top_decile_capture": 0.1,
    }
    low, high = central_interval(np.column_stack([draws[name] for name in values]))
    table = pd.DataFrame({"value": values.values(), "low": low, "high": high}, index=pd.Index(values, name="metric"))
    # What could not be estimated has no interval either, whatever some resamples gave.
    table = table.where(table["value"].notna(), np.nan).assign(reference=pd.Series(reference))
    table.loc["calibration_error"] = [calibration.error, np.nan, np.nan, calibration.perfect_error_95]
    return table


def _tabulate_gains(ranking: Ranking, capture: FloatArray, drawn: FloatArray) -> pd.DataFrame:
    low, high = central_interval(drawn)
    n, rate = len(ranking.label), float(ranking.label.mean())
    last = np.clip(np.ceil(TOPS * n).astype(int) - 1, 0, n - 1)
    return pd.DataFrame(
        {
            "top": TOPS,
            "rows": TOPS * n,
            "lowest_probability": ranking.probability[last],
            "capture": capture,
            "low": low,
            "high": high,
            "lift": capture / TOPS,
            "lift_low": low / TOPS,
            "lift_high": high / TOPS,
            "rate": rate * capture / TOPS,
        }
    )


def _count_by_probability(probability: FloatArray) -> pd.DataFrame:
    rows, edges = np.histogram(probability, bins=_HISTOGRAM_BARS, range=(0, max(float(probability.max()), 1e-6)))
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "rows": rows})
