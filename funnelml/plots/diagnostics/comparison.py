"""Groups side by side: estimates with their intervals, rates against volume, and habits that differ."""

from __future__ import annotations

from textwrap import fill
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from funnelml.diagnostics.comparison.practices import Practices, name_habit
from funnelml.diagnostics.comparison.records import PERIODS
from funnelml.diagnostics.comparison.result import Comparison
from funnelml.diagnostics.comparison.words import name_by, name_measure, write_value
from funnelml.language import Language, join_words, points, say, share, signed_share
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, write_title

MOST_ROWS: Final = 25
"""Groups that a picture holds: those with the most records."""
MOST_HABITS: Final = 12
LIMITS: Final = (0.8, 0.95, 0.998)

_COLOURS = {"above": OURS, "below": MISS, "": INK}
_FAINTER = "#b3b3b3"
_MOST_NAMED = 2
_WIDE = 7.0
_NARROW = 0.05
"""Of rates: with five ticks on less than this, whole percents would repeat."""


def plot_comparison(comparison: Comparison, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw each group's estimate with its interval, the best at the top, and what was observed as a faint ring.

    Parameters
    ----------
    comparison : Comparison
        What ``compare_groups`` returned.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of titles and labels.

    Returns
    -------
    matplotlib.axes.Axes
        The 25 groups with the most records; the line is the whole. Groups that stand out have a colour, those with
        too few records for a rank, and periods that are not yet old enough as a whole, are hollow.
    """
    groups = _counted(comparison)
    columns = ("adjusted", "adjusted_low", "adjusted_high") if comparison.adjusted_for else ("estimate", "low", "high")
    middle, low, high = (groups[column].to_numpy(dtype=float) for column in columns)
    names = _names(comparison, groups, language)
    with drawn_on(ax, size=(SIZE[0], 1.5 + 0.3 * max(len(groups), 2))) as ax:
        rows = np.arange(len(groups))
        ax.axvline(comparison.overall, color=FAINT, linewidth=1, linestyle="--", zorder=1)
        ax.scatter(groups["raw"], rows, s=26, facecolor="none", edgecolor=_FAINTER, zorder=2)
        colours = [_COLOURS[side] for side in groups["stands_out"]]
        ax.hlines(rows, low, high, colors=colours, linewidth=2, zorder=3)
        faces = [c if full else "white" for c, full in zip(colours, _solid(comparison, groups), strict=True)]
        ax.scatter(middle, rows, s=34, facecolor=faces, edgecolor=colours, linewidth=1.4, zorder=4)
        _name_rows(ax, [f"{n} ({k:,})" for n, k in zip(names, groups["records"], strict=True)])
        _show_values(ax, comparison, "x", language)
        ax.set_xlabel(f"{_label(comparison, language)}\n{_key(comparison, groups, language)}")
        write_title(ax, _finding(comparison, language), _detail(comparison, len(groups), language))
    return ax


def plot_rates_by_volume(comparison: Comparison, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw what was observed of each group against its records, with the limits of chance: a funnel plot.

    Parameters
    ----------
    comparison : Comparison
        What ``compare_groups`` returned.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of titles and labels.

    Returns
    -------
    matplotlib.axes.Axes
        Limits at 80, 95 and 99.8 %, widened by the dispersion of the data; with a mix taken out, values are observed
        over expected times the whole. Groups beyond 99.8 % and groups that stand out are named.
    """
    groups = _counted(comparison, most=None)
    volume = groups["records"].to_numpy(dtype=float)
    value = groups["raw"].to_numpy(dtype=float)
    if comparison.adjusted_for:
        expected = groups["expected"].to_numpy(dtype=float)
        value = np.divide(value, expected, out=np.ones_like(value), where=expected > 0) * comparison.overall
    with drawn_on(ax) as ax:
        beyond = _draw_limits(ax, comparison, volume, value)
        named = beyond | (groups["stands_out"] != "").to_numpy()
        colours = np.where(named, np.where(value > comparison.overall, OURS, MISS), FAINT)
        ax.scatter(volume, value, s=30, color=colours, zorder=3)
        names = _names(comparison, groups, language)
        which = np.flatnonzero(named)
        _name_points(ax, [names[i] for i in which], volume[which], value[which])
        _show_values(ax, comparison, "y", language)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        ax.set_xlabel(say(language, en="records counted", zh="计入的记录数"))
        by = name_by(comparison.by, language)
        ax.set_ylabel(fill(_label(comparison, language), 30))
        outside, whole = int(beyond.sum()), write_value(comparison, comparison.overall, language)
        write_title(
            ax,
            say(
                language,
                en=f"{outside} of {len(groups)} {by}s beyond what chance explains",
                zh=f"{len(groups)} 个{by}中有 {outside} 个超出偶然范围",
            ),
            say(
                language,
                en=f"lines: 80, 95 and 99.8 % limits of chance around {whole}",
                zh=f"曲线：总体 {whole} 上下 80、95、99.8 % 的偶然界限",
            ),
        )
    return ax


def plot_practices(practices: Practices, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw how far a group's habits are from those of the rest, with intervals, the greatest differences at the top.

    Parameters
    ----------
    practices : Practices
        What ``describe_practices`` returned.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of titles and labels.

    Returns
    -------
    matplotlib.axes.Axes
        In standard deviations of single records; the means of the group and of the rest stand under each name.
    """
    habits = practices.habits[practices.habits["standardised"].notna()].head(MOST_HABITS)
    group = legible(practices.group, otherwise=say(language, en="the group", zh="该组"))
    with drawn_on(ax, size=(_WIDE, 1.5 + 0.42 * max(len(habits), 2))) as ax:
        rows = np.arange(len(habits))
        ax.axvline(0, color=FAINT, linewidth=1, linestyle="--", zorder=1)
        colours = [OURS if sure else _FAINTER for sure in habits["differs"]]
        ax.hlines(rows, habits["low"], habits["high"], colors=colours, linewidth=2)
        ax.scatter(habits["standardised"], rows, s=34, c=colours, zorder=3)
        labels = []
        for i, told in enumerate(habits.itertuples(), start=1):
            name = legible(name_habit(str(told.habit), language), otherwise=f"Habit {i}")
            ours, rest = (
                practices.write_value(str(told.habit), float(mean), language)  # type: ignore[arg-type]
                for mean in (told.group_mean, told.rest_mean)
            )
            labels.append(say(language, en=f"{name}\n{ours} against {rest}", zh=f"{name}\n{ours}，其余 {rest}"))
        _name_rows(ax, labels)
        ax.xaxis.set_major_locator(MaxNLocator(5))
        ax.set_xlabel(say(language, en="difference in standard deviations", zh="差异（标准差）"))
        sure = int(practices.habits["differs"].sum())
        write_title(
            ax,
            say(
                language,
                en=f"{group} differs surely from the rest in {sure} habits" if sure else f"{group} works like the rest",
                zh=f"{group} 有 {sure} 项做法与其余确有不同" if sure else f"{group} 的做法与其余无异",
            ),
            say(
                language,
                en=f"means and {share(practices.level)} intervals; association, not cause",
                zh=f"均值与 {share(practices.level)} 区间；相关不等于因果",
            ),
        )
    return ax


def _counted(comparison: Comparison, most: int | None = MOST_ROWS) -> pd.DataFrame:
    groups = comparison.groups[comparison.groups["records"] > 0]
    return groups if most is None else groups.loc[groups["records"].nlargest(most).index.sort_values()]


def _names(comparison: Comparison, groups: pd.DataFrame, language: Language) -> list[str]:
    by = name_by(comparison.by, language).capitalize()
    return [legible(str(name), otherwise=f"{by} {i}") for i, name in enumerate(groups["group"], start=1)]


def _solid(comparison: Comparison, groups: pd.DataFrame) -> pd.Series[bool]:
    return (groups["missing"] == 0) & (groups["mature"] | (comparison.by not in PERIODS))


def _name_rows(ax: Axes, names: list[str]) -> None:
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(names), 2) - 0.4, -0.6)


def _draw_limits(
    ax: Axes, comparison: Comparison, volume: NDArray[np.float64], value: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Draw the limits of chance, and return which groups lie beyond the widest."""
    least = max(float(volume.min()) * 0.8, 1.0) if len(volume) else 1.0
    most = float(volume.max()) * 1.05 if len(volume) else 2.0
    along = np.geomspace(least, max(most, least + 1), 200)
    ax.axhline(comparison.overall, color=FAINT, linewidth=1, linestyle="--", zorder=1)
    for level, shade in zip(LIMITS, ("#cfcfcf", "#9c9c9c", "#6b6b6b"), strict=True):
        low, high = comparison.limits(along, level)
        ax.plot(along, low, color=shade, linewidth=1.2, zorder=1)
        ax.plot(along, high, color=shade, linewidth=1.2, zorder=1)
    if not len(volume):
        return np.zeros(0, dtype=bool)
    low, high = comparison.limits(volume, LIMITS[-1])
    seen = np.concatenate((value, *comparison.limits(np.maximum(volume, np.quantile(volume, 0.2)), LIMITS[-1])))
    room = 0.1 * float(np.ptp(seen))
    ax.set_ylim(float(seen.min()) - room, float(seen.max()) + room)
    return np.asarray((value < low) | (value > high))


def _name_points(ax: Axes, names: list[str], x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Write each name beside its point, towards the middle; of two that are close, on either side."""
    close = 0.06 * float(np.ptp(ax.get_ylim()))
    middle = float(np.mean(ax.get_xlim()))
    before = (np.inf, False)
    for i in np.argsort(-y):
        left = x[i] > middle
        if before[0] - y[i] < close:
            left = not before[1]
        before = (y[i], left)
        ax.annotate(
            names[i],
            (x[i], y[i]),
            (-6 if left else 6, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=9.5,
        )


def _show_values(ax: Axes, comparison: Comparison, along: str, language: Language) -> None:
    axis = ax.xaxis if along == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(5))
    digits = 1 if float(np.ptp(axis.get_view_interval())) < _NARROW else 0
    axis.set_major_formatter(
        FuncFormatter(
            lambda value, _: share(value, digits) if comparison.is_rate else write_value(comparison, value, language)
        )
    )
    ax.grid(axis="x" if along == "x" else "y", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)


def _label(comparison: Comparison, language: Language) -> str:
    name = name_measure(comparison, language)
    return legible(name, otherwise=say(language, en="Share going on", zh="转化率"))


def _finding(comparison: Comparison, language: Language) -> str:
    groups = _counted(comparison, most=None)
    named = dict(zip(groups.index, _names(comparison, groups, language), strict=True))
    told = []
    for side, en, zh in (("above", "above", "高于"), ("below", "below", "低于")):
        there = [named[i] for i in groups.index[groups["stands_out"] == side]]
        if there:
            more = say(language, en=f" and {len(there) - _MOST_NAMED} more", zh=f"等 {len(there)} 个")
            list_of = join_words(there[:_MOST_NAMED], language) + (more if len(there) > _MOST_NAMED else "")
            told.append(say(language, en=f"{list_of} {en} the rest", zh=f"{list_of}{zh}整体"))
    if told:
        return say(language, en="; ".join(told), zh="；".join(told))
    by = name_by(comparison.by, language)
    margin = (points(comparison.margin, language) if comparison.is_rate else signed_share(comparison.margin)).lstrip(
        "+"
    )
    return say(
        language,
        en=f"No {by} is surely more than {margin} from the whole",
        zh=f"没有{by}与整体的差距确定超过 {margin}",
    )


def _detail(comparison: Comparison, shown: int, language: Language) -> str:
    level = share(comparison.level)
    counted = int((comparison.groups["records"] > 0).sum())
    part = (
        say(language, en=f"; {shown} of {counted} shown", zh=f"；显示 {shown}/{counted} 个") if shown < counted else ""
    )
    kind = say(language, en=" at equal mix", zh="（构成已调整）") if comparison.adjusted_for else ""
    return say(language, en=f"estimates{kind} with {level} intervals{part}", zh=f"估计值{kind}与 {level} 区间{part}")


def _key(comparison: Comparison, groups: pd.DataFrame, language: Language) -> str:
    hollow = say(language, en="; hollow: too few or too young", zh="；空心：记录太少或太新")
    rings = say(language, en="rings: as observed", zh="圆圈：实际观测值")
    return f"({rings}{'' if _solid(comparison, groups).all() else hollow})"
