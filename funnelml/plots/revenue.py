"""The forecast of bookings: how it grows over the periods, and how its total is spread."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.patches import Patch

from funnelml.forecast.revenue import RevenueForecast, TargetForecast
from funnelml.plots.fonts import legible
from funnelml.plots.labels import name_model, share, short_amount, unit
from funnelml.plots.theme import FAINT, INK, OURS, drawn_on, show_amounts, write_title

_BANDS = ((0.95, 0.16), (0.8, 0.28), (0.5, 0.5))
"""Central share of the futures, and how strongly it is drawn."""


def plot_revenue_fan(forecast: RevenueForecast, ax: Axes | None = None, *, target: str = "open_pipeline") -> Axes:
    """Draw cumulative bookings to the end of the horizon: median and the central 50, 80 and 95 % of the futures.

    Parameters
    ----------
    forecast : RevenueForecast
        The forecast.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    target : str
        Which of the forecast's targets.

    Returns
    -------
    matplotlib.axes.Axes
    """
    told = forecast.targets[target]
    currency = legible(forecast.currency, otherwise="")
    grown = np.pad(told.bookings.cumsum(axis=1), ((0, 0), (1, 0)))
    days = date2num([*told.period_starts, forecast.horizon.end])
    low, high = np.quantile(told.totals, [0.1, 0.9])
    with drawn_on(ax) as ax:
        for level, strength in _BANDS:
            edges = np.quantile(grown, [(1 - level) / 2, (1 + level) / 2], axis=0)
            ax.fill_between(days, *edges, color=OURS, alpha=strength, linewidth=0)
        ax.plot(days, np.median(grown, axis=0), color=INK, linewidth=1.6)
        ax.annotate(
            f"mean {short_amount(told.mean, currency)}\n80 %: {short_amount(low)}\nto {short_amount(high)}",
            (days[-1], told.mean),
            (8, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
        bands = [Patch(color=OURS, alpha=min(1.0, s * 1.3), label=f"{level:.0%}".replace("%", " %")) for level, s in _BANDS[::-1]]
        ax.legend(handles=bands, title="share of the futures", loc="upper left", alignment="left")
        ax.set_xlim(days[0], days[-1])
        ax.set_ylim(0)
        locator = AutoDateLocator(minticks=3, maxticks=7)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        ax.set_ylabel(unit("bookings so far", currency))
        show_amounts(ax, along="y")
        write_title(ax, _finding(told, forecast.horizon.end, currency), _subject(forecast))
    return ax


def plot_revenue_distribution(
    forecast: RevenueForecast, ax: Axes | None = None, *, quota: float | None = None, target: str = "open_pipeline"
) -> Axes:
    """Draw how the simulated totals are spread, with the baselines, and the quota, as labelled lines.

    Parameters
    ----------
    forecast : RevenueForecast
        The forecast.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    quota : float, optional
        Amount to be reached.
    target : str
        Which of the forecast's targets.

    Returns
    -------
    matplotlib.axes.Axes
    """
    told = forecast.targets[target]
    currency = legible(forecast.currency, otherwise="")
    lines = [(value, name_model(name), FAINT) for name, value in told.baselines.items()]
    lines.append((told.mean, "this forecast (mean)", OURS))
    if quota is not None:
        lines.append((quota, f"quota: {share(told.chance_of(quota))} chance", INK))
    with drawn_on(ax) as ax:
        sns.histplot(x=told.totals, bins=40, stat="probability", color=OURS, alpha=0.4, linewidth=0, ax=ax)
        ends = [*(value for value, _, _ in lines), *np.quantile(told.totals, [0.001, 0.999])]
        ax.set_xlim(min(ends) - 0.05 * np.ptp(ends) - 1e-9, max(ends) + 0.05 * np.ptp(ends) + 1e-9)
        top = ax.get_ylim()[1]
        ax.set_ylim(0, top * (1.1 + 0.11 * len(lines)))
        middle = sum(ax.get_xlim()) / 2
        for rank, (value, name, colour) in enumerate(sorted(lines)):
            height = top * (1.1 + 0.11 * (len(lines) - 1 - rank))
            ax.plot([value, value], [0, height], color=colour, linewidth=1.4)
            left = value > middle
            ax.annotate(
                f"{name} {short_amount(value)}",
                (value, height),
                (-4 if left else 4, 0),
                textcoords="offset points",
                ha="right" if left else "left",
                va="center",
                color=colour,
                size=9.5,
            )
        ax.set_yticks([])
        ax.set_xlabel(unit("bookings within the horizon", currency))
        ax.set_ylabel("how often")
        show_amounts(ax, along="x")
        finding = _finding(told, forecast.horizon.end, currency)
        if quota is not None:
            finding = f"{share(told.chance_of(quota))} chance to book {short_amount(quota, currency)}"
        write_title(ax, finding, f"{forecast.draws:,} simulated futures against simple rules")
    return ax


def _finding(told: TargetForecast, end: date, currency: str) -> str:
    return f"{short_amount(told.mean, currency)} expected by {end - timedelta(days=1)}"


def _subject(forecast: RevenueForecast) -> str:
    return f"From the {len(forecast.records):,} records open on {forecast.as_of}, simulated as independent"
