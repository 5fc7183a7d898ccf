"""Chances along an axis: figures up to 100 % and no further, and room for words behind."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from funnelml.language import share


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
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value, 0 if reach > 0.1 else 1)))
    ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)
