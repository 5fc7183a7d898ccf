"""How well predicted incidences told what came about: all figures of one model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from funnelml.survival.evaluation.calibration import bin_calibration, calibration_error, calibration_slope
from funnelml.survival.evaluation.losses import brier_losses, constant_losses, log_losses, mean_over_times
from funnelml.survival.evaluation.predictions import PredictedStays
from funnelml.survival.evaluation.ranking import rank_by_chance
from funnelml.survival.evaluation.standard_errors import clustered_error
from funnelml.survival.evaluation.survival_evaluation import TOGETHER, SurvivalEvaluation
from funnelml.survival.risk_sets import FloatArray, IntArray

DAYS: Final = (14.0, 30.0, 60.0)
"""Days after the as-of instant on which single figures are told, as far as they were predicted."""
_NAN: Final = float("nan")


def evaluate_incidence(predicted: PredictedStays, *, at_days: Sequence[float] | None = None) -> SurvivalEvaluation:
    """Measure Brier score, ranking and calibration of predicted incidences.

    Parameters
    ----------
    predicted : PredictedStays
        Predictions and what came about, of one or several as-of dates.
    at_days : sequence of float, optional
        Days on which single figures are told, among the predicted times; by default those of 14, 30 and 60 that were
        predicted, or the last time if none was.

    Returns
    -------
    SurvivalEvaluation

    Raises
    ------
    ModelInputError
        If nothing was predicted for a day.
    NotEnoughDataError
        If nobody was followed to the last time.

    Notes
    -----
    The integrated Brier score is the mean over the range of the predicted times, every day counting the same. All
    figures carry censoring weights; where every window had ended, these are 1. Standard errors are those of the delta
    method, by record and by as-of date; they take the censoring weights as known.

    Examples
    --------
    >>> from funnelml.survival.evaluation.predictions import pair_predictions
    >>> from funnelml.survival.evaluation.stay_outcomes import StayOutcomes
    >>> came = {"record_id": ["a", "b"], "cut": 0, "days": [3.0, 9.0], "event": [2, 0]}
    >>> outcomes = StayOutcomes(table=pd.DataFrame(came | {"close_days": [3.0, 9.0], "close_event": [2, 0]}))
    >>> told = evaluate_incidence(pair_predictions(outcomes, [[0.0, 0.8], [0.0, 0.4]], [0.0, 5.0]))
    >>> round(told.value("won", "brier", 5.0), 3), told.value("won", "auc", 5.0)
    (0.1, 1.0)
    """
    days = default_days(predicted) if at_days is None else sorted({float(day) for day in at_days})
    places = predicted.at(days)
    weights, happened = predicted.weights(), predicted.came_about()
    record, date = predicted.record, predicted.date
    losses, reference = brier_losses(predicted, weights), constant_losses(predicted, weights)
    over = mean_over_times(predicted.times)
    figures, bins = [], []
    # Of one cause, what judges it and its absence at once is twice what judges it.
    names = (TOGETHER, *predicted.causes) if len(predicted.causes) > 1 else predicted.causes
    rows_of = range(1 + len(predicted.causes) - len(names), 1 + len(predicted.causes))

    def tell(cause: str, measure: str, day: float, values: FloatArray, reference: float = _NAN) -> None:
        figures.append(_mean(cause, measure, day, values, record, date) | {"reference": reference})

    for cause, k in zip(names, rows_of, strict=True):
        tell(cause, "integrated_brier", _NAN, losses[:, k] @ over, float(reference[k] @ over))
        for day, j in zip(days, places, strict=True):
            tell(cause, "brier", day, losses[:, k, j], float(reference[k, j]))
    logarithms = log_losses(predicted, weights)
    for day, j in zip(days, places, strict=True):
        tell(names[0], "log_loss", day, logarithms[:, j])
        for k, cause in enumerate(predicted.causes):
            chance, came, weight = predicted.chance[:, k, j], happened[:, k, j], weights[:, j]
            tell(cause, "predicted", day, chance)
            tell(cause, "observed", day, weight * came)
            area, influence = rank_by_chance(chance, came, weight)
            figures.append(
                _figure(cause, "auc", day, area)
                | {
                    "std_err": float(clustered_error(influence, record)),
                    "std_err_dates": float(clustered_error(influence, date)),
                    "reference": 0.5,
                }
            )
            slope, slope_error = calibration_slope(chance, came, weight, record)
            slope_dates = calibration_slope(chance, came, weight, date)[1]
            figures.append(
                _figure(cause, "calibration_slope", day, slope)
                | {"std_err": slope_error, "std_err_dates": slope_dates, "reference": 1.0}
            )
            own = bin_calibration(predicted, k, int(j))
            error, by_chance = calibration_error(own)
            figures.append(_figure(cause, "calibration_error", day, error) | {"reference": by_chance})
            bins.append(own.assign(cause=cause, day=day))
    columns = ["cause", "measure", "day", "value", "std_err", "std_err_dates", "reference"]
    scores = losses.mean(axis=0)
    curve = [
        pd.DataFrame({"cause": cause, "day": predicted.times, "brier": scores[k], "reference": reference[k]})
        for cause, k in zip(names, rows_of, strict=True)
    ]
    shown = ["cause", "day", "rows", "predicted", "observed", "std_err", "low", "high"]
    return SurvivalEvaluation(
        rows=len(predicted),
        records=int(record.max()) + 1,
        dates=int(date.max()) + 1,
        from_day=float(predicted.times[0]),
        to_day=float(predicted.times[-1]),
        figures=pd.DataFrame(figures).reindex(columns=columns),
        curve=pd.concat(curve, ignore_index=True),
        bins=pd.concat(bins, ignore_index=True)[shown],
    )


def default_days(predicted: PredictedStays) -> list[float]:
    """Return those of ``DAYS`` that were predicted, or the last time if none was."""
    return [day for day in DAYS if day in predicted.times] or [float(predicted.times[-1])]


def _figure(cause: str, measure: str, day: float, value: float) -> dict[str, object]:
    return {"cause": cause, "measure": measure, "day": day, "value": value}


def _mean(
    cause: str, measure: str, day: float, values: FloatArray, record: IntArray, date: IntArray
) -> dict[str, object]:
    mean = float(np.mean(values))
    return _figure(cause, measure, day, mean) | {
        "std_err": float(clustered_error(values - mean, record)),
        "std_err_dates": float(clustered_error(values - mean, date)),
    }
