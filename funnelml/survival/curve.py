"""A cumulative incidence: a callable curve that knows where it was observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnelml.errors import ModelInputError
from funnelml.survival.risk_sets import FloatArray


@dataclass(frozen=True, kw_only=True)
class CumulativeIncidence:
    """Chance to have left a stage by each of K causes, as a function of the time spent in it.

    Parameters
    ----------
    times : numpy.ndarray, shape (m,)
        Days at which somebody left, increasing; the curve jumps at these and nowhere else.
    incidence : numpy.ndarray, shape (1 + K, m)
        Row 0: still in the stage; row k: left by cause k. Columns sum to 1.
    at_risk : numpy.ndarray, shape (m,)
        Weight at risk at each time.
    n_events : numpy.ndarray, shape (K, m)
        Weight that left by each cause at each time.
    variance : numpy.ndarray, shape (1 + K, m), or None
        Infinitesimal jackknife variance of ``incidence``; None if it was not asked for.
    n_stays : int
        Stays with a positive weight.
    last_follow_up : float
        Greatest number of days that anybody was followed.
    gaps : numpy.ndarray, shape (g, 2)
        Spans of days, start excluded and end included, before the last follow-up in which nobody was at risk
        because all entered later: the curve is flat there for want of data.
    """

    times: FloatArray
    incidence: FloatArray
    at_risk: FloatArray
    n_events: FloatArray
    variance: FloatArray | None
    n_stays: int
    last_follow_up: float
    gaps: FloatArray

    @property
    def n_causes(self) -> int:
        """Number of causes K."""
        return len(self.n_events)

    @property
    def observed_until(self) -> float:
        """Last day on which the curve is known: the last follow-up, or infinity if by then nobody was left."""
        nobody_left = len(self.times) > 0 and self.incidence[0, -1] == 0.0
        return float("inf") if nobody_left else self.last_follow_up

    def __call__(self, days: ArrayLike) -> FloatArray:
        """Read the curve, which is right-continuous: an event on day t counts on day t.

        Parameters
        ----------
        days : array-like, shape (j,)
            Days in the stage, not negative.

        Returns
        -------
        numpy.ndarray, shape (1 + K, j)
            NaN beyond ``observed_until``: what happens there was not observed.

        Raises
        ------
        ModelInputError
            If a day is negative or not a finite number.
        """
        return self._read(self.incidence, days, at_start=1.0)

    def standard_error(self, days: ArrayLike) -> FloatArray:
        """Read the standard error of the curve.

        Parameters
        ----------
        days : array-like, shape (j,)
            Days in the stage, not negative.

        Returns
        -------
        numpy.ndarray, shape (1 + K, j)
            NaN beyond ``observed_until``.

        Raises
        ------
        ModelInputError
            If a day is negative or not a finite number, or the curve was estimated without its variance.
        """
        if self.variance is None:
            raise ModelInputError("the curve has no variance; estimate it with variance=True")
        return self._read(np.sqrt(self.variance), days, at_start=0.0)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per time: ``days, at_risk, events_1.., incidence_0.., std_err_0..``."""
        columns = {"days": self.times, "at_risk": self.at_risk}
        columns |= {f"events_{k}": row for k, row in enumerate(self.n_events, start=1)}
        columns |= {f"incidence_{k}": row for k, row in enumerate(self.incidence)}
        if self.variance is not None:
            columns |= {f"std_err_{k}": row for k, row in enumerate(np.sqrt(self.variance))}
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return what is known at the last follow-up, in words."""
        chance = self(self.last_follow_up)
        error = None if self.variance is None else self.standard_error(self.last_follow_up)
        told = [
            f"{chance[k]:.1%} by cause {k}" + ("" if error is None else f" (standard error {error[k]:.1%})")
            for k in range(1, 1 + self.n_causes)
        ]
        text = (
            f"{self.n_stays:,} stays followed for up to {self.last_follow_up:g} days: {', '.join(told)}; "
            f"{chance[0]:.1%} still in the stage."
        )
        if len(self.gaps):
            start, end = self.gaps[0]
            more = f" and in {len(self.gaps) - 1:,} more spans" if len(self.gaps) > 1 else ""
            text += f" Nobody was at risk after day {start:g} up to day {end:g}{more}: not observed there."
        return text

    def _read(self, values: FloatArray, days: ArrayLike, *, at_start: float) -> FloatArray:
        t = np.asarray(days, dtype=float)
        if not (np.isfinite(t) & (t >= 0)).all():
            raise ModelInputError("a curve is read at finite days from 0 on; drop negative, missing and infinite days")
        start = np.zeros((len(values), 1))
        start[0] = at_start
        read = np.hstack((start, values))[:, np.searchsorted(self.times, t, side="right")]
        read[:, t > self.observed_until] = np.nan
        return read
