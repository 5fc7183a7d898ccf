"""Forecast what the records that are open today will book within the horizon."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.forecast.baselines import open_pipeline_baselines
from funnelml.forecast.revenue import RevenueForecast, TargetForecast
from funnelml.forecast.simulate import simulate_bookings
from funnelml.history.closings import follow_to_closing
from funnelml.history.dates import Horizon, instant_of
from funnelml.history.episodes import LOST_EVENT, WON_EVENT, StageEpisodes, stage_episodes
from funnelml.history.history import History
from funnelml.history.snapshot import Snapshot, take_snapshot
from funnelml.schema import DAY
from funnelml.survival.landmark import landmark_incidence

ZOMBIE_FLOOR: Final = 0.02
"""A record is a zombie if even the upper bound of its chance to be won within the horizon is under this."""


def forecast_revenue(
    history: History,
    *,
    horizon: Horizon,
    funnel: str | None = None,
    currency: str = "",
    draws: int = 10_000,
    seed: int = 0,
    period: str | None = None,
) -> RevenueForecast:
    """Forecast the bookings of the records that are open on ``horizon.as_of``.

    Each record is won within the horizon with the landmark incidence of its stage, given that it still sits there
    for longer than its age; records are independent in this version, so the interval is too narrow where they win
    and lose together: read it beside its backtest.

    Parameters
    ----------
    history : History
        Canonical tables; nothing recorded after the as-of date has any effect.
    horizon : Horizon
        As-of date and end.
    funnel : str, optional
        Funnel; the first by default.
    currency : str
        Reporting currency, for print.
    draws, seed : int
        Number of simulated futures, and the seed of the generator.
    period : {"week", "month"}, optional
        Length of the periods.

    Returns
    -------
    RevenueForecast

    Raises
    ------
    AsOfError
        If nothing was known on that date.
    NotEnoughDataError
        If no record is open, none was ever won, or no open record has an amount; the message says which.
    """
    snapshot = take_snapshot(history, as_of=horizon.as_of, funnel=funnel)
    episodes = stage_episodes(history, as_of=horizon.as_of, funnel=funnel)
    check_learnable(snapshot, episodes)
    starts = horizon.period_starts(period)
    ends = days_from_cut(snapshot.cut, (*starts[1:], horizon.end), history)
    records = snapshot.open
    chance = landmark_incidence(episodes, records, ends)
    missing = records["amount"].isna()
    amounts = records["amount"].fillna(records["amount"].mean())
    bookings = simulate_bookings(chance.won, amounts.to_numpy(), draws=draws, seed=seed)
    target = TargetForecast(
        target="open_pipeline",
        period_starts=starts,
        bookings=bookings,
        baselines=open_pipeline_baselines(snapshot, follow_to_closing(episodes), horizon_days=float(ends[-1])),
    )
    return RevenueForecast(
        horizon=horizon,
        currency=currency,
        seed=seed,
        draws=draws,
        snapshot=snapshot,
        records=records.assign(
            amount=amounts,
            win_chance=chance.won[:, -1],
            win_upper=chance.upper,
            at_risk=chance.at_risk,
            landmark_days=chance.landmark_days,
            observed=chance.observed,
            zombie=chance.upper < ZOMBIE_FLOOR,
        ),
        targets={"open_pipeline": target},
        without_amount=int(missing.sum()),
    )


def days_from_cut(cut: int, ends: tuple[date, ...], history: History) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the days from the as-of instant to the start of each date, shape (len(ends),)."""
    days = np.array([(instant_of(end, history.time_zone) - cut) / DAY for end in ends])
    return np.round(days) if history.grain == "day" else days


def check_learnable(snapshot: Snapshot, episodes: StageEpisodes) -> None:
    """Refuse to forecast from a log that cannot teach anything.

    Raises
    ------
    NotEnoughDataError
        With what is missing and what would be enough.
    """
    name, day = snapshot.funnel.name, snapshot.as_of
    open_records = snapshot.open
    events = pd.Series(episodes.table["event"])
    won, lost = int((events == WON_EVENT).sum()), int((events == LOST_EVENT).sum())
    if won + lost == 0:
        raise NotEnoughDataError(
            f"funnel '{name}': all {len(snapshot.records):,} records are still open on {day}, so nothing is known of "
            f"how they end; at least one won record is needed (check 'won' and 'lost' in funnelml.toml)"
        )
    if won == 0:
        raise NotEnoughDataError(
            f"funnel '{name}': none of {lost:,} closed records was won by {day}; at least one is needed (check the "
            f"names under 'won' in funnelml.toml: {', '.join(snapshot.funnel.won)})"
        )
    if open_records.empty:
        raise NotEnoughDataError(f"funnel '{name}': no record is open on {day}, so there is nothing to forecast")
    if open_records["amount"].isna().all():
        raise NotEnoughDataError(
            f"funnel '{name}': none of {len(open_records):,} open records has an amount on {day}; map a column to "
            f"'amount' in funnelml.toml"
        )
