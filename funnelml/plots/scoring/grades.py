"""Grades: what is expected of each, how past ones did, and whether past chances held month by month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from funnelml.language import Language, say, share
from funnelml.plots.scoring.cells import write_expected
from funnelml.plots.scoring.chances import show_chances, write_shares
from funnelml.plots.scoring.rows import name_rows, show_grid
from funnelml.plots.theme import FAINT, INK, OURS, drawn_on, to_axis, write_title
from funnelml.scoring.grades import Grades
from funnelml.scoring.grading import name_grade
from funnelml.scoring.monitoring.past_scores import PastScores

SHADES: Final = (OURS, "#56b4e9", "#767676", "#b5b5b5")
"""Colours of the grades, the best first."""
_MOST_MONTHS: Final = 8


def plot_grades(grades: Grades, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the conversion that is expected of each grade, and how past records of that grade did.

    Parameters
    ----------
    grades : Grades
        Graded records.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Blue points are expected with what chance allows, hollow ones the past with its interval; behind, how many
        records and how many of them are expected to convert.
    """
    table = grades.by_grade
    with drawn_on(ax, size=(6.4, 1.9 + 0.62 * len(table))) as ax:
        reach = 0.0
        for k, row in enumerate(table.to_dict("records")):
            ends = [0.0]
            if row["records"]:
                rate, low, high = (row[name] / row["records"] for name in ("expected", "expected_low", "expected_high"))
                ax.plot([low, high], [k - 0.13] * 2, color=OURS, linewidth=3, solid_capstyle="butt")
                ax.plot(rate, k - 0.13, "o", color=OURS, markersize=8)
                ends.append(high)
            if row["past_records"] > 0:
                ax.plot([row["past_low"], row["past_high"]], [k + 0.13] * 2, color=FAINT, linewidth=2.2)
                ax.plot(row["past_rate"], k + 0.13, "o", markerfacecolor="white", markeredgecolor=INK, markersize=7)
                ends.append(row["past_high"])
            count, expected = f"{row['records']:,}", write_expected(row["expected"])
            text = say(language, en=f"{expected} of {count}", zh=f"{count} 条中预计 {expected} 条")
            ax.annotate(text, (max(ends), k), (9, 0), textcoords="offset points", va="center", size=9.5)
            reach = max(reach, *ends)
        name_rows(ax, [name_grade(grade, language) for grade in table["grade"]])
        show_chances(ax, reach, room=1.45)
        ax.set_xlabel(say(language, en="share that converts", zh="转化比例"))
        best = table.iloc[0]
        grade, n, came = name_grade(best["grade"], language), f"{best['records']:,}", write_expected(best["expected"])
        detail = say(
            language,
            en=f"blue: expected, {share(grades.level)} by chance",
            zh=f"蓝：预计，{share(grades.level)} 偶然范围",
        )
        if (table["past_records"] > 0).any():
            detail += say(language, en="; hollow: past records of that grade", zh="；空心：过去同级记录的实际转化")
        write_title(
            ax,
            say(
                language,
                en=f"Of {n} {grade} records {came} are expected to convert",
                zh=f"{n} 条“{grade}”记录预计转化 {came} 条",
            ),
            detail,
        )
    return ax


def plot_past_grades(past: PastScores, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the conversion of every past grade month by month, beside what was expected.

    Parameters
    ----------
    past : PastScores
        Past scores against what happened.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        A line for each grade with its intervals, dashed what its chances promised; a cross on the axis marks a month in
        which conversions lay outside of what right chances would bring.
    """
    table = past.by_month
    grades = list(past.by_grade["grade"])
    months = list(past.months["month"])
    with drawn_on(ax, size=(6.8, 4.0)) as ax:
        at = to_axis(months)
        # Grades of one month stand beside each other, so that their intervals can be told apart.
        step = 5.0
        ends: dict[str, float] = {}
        for k, grade in enumerate(grades):
            own = table[(table["grade"] == grade) & (table["records"] > 0)]
            if own.empty:
                continue
            place, colour = to_axis(own["month"]) + step * (k - (len(grades) - 1) / 2), SHADES[k]
            ax.vlines(place, own["low"], own["high"], color=colour, linewidth=1.6, alpha=0.7)
            ax.plot(place, own["rate"], "o-", color=colour, linewidth=1.8, markersize=5)
            # A month that stands alone has no line: its mark is the promise.
            ax.plot(place, own["expected"] / own["records"], "_--", color=colour, linewidth=1.2, markersize=9)
            ends[grade] = float(own["rate"].iloc[-1])
        off = past.months["off"].to_numpy(dtype=bool)
        if off.any():
            ax.plot(at[off], np.zeros(off.sum()), "x", color=INK, markersize=6, clip_on=False, zorder=4)
        _show_months(ax, months, language)
        ax.set_xlim(at.min() - 20, at.max() + 45)
        top = min(1.0, 1.05 * float(np.nanmax(table["high"])))
        ax.set_ylim(0, top)
        _name_ends(ax, at.max() + 12, ends, top, language)
        write_shares(ax.yaxis)
        show_grid(ax, along="y")
        ax.set_xlabel(say(language, en="month of scoring", zh="评分月份"))
        days = past.horizon_days
        ax.set_ylabel(say(language, en=f"converted within {days} days", zh=f"{days} 天内转化比例"), color=INK)
        wrong, all_months = int(off.sum()), len(months)
        write_title(
            ax,
            say(
                language,
                en=f"Chances held in {all_months - wrong} of {all_months} month{'s' if all_months > 1 else ''}",
                zh=f"{all_months} 个月中有 {all_months - wrong} 个月概率准确",
            ),
            say(
                language,
                en="lines: what happened; dashed: what was promised; ×: beyond chance",
                zh="实线：实际；虚线：当时预计；×：超出偶然范围的月份",
            ),
        )
    return ax


def _show_months(ax: Axes, months: Sequence[date], language: Language) -> None:
    """Write the months under the x axis, with the year where it begins; every second one and so on if they are many."""
    step = -(-len(months) // _MOST_MONTHS)
    names, year = [], 0
    for month in months[::-step][::-1]:
        short = say(language, en=f"{month:%b}", zh=f"{month.month}月")
        names.append(short if month.year == year else f"{short}\n{month.year}")
        year = month.year
    ax.set_xticks(to_axis(months[::-step][::-1]), names)


def _name_ends(ax: Axes, place: float, ends: dict[str, float], top: float, language: Language) -> None:
    """Write the grades behind the ends of their lines; where lines meet one above the other, the best on top."""
    gap, below = 0.06 * top, -np.inf
    from_the_top = sorted(ends, key=lambda grade: ends[grade], reverse=True)
    for grade in from_the_top[::-1]:
        below = max(ends[grade], below + gap)
        ax.annotate(name_grade(grade, language), (place, below), va="center", color=INK, size=9.5)
