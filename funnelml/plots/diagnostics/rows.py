"""Rows of points on their intervals: the same picture for shares, differences and costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from funnelml.diagnostics.losses.rules import UNKNOWN
from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.theme import OURS

_PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


def draw_rows(
    ax: Axes,
    names: Sequence[str],
    rows: pd.DataFrame,
    labels: Sequence[str],
    *,
    colours: Sequence[str] | None = None,
    width: int = 22,
) -> None:
    """Draw each row's value as a point on its interval, the first at the top, with a label behind.

    Parameters
    ----------
    rows : pandas.DataFrame, three columns
        Value and the two ends of its interval; an end that is infinite is drawn a little beyond all others.
    colours : sequence of str, optional
        One for each row.
    width : int
        Letters after which a name is wrapped.
    """
    value, low, high = rows.to_numpy(dtype=float).reshape(-1, 3).T
    reach = max([*value, *high[np.isfinite(high)]], default=1.0)
    high = np.where(np.isfinite(high), high, reach * 1.1)
    place = np.arange(len(names))
    colour = list(colours) if colours is not None else [OURS] * len(names)
    ax.hlines(place, low, high, color=colour, linewidth=2.2)
    ax.scatter(value, place, color=colour, s=38, zorder=3)
    for row, label in enumerate(labels):
        ax.annotate(label, (high[row], row), (7, 0), textcoords="offset points", va="center", size=9.5, bbox=_PLATE)
    ax.set_yticks(place, [fill(name, width) for name in names])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(names), 1) - 0.5, -0.5)
    ax.set_xlim(0, max(float(high.max(initial=0.0)), 1e-9) * 1.4)


def show_figures(ax: Axes, figure: Callable[[float], str]) -> None:
    """Write the ticks of the x axis as figures, over a light grid."""
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: figure(value)))
    ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)


def show_shares(ax: Axes) -> None:
    """Write the x axis as shares from 0 to 100 %, with room for labels behind."""
    show_figures(ax, share)
    ax.xaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    ax.set_xlim(0, 1.5)


def name_group(group: object, number: int, language: Language) -> str:
    """Return the name of a group: in words if it is unknown, its number if no font can draw it."""
    return say(language, en="unknown", zh="未知") if group == UNKNOWN else legible(str(group), otherwise=f"{number}")
