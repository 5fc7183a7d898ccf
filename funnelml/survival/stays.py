"""Stays as every estimator here takes them: checked, told apart by record, sorted by their end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnelml.errors import ModelInputError, first_few
from funnelml.survival.risk_sets import FloatArray, IntArray, RiskSets, count_risk_sets

LIGHTEST, HEAVIEST = 1e-50, 1e50
"""Weights other than 0 lie between these, so that no square of a sum or of a ratio overflows."""


@dataclass(frozen=True, kw_only=True)
class Stays:
    """Stays of positive weight, sorted by their end.

    Parameters
    ----------
    row : numpy.ndarray of int, shape (n,)
        Where each stood in what was handed in.
    duration, entry, weights : numpy.ndarray, shape (n,)
        End and delayed entry in days, and weight.
    event : numpy.ndarray of int, shape (n,)
        0 censored, ``1..K`` the cause.
    cluster : numpy.ndarray of int, shape (n,), or None
        What varies together; None if each stay varies alone.
    n_causes : int
        K.
    """

    row: IntArray
    duration: FloatArray
    entry: FloatArray
    weights: FloatArray
    event: IntArray
    cluster: IntArray | None
    n_causes: int

    @property
    def records_per_weight(self) -> float:
        """How many independent records a unit of weight stands for, by Kish's effective number; 1 if all is plain."""
        each = self.add_up(np.ones(len(self.weights)))
        return float(each.sum() / (each @ each))

    def risk_sets(self) -> RiskSets:
        """Return who is at risk and who leaves at every event time."""
        return count_risk_sets(
            self.duration, self.event, entry=self.entry, weights=self.weights, n_causes=self.n_causes
        )

    def at_risk_on(self, days: FloatArray) -> FloatArray:
        """Return the weight at risk on any days, by the rule of ``count_risk_sets``."""
        total = np.concatenate(([0.0], np.cumsum(self.weights)))
        still = total[-1] - total[np.searchsorted(self.duration, days, side="left")]
        late = np.flatnonzero(self.entry > 0)
        if not len(late):
            return still
        # A stay of length zero is at risk at its own instant.
        opens = self.entry[late]
        opens = np.where(opens == self.duration[late], np.nextafter(opens, 0), opens)
        order = np.argsort(opens, kind="stable")
        begun = np.concatenate(([0.0], np.cumsum(self.weights[late][order])))
        to_come = begun[-1] - begun[np.searchsorted(opens[order], days, side="left")]
        return np.maximum(still - to_come, 0.0)

    def add_up(self, values: FloatArray) -> FloatArray:
        """Return the sums of weighted values of each stay within its cluster, shape (clusters, ...)."""
        weighted = (values.T * self.weights).T
        if self.cluster is None:
            return weighted
        sums = np.zeros((int(self.cluster.max(initial=-1)) + 1, *values.shape[1:]))
        np.add.at(sums, self.cluster, weighted)
        return sums


def read_stays(
    duration: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    n_causes: int | None = None,
) -> Stays:
    """Check the arrays that describe stays; parameters and errors are those of ``estimate_incidence``."""
    days = _numbers("duration", duration)
    n = len(days)
    if n == 0:
        raise ModelInputError("there is no stay to learn from: duration is empty")
    start = _numbers("entry", np.zeros(n) if entry is None else entry, n)
    weight = _numbers("weights", np.ones(n) if weights is None else weights, n)
    code = _numbers("event", event, n)
    refuse(code != np.round(code), "event is not a whole number", "use 0 for censored and 1..K for the causes")
    refuse(start > days, "entry is after the end of the stay", "drop stays that ended before they were observed")
    causes = _causes(code, n_causes)
    owner = None if cluster is None else code_names("cluster", cluster, n, remedy="name the record of every stay")
    if not weight.any():
        raise ModelInputError(f"all {n:,} weights are zero; give at least one stay a weight")
    outside = (weight > 0) & ((weight < LIGHTEST) | (weight > HEAVIEST))
    refuse(outside, f"weight is outside {LIGHTEST:g} to {HEAVIEST:g}", "scale the weights, and use 0 for next to none")
    order = np.argsort(days)  # looking up instants in order is many times quicker than at random
    order = order[weight[order] > 0]
    return Stays(
        row=order,
        duration=days[order],
        entry=start[order],
        weights=weight[order],
        event=code[order].astype(np.int64),
        cluster=None if owner is None else owner[order],
        n_causes=causes,
    )


def code_names(name: str, values: ArrayLike, n: int, *, remedy: str) -> IntArray:
    """Return a number for each distinct value, in the order in which they occur; none may be missing."""
    ids = np.asarray(values)
    if ids.shape != (n,):
        raise ModelInputError(f"{name} must be of shape ({n},) like duration, not of shape {ids.shape}")
    codes, _ = pd.factorize(ids)
    refuse(codes < 0, f"{name} is missing", remedy)
    return codes.astype(np.int64)


def refuse(bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    """Raise if a stay is bad, with the number of bad ones and their first rows.

    Raises
    ------
    ModelInputError
    """
    if bad.any():
        rows = first_few(np.flatnonzero(bad))
        raise ModelInputError(f"{what} in {int(bad.sum()):,} of {len(bad):,} stays (rows {rows}): {remedy}")


def _numbers(name: str, values: ArrayLike, n: int | None = None) -> FloatArray:
    given = np.asarray(values)
    try:
        array = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelInputError(f"{name} must be numbers: {error}") from error
    if given.dtype.kind not in "biufO":
        raise ModelInputError(f"{name} must be numbers (times in days), not {given.dtype}")
    if array.ndim != 1 or (n is not None and len(array) != n):
        wanted = "one-dimensional" if n is None else f"of shape ({n},) like duration"
        raise ModelInputError(f"{name} must be {wanted}, not of shape {array.shape}")
    refuse(~np.isfinite(array), f"{name} is missing or infinite", "drop or mend these stays")
    refuse(array < 0, f"{name} is negative", "drop or mend these stays")
    return array


def _causes(event: FloatArray, n_causes: int | None) -> int:
    if n_causes is None:
        return max(1, int(event.max()))
    if n_causes < 1:
        raise ModelInputError(f"n_causes must be at least 1, not {n_causes}")
    refuse(event > n_causes, f"event is above n_causes = {n_causes}", "raise n_causes or recode the events")
    return n_causes
