"""The forecast as a result: quantiles, means and periods of each target, and what a reader must know beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.forecast.components import Components
from funnelml.forecast.shock import Shock
from funnelml.history.dates import Horizon
from funnelml.history.snapshot import Snapshot

QUANTILES: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Levels that every forecast reports."""


@dataclass(frozen=True, kw_only=True)
class TargetForecast:
    """Bookings of one target within the horizon.

    Parameters
    ----------
    target : str
        ``open_pipeline``: what the records open on ``as_of`` will book.
    period_starts : tuple of datetime.date
        First day of each period.
    bookings : numpy.ndarray, shape (draws, periods)
        Simulated bookings.
    baselines : mapping of str to float
        Point forecasts of the same target by simple rules.
    """

    target: str
    period_starts: tuple[date, ...]
    bookings: NDArray[np.float64]
    baselines: Mapping[str, float]

    @property
    def totals(self) -> NDArray[np.float64]:
        """Bookings of the whole horizon, shape (draws,)."""
        return self.bookings.sum(axis=1)

    @property
    def mean(self) -> float:
        """Expected bookings."""
        return float(self.totals.mean())

    def quantiles(self) -> dict[str, float]:
        """Return the quantiles of the total; they are taken from summed draws, never summed."""
        return _quantiles(self.totals)

    def chance_of(self, quota: float, *, booked: float = 0.0) -> float:
        """Return the chance that ``booked`` and these bookings together reach ``quota``."""
        return float((booked + self.totals >= quota).mean())

    def to_frame(self) -> pd.DataFrame:
        """Return one row per period: ``period_start``, ``mean`` and the quantiles."""
        rows = [
            {"period_start": start, "mean": float(column.mean()), **_quantiles(column)}
            for start, column in zip(self.period_starts, self.bookings.T, strict=True)
        ]
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``funnelml forecast --json`` prints for a target."""
        periods = [
            {
                "period_start": start.isoformat(),
                "mean": float(column.mean()),
                "quantiles": _quantiles(column),
            }
            for start, column in zip(self.period_starts, self.bookings.T, strict=True)
        ]
        return {
            "mean": self.mean,
            "quantiles": self.quantiles(),
            "by_period": periods,
            "baselines": dict(self.baselines),
        }


@dataclass(frozen=True, kw_only=True)
class RevenueForecast:
    """What we will book, as known on one day.

    Parameters
    ----------
    horizon : Horizon
        As-of date and end of the forecast.
    currency : str
        Reporting currency.
    seed, draws : int
        Seed and number of simulated futures.
    snapshot : Snapshot
        What was known of every record on the as-of date.
    records : pandas.DataFrame
        Open records with ``stage, age_days, amount, win_chance, win_upper`` (one-sided 95 % bound), ``at_risk``,
        ``landmark_days``, ``observed``, ``zombie``.
    targets : mapping of str to TargetForecast
        What was modelled.
    without_amount : int
        Open records without an amount; they carry the mean amount of the others.
    components : Components
        Parts of the forecast that were on.
    model_weight : float
        Weight of the stage model beside the landmark incidence, earned on past windows; 0 if it earned none.
    shock : Shock or None
        What the width of the shared shock may be.
    """

    horizon: Horizon
    currency: str
    seed: int
    draws: int
    snapshot: Snapshot
    records: pd.DataFrame
    targets: Mapping[str, TargetForecast]
    without_amount: int
    components: Components
    model_weight: float
    shock: Shock | None

    @property
    def as_of(self) -> date:
        """Last day that is known."""
        return self.horizon.as_of

    @property
    def zombies(self) -> pd.DataFrame:
        """Open records whose chance to be won within the horizon is under the floor even at its upper bound."""
        return self.records[self.records["zombie"]].sort_values("amount", ascending=False, kind="stable")

    @property
    def beyond_observed(self) -> float:
        """Share of the expected bookings that rests on records older than what was followed to the horizon's end."""
        expected = self.records["win_chance"] * self.records["amount"]
        total = expected.sum()
        return float(expected[~self.records["observed"]].sum() / total) if total else 0.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row per target and period."""
        frames = [t.to_frame().assign(target=name) for name, t in self.targets.items()]
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``funnelml forecast --json`` prints."""
        return {
            "schema_version": 1,
            "as_of": self.as_of.isoformat(),
            "horizon_end": self.horizon.end.isoformat(),
            "funnel": self.snapshot.funnel.name,
            "currency": self.currency,
            "seed": self.seed,
            "draws": self.draws,
            "data_age_days": self.snapshot.data_age_days,
            "open_opportunities": len(self.records),
            "without_amount": self.without_amount,
            "zombies": len(self.zombies),
            "beyond_observed": self.beyond_observed,
            "model_weight": self.model_weight,
            "shock": None if self.shock is None else {"sd": self.shock.mean_sd, "past_windows": self.shock.misses},
            **{name: target.to_dict() for name, target in self.targets.items()},
        }

    def summary(self) -> str:
        """Return the forecast of the open pipeline in two sentences."""
        target = self.targets["open_pipeline"]
        q = target.quantiles()
        dead = self.zombies
        return (
            f"The {len(self.records):,} records open on {self.as_of} are expected to book "
            f"{money(target.mean, self.currency)} before {self.horizon.end} (80 % interval {q['0.1']:,.0f} to "
            f"{q['0.9']:,.0f}).{self._width_words()} "
            f"{_zombie_words(len(dead), money(dead['amount'].sum(), self.currency))}"
        )

    def _width_words(self) -> str:
        if self.shock is None:
            return ""
        windows = self.shock.misses
        past = f"{windows} past window{'s' * (windows != 1)}" if windows else "experience elsewhere, as none had ended"
        model = f" What else is known of each record has a weight of {self.model_weight:.0%}." * (self.model_weight > 0)
        return f" A shock of all records together may be {self.shock.mean_sd:.0%} either way, by {past}.{model}"


def money(amount: float, currency: str) -> str:
    """Return an amount for a sentence.

    Examples
    --------
    >>> money(1234567.8, "EUR"), money(12.0, "")
    ('1,234,568 EUR', '12')
    """
    return f"{amount:,.0f} {currency}".rstrip()


def _quantiles(bookings: NDArray[np.float64]) -> dict[str, float]:
    values = np.quantile(bookings, QUANTILES)
    return {str(q): float(v) for q, v in zip(QUANTILES, values, strict=True)}


def _zombie_words(count: int, worth: str) -> str:
    if count == 0:
        return "None of them is a zombie."
    return f"{count:,} of them, worth {worth} on paper, {'is a zombie' if count == 1 else 'are zombies'}."
