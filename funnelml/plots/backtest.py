"""Past forecasts against what happened."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from funnelml.forecast.backtest import MODEL, Backtest
from funnelml.language import short_amount
from funnelml.plots.fonts import legible
from funnelml.plots.labels import name_model, unit
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, show_amounts, show_dates, to_axis, write_title

_HEADROOM = 2.0
"""How far over the intervals the picture reaches: baselines beyond are only named."""


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
    origins = list(ours["origin"])
    at = to_axis(origins)
    hit = ours["hit 80%"].to_numpy(dtype=bool)
    actual = ours["actual"].to_numpy()
    top = _HEADROOM * max(float(ours["high 95%"].max()), float(actual.max()), 1.0)
    with drawn_on(ax, size=(SIZE[0], 4.0)) as ax:
        highest = _draw_baselines(ax, rows[rows["model"] != MODEL], top)
        ax.vlines(at, ours["low 95%"], ours["high 95%"], color=OURS, alpha=0.35, linewidth=3, zorder=2)
        ax.vlines(at, ours["low 80%"], ours["high 80%"], color=OURS, alpha=0.7, linewidth=8, zorder=3)
        ax.scatter(
            at[hit], actual[hit], marker="o", s=34, color=INK, edgecolor="white", zorder=5, label="booked, inside 80 %"
        )
        ax.scatter(
            at[~hit], actual[~hit], marker="X", s=58, color=MISS, edgecolor="white", zorder=5, label="booked, outside"
        )
        ax.set_ylim(0, 1.15 * max(highest, top / _HEADROOM))
        show_dates(ax, origins)
        ax.set_xlabel(f"forecast made on ({_years(origins)})")
        ax.set_ylabel(unit("bookings", currency))
        show_amounts(ax, along="y")
        ax.legend(loc="upper left", ncols=2, borderaxespad=0)
        write_title(
            ax,
            f"The 80 % interval held the truth {hit.sum()} of {len(hit)} times",
            f"Bars: 80 and 95 % intervals; {len(hit)} windows, at most {backtest.disjoint_windows} free of overlap",
        )
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
        ax.bar_label(bars, [short_amount(value) for value in league["CRPS"]], padding=4)
        ax.set_yticks(range(len(league)), [name_model(model) for model in league["model"]])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set_xlim(0, float(np.max(league["CRPS"])) * 1.15)
        ax.set_xlabel(unit("CRPS, mean over the origins: less is better", currency))
        show_amounts(ax, along="x")
        best = league.iloc[0]
        write_title(
            ax,
            f"{name_model(best['model']).capitalize()} was closest",
            f"Error of the whole distribution over {int(best['origins'])} past forecasts",
        )
    return ax


def _draw_baselines(ax: Axes, rows: pd.DataFrame, top: float) -> float:
    """Draw each baseline with its name at its end; return how high the lines that are shown reach."""
    ends = []
    for model, line in rows.groupby("model", sort=False):
        shown = line[line["mean"] <= top]
        ax.plot(to_axis(shown["origin"]), shown["mean"], color=FAINT, linewidth=0.9, alpha=0.6, zorder=1)
        last = float(line["mean"].iloc[-1])
        ends.append(
            (last, name_model(str(model)) if last <= top else f"{name_model(str(model))} ↑", shown["mean"].max())
        )
    highest = max((high for _, _, high in ends if np.isfinite(high)), default=0.0)
    ceiling = 1.1 * max(highest, top / _HEADROOM)
    height, gap = ceiling + 0.05 * ceiling, 0.05 * ceiling
    for last, name, _ in sorted(ends, reverse=True):
        height = min(last, height - gap)
        ax.annotate(
            name,
            (1, height),
            (6, 0),
            xycoords=ax.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            color=FAINT,
            size=8.5,
            annotation_clip=False,
        )
    return highest


def _years(days: Iterable[object]) -> str:
    years = sorted({str(day)[:4] for day in days})
    return years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
