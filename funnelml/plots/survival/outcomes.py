"""Outcomes of a stay on a picture: their colours, and the axis of days in the stage."""

from __future__ import annotations

from typing import Final

import seaborn as sns
from matplotlib.axes import Axes

from funnelml.language import Language, say
from funnelml.plots.theme import MISS, OURS

_COLOURS = sns.color_palette("colorblind").as_hex()
COLOURS: Final = {
    "still_in_stage": "#dcdcdc",
    "advanced": OURS,
    "won": _COLOURS[2],
    "lost": MISS,
    "moved_back": _COLOURS[4],
}
"""Colour of each outcome, everywhere the same."""
GROUP_COLOURS: Final = tuple(_COLOURS[i] for i in (0, 1, 2, 4, 5))
"""Colours of groups."""


def show_days_in_stage(ax: Axes, last: float, language: Language) -> None:
    """Label the x axis as days in the stage, from 0 to ``last``."""
    ax.set_xlim(0, last if last > 0 else 1.0)
    ax.set_xlabel(say(language, en="days in the stage", zh="在阶段中的天数"))
