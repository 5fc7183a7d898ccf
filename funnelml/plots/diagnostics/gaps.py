"""Gaps, pile-ups and benchmarks: where conversion or pace changed, since when, and what it is held against."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from funnelml.diagnostics.changes.benchmarks import BenchmarkComparison
from funnelml.diagnostics.changes.gap_report import Gaps
from funnelml.diagnostics.changes.pile_ups import PileUps
from funnelml.diagnostics.changes.words import describe_place
from funnelml.language import Language, say, share, short_amount
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, show_dates, to_axis, write_title

WEEKS = 4
"""Weeks that are drawn as one dot."""


def plot_gap(gaps: Gaps, ax: Axes | None = None, *, stage: str | None = None, language: Language = "en") -> Axes:
    """Draw the share of exits that went on, month by month, and the change that was found.

    Parameters
    ----------
    gaps : Gaps
        What was found.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    stage : str, optional
        Stage to draw; by default that of the most significant finding, or all stages together if there is none.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        A dot is four weeks, as large as its number of exits; the band holds the weeks in which the change may lie.
    """
    found = gaps.table if stage is None else gaps.table[gaps.table["stage"] == stage]
    row = dict(found.iloc[0]) if len(found) else None
    stage = row["stage"] if row is not None else (stage or "")
    weeks = gaps.weeks[gaps.weeks["group"] == ("" if row is None else row["group"])]
    dots = _months(weeks[weeks["stage"] == stage] if stage else weeks)
    with drawn_on(ax) as ax:
        if len(dots):
            at = to_axis(dots["middle"])
            went_on = dots["went_on"] / dots["exits"]
            ax.plot(at, dots["expected"] / dots["exits"], color=FAINT, linewidth=1, linestyle=":")
            ax.scatter(at, went_on, s=6 + 60 * dots["exits"] / dots["exits"].max(), color=OURS, zorder=3)
            show_dates(ax, list(dots["middle"]))
        if row is not None and len(dots):
            begins = to_axis([row["began_on"]])[0]
            first, last = to_axis([row["began_first"], row["began_last"] + timedelta(days=7)])
            ax.axvspan(first, last, color=MISS, alpha=0.15, linewidth=0)
            ax.plot([at[0], begins], [row["share_before"]] * 2, color=INK, linewidth=1.5)
            ax.plot([begins, at[-1]], [row["share_now"]] * 2, color=MISS, linewidth=1.5)
            ax.fill_between([begins, at[-1]], row["share_now_low"], row["share_now_high"], color=MISS, alpha=0.2, lw=0)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_ylabel(say(language, en="of those that leave it go on", zh="离开者中继续推进的比例"))
        ax.set_xlabel(say(language, en="weeks in which they left, four to a dot", zh="离开的时间（每点四周）"))
        write_title(ax, *_gap_title(gaps, row, stage, language))
    return ax


def plot_pile_up(
    piled: PileUps, ax: Axes | None = None, *, stage: str | None = None, language: Language = "en"
) -> Axes:
    """Draw how many records sit in a stage, week by week, and since when it is left more slowly.

    Parameters
    ----------
    piled : PileUps
        What was found.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    stage : str, optional
        Stage to draw; by default the most significant pile-up, or the fullest stage if there is none.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
    """
    weeks = piled.weeks
    if stage is None:
        fullest = weeks.groupby("stage", sort=False)["open"].last().sort_values(ascending=False, kind="stable")
        stage = str([*piled.table["stage"], *fullest.index, ""][0])
    own = weeks[weeks["stage"] == stage]
    row = piled.table[piled.table["stage"] == stage]
    name = legible(str(stage), otherwise=say(language, en="one stage", zh="某阶段"))
    with drawn_on(ax) as ax:
        if len(own):
            ax.step(to_axis(own["week_start"]), own["open"], where="post", color=OURS)
            show_dates(ax, list(own["week_start"]))
        ax.set_ylim(bottom=0)
        ax.set_ylabel(say(language, en="records in the stage", zh="该阶段的记录数"))
        ax.set_xlabel(say(language, en="week", zh="周"))
        if len(row):
            told = row.iloc[0]
            ax.axvspan(
                *to_axis([told["began_first"], told["began_last"] + timedelta(days=7)]), color=MISS, alpha=0.15, lw=0
            )
            finding = say(
                language,
                en=f"{name} piles up: {told['open_now']:,} records, {told['open_before']:,} before",
                zh=f"{name}积压：{told['open_now']:,} 条，此前 {told['open_before']:,} 条",
            )
            detail = say(
                language,
                en=f"left at {share(told['pace'])} of its former pace since {told['began_on']}",
                zh=f"自 {told['began_on']} 起离开速度为以往的 {share(told['pace'])}",
            )
        else:
            finding = say(language, en=f"{name} does not pile up", zh=f"{name}没有积压")
            detail = say(language, en="records in the stage, week by week", zh="该阶段每周的记录数")
        write_title(ax, finding, detail)
    return ax


def plot_benchmarks(told: BenchmarkComparison, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the share that went on in each stage with its interval, and the benchmark that it is held against.

    Parameters
    ----------
    told : BenchmarkComparison
        Stages against their benchmarks.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = told.table
    with drawn_on(ax, size=(SIZE[0], 1.8 + 0.45 * max(len(table), 1))) as ax:
        for y, row in enumerate(table.to_dict("records")):
            colour = MISS if row["verdict"] == "below" else OURS
            ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2)
            ax.plot(row["share"], y, "o", color=colour)
            ax.plot(row["benchmark"], y, "|", color=INK, markersize=18, markeredgewidth=2)
        names = [legible(str(s), otherwise=f"Stage {i}") for i, s in enumerate(table["stage"], start=1)]
        ax.set_yticks(range(len(table)), names)
        ax.set_ylim(-0.6, max(len(table), 1) - 0.4)
        ax.invert_yaxis()
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_xlabel(say(language, en="of those that leave it go on", zh="离开者中继续推进的比例"))
        below = int((table["verdict"] == "below").sum())
        write_title(
            ax,
            say(
                language,
                en=f"Below {below or 'none'} of {len(table)} {'benchmark' if len(table) == 1 else 'benchmarks'}",
                zh=f"{len(table)} 项基准中有 {below} 项未达到" if below else "没有低于基准的阶段",
            ),
            say(
                language,
                en=f"dot: last half year with {told.level:.0%} interval; bar: benchmark",
                zh=f"圆点：近半年及 {told.level:.0%} 区间；竖线：基准",
            ),
        )
    return ax


def _months(weeks: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks added up four by four, the last ones together: ``middle, exits, went_on, expected``."""
    if weeks.empty:
        return pd.DataFrame(columns=["middle", "exits", "went_on", "expected"])
    last = weeks["week_start"].max()
    number = np.array([(last - day).days // 7 // WEEKS for day in weeks["week_start"]])
    dots = weeks.groupby(number)[["exits", "went_on", "expected"]].sum().sort_index(ascending=False)
    middles: list[date] = [last - timedelta(days=7 * (WEEKS * int(k) + WEEKS // 2 - 1)) for k in dots.index]
    return dots.assign(middle=middles)


def _gap_title(gaps: Gaps, row: dict[str, object] | None, stage: str, language: Language) -> tuple[str, str]:
    if row is None:
        place = legible(stage, otherwise="stage") if stage else say(language, en="all stages", zh="全部阶段")
        return (
            say(language, en="No gap in conversion", zh="没有转化缺口"),
            say(
                language,
                en=f"{place}; dotted: expected at their age",
                zh=f"{place}；虚线：按停留时间的预期",
            ),
        )
    place = legible(describe_place(row, language), otherwise=say(language, en="one stage", zh="某阶段"))
    change = f"{share(float(str(row['share_before'])))} → {share(float(str(row['share_now'])))}"
    amount = float(str(row["amount"]))
    priced = np.isfinite(amount)
    falls = row["kind"] == "gap"
    worth = {lang: short_amount(abs(amount), gaps.currency, lang) for lang in ("en", "zh")} if priced else {}
    return (
        say(
            language,
            en=f"{place}: {change}" + (f", {worth['en']} a quarter {'lost' if falls else 'gained'}" if priced else ""),
            zh=f"{place}：{change}" + (f"，每季度{'少' if falls else '多'} {worth['zh']}" if priced else ""),
        ),
        say(
            language,
            en=f"since the week of {row['began_on']}; band: weeks in which it may lie (80 %)",
            zh=f"自 {row['began_on']} 那一周起；色带：可能的起始周（80 %）",
        ),
    )
