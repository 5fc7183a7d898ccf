"""Leads: how they go on, how soon they are answered, whether they are accepted, and what they cost."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from funnelml.diagnostics.leads.feedback import FeedbackReport
from funnelml.diagnostics.leads.lifecycle import ALL, CREATED, OPPORTUNITY, LeadLifecycle
from funnelml.diagnostics.leads.response_time import ResponseTime
from funnelml.diagnostics.leads.source_costs import SourceCosts
from funnelml.language import Language, days, points, say, share, short_amount
from funnelml.plots.diagnostics.rows import draw_rows, name_group, show_figures, show_shares
from funnelml.plots.fonts import legible
from funnelml.plots.labels import unit
from funnelml.plots.theme import FAINT, INK, OURS, SIZE, drawn_on, write_title

_MOST_ROWS = 12


def plot_lead_lifecycle(
    result: LeadLifecycle, ax: Axes | None = None, *, by_source: bool = False, language: Language = "en"
) -> Axes:
    """Draw the share of leads that go on at each step, with intervals, or the whole way by source.

    Parameters
    ----------
    result : LeadLifecycle
        The life of leads.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    by_source : bool
        Whether the rows are sources (from the first stage to the opportunity) instead of steps.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Labels add the leads that entered and the median days of those that went on.
    """
    whole = result.whole
    rows = whole[whole["source"] != ALL] if by_source else result.steps[result.steps["source"] == ALL]
    rows = rows[rows["leads"] > 0].head(_MOST_ROWS)
    names = [
        name_group(row["source"], k, language) if by_source else _name_step(row, k, language)
        for k, row in enumerate(rows.to_dict("records"), start=1)
    ]
    labels = [
        f"{share(part)}, {leads:,}" + (f", {days(median, language)}" if np.isfinite(median) else "")
        for part, leads, median in zip(rows["conversion"], rows["leads"], rows["median_days"], strict=True)
    ]
    with drawn_on(ax, size=(SIZE[0], 1.6 + 0.42 * max(len(rows), 1))) as ax:
        draw_rows(ax, names, rows[["conversion", "low", "high"]], labels, width=26)
        show_shares(ax)
        ax.set_xlabel(say(language, en="share that goes on; leads, median days", zh="继续前进的比例；线索数、中位天数"))
        top = whole.iloc[0]
        part = share(float(top["conversion"]))
        write_title(
            ax,
            say(language, en=f"{part} of leads become an opportunity", zh=f"{part} 的线索转为商机"),
            say(
                language,
                en=f"{int(top['leads']):,} leads by {result.as_of}, within {result.horizon_days} days of each step",
                zh=f"截至 {result.as_of} 的 {int(top['leads']):,} 条线索，每步 {result.horizon_days} 天内",
            ),
        )
    return ax


def plot_response_time(
    result: ResponseTime, ax: Axes | None = None, *, by: str = "owner", language: Language = "en"
) -> Axes:
    """Draw the share of leads answered in time for each owner or source, with intervals.

    Parameters
    ----------
    result : ResponseTime
        Response times.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    by : {"owner", "source"}
        What the rows are.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        A line marks the share of all leads.
    """
    rows = result.groups[result.groups["by"] == by].head(_MOST_ROWS)
    whole = result.groups[result.groups["by"] == "all"].iloc[0]
    names = [name_group(group, k, language) for k, group in enumerate(rows["group"], start=1)]
    labels = [f"{share(part)}, {n:,}" for part, n in zip(rows["share"], rows["leads"], strict=True)]
    with drawn_on(ax, size=(SIZE[0], 1.6 + 0.36 * max(len(rows), 1))) as ax:
        draw_rows(ax, names, rows[["share", "low", "high"]], labels)
        ax.axvline(float(whole["share"]), color=FAINT, linestyle="--", linewidth=1)
        show_shares(ax)
        hours = f"{result.hours:g}"
        english = f"share answered within {hours} hours; leads"
        ax.set_xlabel(say(language, en=english, zh=f"{hours} 小时内回应的比例；线索数"))
        part = share(float(whole["share"]))
        write_title(
            ax,
            say(
                language,
                en=f"{part} of leads are answered within {hours} hours",
                zh=f"{part} 的线索在 {hours} 小时内得到回应",
            ),
            say(
                language,
                en=f"{int(whole['leads']):,} leads whose deadline had passed by {result.as_of} (dashed: all)",
                zh=f"截至 {result.as_of} 已到期的 {int(whole['leads']):,} 条线索（虚线：总体）",
            ),
        )
    return ax


def plot_response_comparison(result: ResponseTime, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw by how much more often leads answered in time become an opportunity: naive, at the landmark, adjusted.

    Parameters
    ----------
    result : ResponseTime
        Response times.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        The naive comparison is drawn faint: it is too rosy. A comparison that could not be made has no row.
    """
    names = {
        "naive": say(language, en="naive (too rosy)", zh="直接比较（偏乐观）"),
        "landmark": say(language, en="still undecided at the deadline", zh="到期时仍未定的线索"),
        "adjusted": say(language, en="the same, all else recorded equal", zh="同上，其他记录条件相同"),
    }
    rows = result.comparison[result.comparison["difference"].notna()]
    labels = [points(value, language) for value in rows["difference"]]
    colours = [FAINT if name == "naive" else OURS for name in rows["comparison"]]
    with drawn_on(ax, size=(SIZE[0], 1.6 + 0.5 * max(len(rows), 1))) as ax:
        told = [names[name] for name in rows["comparison"]]
        draw_rows(ax, told, rows[["difference", "low", "high"]], labels, colours=colours, width=20)
        ax.axvline(0, color=INK, linewidth=1)
        low = min(0.0, float(rows["low"].to_numpy(dtype=float).min(initial=0.0)))
        ax.set_xlim(low * 1.2, ax.get_xlim()[1])
        show_figures(ax, lambda value: f"{100 * value:+.0f}" if value else "0")
        english = "difference of the shares that convert (percentage points)"
        ax.set_xlabel(say(language, en=english, zh="转为商机比例之差（百分点）"))
        write_title(ax, _comparison_finding(rows, language), _comparison_detail(result, language))
    return ax


