"""Past forecasts against what happened."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

from funnelml.forecast.backtest import MODEL, Backtest
from funnelml.plots.fonts import legible
from funnelml.plots.labels import name_model, short_amount, unit
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, show_amounts, write_title


def plot_backtest(backtest: Backtest, ax: Axes | None = None, *, target: str = "open_pipeline") -> Axes:
    """Draw the actual bookings of each past window against the 80 and 95 % intervals; a miss is a cross, a hit a dot.

    Parameters
    ----------
    backtest : Backtest
        Forecasts of past dates.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    target : str
        Which target; its baselines are faint lines.

    Returns
    -------
    matplotlib.axes.Axes
    """
    rows = backtest.rows[backtest.rows["target"] == target].sort_values("origin", kind="stable")
    ours = rows[rows["model"] == MODEL]
    currency = legible(backtest.currency, otherwise="")
    at = date2num(list(ours["origin"]))
    hit = ours["hit 80%"].to_numpy(dtype=bool)
    actual = ours["actual"].to_numpy()
    with drawn_on(ax, size=(SIZE[0], 4.2)) as ax:
        for model, line in rows[rows["model"] != MODEL].groupby("model", sort=False):
            days = date2num(list(line["origin"]))
            ax.plot(days, line["mean"], color=FAINT, linewidth=0.9, alpha=0.6, zorder=1)
            ax.annotate(
                name_model(str(model)),
                (days[-1], line["mean"].iloc[-1]),
                (6, 0),
                textcoords="offset points",
                va="center",
                color=FAINT,
                size=8.5,
                annotation_clip=False,
            )
        ax.vlines(at, ours["low 95%"], ours["high 95%"], color=OURS, alpha=0.35, linewidth=3, zorder=2)
        ax.vlines(at, ours["low 80%"], ours["high 80%"], color=OURS, alpha=0.7, linewidth=8, zorder=3)
        ax.scatter(at[hit], actual[hit], marker="o", s=34, color=INK, edgecolor="white", zorder=5, label="actual, inside 80 %")
        ax.scatter(at[~hit], actual[~hit], marker="X", s=58, color=MISS, edgecolor="white", zorder=5, label="actual, outside")
        ax.set_ylim(0)
        locator = AutoDateLocator(minticks=3, maxticks=7)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        ax.set_xlabel("forecast made on")
        ax.set_ylabel(unit("bookings", currency))
        show_amounts(ax, along="y")
        write_title(
            ax,
            f"The 80 % interval held the truth {hit.sum()} of {len(hit)} times",
            f"Bars: 80 and 95 % intervals of the forecast; {backtest.disjoint_windows} of the windows do not overlap",
        )
        ax.legend(loc="upper left", ncols=2)
    return ax


def plot_league(backtest: Backtest, ax: Axes | None = None, *, target: str = "open_pipeline") -> Axes:
    """Draw the CRPS of each model of a target, best at the top.

    Parameters
    ----------
    backtest : Backtest
        Forecasts of past dates.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    target : str
        Which target.

    Returns
    -------
    matplotlib.axes.Axes
    """
    league = backtest.league()
    league = league[league["target"] == target]
    currency = legible(backtest.currency, otherwise="")
    with drawn_on(ax, size=(SIZE[0], 1.5 + 0.4 * len(league))) as ax:
        colours = [OURS if model == MODEL else "#b5b5b5" for model in league["model"]]
        bars = ax.barh(range(len(league)), league["CRPS"], color=colours, height=0.7)
        ax.bar_label(bars, [short_amount(value, currency) for value in league["CRPS"]], padding=4)
        ax.set_yticks(range(len(league)), [name_model(model) for model in league["model"]])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set_xlim(0, float(np.max(league["CRPS"])) * 1.2)
        ax.set_xlabel(unit("CRPS, mean over the origins: less is better", currency))
        show_amounts(ax, along="x")
        best = league.iloc[0]
        write_title(
            ax,
            f"{name_model(best['model']).capitalize()} was closest",
            f"Error of the whole distribution over {int(best['origins'])} past forecasts",
        )
    return ax
