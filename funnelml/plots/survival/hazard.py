"""Hazards by age: what part of those still in a stage leaves per day, in each way."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from funnelml.errors import InputError, did_you_mean
from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.survival.outcomes import COLOURS, show_days_in_stage
from funnelml.plots.theme import FAINT, SIZE, drawn_on, write_title
from funnelml.survival.causes import CAUSES
from funnelml.survival.nonparametric.binned_hazards import BinnedHazards
from funnelml.survival.nonparametric.words import name_outcome, tell_between

FEW: Final = 5
"""A rate of fewer ends than this is drawn hollow."""


def plot_hazards(
    hazards: BinnedHazards,
    stage: str,
    ax: Axes | None = None,
    *,
    group: object | None = None,
    language: Language = "en",
) -> Axes:
    """Draw the daily hazard of each outcome by the age of the stay.

    Parameters
    ----------
    hazards : BinnedHazards
        What was measured.
    stage : str
        Stage to draw.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    group : object, optional
        Group to draw; the first by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Bars span the ages that share a rate, with its interval; a hollow point stands on fewer than five ends.
        Outcomes that never occur are left out.

    Raises
    ------
    InputError
        If no stay of that stage and group is known.
    """
    table = hazards.table[hazards.table["stage"] == stage]
    if table.empty:
        known = hazards.table["stage"].unique()
        raise InputError(
            f"no stay in stage '{stage}' is known{did_you_mean(stage, known)}; there are {', '.join(known)}"
        )
    groups = list(table["group"].unique())
    if group is not None and group not in groups:
        raise InputError(f"no stay of group '{group}' in stage '{stage}'; choose one of {', '.join(map(str, groups))}")
    table = table[table["group"] == (groups[0] if group is None else group)]
    seen = [outcome for outcome in CAUSES if table.loc[table["outcome"] == outcome, "events"].sum() > 0]
    last = float(table["to_day"].max())
    place = legible(stage, otherwise="Stage")
    with drawn_on(ax, size=(SIZE[0] + 0.4, SIZE[1] + 0.2)) as ax:
        top = 0.0
        for i, outcome in enumerate(seen):
            rows = table[(table["outcome"] == outcome) & table["hazard"].notna()]
            colour, width = COLOURS[outcome], (rows["to_day"] - rows["from_day"]).to_numpy(dtype=float)
            rate = rows["chance_per_day"].to_numpy(dtype=float)
            low, high = (-np.expm1(-rows[end].to_numpy(dtype=float)) for end in ("low", "high"))
            at = rows["from_day"].to_numpy(dtype=float) + width * (0.5 + 0.16 * (i - (len(seen) - 1) / 2))
            ax.hlines(rate, rows["from_day"], rows["to_day"], color=colour, linewidth=2)
            ax.vlines(at, low, high, color=colour, linewidth=1.2, alpha=0.75)
            few = rows["events"].to_numpy() < FEW
            ax.plot(at[~few], rate[~few], "o", color=colour, markersize=5.5, label=name_outcome(outcome, language))
            ax.plot(at[few], rate[few], "o", color=colour, markersize=5.5, markerfacecolor="white")
            # A rate of few ends has an interval that would flatten all others.
            top = max(top, *rate, *high[~few])
        show_days_in_stage(ax, last, language)
        ax.set_ylim(0, top * 1.08 if top > 0 else 1.0)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value, 0 if top > 0.05 else 1)))
        ax.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.set_ylabel(say(language, en="of those still there, per day", zh="每天离开者占仍在者的比例"), color=FAINT)
        if seen:
            ax.legend(loc="upper right")
        of = "" if len(groups) == 1 else legible(str(table["group"].iloc[0]), otherwise="one group") + ": "
        write_title(
            ax,
            _find(table, seen, place, language),
            say(
                language,
                en=f"{of}{share(hazards.level)} intervals; hollow: fewer than {FEW} ends",
                zh=f"{of.replace(': ', '：')}{share(hazards.level)} 区间；空心点：不足 {FEW} 次结束",
            ),
        )
    return ax


def _find(table: pd.DataFrame, seen: list[str], place: str, language: Language) -> str:
    if not seen:
        return say(language, en=f"Nobody was seen to leave {place}", zh=f"未观察到有记录离开{place}")
    rows = table[(table["outcome"] == max(seen, key=lambda o: table.loc[table["outcome"] == o, "events"].sum()))]
    top = rows.iloc[int(np.nanargmax(rows["chance_per_day"].to_numpy(dtype=float)))]
    words = name_outcome(str(top["outcome"]), language)
    ages = tell_between(float(top["from_day"]), float(top["to_day"]), language)
    return say(
        language,
        en=f"{place}: most {words} at {ages}, {share(float(top['chance_per_day']), 1)} a day",
        zh=f"{place}：{ages}时{words}最多，每天 {share(float(top['chance_per_day']), 1)}",
    )