def plot_acceptance(
    result: FeedbackReport, ax: Axes | None = None, *, by: str = "source", language: Language = "en"
) -> Axes:
    """Draw the share of reviewed leads that reps accept, for each source or owner, with intervals.

    Parameters
    ----------
    result : FeedbackReport
        The feedback.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    by : {"source", "owner"}
        What the rows are.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        A line marks the share of all reviewed leads.
    """
    rows = result.acceptance[result.acceptance["by"] == by].head(_MOST_ROWS)
    whole = result.acceptance[result.acceptance["by"] == "all"]
    names = [name_group(group, k, language) for k, group in enumerate(rows["group"], start=1)]
    labels = [f"{share(part)}, {n:,}" for part, n in zip(rows["share"], rows["reviewed"], strict=True)]
    with drawn_on(ax, size=(SIZE[0], 1.6 + 0.36 * max(len(rows), 1))) as ax:
        draw_rows(ax, names, rows[["share", "low", "high"]], labels)
        for part in whole["share"]:
            ax.axvline(part, color=FAINT, linestyle="--", linewidth=1)
        show_shares(ax)
        ax.set_xlabel(say(language, en="share accepted; reviewed leads", zh="接受比例；评审线索数"))
        n = int(whole["reviewed"].sum())
        part = share(float(whole["share"].iloc[0])) if n else "-"
        english = f"Reps accept {part} of the leads they review" if n else "No lead has been reviewed"
        write_title(
            ax,
            say(language, en=english, zh=f"销售接受 {part} 的评审线索" if n else "没有评审过的线索"),
            say(language, en=f"{n:,} verdicts by {result.as_of}", zh=f"截至 {result.as_of} 的 {n:,} 条评审"),
        )
    return ax


