"""A fingerprint of the rows that a model learned from."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from funnelml.scoring.rows import ScoringRows


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
    for name in rows.features:
        values = rows.features[name]
        if values.dtype == np.float64:
            # every NaN has the same bytes, and so have 0 and -0
            numbers = values.to_numpy() + 0.0
            found.update(np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes())
        else:
            found.update(json.dumps([None if v is None else str(v) for v in values]).encode())
    found.update(json.dumps(list(map(str, rows.record_id))).encode())
    for numbers_of, dtype in ((rows.label, "<f8"), (rows.at, "<i8"), (rows.known_at, "<i8")):
        found.update(b"-" if numbers_of is None else numbers_of.astype(dtype).tobytes())
    return found.hexdigest()
