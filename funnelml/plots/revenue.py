"""The forecast of bookings: how it grows over the periods, and how its total is spread."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from funnelml.forecast.revenue import RevenueForecast
from funnelml.language import share, short_amount
from funnelml.plots.fonts import legible
from funnelml.plots.labels import name_model, unit
from funnelml.plots.theme import FAINT, INK, OURS, drawn_on, show_amounts, show_dates, to_axis, write_title

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
    days = [*told.period_starts, forecast.horizon.end]
    at = to_axis(days)
    low, high = np.quantile(told.totals, [0.1, 0.9])
    with drawn_on(ax) as ax:
        for level, strength in _BANDS:
            edges = np.quantile(grown, [(1 - level) / 2, (1 + level) / 2], axis=0)
            ax.fill_between(at, *edges, color=OURS, alpha=strength, linewidth=0)
        ax.plot(at, np.median(grown, axis=0), color=INK, linewidth=1.6)
        ax.annotate(
            f"mean {short_amount(told.mean)}\n80 %: {short_amount(low)}\nto {short_amount(high)}",
            (at[-1], told.mean),
            (8, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
        # Later bands lie on earlier ones: what the eye sees is darker than each band's own strength.
        shades = zip(_BANDS, (0.16, 0.4, 0.7), strict=True)
        bands: list[Artist] = [Patch(color=OURS, alpha=alpha, label=share(level)) for (level, _), alpha in shades]
        keys = [Line2D([], [], color=INK, linewidth=1.6, label="median"), *bands[::-1]]
        ax.legend(handles=keys, title="share of the futures", loc="upper left", alignment="left")
        ax.set_xlim(at[0], at[-1])
        ax.set_ylim(0)
        show_dates(ax, days)
        ax.set_ylabel(unit("bookings so far", currency))
        show_amounts(ax, along="y")
        write_title(
            ax,
            f"{short_amount(told.mean, currency)} expected by {forecast.horizon.end - timedelta(days=1)}",
            f"From the {len(forecast.records):,} records open on {forecast.as_of}, simulated as independent",
        )
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
        A line that lies far off is named at the edge, with an arrow.
    """
    told = forecast.targets[target]
    currency = legible(forecast.currency, otherwise="")
    lines = [(value, name_model(name), FAINT) for name, value in told.baselines.items()]
    lines.append((told.mean, "this forecast", OURS))
    finding = f"{short_amount(told.mean, currency)}, though simple rules say otherwise"
    if quota is not None:
        lines.append((quota, "quota", INK))
        finding = f"{share(told.chance_of(quota))} chance to book {short_amount(quota, currency)}"
    least, low, high, most = np.quantile(told.totals, [0.001, 0.1, 0.9, 0.999])
    room = max(most - least, 1.0)
    values = np.clip([value for value, _, _ in lines], least - room, most + room)
    ends = min(least, values.min()) - 0.05 * room, max(most, values.max()) + 0.05 * room
    with drawn_on(ax) as ax:
        sns.histplot(x=told.totals, bins=40, stat="probability", color=OURS, alpha=0.4, linewidth=0, ax=ax)
        top = ax.get_ylim()[1]
        ax.set_xlim(ends)
        ax.set_ylim(0, top * (1.08 + 0.11 * len(lines)))
        # The farther from the middle, the higher: no label then crosses another line.
        for rank, i in enumerate(np.lexsort(([v for v, _, _ in lines], np.abs(values - sum(ends) / 2)))):
            _draw_line(
                ax, lines[i], at=values[i], height=top * (1.08 + 0.11 * rank), leftwards=values[i] > sum(ends) / 2
            )
        ax.set_yticks([])
        ax.set_xlabel(unit("bookings within the horizon", currency))
        ax.set_ylabel("how often")
        show_amounts(ax, along="x")
        write_title(
            ax,
            finding,
            f"80 % of {forecast.draws:,} simulated futures book between {short_amount(low)} and {short_amount(high)}",
        )
    return ax


def _draw_line(ax: Axes, line: tuple[float, str, str], *, at: float, height: float, leftwards: bool) -> None:
    value, name, colour = line
    text = f"{name} {short_amount(value)}"
    if at == value:
        ax.plot([at, at], [0, height], color=colour, linewidth=1.4)
    else:
        text = f"{text} →" if leftwards else f"← {text}"
    ax.annotate(
        text,
        (at, height),
        (-4 if leftwards else 4, 0),
        textcoords="offset points",
        ha="right" if leftwards else "left",
        va="center",
        color=colour,
        size=9.5,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
    )
