"""Scores over time: the way of one record through the grades, and all that crossed a border."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from funnelml.errors import ModelInputError, did_you_mean
from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.scoring.chances import show_chances, write_shares
from funnelml.plots.scoring.rows import name_rows
from funnelml.plots.theme import FAINT, INK, MISS, OURS, drawn_on, show_dates, to_axis, write_title
from funnelml.scoring.grading import name_grade
from funnelml.scoring.trend import ScoreTrend


def plot_trend(trend: ScoreTrend, record_id: object, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the chance of one record over time, between the borders of the grades.

    Parameters
    ----------
    trend : ScoreTrend
        Scores over time.
    record_id : object
        The record.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Blue is the chance, grey the border of each grade, with the grade's name above it.

    Raises
    ------
    ModelInputError
        If the record has no score at any of the dates.
    """
    own = trend.table[trend.table["record_id"] == record_id].sort_values("as_of")
    if own.empty:
        hint = did_you_mean(str(record_id), map(str, trend.table["record_id"].unique()))
        raise ModelInputError(f"record '{record_id}' has no score on any of the {len(trend.dates)} dates{hint}")
    with drawn_on(ax) as ax:
        at = to_axis(trend.dates)
        for grade in trend.borders:
            border = trend.borders[grade].to_numpy()
            ax.plot(at, border, color=FAINT, linewidth=1)
            name = name_grade(str(grade), language)
            ax.annotate(name, (at[-1], border[-1]), (3, 3), textcoords="offset points", color=FAINT, size=9.5)
        chances = own.set_index("as_of")["probability"].reindex(list(trend.dates))
        ax.plot(at, chances, "o-", color=OURS, linewidth=2, markersize=5)
        show_dates(ax, trend.dates)
        span = at[-1] - at[0]
        ax.set_xlim(at[0] - 0.03 * span, at[-1] + 0.12 * span)
        ax.set_ylim(0, min(1.0, 1.15 * float(np.nanmax([*chances, *trend.borders.max()]))))
        write_shares(ax.yaxis)
        ax.set_ylabel(say(language, en="chance to convert", zh="转化概率"), color=INK)
        first, last = own.iloc[0], own.iloc[-1]
        grade = name_grade(last["grade"], language)
        record = legible(str(record_id), otherwise=say(language, en="The record", zh="该记录"))
        ends = share(first["probability"]), share(last["probability"])
        write_title(
            ax,
            say(
                language, en=f"{record}: {ends[0]} → {ends[1]}, {grade}", zh=f"{record}：{ends[0]} → {ends[1]}，{grade}"
            ),
            say(
                language,
                en=f"{len(own)} scores, {first['as_of']} to {last['as_of']}; grey: borders",
                zh=f"{first['as_of']} 至 {last['as_of']} 共 {len(own)} 次评分；灰线：等级边界",
            ),
        )
    return ax


def plot_crossings(trend: ScoreTrend, ax: Axes | None = None, *, most: int = 10, language: Language = "en") -> Axes:
    """Draw the records that crossed into another grade, from the old chance to the new.

    Parameters
    ----------
    trend : ScoreTrend
        Scores over time.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    most : int
        Records of each direction at most.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Filled points are new chances, hollow ones old: blue if the record rose or is new, vermilion if it fell; behind,
        the old and the new grade.
    """
    rows = [*trend.contact_now.head(most).to_dict("records"), *trend.losing.head(most).to_dict("records")]
    with drawn_on(ax, size=(6.4, 1.8 + 0.36 * max(len(rows), 2))) as ax:
        reach = 0.0
        for k, row in enumerate(rows):
            colour = MISS if row["kind"] == "fell" else OURS
            old, new = row["old_probability"], row["new_probability"]
            if np.isfinite(old):
                ax.plot([old, new], [k, k], color=colour, linewidth=2, alpha=0.6)
                ax.plot(old, k, "o", markerfacecolor="white", markeredgecolor=colour, markersize=7)
            ax.plot(new, k, "o", color=colour, markersize=8)
            was = say(language, en="new", zh="新增") if row["kind"] == "new" else name_grade(row["old_grade"], language)
            end = max(new, old) if np.isfinite(old) else new
            text = f"{was} → {name_grade(row['new_grade'], language)}"
            ax.annotate(text, (end, k), (9, 0), textcoords="offset points", va="center", size=9.5)
            reach = max(reach, end)
        name_rows(ax, [legible(str(row["record_id"]), otherwise=f"{k + 1}") for k, row in enumerate(rows)])
        show_chances(ax, reach, room=1.3)
        ax.set_xlabel(say(language, en="chance to convert", zh="转化概率"))
        up, down = len(trend.contact_now), len(trend.losing)
        write_title(
            ax,
            say(
                language, en=f"Contact now: {up:,}; losing: {down:,}", zh=f"立即联系：{up:,} 条；正在流失：{down:,} 条"
            ),
            say(
                language,
                en=f"hollow: {trend.since}, filled: {trend.dates[-1]}; at most {most} of each",
                zh=f"空心：{trend.since}，实心：{trend.dates[-1]}；每类至多 {most} 条",
            ),
        )
    return ax
