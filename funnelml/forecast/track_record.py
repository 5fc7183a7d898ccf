"""How the forecast did on past windows that had ended by the as-of date: what every interval ships with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from funnelml.errors import AsOfError, NotEnoughDataError
from funnelml.forecast.backtest import MODEL, backtest_revenue
from funnelml.forecast.scores import LEVELS
from funnelml.history.dates import Horizon, day_of
from funnelml.history.history import History

MOST_WINDOWS = 12
"""Windows that the record looks back on: the latest, none of which overlap."""


@dataclass(frozen=True, kw_only=True)
class TrackRecord:
    """Hits and error of the same forecast on past windows of the same length that do not overlap.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per past window (``Backtest.rows`` of the model); empty if none had ended.
    """

    rows: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return ``windows``, hits per level, ``wape`` and ``bias``."""
        n = len(self.rows)
        actual = self.rows["actual"].sum() if n else 0.0
        error = self.rows["mean"] - self.rows["actual"] if n else pd.Series(dtype=float)
        return {
            "windows": n,
            "hits": {f"{level:.0%}": int(self.rows[f"hit {level:.0%}"].sum()) if n else 0 for level in LEVELS},
            "wape": float(error.abs().sum() / actual) if actual else None,
            "bias": float(error.sum() / actual) if actual else None,
        }

    def summary(self) -> str:
        """Return one sentence: how often the intervals held the truth, or that it is not known yet."""
        told = self.to_dict()
        if not told["windows"]:
            return "No past window of this length had ended: the coverage of these intervals is not measured yet."
        hits = ", ".join(f"{k} of {told['windows']} at {level}" for level, k in told["hits"].items())
        off = "" if told["wape"] is None else f", and its mean was {told['wape']:.0%} off ({told['bias']:+.0%} bias)"
        return f"On {told['windows']} past windows of this length its intervals held the truth {hits}{off}."


def measure_track_record(
    history: History,
    *,
    horizon: Horizon,
    funnel: str | None = None,
    draws: int = 2_000,
    seed: int = 0,
    trusted: tuple[str, ...] = (),
) -> TrackRecord:
    """Backtest the forecast on disjoint windows that had ended by ``horizon.as_of``, with what was known then.

    Parameters
    ----------
    history : History
        Canonical tables; nothing recorded after the as-of date has any effect.
    horizon : Horizon
        The horizon whose intervals are to be judged.
    funnel, draws, seed, trusted : optional
        As for ``forecast_revenue``.

    Returns
    -------
    TrackRecord
    """
    first = day_of(history.recorded_span(history.funnel(funnel))[0], history.time_zone)
    length = timedelta(days=horizon.days)
    origins = [horizon.as_of - k * length for k in range(MOST_WINDOWS, 0, -1)]
    origins = [o for o in origins if o > first]
    if not origins:
        return TrackRecord(rows=pd.DataFrame())
    try:
        backtest = backtest_revenue(
            history,
            origins=origins,
            horizon=f"{horizon.days}d",
            funnel=funnel,
            draws=draws,
            seed=seed,
            known_as_of=horizon.as_of,
            trusted=trusted,
            variants={},
        )
    except (AsOfError, NotEnoughDataError):
        return TrackRecord(rows=pd.DataFrame())
    return TrackRecord(rows=backtest.rows[backtest.rows["model"] == MODEL].reset_index(drop=True))
