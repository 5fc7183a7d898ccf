"""Whether there are outcomes enough of both kinds to learn a score from, and if not, how many would be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnelml.errors import NotEnoughDataError
from funnelml.language import days
from funnelml.schema import DAY

NO_MODEL_UNDER: Final = 40
"""Records of the rarer outcome under which nothing is learned."""
PROVISIONAL_UNDER: Final = 200
"""Records of the rarer outcome under which a score stays provisional."""


@dataclass(frozen=True, kw_only=True)
class ClassCounts:
    """Records of both outcomes.

    Parameters
    ----------
    positives, negatives : int
        Records with a row of label 1, and all others.
    """

    positives: int
    negatives: int

    @property
    def rarer(self) -> int:
        """Records of the rarer outcome."""
        return min(self.positives, self.negatives)

    @property
    def few(self) -> bool:
        """Whether a score learned from them stays provisional, and is to be shrunken."""
        return self.rarer < PROVISIONAL_UNDER


def count_classes(label: ArrayLike, *, record_id: ArrayLike | None = None) -> ClassCounts:
    """Count the records of both outcomes: one with a row of label 1 counts there, whatever its other rows say.

    Parameters
    ----------
    label : array_like, shape (n,)
        0 or 1.
    record_id : array_like, shape (n,), optional
        The record of each row; by default each row is a record of its own.
    """
    y = np.asarray(label, dtype=np.float64)
    ids = np.arange(len(y)) if record_id is None else record_id
    came = pd.Series(y).groupby(pd.Series(ids, dtype=object).to_numpy()).max()
    return ClassCounts(positives=int((came == 1).sum()), negatives=int((came == 0).sum()))


def check_counts(
    label: ArrayLike,
    *,
    record_id: ArrayLike | None = None,
    at: ArrayLike | None = None,
    outcome: str = "converted",
) -> ClassCounts:
    """Count the records of both outcomes, and refuse to learn from fewer than 40 of either.

    Parameters
    ----------
    label : array_like, shape (n,)
        0 or 1.
    record_id : array_like, shape (n,), optional
        The record of each row; by default each row is a record of its own.
    at : array_like of int64, shape (n,), optional
        Instant of each row (microseconds), from which the pace is taken.
    outcome : str
        What label 1 means, for the error.

    Returns
    -------
    ClassCounts

    Raises
    ------
    NotEnoughDataError
        If there are fewer; it says how many records would be enough at the present rate, and how long that takes.

    Notes
    -----
    Forty of each is the least that Microsoft Dynamics 365 asks for; Salesforce asks for 200 of each.
    """
    counts = count_classes(label, record_id=record_id)
    if counts.rarer >= NO_MODEL_UNDER:
        return counts
    total = counts.positives + counts.negatives
    told = f"{counts.positives:,} {outcome} and {counts.negatives:,} not among {total:,} records to learn from"
    if counts.rarer == 0:
        raise NotEnoughDataError(
            f"{told}: a score takes {NO_MODEL_UNDER} of each; it cannot be said when there will be"
        )
    enough = math.ceil(NO_MODEL_UNDER * total / counts.rarer)
    wait = ""
    if at is not None:
        instants = np.asarray(at, dtype=np.int64)
        span = float(instants.max() - instants.min()) / DAY
        if span > 0:
            wait = f", some {days(math.ceil(span * (NO_MODEL_UNDER / counts.rarer - 1)))} more at the present pace"
    raise NotEnoughDataError(
        f"{told}: a score takes {NO_MODEL_UNDER} of each, that is about {enough:,} records at the present rate{wait}"
    )
