"""Scores of past dates, each by a model that knew only what was known then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pandas as pd
from sklearn.base import clone

from funnelml.scoring.evaluation.class_counts import NO_MODEL_UNDER, count_classes
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.scorer import LeadScorer


def score_walking_forward(
    scorer: LeadScorer, rows: ScoringRows, asked: Mapping[date, ScoringRows]
) -> dict[date, pd.DataFrame]:
    """Score records at past dates as they would have been scored then.

    Parameters
    ----------
    scorer : LeadScorer
        Fitted; its recipe is kept, its points and trees are learned anew for each date.
    rows : ScoringRows
        Labelled rows with dates.
    asked : mapping of date to ScoringRows
        Records open at the end of each date, as they were known then.

    Returns
    -------
    dict of date to pandas.DataFrame
        ``record_id, probability, base_rate`` (share that converted of the rows known by then); dates at which fewer
        than 40 records of an outcome were known are left out.

    Notes
    -----
    What was chosen today is kept: the kind of model, its penalty, trees and half-lives, and which fields are used, but
    for those whose past was not known yet. Labels of later are in none of the points, trees and levels, and calibration
    is left out.
    """
    found = {}
    for day, then in sorted(asked.items()):
        if then.at is None or not len(then):
            continue
        now = int(then.at.min())
        known = rows.known_by(now)
        if known.label is None or not len(known):
            continue
        if count_classes(known.label, record_id=known.record_id).rarer < NO_MODEL_UNDER:
            continue
        model = clone(scorer).set_params(recipe=replace(scorer.recipe_, calibration=(1.0, 0.0)))
        there = [field for field in known.features if field in then.features]
        model.fit(known.features[there], known.label, at=known.at)
        chance = model.predict_proba(then.features[there])[:, 1]
        table = {"record_id": then.record_id, "probability": chance, "base_rate": known.positives / len(known)}
        found[day] = pd.DataFrame(table).astype({"record_id": object})
    return found
