"""Predictions as they would have been made on past days, each seeing only its past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnelml.errors import AsOfError, ModelInputError, NotEnoughDataError
from funnelml.history.episodes import stage_episodes
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.predictions import PredictedStays, pair_predictions, read_chances
from funnelml.survival.evaluation.stay_outcomes import StayOutcomes, stay_outcomes
from funnelml.survival.evaluation.survival_evaluation import SurvivalEvaluation
from funnelml.survival.risk_sets import FloatArray

Predictor = Callable[[pd.DataFrame, FloatArray], ArrayLike]
"""Takes open records and days after the as-of instant; returns incidences of shape (n, 1 + K, m), or chances to be won
of shape (n, m)."""
Fit = Callable[[History, date], Predictor]
"""Takes the history and an as-of date, and learns from what was known on it."""


def predict_forward(
    history: History,
    fit: Fit,
    as_of_dates: Sequence[date],
    *,
    times: ArrayLike,
    known_until: date,
    funnel: str | None = None,
) -> PredictedStays:
    """Predict for the records that were open on past dates, from what was known then, and pool the dates.

    Parameters
    ----------
    history : History
        Canonical tables.
    fit : callable
        ``fit(history, as_of)`` learns from what was known on that day and returns a predictor;
        ``predictor(open_records, times)`` returns incidences of shape (n, 1 + K, m), or chances to be won of shape
        (n, m). The open records are those of the snapshot, with ``cut`` (first instant that is not known, in
        microseconds) and ``as_of`` added.
    as_of_dates : sequence of datetime.date
        Days at whose end the predictions are made; each counts once.
    times : array-like, shape (m,)
        Days after the as-of instant, increasing.
    known_until : datetime.date
        Last day from which outcomes are taken.
    funnel : str, optional
        Name of the funnel; the first by default.

    Returns
    -------
    PredictedStays
        All dates in their order, records by id.

    Raises
    ------
    AsOfError
        If there is no date, or one lies after ``known_until``.
    NotEnoughDataError
        If no record was open on any of them.
    ModelInputError
        If a prediction has another shape or is no chance.

    Notes
    -----
    A record that is open on several dates counts on each: figures take that into account by record. A window that had
    not ended by ``known_until`` is censored; leave such dates out and all weights are 1.
    """
    dates = sorted(set(as_of_dates))
    if not dates:
        raise AsOfError("there is no as-of date to predict on; name one at least")
    if dates[-1] >= known_until:
        raise AsOfError(
            f"nothing that came after {dates[-1]} is known by {known_until}; choose earlier as-of dates or a later "
            "known_until"
        )
    later = stage_episodes(history, as_of=known_until, funnel=funnel)
    days = np.asarray(times, dtype=np.float64)
    outcomes, predictions = [], []
    for as_of in dates:
        snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
        open_records = snapshot.open.assign(cut=snapshot.cut, as_of=as_of)
        if open_records.empty:
            continue
        said = read_chances(fit(history, as_of)(open_records, days))
        came = stay_outcomes(later, open_records)
        # Each date is checked by itself, so that an error is met where it was made.
        pair_predictions(came, said, days)
        outcomes.append(came.table)
        predictions.append(said)
    if not outcomes:
        raise NotEnoughDataError(f"no record was open on any of {len(dates):,} dates; choose other as-of dates")
    if len({said.ndim for said in predictions}) > 1:
        raise ModelInputError("predictions of some dates tell how the stay ends, of others who is won; predict one")
    return pair_predictions(
        StayOutcomes(table=pd.concat(outcomes, ignore_index=True)), np.concatenate(predictions), days
    )


def evaluate_forward(
    history: History,
    fit: Fit,
    as_of_dates: Sequence[date],
    *,
    times: ArrayLike,
    known_until: date,
    funnel: str | None = None,
    at_days: Sequence[float] | None = None,
) -> SurvivalEvaluation:
    """Measure how well a model would have predicted on past dates.

    Parameters
    ----------
    history, fit, as_of_dates, times, known_until, funnel
        See ``predict_forward``.
    at_days : sequence of float, optional
        See ``evaluate_incidence``.

    Returns
    -------
    SurvivalEvaluation

    Raises
    ------
    AsOfError, NotEnoughDataError, ModelInputError
        See ``predict_forward`` and ``evaluate_incidence``.
    """
    predicted = predict_forward(history, fit, as_of_dates, times=times, known_until=known_until, funnel=funnel)
    return evaluate_incidence(predicted, at_days=at_days)
