"""Records as they will enter later stages: what moves is typical, what is fixed stays theirs; and kinds of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.survival.covariates import DAYS_BEFORE, moving_in
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows

FINEST: Final = 0.02
"""Step of the log ratio below which two records are of one kind."""


@dataclass(frozen=True, kw_only=True)
class LaterEntry:
    """What is typical of the covariates that move when a stage is entered.

    Parameters
    ----------
    typical : dict of str to float
        Median of each over the entries learned from.
    """

    typical: dict[str, float]

    def rows(self, now: StayRows, stage: str) -> StayRows:
        """Return the records as they would enter a stage: at the soonest, with all days by now before it."""
        covariates = now.covariates.assign(
            **{name: value for name, value in self.typical.items() if name in now.covariates}
        )
        if DAYS_BEFORE in covariates:
            covariates[DAYS_BEFORE] += np.maximum(now.age, 0.0)
        return replace(
            now,
            stage=np.full(len(now), stage, dtype=object),
            age=np.full(len(now), -1.0),
            covariates=covariates,
            duration=None,
            event=None,
            next_stage=None,
        )


def enter_later(entries: StayRows) -> LaterEntry:
    """Learn what is typical at the entry of a stage."""
    known = entries.covariates[moving_in(entries.covariates.columns)]
    return LaterEntry(
        typical={str(name): float(known[name].dropna().median()) for name in known if known[name].notna().any()}
    )


def group_kinds(ratios: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the kind of each record, and the mean ratios of each kind.

    Parameters
    ----------
    ratios : numpy.ndarray, shape (n, ...)
        Ratios of each record in later stages.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Kind of each record: of one kind are those whose ratios are the same to ``FINEST``.
    numpy.ndarray, shape (P, ...)
        Ratios of each kind: the geometric mean of its members.
    """
    logs = np.log(ratios.reshape(len(ratios), -1))
    _, kind = np.unique(np.round(logs / FINEST), axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    count = np.bincount(kind)
    mean = np.stack([np.bincount(kind, column) / count for column in logs.T], axis=1)
    return np.asarray(kind, dtype=np.intp), np.exp(mean).reshape((len(count), *ratios.shape[1:]))
