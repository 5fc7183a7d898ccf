"""The strongest reasons for and against each of many records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError
from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.score_reasons import ScoreReasons
from funnelml.scoring.reasons.tell import FieldTeller
from funnelml.scoring.reasons.topics import TIME_OF_YEAR, weigh_topics


def explain_scores(
    contributions: ArrayLike,
    features: pd.DataFrame,
    *,
    record_id: ArrayLike | None = None,
    top: int = 3,
    currency: str = "",
) -> ScoreReasons:
    """Find the strongest reasons for and against each record.

    Parameters
    ----------
    contributions : array, shape (n, k + 1)
        Log odds that each field adds, as ``contributions`` of a scorer returns them; the last column is the constant.
    features : pandas.DataFrame, shape (n, k)
        Values of the fields, in the same order.
    record_id : array, shape (n,), optional
        The records; their positions by default.
    top : int
        Most reasons on each side.
    currency : str
        Currency of the amount.

    Raises
    ------
    ModelInputError
        If shapes do not agree, a contribution is not finite, or ``top`` is not a whole number from 1 on.

    Notes
    -----
    Fields that say the same thing are one topic (``funnelml.scoring.reasons.topics``): its reason has the sum of their
    contributions and the words of the strongest. A reason says a fact; whether it is for or against is its sign, as
    compared with the average record of training. Reasons of less than half a point (a point is ``log(2) / 20``) are
    left out, and so is the time of year, which all records of a day have in common; both count in the score.

    A fact that can only speak for a record in everyone's eyes (it was answered, its account wins above the average) is
    never told against it, nor the other way round (``funnelml.scoring.reasons.expected``): a model may find so, since
    hopeless leads are answered as fast as any, but a rep who reads it believes no reason any more. Another field of the
    topic speaks then if it is worth half a point itself, with the sum of the topic as ever; else the topic is not told.
    All of it counts in the score, of which reasons are the strongest part and not the sum.
    """
    added, ids = check_contributions(contributions, features, record_id)
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise ModelInputError(f"top is {top!r}; write how many reasons a side has, from 1 on")
    teller = FieldTeller(features, currency)
    weights = weigh_topics(added[:, :-1], teller.topics, teller.expect())
    calendar = np.array([topic == TIME_OF_YEAR for topic in weights.topics], dtype=bool)
    told = np.where(calendar | ~weights.believed, 0.0, weights.contribution)
    n = len(added)
    fields = np.full((n, 2 * top), -1, dtype=np.intp)
    sums = np.zeros((n, 2 * top))
    for side, sign in enumerate((1.0, -1.0)):
        order = _largest(sign * told, top)
        values = np.take_along_axis(told, order, axis=1)
        strong = sign * values >= POINT / 2
        own = slice(side * top, side * top + order.shape[1])
        fields[:, own] = np.where(strong, np.take_along_axis(weights.speaker, order, axis=1), -1)
        sums[:, own] = np.where(strong, values, 0.0)
    return ScoreReasons(
        record_id=ids,
        log_odds=added.sum(axis=1),
        time_of_year=weights.contribution[:, calendar].sum(axis=1),
        fields=fields,
        contributions=sums,
        features=features,
        currency=currency,
    )


def check_contributions(
    contributions: ArrayLike, features: pd.DataFrame, record_id: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Return contributions and ids as arrays, or say what is wrong with them."""
    added = np.asarray(contributions, dtype=np.float64)
    n, k = features.shape
    if added.shape != (n, k + 1):
        raise ModelInputError(
            f"contributions have shape {added.shape}; {n:,} rows of {k:,} fields need ({n}, {k + 1}), the constant last"
        )
    odd = ~np.isfinite(added)
    if odd.any():
        named = [*map(str, features.columns), "the constant"]
        first = named[int(np.flatnonzero(odd.any(axis=0))[0])]
        raise ModelInputError(f"{int(odd.sum()):,} contributions are not finite, first of '{first}'; score again")
    ids = np.arange(n) if record_id is None else np.asarray(record_id)
    if len(ids) != n:
        raise ModelInputError(f"{len(ids):,} record ids for {n:,} rows; hand over one for each")
    return added, ids


def _largest(values: NDArray[np.float64], top: int) -> NDArray[np.intp]:
    """Return the positions of the largest values of each row, largest first; of equal ones the first in order."""
    top = min(top, values.shape[1])
    rest = -values
    order = np.empty((len(values), top), dtype=np.intp)
    line = np.arange(len(values))
    for place in range(top):
        order[:, place] = rest.argmin(axis=1) if values.shape[1] else 0
        rest[line, order[:, place]] = np.inf
    return order
