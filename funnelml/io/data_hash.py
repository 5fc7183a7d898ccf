"""A fingerprint of the rows that a model learned from."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd

from funnelml.scoring.rows import ScoringRows
from funnelml.survival.stay_rows import StayRows


def hash_rows(rows: ScoringRows) -> str:
    """Return the SHA-256 of rows, in hexadecimal digits.

    Parameters
    ----------
    rows : ScoringRows
        Features, ids, labels and instants all count, and so does their order.

    Returns
    -------
    str
        64 digits, the same on every machine and under every version of pandas.
    """
    found = hashlib.sha256(json.dumps([rows.outcome, list(map(str, rows.features.columns))]).encode())
    _add_columns(found, rows.features)
    found.update(json.dumps(list(map(str, rows.record_id))).encode())
    for numbers_of, dtype in ((rows.label, "<f8"), (rows.at, "<i8"), (rows.known_at, "<i8")):
        found.update(b"-" if numbers_of is None else numbers_of.astype(dtype).tobytes())
    return found.hexdigest()


def hash_stays(rows: StayRows) -> str:
    """Return the SHA-256 of stays, in hexadecimal digits.

    Parameters
    ----------
    rows : StayRows
        Covariates, ids, ages, ends and instants all count, and so does their order.

    Returns
    -------
    str
        64 digits.
    """
    known = [rows.stages, rows.grain, rows.time_zone, list(map(str, rows.covariates.columns))]
    found = hashlib.sha256(json.dumps(known).encode())
    _add_columns(found, rows.covariates)
    for texts in (rows.record_id, rows.stage, rows.next_stage):
        found.update(b"-" if texts is None else json.dumps([None if t is None else str(t) for t in texts]).encode())
    for numbers, dtype in (
        (rows.at, "<i8"),
        (rows.entered_at, "<i8"),
        (rows.age, "<f8"),
        (rows.duration, "<f8"),
        (rows.event, "<i8"),
    ):
        found.update(b"-" if numbers is None else numbers.astype(dtype).tobytes())
    return found.hexdigest()


def _add_columns(found: Any, table: pd.DataFrame) -> None:
    for name in table:
        values = table[name]
        if values.dtype == np.float64:
            # every NaN has the same bytes, and so have 0 and -0
            numbers = values.to_numpy() + 0.0
            found.update(np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes())
        else:
            found.update(json.dumps([None if v is None else str(v) for v in values]).encode())
