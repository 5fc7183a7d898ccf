"""Conversion of each stage under both definitions, and of each cohort, young ones faded."""

from __future__ import annotations

from textwrap import fill
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from funnelml.diagnostics.conversion.rates import Conversion
from funnelml.diagnostics.record_groups import EVERYTHING
from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, to_axis, write_title

Goal = Literal["next", "won"]


def plot_conversion(
    conversion: Conversion,
    ax: Axes | None = None,
    *,
    to: Goal = "next",
    group: str | None = None,
    language: Language = "en",
) -> Axes:
    """Draw the conversion of each stage with its interval, by both definitions.

    Parameters
    ----------
    conversion : Conversion
        What was measured.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    to : {"next", "won"}
        To the next stage, or to the win.
    group : str, optional
        Group to draw; the first by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Bars: records that really had a stay in the stage; hollow diamonds: those taken to have passed through too.
    """
    table = _of_group(conversion.overall, group)
    table = table[table["to"] == to]
    stages = conversion.funnel.stages
    any_, through = (
        table[table["definition"] == d].set_index("stage").reindex(stages) for d in ("any", "passed_through_all")
    )
    names = [legible(stage, otherwise=f"Stage {i}") for i, stage in enumerate(stages, start=1)]
    at = np.arange(len(stages), dtype=float)
    with drawn_on(ax, size=(SIZE[0] + 0.4, 1.8 + 0.45 * len(stages))) as ax:
        bar_name = say(language, en="had a stay there", zh="实际停留")
        ax.barh(at, any_["conversion"].fillna(0.0), height=0.6, color=OURS, alpha=0.85, label=bar_name)
        _whiskers(ax, any_, at)
        ax.plot(
            through["conversion"],
            at,
            "D",
            markerfacecolor="white",
            markeredgecolor=MISS,
            markeredgewidth=1.6,
            markersize=6,
            label=say(language, en="passed through all", zh="视为全部经过"),
        )
        furthest = np.nan_to_num(np.fmax(any_["high"].to_numpy(), through["conversion"].to_numpy()))
        for k, (_, row) in enumerate(any_.iterrows()):
            if not np.isfinite(row["conversion"]):
                text = say(language, en="nobody was here", zh="无人到过")
            else:
                young = "*" if row["immature"] else ""
                text = say(
                    language,
                    en=f"{share(row['conversion'])}{young} of {row['entered']:,.0f}",
                    zh=f"{row['entered']:,.0f} 条中 {share(row['conversion'])}{young}",
                )
            ax.annotate(text, (furthest[k], k), (9, 0), textcoords="offset points", va="center", size=9.5)
        ax.set_yticks(at, [fill(name, 22) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set_xlim(0, 1.42)
        ax.set_xticks(np.linspace(0, 1, 6))
        ax.xaxis.set_major_formatter(PercentFormatter(1.0))
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        goal = say(language, en="go on", zh="继续前进") if to == "next" else say(language, en="are won", zh="赢单")
        ax.set_xlabel(
            say(language, en=f"records in the stage that {goal}", zh=f"处于该阶段的记录中{goal}的比例"),
        )
        ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16 - 0.1 / len(stages)), ncols=2)
        starred = say(language, en="; * too young", zh="；* 尚未成熟") if any_["immature"].eq(True).any() else ""
        level = share(conversion.level)
        write_title(
            ax,
            _finding(any_, names, to, language),
            say(
                language,
                en=f"{_name_of(table)}by {conversion.as_of}, with {level} intervals{starred}",
                zh=f"{_name_of(table)}截至 {conversion.as_of}，{level} 区间{starred}",
            ),
        )
    return ax


def _finding(rows: pd.DataFrame, names: list[str], to: Goal, language: Language) -> str:
    rates = rows["conversion"].to_numpy(dtype=float)
    if not np.isfinite(rates).any():
        return say(language, en="Not enough data for conversion", zh="数据不足，无法计算转化率")
    if to == "won":
        first = int(np.flatnonzero(np.isfinite(rates))[0])
        rate = share(rates[first])
        return say(language, en=f"{rate} of what was in {names[first]} is won", zh=f"{names[first]}中 {rate} 最终赢单")
    worst = int(np.nanargmin(rates))
    rate = share(rates[worst])
    return say(language, en=f"{names[worst]} lets the fewest go on: {rate}", zh=f"{names[worst]}转化率最低：{rate}")


