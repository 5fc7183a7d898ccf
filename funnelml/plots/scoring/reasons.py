"""Why records score as they do: one record from the average to its chance, and the fields that matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import expit, logit

from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.scoring.rows import name_rows, show_grid
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, write_title
from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.breakdown import ScoreBreakdown
from funnelml.scoring.reasons.importance import FieldImportance
from funnelml.scoring.reasons.topics import TIME_OF_YEAR

_CHANCES = (
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99,
    0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999,
)  # fmt: skip
"""Chances that may be written under a scale of log odds."""
_MOST_TICKS = 7
_WIDTH = {"en": 26, "zh": 14}


def plot_score_breakdown(
    result: ScoreBreakdown, ax: Axes | None = None, *, most: int = 8, language: Language = "en"
) -> Axes:
    """Draw how one record comes from the chance of the average record to its own, reason by reason.

    Parameters
    ----------
    result : ScoreBreakdown
        The score taken apart.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    most : int
        Most reasons with a bar of their own; the rest has one bar.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        The scale is in log odds, on which contributions add up, and labelled with chances; each bar begins where the
        last ended. Bars to the right (blue) raise the chance, to the left (red) lower it; figures are points, of which
        20 double the odds.
    """
    names, sizes = _pick_steps(result, most, language)
    ends = result.average + np.cumsum([0.0, *sizes])
    last = len(sizes) + 1
    with drawn_on(ax, size=(SIZE[0] + 1.2, 1.6 + 0.38 * (last + 1))) as ax:
        rows = np.arange(1, last)
        colours = [MISS if size < 0 else OURS for size in sizes]
        ax.barh(rows, sizes, left=ends[:-1], color=colours, height=0.62, linewidth=0)
        ax.vlines(ends, np.arange(last) + 0.31, np.arange(last) + 0.69, color=FAINT, linewidth=0.8)
        ax.plot(result.average, 0, "o", markerfacecolor="white", markeredgecolor=INK, markersize=7)
        ax.plot(result.log_odds, last, "o", color=INK, markersize=7)
        labels = [_points(size) for size in sizes]
        ends_of_bars = [result.average, *np.maximum(ends[:-1], ends[1:]), result.log_odds]
        chances = [_chance(result.average), _chance(result.log_odds)]
        for row, (place, label) in enumerate(zip(ends_of_bars, [chances[0], *labels, chances[1]], strict=True)):
            ax.annotate(label, (place, row), (7, 0), textcoords="offset points", va="center", size=9.5)
        ticks = [
            say(language, en="average record", zh="平均记录"),
            *names,
            say(language, en="this record", zh="本记录"),
        ]
        name_rows(ax, ticks, width=_WIDTH[language])
        _show_chances(ax, float(ends.min()), float(ends.max()))
        ax.set_xlabel(
            say(
                language, en="chance; figures are points, 20 double the odds", zh="概率；数字为分值，每 20 分使几率翻倍"
            )
        )
        record = legible(result.record_id, otherwise="")
        chance = say(language, en=f"chance {chances[1]}", zh=f"概率 {chances[1]}")
        between = say(language, en=": ", zh="：")
        write_title(
            ax,
            f"{record}{between}{chance}" if record else chance.capitalize(),
            say(language, en="compared with the average record", zh="与平均记录相比"),
        )
    return ax


def plot_field_importance(
    result: FieldImportance, ax: Axes | None = None, *, most: int = 15, language: Language = "en"
) -> Axes:
    """Draw how far each field moves the scores, the most important at the top.

    Parameters
    ----------
    result : FieldImportance
        The fields.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    most : int
        Most fields that are drawn.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Bars are mean absolute contributions in points, of which 20 double the odds; figures are shares of the sum
        over all fields.
    """
    table = result.to_frame(language)
    moving = int((table["importance"] > 0).sum())
    table = table.head(min(most, max(moving, 1)))
    names = [legible(name, otherwise=f"{k}") for k, name in enumerate(table["name"], start=1)]
    with drawn_on(ax, size=(SIZE[0] + 0.8, 1.5 + 0.3 * max(len(table), 1))) as ax:
        rows = np.arange(len(table))
        ax.barh(rows, table["points"], color=OURS, height=0.66, linewidth=0)
        for row, (points, part) in enumerate(zip(table["points"], table["share"], strict=True)):
            ax.annotate(share(part), (points, row), (5, 0), textcoords="offset points", va="center", size=9.5)
        name_rows(ax, names, width=_WIDTH[language])
        ax.set_xlim(0, max(float(table["points"].max()) if len(table) else 0.0, 1e-9) * 1.14)
        show_grid(ax, along="x")
        ax.set_xlabel(
            say(
                language,
                en="mean move of a score, in points (20 double the odds)",
                zh="平均影响（分；每 20 分使几率翻倍）",
            )
        )
        n = len(result.fields)
        finding = say(language, en="No field moves a score", zh="没有字段影响评分")
        if moving:
            finding = say(language, en=f"Most important: {names[0]}", zh=f"最重要的字段：{names[0]}")
        write_title(
            ax,
            finding,
            say(
                language,
                en=f"{len(table):,} of {n:,} fields, over {result.rows:,} rows; shares of all moves",
                zh=f"{n:,} 个字段中的 {len(table):,} 个，共 {result.rows:,} 行；百分比为占全部影响的份额",
            ),
        )
    return ax


def _pick_steps(result: ScoreBreakdown, most: int, language: Language) -> tuple[list[str], list[float]]:
    """Return names and sizes of the bars: the strongest reasons, then the time of year, then all others as one."""
    told = result.to_frame(language)
    telling = told[told["points"] != 0]
    calendar = telling[telling["topic"] == TIME_OF_YEAR]
    strong = telling.drop(index=calendar.index).head(most)
    rest = told.drop(index=[*strong.index, *calendar.index])
    rest = rest[rest["contribution"] != 0]
    shown = pd.concat([strong, calendar])
    names = [legible(reason, otherwise=f"{k}") for k, reason in enumerate(shown["reason"], start=1)]
    sizes = [float(size) for size in shown["contribution"]]
    if len(rest):
        n = len(rest)
        names.append(say(language, en=f"{n} other reason{'s' if n > 1 else ''}", zh=f"其他 {n} 项因素"))
        sizes.append(float(rest["contribution"].sum()))
    return names, sizes


def _points(size: float) -> str:
    points = round(size / POINT)
    return f"{points:+d}".replace("-", "\N{MINUS SIGN}") if points else "0"


def _chance(log_odds: float) -> str:
    chance = float(expit(log_odds))
    return share(chance, 1 if 0.001 <= chance <= 0.999 else 2)


def _show_chances(ax: Axes, low: float, high: float) -> None:
    """Write chances under a scale of log odds, with room for the figures beside the bars."""
    reach = max(high - low, 0.5)
    low, high = low - 0.08 * reach, high + 0.2 * reach
    ax.set_xlim(low, high)
    shown = [chance for chance in _CHANCES if low <= logit(chance) <= high]
    step = -(-len(shown) // _MOST_TICKS) or 1
    shown = shown[::step]
    ax.set_xticks([float(logit(chance)) for chance in shown], [f"{100 * chance:.6g}\xa0%" for chance in shown])
    show_grid(ax, along="x")
