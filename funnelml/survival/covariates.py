"""Which of the things known about a record speak of how long it stays, and which of them move while it does."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from funnelml.history.features.past_fields import OWN

FIXED: Final = (
    "source",
    "segment",
    "product",
    "owner",
    "team",
    "amount",
    "lead_age_days",
    "visit",
    "created_hour",
    "created_weekday",
    "owner_win_rate",
    "source_win_rate",
)
"""Covariates that a record takes along into later stages."""
MOVING: Final = (
    "amount_change",
    "days_to_expected_close",
    "pushes",
    "activities_7d",
    "activities_30d",
    "activities_total",
    "days_since_activity",
    "inbound_30d",
    "days_since_inbound",
    "contacts",
    "waiting_hours",
)
"""Covariates that change while a record sits: they are frozen where one looks, and say nothing of later stages."""
DAYS_BEFORE: Final = "days_before_stage"
"""Days from the creation of the record to its entering the stage: whether the clock starts anew in every stage."""


def choose_covariates(features: pd.DataFrame) -> pd.DataFrame:
    """Return the covariates among the as-of features of records, shape (n, k).

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, m)
        As ``describe_records`` returns them.

    Notes
    -----
    A field of the log that only few values occur of, or that counts something, is taken as well. Names of accounts and
    features of the calendar are not: the ones name the record, and the others are told by date and age.
    """
    own = [str(name) for name in features if str(name).startswith(OWN)]
    chosen = features[[name for name in (*FIXED, *own, *MOVING) if name in features]].copy()
    if {"age_days", "stage_age_days"} <= set(features):
        before = features["age_days"].to_numpy(dtype=float) - features["stage_age_days"].to_numpy(dtype=float)
        chosen[DAYS_BEFORE] = np.maximum(before, 0.0)
    return chosen


def moving_in(columns: pd.Index) -> list[str]:
    """Return the names of the covariates that change while a record sits in its stage."""
    return [str(name) for name in columns if name in MOVING]
