"""One look for all plots: style, colours, title with a finding, and fonts that can draw the names in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from textwrap import fill
from typing import Final, Literal, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from funnelml.language import short_amount
from funnelml.plots.fonts import font_families

_BLIND_SAFE = sns.color_palette("colorblind").as_hex()
OURS: Final[str] = _BLIND_SAFE[0]
"""Colour of our forecast (blue)."""
MISS: Final[str] = _BLIND_SAFE[3]
"""Colour of what went wrong (vermilion)."""
INK: Final = "#222222"
FAINT: Final = "#767676"
"""Colour of baselines and notes; 4.5 : 1 on white."""
SIZE: Final = (5.8, 3.6)
"""Inches: on a phone's width the letters stay readable, on a screen they are not huge."""
_LONG = 300
"""Days from which on a date without its year is not clear."""
_TITLE_WIDTH = 46
"""Letters of a title's line."""

_STYLE = {
    **sns.axes_style("ticks"),
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    # A dollar in a stage name is money, not mathematics.
    "text.parse_math": False,
}
del _STYLE["font.family"], _STYLE["font.sans-serif"]


@contextmanager
def drawn_on(ax: Axes | None, *, size: tuple[float, float] = SIZE) -> Iterator[Axes]:
    """Yield the given axes, or those of a new figure, styled; leave nothing changed outside of them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Axes to draw on.
    size : tuple of float
        Width and height of a new figure in inches.
    """
    # Outside of the style: a first figure loads the backend, which may change settings for good.
    figure = plt.figure(figsize=size, layout="constrained") if ax is None else None
    with mpl.rc_context(_STYLE):
        if ax is None:
            ax = cast(Figure, figure).subplots()
        yield ax
        sns.despine(ax=ax)
        texts = [text for text in ax.findobj(Text) if text.get_text()]
        ax.tick_params(labelfontfamily=font_families(text.get_text() for text in texts))
        for text in texts:
            text.set_parse_math(False)
            families = font_families([text.get_text()])
            text.set_fontfamily(families)
            if len(families) > 1:
                # Most CJK fonts are there in one weight; matplotlib complains when asked for another.
                text.set_fontweight("normal")


def write_title(ax: Axes, finding: str, detail: str) -> None:
    """Write the finding as a bold title and, under it in one line, what it is about."""
    # Not matplotlib's own wrapping: it goes by the height of the text when that lies over the figure.
    ax.set_title(fill(finding, _TITLE_WIDTH), pad=23)
    ax.annotate(
        detail, (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points", va="bottom", color=FAINT, size=9.5
    )


def show_amounts(ax: Axes, *, along: Literal["x", "y"]) -> None:
    """Write the ticks of the ``x`` or ``y`` axis as short amounts, over a light grid."""
    axis = ax.xaxis if along == "x" else ax.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: short_amount(value)))
    ax.grid(axis=along, color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)


def to_axis(days: Iterable[date]) -> NDArray[np.float64]:
    """Return where days lie on an x axis that ``show_dates`` labels: their ordinals."""
    return np.array([day.toordinal() for day in days], dtype=float)


def show_dates(ax: Axes, days: Sequence[date], *, most: int = 6) -> None:
    """Write some of the days, evenly thinned out, under the x axis: with the year if they span most of one."""
    step = -(-len(days) // most)
    shown = list(days)[::-step][::-1]
    long = len(days) > 0 and (max(days) - min(days)).days > _LONG
    ax.set_xticks(to_axis(shown), [f"{day:%Y-%m}" if long else f"{day.day} {day:%b}" for day in shown])
