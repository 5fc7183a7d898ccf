"""Forecast what the records that are open today will book within the horizon."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.forecast.baselines import open_pipeline_baselines
from funnelml.forecast.components import Components
from funnelml.forecast.past_windows import PastForecasts, learn_width
from funnelml.forecast.revenue import RevenueForecast, TargetForecast
from funnelml.forecast.simulate import simulate_bookings
from funnelml.history.closings import follow_to_closing
from funnelml.history.dates import Horizon, instant_of
from funnelml.history.episodes import LOST_EVENT, WON_EVENT, StageEpisodes, stage_episodes
from funnelml.history.history import History
from funnelml.history.snapshot import Snapshot, take_snapshot
from funnelml.schema import DAY
from funnelml.survival.landmark import LandmarkIncidence, landmark_incidence
from funnelml.survival.landmark_draws import draw_landmark_ratios
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stall.verdict_rules import WIN_FLOOR

CHANCE_DRAWS: Final = 100
"""Sets of chances that are drawn."""
ALL: Final = Components()


def forecast_revenue(
    history: History,
    *,
    horizon: Horizon,
    funnel: str | None = None,
    currency: str = "",
    draws: int = 10_000,
    seed: int = 0,
    period: str | None = None,
    components: Components = ALL,
    trusted: tuple[str, ...] = (),
    past: PastForecasts | None = None,
) -> RevenueForecast:
    """Forecast the bookings of the records that are open on ``horizon.as_of``.

    Each record is won within the horizon with the landmark incidence of its stage, given that it still sits there
    for longer than its age. Where it earned a weight on past windows, the stage model, which knows more of each
    record, is mixed in. Chances are drawn as they may be, given how few or old the records are that they were learned
    from, and all records of a future share a shock whose width is learned from past windows.

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
    components : Components
        Parts of the forecast that are on.
    trusted : tuple of str
        Fields to be taken as unchanged since the record was created.
    past : PastForecasts, optional
        Forecasts of past dates, where many forecasts share them; of the same history and length of the horizon.

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
    past = past or PastForecasts(history, days=horizon.days, funnel=funnel, trusted=trusted)
    weight = past.earn_weight(past.compared_windows(snapshot)) if components.covariates else 0.0
    won_by = chance.won
    if weight > 0:
        model = past.model_chances(horizon.as_of, records["record_id"].to_numpy(dtype=object), ends)
        won_by = (1 - weight) * won_by + weight * model
    shock = learn_width(past.windows_before(snapshot)) if components.shock else None
    generator = np.random.default_rng(seed)
    bookings = simulate_bookings(
        _draw_chances(episodes, records, chance, won_by, components, seed=seed, half_life_days=2.0 * horizon.days),
        amounts.to_numpy(),
        draws=draws,
        seed=seed,
        shocks=None if shock is None else shock.draw(draws, generator),
    )
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
            win_chance=won_by[:, -1],
            # The bound is of the landmark incidence; the mixed estimate may lie above it.
            win_upper=np.maximum(chance.upper, won_by[:, -1]),
            at_risk=chance.at_risk,
            landmark_days=chance.landmark_days,
            observed=chance.observed,
            zombie=np.maximum(chance.upper, won_by[:, -1]) < WIN_FLOOR,
        ),
        targets={"open_pipeline": target},
        without_amount=int(missing.sum()),
        components=components,
        model_weight=weight,
        shock=shock,
    )


def _draw_chances(
    episodes: StageEpisodes,
    records: pd.DataFrame,
    chance: LandmarkIncidence,
    won_by: FloatArray,
    components: Components,
    *,
    seed: int,
    half_life_days: float,
) -> FloatArray:
    """Return sets of chances as they may be, shape (b, n, m), or the one that is most likely, (n, m)."""
    if not components.parameters:
        return won_by
    half_lives = (None, half_life_days) if components.recency else (None,)
    ratios = [
        draw_landmark_ratios(
            episodes,
            records["stage"].to_numpy(),
            chance.landmark_days,
            chance.horizons,
            draws=CHANCE_DRAWS // len(half_lives),
            seed=seed + number,
            half_life_days=half_life,
        )
        for number, half_life in enumerate(half_lives)
    ]
    drawn = np.minimum(won_by * np.concatenate(ratios), 1.0)
    # A ratio may be less at a later horizon; a chance to be won by then may not.
    return np.asarray(np.maximum.accumulate(drawn, axis=2))


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
