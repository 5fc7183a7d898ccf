"""The two questions asked of a workspace every week: what will we book, and how far can that be trusted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from funnelml.errors import AsOfError
from funnelml.forecast.backtest import Backtest, Progress, backtest_revenue
from funnelml.forecast.open_pipeline import forecast_revenue
from funnelml.forecast.revenue import RevenueForecast, money
from funnelml.forecast.track_record import TrackRecord, measure_track_record
from funnelml.history.dates import as_of_dates, day_of, horizon_from, parse_date
from funnelml.runs.workspace import Workspace


def forecast_with_record(
    workspace: Workspace,
    *,
    as_of: date,
    horizon: str,
    funnel: str | None = None,
    draws: int = 10_000,
    seed: int = 0,
    period: str | None = None,
    quota: float | None = None,
) -> tuple[RevenueForecast, TrackRecord, dict[str, float] | None]:
    """Forecast the open pipeline, with the hits of the same forecast on past windows.

    Parameters
    ----------
    workspace : Workspace
        Loaded workspace.
    as_of, horizon, funnel, draws, seed, period
        As for ``forecast_revenue``; ``horizon`` as for ``horizon_from``.
    quota : float, optional
        Amount to be booked within the horizon. Without it, a quota of the settings that ends with the horizon is
        taken, and what it has been credited with so far counts.

    Returns
    -------
    forecast : RevenueForecast
    record : TrackRecord
    quota : dict or None
        ``amount``, ``booked`` so far, and the ``chance`` that booked and open pipeline together reach it.
    """
    settings = workspace.settings
    window = horizon_from(horizon, as_of, fiscal_year_start=settings.fiscal_year_start)
    forecast = forecast_revenue(
        workspace.history,
        horizon=window,
        funnel=funnel,
        currency=settings.currency,
        draws=draws,
        seed=seed,
        period=period,
        trusted=settings.scoring.trusted,
    )
    record = measure_track_record(
        workspace.history, horizon=window, funnel=funnel, seed=seed, trusted=settings.scoring.trusted
    )
    target = forecast.targets["open_pipeline"]
    amount, booked = quota, 0.0
    if amount is None and (found := _quota_ending(workspace, forecast)) is not None:
        amount, start = found
        booked = float(forecast.snapshot.won_between(start, forecast.snapshot.cut)["amount"].sum())
    if amount is None:
        return forecast, record, None
    told = {"amount": float(amount), "booked": booked, "chance": target.chance_of(amount, booked=booked)}
    return forecast, record, told


def _quota_ending(workspace: Workspace, forecast: RevenueForecast) -> tuple[float, int] | None:
    """Return amount and first instant of the company's quota that ends with the horizon, as known by then."""
    table = workspace.history.lazy("quotas")
    if table is None:
        return None
    quotas = table.collect(backend="pandas").to_native()
    end = forecast.horizon.span(workspace.settings.time_zone)[1]
    fitting = quotas[(quotas["period_end"] == end) & (quotas["recorded_at"] < forecast.snapshot.cut)]
    for column, wanted in (("owner", ()), ("funnel", (forecast.snapshot.funnel.name,))):
        if column in fitting:
            fitting = fitting[fitting[column].isna() | fitting[column].isin(wanted)]
    if fitting.empty:
        return None
    latest = fitting.sort_values("recorded_at", kind="stable").iloc[-1]
    return float(latest["amount"]), int(latest["period_start"])


def backtest_workspace(
    workspace: Workspace,
    *,
    horizon: str,
    first: str | None = None,
    last: str | None = None,
    every: str = "week",
    funnel: str | None = None,
    draws: int = 10_000,
    seed: int = 0,
    progress: Progress = iter,
) -> Backtest:
    """Backtest over rolling as-of dates; by default all whose window has ended and that have as long a past.

    Parameters
    ----------
    workspace : Workspace
        Loaded workspace.
    horizon, funnel, draws, seed, progress
        As for ``backtest_revenue``.
    first, last : str, optional
        First and last as-of date (``YYYY-MM-DD``). Weekly dates start at ``first``, or fall on Sundays, so that
        each forecast is Monday's.
    every : {"week", "month"}
        Step.

    Raises
    ------
    AsOfError
        If the log is too short for a single origin.
    """
    settings, history = workspace.settings, workspace.history
    of = history.funnel(funnel)
    begin, until = (day_of(i, settings.time_zone) for i in history.recorded_span(of))
    # The last day that is known ends the last window; the first origin has a past as long as its horizon.
    length = timedelta(days=horizon_from(horizon, begin, fiscal_year_start=settings.fiscal_year_start).days)
    start = parse_date(first, "--from") if first else begin + length
    end = parse_date(last, "--to") if last else until - (length if horizon[-1:] in "dw" else timedelta(0))
    if start > end:
        raise AsOfError(
            f"no window of {horizon} fits between {start} and {end}: the log runs from {begin} to {until}; choose a "
            f"shorter horizon, or --from and --to"
        )
    if not first and every == "week":
        start += timedelta(days=(6 - start.weekday()) % 7)
    origins = as_of_dates(start, end, every)
    return backtest_revenue(
        history,
        origins=origins,
        horizon=horizon,
        funnel=funnel,
        currency=settings.currency,
        draws=draws,
        seed=seed,
        fiscal_year_start=settings.fiscal_year_start,
        trusted=settings.scoring.trusted,
        progress=progress,
    )


def describe_quota(quota: dict[str, Any], currency: str) -> str:
    """Return one sentence: how likely the quota is from what is booked and what is open."""
    return (
        f"The quota of {money(quota['amount'], currency)} is reached with a chance of {quota['chance']:.0%} from the "
        f"{quota['booked']:,.0f} booked so far and the open pipeline; new business is not counted."
    )