def plot_source_costs(
    result: SourceCosts, ax: Axes | None = None, *, per: str = "per_win", language: Language = "en"
) -> Axes:
    """Draw what an outcome costs from each source that was paid for, with intervals, the cheapest at the top.

    Parameters
    ----------
    result : SourceCosts
        The costs.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    per : {"per_lead", "per_opportunity", "per_win", "per_amount_won"}
        The outcome.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Immature sources are drawn faint; sources without spend, or without such an outcome, have no row.
    """
    words = {
        "per_lead": ("a lead", "每条线索"),
        "per_opportunity": ("an opportunity", "每个商机"),
        "per_win": ("a win", "每个赢单"),
        "per_amount_won": ("1 of amount won", "每 1 元赢单金额"),
    }
    counted = {"per_lead": "leads", "per_opportunity": "opportunities"}.get(per, "wins")
    rows = result.table[result.table[per].notna()].sort_values(per, kind="stable").head(_MOST_ROWS)
    names = [name_group(source, k, language) for k, source in enumerate(rows["source"], start=1)]
    labels = [f"{short_amount(cost, '', language)}, {n:,}" for cost, n in zip(rows[per], rows[counted], strict=True)]
    colours = [FAINT if young else OURS for young in rows["is_immature"]]
    currency = legible(result.currency, otherwise="")
    outcome = say(language, en=words[per][0], zh=words[per][1])
    with drawn_on(ax, size=(SIZE[0], 1.6 + 0.4 * max(len(rows), 1))) as ax:
        draw_rows(ax, names, rows[[per, f"{per}_low", f"{per}_high"]], labels, colours=colours)
        show_figures(ax, lambda value: short_amount(value, "", language))
        number = {"leads": "线索数", "opportunities": "商机数", "wins": "赢单数"}[counted]
        cost = unit(say(language, en=f"cost of {outcome}", zh=f"{outcome}的成本"), currency)
        ax.set_xlabel(cost + say(language, en=f"; {counted}", zh=f"；{number}"))
        finding = say(language, en=f"No cost of {outcome} is known", zh=f"{outcome}的成本未知")
        if len(rows):
            cost = short_amount(float(rows[per].iloc[0]), currency, language)
            finding = say(
                language, en=f"From {names[0]} {outcome} costs least: {cost}", zh=f"{names[0]}{outcome}成本最低：{cost}"
            )
        faint = say(language, en=" (grey: immature)", zh="（灰色：尚未成熟）") if rows["is_immature"].any() else ""
        span = f"{result.start} – {result.end}"
        write_title(
            ax, finding, say(language, en=f"leads and spend of {span}{faint}", zh=f"{span} 的线索与花费{faint}")
        )
    return ax


def _name_step(row: Mapping[Hashable, Any], number: int, language: Language) -> str:
    words = {OPPORTUNITY: say(language, en="opportunity", zh="商机"), CREATED: say(language, en="created", zh="创建")}
    ends = [str(row[name]) for name in ("from_stage", "to_stage")]
    start, end = (words.get(name) or legible(name, otherwise=f"{number}") for name in ends)
    return f"{start} → {end}"


def _comparison_finding(rows: pd.DataFrame, language: Language) -> str:
    honest = rows[rows["comparison"] != "naive"]
    if honest.empty:
        return say(language, en="Too few leads to compare", zh="线索太少，无法比较")
    gap = points(float(honest["difference"].iloc[-1]), language)
    return say(language, en=f"Conversion if answered in time: {gap}", zh=f"及时回应：转商机比例相差 {gap}")


def _comparison_detail(result: ResponseTime, language: Language) -> str:
    return say(
        language,
        en=f"within {result.horizon_days} days after {result.hours:g} hours; an association, not an effect",
        zh=f"{result.hours:g} 小时后的 {result.horizon_days} 天内；是相关而非因果",
    )