def plot_cohorts(
    conversion: Conversion,
    ax: Axes | None = None,
    *,
    stage: str | None = None,
    to: Goal = "won",
    group: str | None = None,
    language: Language = "en",
) -> Axes:
    """Draw the conversion of those who entered a stage in each period; immature cohorts are faded.

    Parameters
    ----------
    conversion : Conversion
        What was measured.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    stage : str, optional
        Stage that was entered; the first by default.
    to : {"next", "won"}
        To the next stage, or to the win.
    group : str, optional
        Group to draw; the first by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
    """
    stage = conversion.funnel.stages[0] if stage is None else stage
    rows = _of_group(conversion.cohorts, group)
    rows = rows[(rows["stage"] == stage) & (rows["to"] == to)].sort_values("period_start")
    position = conversion.funnel.order.get(stage, 0) + 1
    name = legible(stage, otherwise=f"Stage {position}")
    with drawn_on(ax) as ax:
        for young, colour, inside, label in (
            (False, OURS, OURS, say(language, en="mature", zh="已成熟")),
            (True, FAINT, "white", say(language, en="immature: still rising", zh="尚未成熟：还会上升")),
        ):
            part = rows[rows["immature"] == young]
            if part.empty:
                continue
            at = to_axis(part["period_start"])
            ax.vlines(at, part["low"], part["high"], color=colour, alpha=0.6, linewidth=2.2)
            ax.plot(
                at,
                part["conversion"],
                "o",
                color=colour,
                markerfacecolor=inside,
                markersize=5.5,
                label=label,
                clip_on=False,
            )
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_ylim(0, min(1.05, max(0.1, float(rows["high"].max()) * 1.15)) if len(rows) else 1.0)
        if len(rows):
            # With the year, which a long row of cohorts needs.
            shown = list(rows["period_start"])[:: -(-len(rows) // 6)]
            pattern = "%Y-%m-%d" if conversion.period == "week" else "%Y-%m"
            ax.set_xticks(to_axis(shown), [f"{day:{pattern}}" for day in shown])
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
        ax.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        goal = say(language, en="won", zh="赢单") if to == "won" else say(language, en="gone on", zh="已前进")
        ax.set_ylabel(say(language, en=f"{goal}, open ones followed", zh=f"{goal}率（含未结束）"))
        unit = {"week": "周", "month": "月", "quarter": "季度"}[conversion.period]
        ax.set_xlabel(say(language, en=f"{conversion.period} of entering the stage", zh=f"进入该阶段的{unit}"))
        n_young = int(rows["immature"].sum())
        write_title(
            ax,
            say(
                language,
                en=f"{name}: {n_young:,} of {len(rows):,} cohorts are too young to judge",
                zh=f"{name}：{len(rows):,} 个批次中 {n_young:,} 个尚早",
            )
            if len(rows)
            else say(language, en=f"{name}: not enough data", zh=f"{name}：数据不足"),
            say(
                language,
                en=f"{_name_of(rows)}by {conversion.as_of}, each cohort at its age, "
                f"{share(conversion.level)} intervals",
                zh=f"{_name_of(rows)}截至 {conversion.as_of}，各批次按其年龄，{share(conversion.level)} 区间",
            ),
        )
    return ax


def _of_group(table: pd.DataFrame, group: str | None) -> pd.DataFrame:
    groups = table["group"].unique()
    chosen = group if group is not None else next(iter(groups), None)
    return table[table["group"] == chosen]


def _name_of(rows: pd.DataFrame) -> str:
    group = EVERYTHING if rows.empty else str(rows["group"].iloc[0])
    return "" if group == EVERYTHING else legible(group, otherwise="one group") + ": "


def _whiskers(ax: Axes, rows: pd.DataFrame, at: np.ndarray) -> None:
    ax.hlines(at, rows["low"], rows["high"], color=INK, linewidth=1.4)
