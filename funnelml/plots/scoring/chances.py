"""Chances along an axis: written as shares, up to 100 % and no further, and room for words behind."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MaxNLocator

from funnelml.language import share
from funnelml.plots.scoring.rows import show_grid


def write_shares(axis: Axis, *, reach: float = 1.0) -> None:
    """Write the ticks of an axis as shares: with a decimal if it does not reach beyond 10 %."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: share(value, 0 if reach > 0.1 else 1)))


def show_chances(ax: Axes, reach: float, *, room: float) -> None:
    """Write the x axis as shares over a light grid, up to the end of what is drawn.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    reach : float
        Largest chance that is drawn.
    room : float
        Width of the axis in reaches; words stand where nothing is drawn.
    """
    reach = max(reach, 0.01)
    # The first tick past the end still says how far the last bar goes; none lies above 100 %.
    ticks = [tick for tick in MaxNLocator(6).tick_values(0, room * reach) if 0 <= tick <= 1]
    beyond = [k for k, tick in enumerate(ticks) if tick >= reach]
    ax.set_xticks(ticks[: beyond[0] + 1] if beyond else ticks)
    ax.set_xlim(0, room * reach)
    write_shares(ax.xaxis, reach=reach)
    show_grid(ax, along="x")
