"""Rows of a picture, one below the other: their names, and light lines to read values by."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Literal

from matplotlib.axes import Axes


def name_rows(ax: Axes, names: Sequence[str], *, width: int | None = None) -> None:
    """Write a name beside each row, the first at the top, with room above and below.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes; row k lies at height k.
    names : sequence of str
        A name for each row; without any the axes keep the height of one.
    width : int, optional
        Letters after which a name goes on in the next line.
    """
    ax.set_yticks(range(len(names)), [name if width is None else fill(name, width) for name in names])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(names), 1) - 0.5, -0.5)


def show_grid(ax: Axes, *, along: Literal["x", "y"]) -> None:
    """Draw a light grid behind all else, by which values along an axis are read."""
    ax.grid(axis=along, color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)
