"""How long records stay in each stage, by outcome, and what part of the cycle each stage takes."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from funnelml.diagnostics.dwell.stays import Dwell
from funnelml.diagnostics.record_groups import EVERYTHING
from funnelml.language import Language, days, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.theme import INK, MISS, OURS, SIZE, drawn_on, write_title

_COLOURS = sns.color_palette("colorblind").as_hex()
_OUTCOMES = {
    "advanced": (OURS, "went on", "前进"),
    "won": (_COLOURS[2], "won", "赢单"),
    "lost": (MISS, "lost", "输单"),
    "moved_back": (_COLOURS[4], "moved back", "回退"),
}


def plot_dwell(dwell: Dwell, ax: Axes | None = None, *, group: str | None = None, language: Language = "en") -> Axes:
    """Draw the days in each stage by how they end: half of the stays in the thick bar, a dot at the median.

    Parameters
    ----------
    dwell : Dwell
        What was measured.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    group : str, optional
        Group to draw; the first by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Thin lines reach to the day by which nine in ten have ended. Outcomes that too few stays had are left out.
    """
    group = dwell.stays["group"].iloc[0] if group is None else group
    table = dwell.stays[(dwell.stays["group"] == group) & dwell.stays["enough"]]
    stages = dwell.funnel.stages
    names = [legible(stage, otherwise=f"Stage {i}") for i, stage in enumerate(stages, start=1)]
    shown = [o for o in _OUTCOMES if (table["outcome"] == o).any()]
    step = 0.8 / max(len(shown), 1)
    with drawn_on(ax, size=(SIZE[0] + 0.4, 1.9 + 0.62 * len(stages))) as ax:
        for i, outcome in enumerate(shown):
            colour, english, chinese = _OUTCOMES[outcome]
            rows = table[table["outcome"] == outcome].set_index("stage").reindex(stages)
            at = np.arange(len(stages)) + (i - (len(shown) - 1) / 2) * step
            ax.hlines(at, rows["q25"], rows["q90"], color=colour, linewidth=1.2)
            ax.hlines(at, rows["q25"], rows["q75"], color=colour, linewidth=5.5, alpha=0.55)
            ax.plot(rows["q50"], at, "o", color=colour, markersize=5, label=say(language, en=english, zh=chinese))
        whole = dwell.stays[(dwell.stays["group"] == group) & (dwell.stays["outcome"] == "any")]
        whole = whole.set_index("stage").reindex(stages)
        reach = float(np.nanmax([1.0, *table["q90"].fillna(0.0)]))
        for k, (_, row) in enumerate(whole.iterrows()):
            ax.annotate(
                _note(float(row["q50"]), int(row["stays"]), language),
                (1.01, k),
                xycoords=("axes fraction", "data"),
                va="center",
                size=9.5,
            )
        ax.set_xlim(0, reach * 1.05)
        ax.set_yticks(range(len(stages)), [fill(name, 20) for name in names])
        ax.set_ylim(len(stages) - 0.45, -0.55)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.set_xlabel(say(language, en="days in the stage", zh="在阶段中的天数"))
        if shown:
            ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.12 - 0.2 / len(stages)), ncols=len(shown))
        medians = whole["q50"].to_numpy(dtype=float)
        write_title(
            ax,
            _longest(medians, names, language),
            say(
                language,
                en=f"{_name_of(group)}median (dot), middle half (bar), up to nine in ten (line), by {dwell.as_of}",
                zh=f"{_name_of(group)}中位数（点）、中间一半（粗线）、九成以内（细线），截至 {dwell.as_of}",
            ),
        )
    return ax


def _name_of(group: str) -> str:
    return "" if group == EVERYTHING else legible(group, otherwise="one group") + ": "


def _note(median: float, stays: int, language: Language) -> str:
    if stays == 0:
        return say(language, en="nobody was here", zh="无人到过")
    if not np.isfinite(median):
        return say(language, en="median not\nobserved", zh="中位数\n未观察到")
    return say(language, en=f"all: {days(median)}", zh=f"全部：{days(median, 'zh')}")


def _longest(medians: np.ndarray, names: list[str], language: Language) -> str:
    if not np.isfinite(medians).any():
        return say(language, en="Not enough data on the days in a stage", zh="数据不足，无法得知停留天数")
    top = int(np.nanargmax(medians))
    return say(
        language,
        en=f"Longest in {names[top]}: half stay over {days(medians[top])}",
        zh=f"{names[top]}停留最久：半数超过 {days(medians[top], 'zh')}",
    )


def plot_cycle(dwell: Dwell, ax: Axes | None = None, *, group: str | None = None, language: Language = "en") -> Axes:
    """Draw the part of the way from start to win that each stage takes, returns to it included.

    Parameters
    ----------
    dwell : Dwell
        What was measured.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    group : str, optional
        Group to draw; the first by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        The stage that takes most is in another colour.
    """
    group = dwell.cycle["group"].iloc[0] if group is None else group
    rows = dwell.cycle[dwell.cycle["group"] == group].reset_index(drop=True)
    names = [legible(stage, otherwise=f"Stage {i}") for i, stage in enumerate(rows["stage"], start=1)]
    shares = rows["share_of_cycle"].to_numpy(dtype=float)
    known = bool(np.isfinite(shares).any())
    top = int(np.nanargmax(shares)) if known else 0
    at = np.arange(len(rows), dtype=float)
    with drawn_on(ax, size=(SIZE[0], 1.5 + 0.42 * len(rows))) as ax:
        colours = [MISS if known and k == top else OURS for k in range(len(rows))]
        ax.barh(at, np.nan_to_num(shares), color=colours, height=0.62)
        ax.hlines(at, rows["share_low"], rows["share_high"], color=INK, linewidth=1.4)
        reach = float(np.nanmax([0.01, *rows["share_high"].fillna(0.0), *np.nan_to_num(shares)]))
        for k, (_, row) in enumerate(rows.iterrows()) if known else ():
            ends = np.nanmax([row["share_high"], row["share_of_cycle"]])
            text = f"{share(row['share_of_cycle'])}  {days(row['days_per_won'], language)}"
            ax.annotate(text, (ends, k), (5, 0), textcoords="offset points", va="center", size=9.5)
        ax.set_xlim(0, reach * 1.5)
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_yticks(at, [fill(name, 22) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.set_xlabel(say(language, en="share of the days from start to win", zh="占从开始到赢单天数的比例"))
        won = int(rows["won_records"].iloc[0])
        finding = say(language, en="Not enough data: no record was won", zh="数据不足：没有赢单")
        if known:
            finding = say(
                language,
                en=f"{names[top]} takes {share(shares[top])} of the way to the win",
                zh=f"{names[top]}占赢单周期的 {share(shares[top])}",
            )
        write_title(
            ax,
            finding,
            say(
                language,
                en=f"{_name_of(group)}{won:,} records won by {dwell.as_of}, {share(dwell.level)} intervals",
                zh=f"{_name_of(group)}截至 {dwell.as_of} 赢单 {won:,} 条，{share(dwell.level)} 区间",
            ),
        )
    return ax
