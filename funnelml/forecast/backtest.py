"""Rolling origins: what each model would have said on past dates, against what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.errors import AsOfError, NotEnoughDataError
from funnelml.forecast.baselines import total_baselines
from funnelml.forecast.components import INDEPENDENT, Components
from funnelml.forecast.league import league_table
from funnelml.forecast.open_pipeline import forecast_revenue
from funnelml.forecast.past_windows import PastForecasts
from funnelml.forecast.revenue import QUANTILES, RevenueForecast, TargetForecast
from funnelml.forecast.scores import LEVELS, count_disjoint, crps, interval_row
from funnelml.history.dates import horizon_from
from funnelml.history.funnel import WON
from funnelml.history.history import History
from funnelml.history.snapshot import Snapshot, take_snapshot

MODEL: Final = "forecast"
"""Name of our model in the league table."""
LANDMARK: Final = MappingProxyType({"landmark": INDEPENDENT})
"""What our model is made from: it has to be worth its parts."""
Progress = Callable[[Iterable[date]], Iterable[date]]


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Forecasts of past dates beside what happened.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per origin, target and model: ``origin, window_end, target, model, actual, mean, crps``; for models
        with a distribution also the quantiles and, per level, bounds, hit and interval score.
    zombies : pandas.DataFrame
        One row per origin and named zombie: ``origin, record_id, stage, age_days, amount, win_upper``,
        ``won_in_window``, ``won_later`` (by the end of the log), ``booked`` (amount when won).
    skipped : mapping of date to str
        Origins that could not be forecast, and why.
    currency : str
        Reporting currency.
    """

    rows: pd.DataFrame
    zombies: pd.DataFrame
    skipped: dict[date, str]
    currency: str

    @property
    def disjoint_windows(self) -> int:
        """Number of origins whose windows do not overlap: the independent looks."""
        origins = self.rows.drop_duplicates("origin")
        first_days = [origin + timedelta(days=1) for origin in origins["origin"]]
        return count_disjoint(first_days, list(origins["window_end"]))

    def league(self) -> pd.DataFrame:
        """Return the league table: one row per target and model, best CRPS first within the target."""
        return league_table(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per origin, target and model."""
        return self.rows

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``funnelml backtest --json`` prints."""
        levels = [str(q) for q in QUANTILES]
        forecasts = [
            {
                "origin": row["origin"].isoformat(),
                "window_end": row["window_end"].isoformat(),
                "target": row["target"],
                "model": row["model"],
                "actual": row["actual"],
                "mean": row["mean"],
                "quantiles": {q: row[q] for q in levels} if not np.isnan(row["0.5"]) else None,
            }
            for row in self.rows.to_dict("records")
        ]
        league = self.league().replace({np.nan: None}).to_dict("records")
        return {
            "schema_version": 1,
            "currency": self.currency,
            "disjoint_windows": self.disjoint_windows,
            "forecasts": forecasts,
            "league": league,
            "zombies": {
                "named": len(self.zombies),
                "won_in_window": int(self.zombies["won_in_window"].sum()),
                "won_later": int(self.zombies["won_later"].sum()),
                "booked_later": float(self.zombies["booked"].sum()),
            },
            "skipped": {origin.isoformat(): why for origin, why in self.skipped.items()},
        }

    def summary(self) -> str:
        """Return the finding in words: error, hits and what the named zombies later won."""
        ours = self.league().query("target == 'open_pipeline' and model == @MODEL").iloc[0]
        n = int(ours["origins"])
        hits = ", ".join(f"{int(ours[f'hits {level:.0%}'])} of {n} at {level:.0%}" for level in LEVELS)
        dead = self.zombies
        return (
            f"Over {n} origins ({self.disjoint_windows} windows that do not overlap) the open-pipeline forecast was "
            f"{ours['WAPE']:.1%} off and {ours['bias']:+.1%} biased; its intervals held the truth {hits}. Of "
            f"{len(dead):,} zombies named ({dead['record_id'].nunique():,} records), "
            f"{int(dead['won_in_window'].sum()):,} were won within their window, and "
            f"{dead.loc[dead['won_later'], 'record_id'].nunique():,} records by the end of the log."
        )


def backtest_revenue(
    history: History,
    *,
    origins: Sequence[date],
    horizon: str,
    funnel: str | None = None,
    currency: str = "",
    draws: int = 10_000,
    seed: int = 0,
    fiscal_year_start: int = 1,
    known_as_of: date | None = None,
    trusted: tuple[str, ...] = (),
    variants: Mapping[str, Components] = LANDMARK,
    progress: Progress = iter,
) -> Backtest:
    """Forecast from each past origin with what was known then, and score it with what became known later.

    Parameters
    ----------
    history : History
        Canonical tables.
    origins : sequence of datetime.date
        As-of dates; those whose window has not ended by ``known_as_of`` are left out.
    horizon : str
        As for ``horizon_from``.
    funnel, currency, draws, seed : optional
        As for ``forecast_revenue``; the seed of each origin is derived from ``seed`` and the origin's date.
    fiscal_year_start : int
        Month in which the fiscal year begins.
    known_as_of : datetime.date, optional
        Date whose knowledge the forecasts are scored with; the last recorded day by default.
    trusted : tuple of str
        Fields to be taken as unchanged since the record was created.
    variants : mapping of str to Components
        Forecasts of other parts to stand beside ours, by their name in the league table; by default the landmark
        incidence of independent records alone.
    progress : callable, optional
        Wraps the iteration over the origins.

    Returns
    -------
    Backtest

    Raises
    ------
    AsOfError
        If no origin's window has ended.
    NotEnoughDataError
        If no origin could be forecast; the message gives the reason of the last.
    """
    of = history.funnel(funnel)
    known_until = known_as_of or history.known_until(of)
    known_from = history.recorded_span(of)[0]
    horizons = [horizon_from(horizon, origin, fiscal_year_start=fiscal_year_start) for origin in origins]
    # A window that ends on the morning after the last recorded day is over.
    ended = [h for h in horizons if (h.end - known_until).days <= 1]
    if not ended:
        raise AsOfError(
            f"what happened is known until {known_until}: no window of {horizon} from {origins[0]} or later has ended; "
            f"choose earlier origins or a shorter horizon"
        )
    final = take_snapshot(history, as_of=known_until, funnel=funnel)
    rows: list[dict[str, Any]] = []
    zombies: list[pd.DataFrame] = []
    skipped: dict[date, str] = {}
    by_origin = {h.as_of: h for h in ended}
    past: dict[int, PastForecasts] = {}
    for origin in progress(list(by_origin)):
        window = by_origin[origin]
        made = partial(
            forecast_revenue,
            history,
            horizon=window,
            funnel=funnel,
            currency=currency,
            draws=draws,
            seed=seed + origin.toordinal(),
            trusted=trusted,
            # Months differ in length: what is past of one horizon serves all origins of that length.
            past=past.setdefault(window.days, PastForecasts(history, days=window.days, funnel=funnel, trusted=trusted)),
        )
        try:
            forecast = made()
        except (NotEnoughDataError, AsOfError) as error:
            skipped[origin] = str(error)
            continue
        others = {name: made(components=parts).targets["open_pipeline"] for name, parts in variants.items()}
        rows += _score(forecast, others, history, final, known_from)
        zombies.append(_follow_zombies(forecast, history, final))
    if not rows:
        raise NotEnoughDataError(
            f"none of {len(ended)} origins could be forecast; the last: {skipped[ended[-1].as_of]}"
        )
    return Backtest(
        rows=pd.DataFrame(rows),
        zombies=pd.concat(zombies, ignore_index=True),
        skipped=skipped,
        currency=currency,
    )


def _score(
    forecast: RevenueForecast,
    others: Mapping[str, TargetForecast],
    history: History,
    final: Snapshot,
    known_from: int,
) -> list[dict[str, Any]]:
    window = forecast.horizon
    booked = final.won_between(*window.span(history.time_zone))
    then_open = booked["record_id"].isin(forecast.records["record_id"])
    actual = {
        "open_pipeline": float(booked.loc[then_open, "amount"].sum()),
        "total": float(booked["amount"].sum()),
    }
    target = forecast.targets["open_pipeline"]
    base = {"origin": window.as_of, "window_end": window.end}
    totals = total_baselines(forecast.snapshot, window, known_from=known_from, time_zone=history.time_zone)
    rows = [
        base
        | {"target": "open_pipeline", "model": name, "actual": actual["open_pipeline"], "mean": told.mean}
        | {"crps": crps(told.totals, actual["open_pipeline"])}
        | told.quantiles()
        | interval_row(told.totals, actual["open_pipeline"])
        for name, told in ({MODEL: target} | dict(others)).items()
    ]
    for name, points in (("open_pipeline", target.baselines), ("total", totals)):
        rows += [
            base
            | {"target": name, "model": model, "actual": actual[name], "mean": mean}
            | {"crps": abs(mean - actual[name])}
            for model, mean in points.items()
        ]
    return rows


def _follow_zombies(forecast: RevenueForecast, history: History, final: Snapshot) -> pd.DataFrame:
    named = forecast.zombies[["record_id", "stage", "age_days", "amount", "win_upper"]]
    later = final.records.set_index("record_id")
    won = named["record_id"].map(later["stage"]).eq(WON).to_numpy()
    at = named["record_id"].map(later["entered_at"]).to_numpy()
    end = forecast.horizon.span(history.time_zone)[1]
    return named.assign(
        origin=forecast.as_of,
        won_in_window=won & (at < end),
        won_later=won,
        booked=np.where(won, named["record_id"].map(later["amount"]), 0.0),
    )
