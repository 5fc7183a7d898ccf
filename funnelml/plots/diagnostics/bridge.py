"""What changed: the pipeline bridge as a waterfall, and a stage week by week before and after a change."""

from __future__ import annotations

from datetime import timedelta
from textwrap import shorten

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from funnelml.diagnostics.before_after.compare import BeforeAfter
from funnelml.diagnostics.bridge.pipeline import PipelineBridge
from funnelml.diagnostics.bridge.steps import STEPS
from funnelml.language import Language, days, points, say, short_amount
from funnelml.plots.fonts import legible
from funnelml.plots.labels import unit
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, to_axis, write_title


def plot_bridge(bridge: PipelineBridge, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the steps from the open pipeline of the first day to that of the last: each bar begins where the last ended.

    Parameters
    ----------
    bridge : PipelineBridge
        The steps.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Bars are numbers of records where no record has an amount. Steps that no record took are left out.
    """
    steps = bridge.to_frame()
    steps = steps[(steps["records"] > 0) | steps["step"].isin(("start", "end"))]
    size = steps["amount" if bridge.priced else "net_records"].to_numpy(dtype=float)
    ends = np.cumsum(size)
    ends[-1] = size[-1]
    begins = np.concatenate(([0.0], ends[:-1]))
    begins[-1] = 0.0
    colours = [FAINT, *np.where(size[1:-1] < 0, MISS, OURS), FAINT]
    currency = legible(bridge.currency, otherwise="")

    def figure(value: float, *, name: str = "") -> str:
        return short_amount(value, name, language) if bridge.priced else f"{value:,.0f}"

    with drawn_on(ax, size=(SIZE[0], 1.5 + 0.32 * len(steps))) as ax:
        rows = np.arange(len(steps))
        ax.barh(rows, size, left=begins, color=colours, height=0.7, linewidth=0)
        ax.vlines(ends[:-1], rows[:-1] + 0.35, rows[1:] - 0.35, color=FAINT, linewidth=0.8)
        last = len(steps) - 1
        for row, count in enumerate(steps["records"]):
            sign = "" if row in (0, last) or size[row] == 0 else "+" if size[row] > 0 else "\N{MINUS SIGN}"
            told = f"{sign}{figure(abs(size[row]) if sign else size[row])}"
            if bridge.priced:
                told += say(language, en=f" in {count:,}", zh=f"，{count:,} 条")
            place = (max(begins[row], ends[row]), row)
            ax.annotate(told, place, (4, 0), textcoords="offset points", va="center", size=9.5)
        ax.set_yticks(rows, [STEPS[step][language] for step in steps["step"]])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        low, high = min(0.0, float(ends.min())), max(0.0, float(ends.max()), float(begins.max()))
        reach = (high - low) or 1.0
        ax.set_xlim(low - (0.02 * reach if low < 0 else 0.0), high + 0.3 * reach)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=not bridge.priced))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: figure(value)))
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        what = say(language, en="open amount", zh="在途金额")
        beside = say(language, en=", in so many records", zh="与记录数")
        counted = say(language, en="open records", zh="在途记录数")
        ax.set_xlabel(unit(what, currency) + beside if bridge.priced else counted)
        write_title(
            ax,
            _finding(size, bridge, figure(abs(size[-1] - size[0]), name=currency), language),
            _detail(bridge, language),
        )
    return ax


def _finding(size: np.ndarray, bridge: PipelineBridge, difference: str, language: Language) -> str:
    what = say(language, en="The open pipeline", zh="在途商机")
    if bridge.period_end is not None:
        what = say(language, en=f"What is due by {bridge.period_end}", zh=f"不晚于 {bridge.period_end} 成交的商机")
    if size[-1] == size[0]:
        return say(language, en=f"{what} stayed the same", zh=f"{what}没有变化")
    records = "" if bridge.priced else say(language, en=" records", zh=" 条")
    if size[-1] > size[0]:
        return say(language, en=f"{what} grew by {difference}{records}", zh=f"{what}增加 {difference}{records}")
    return say(language, en=f"{what} shrank by {difference}{records}", zh=f"{what}减少 {difference}{records}")


def _detail(bridge: PipelineBridge, language: Language) -> str:
    return say(
        language,
        en=f"{bridge.since} to {bridge.as_of}, as known on {bridge.as_of}",
        zh=f"{bridge.since} 至 {bridge.as_of}，按 {bridge.as_of} 所知",
    )


def plot_before_after(result: BeforeAfter, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw a stage week by week: what was seen, what was fitted, and what would have been without the change.

    Parameters
    ----------
    result : BeforeAfter
        The comparison.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Dots are weeks, the larger the more stays (or days stayed) they hold; the control group's are grey. Without an
        effect there are only dots.
    """
    weekly, conversion = result.weekly, result.change.measure == "conversion"
    name = legible(shorten(result.change.name, 40), otherwise="the change")
    stage = legible(result.change.stage, otherwise="the stage")
    grouped = result.design == "difference_in_differences"
    with drawn_on(ax) as ax:
        largest = float(weekly["base"].max()) if len(weekly) else 1.0
        for treated, colour in ((False, FAINT), (True, OURS)):
            rows = weekly[weekly["treated"] == treated]
            if rows.empty:
                continue
            label = say(language, en="weeks", zh="每周")
            if grouped:
                label = say(language, en="treated", zh="变更组") if treated else say(language, en="others", zh="对照组")
            dots = ax.scatter(
                _middles(rows), rows["observed"], s=6 + 60 * rows["base"] / largest, color=colour, alpha=0.45
            )
            dots.set(label=label, linewidth=0)
            if rows["fitted"].notna().all():
                for after in (False, True):
                    side = rows[rows["after"] == after]
                    ax.plot(_middles(side), side["fitted"], color=colour, linewidth=2)
        gone = weekly[weekly["after"] & weekly["treated"]]
        if len(gone) and gone["without_change"].notna().all():
            label = say(language, en="without the change", zh="若无变更")
            ax.plot(_middles(gone), gone["without_change"], color=MISS, linewidth=2, linestyle="--", label=label)
        at = float(to_axis([result.change.date])[0])
        ax.axvline(at, color=INK, linewidth=0.8, linestyle=":")
        _show_months(ax, weekly, at)
        if conversion:
            ax.set_ylim(0, 1.02)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
            ax.set_ylabel(say(language, en="ended stays that went on", zh="结束的停留中继续推进的占比"))
        else:
            ax.set_ylim(0, None)
            ax.set_ylabel(say(language, en="exits per 100 days stayed", zh="每停留 100 天的离开次数"))
        ax.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        if len(weekly):
            _, labels = ax.get_legend_handles_labels()
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncol=len(labels), markerscale=1.0)
        where = say(language, en=f"{stage}, week by week", zh=f"{stage}，按周")
        if not result.missing:
            where += say(
                language, en=f"; {result.level:.0%} interval in brackets", zh=f"；括号内为 {result.level:.0%} 区间"
            )
        write_title(ax, _change_finding(result, name, language), where)
    return ax


def _middles(weekly: pd.DataFrame) -> np.ndarray:
    return to_axis(weekly["week_start"]) + 3.5


def _show_months(ax: Axes, weekly: pd.DataFrame, at: float) -> None:
    days_shown = weekly["week_start"].tolist()
    first, last = (min(days_shown), max(days_shown) + timedelta(days=7)) if days_shown else (None, None)
    if first is None or last is None:
        ax.set_xticks([at], [""])
        return
    months = pd.date_range(first, last, freq="MS")
    months = months[:: max(1, -(-len(months) // 7))]
    ax.set_xticks(to_axis(months.date), [f"{m.year}-{m.month:02d}" for m in months])


def _change_finding(result: BeforeAfter, name: str, language: Language) -> str:
    if result.missing:
        return say(language, en=f"{name}: not enough data to tell", zh=f"{name}：数据不足，无法判断")
    gain, low, high = result.effect.iloc[1][["estimate", "low", "high"]].astype(float)
    if result.change.measure == "conversion":
        told = f"{points(gain, language)}（{{}}）" if language == "zh" else f"{points(gain)} ({{}})"
        told = told.format(
            say(language, en=f"{100 * low:+.0f} to {100 * high:+.0f}", zh=f"{100 * low:+.0f} 至 {100 * high:+.0f}")
        )
    else:
        more = say(language, en="shorter" if gain < 0 else "longer", zh="缩短" if gain < 0 else "延长")
        span = say(language, en=f"({low:+.1f} to {high:+.1f})", zh=f"（{low:+.1f} 至 {high:+.1f}）")
        told = say(
            language, en=f"stays {days(abs(gain))} {more} {span}", zh=f"停留{more} {days(abs(gain), 'zh')}{span}"
        )
    unclear = "" if result.clear else say(language, en="no clear change, ", zh="尚无明确变化，")
    return say(language, en=f"{name}: {unclear}{told}", zh=f"{name}：{unclear}{told}")
