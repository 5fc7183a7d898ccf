"""The open records of each stage beside the steady state that the funnel's own past implies."""

from __future__ import annotations

from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from funnelml.diagnostics.shape.judge import FunnelShape
from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, write_title

_TITLES = {
    "healthy": ("No fault of the shape large enough to name", "未发现大到需要指出的形状异常"),
    "narrow_mouth": ("The mouth is narrow: too few new records", "入口变窄：新增记录太少"),
    "bulging": ("The funnel bulges in {stage}", "{stage}出现鼓包"),
    "broken_bottom": ("The bottom is broken in {stage}", "底部断裂：{stage}"),
    "several": ("The funnel is out of shape in several places", "漏斗有多处异常"),
    "not_enough_data": ("Not enough data to judge the shape", "数据不足，无法判断漏斗形状"),
}


def plot_shape(shape: FunnelShape, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the open records of each stage, and the band in which chance would keep the steady-state stock.

    Parameters
    ----------
    shape : FunnelShape
        What was judged.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Stages for which a rule fired are in another colour.
    """
    rows = shape.evidence
    names = [legible(stage, otherwise=f"Stage {i}") for i, stage in enumerate(rows["stage"], start=1)]
    struck = {stage for _, stage in shape.fired}
    at = np.arange(len(rows), dtype=float)
    with drawn_on(ax, size=(SIZE[0] + 0.4, 1.9 + 0.45 * len(rows))) as ax:
        colours = [MISS if stage in struck else OURS for stage in rows["stage"]]
        ax.barh(at, rows["open"].astype(float), color=colours, height=0.5)
        for k, low, high, expected in zip(at, rows["low"], rows["high"], rows["expected_open"], strict=True):
            if np.isfinite(expected):
                ax.barh(k, high - low, left=low, height=0.82, color=FAINT, alpha=0.28, linewidth=0)
                ax.vlines(expected, k - 0.41, k + 0.41, color=INK, linewidth=1.6)
        reach = float(np.nanmax([1.0, *rows["open"], *rows["high"].astype(float).fillna(0.0)]))
        for k, row in zip(at, rows.to_dict("records"), strict=True):
            end = np.nanmax([row["open"], float(row["high"]) if np.isfinite(row["high"]) else 0.0])
            older = say(language, en=f" (+{row['older']:,} old)", zh=f"（另有 {row['older']:,} 条停滞）")
            text = f"{row['open']:,}" + (older if row["older"] else "")
            ax.annotate(text, (end, k), (5, 0), textcoords="offset points", va="center", size=9.5)
        ax.set_xlim(0, reach * 1.4)
        ax.set_yticks(at, [fill(name, 22) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set_xlabel(say(language, en="open records", zh="未结束记录数"))
        keys = [
            Patch(color=OURS, label=say(language, en="open now", zh="目前未结束")),
            Patch(
                color=FAINT,
                alpha=0.28,
                label=say(
                    language,
                    en=f"usual (line) and {share(shape.rules.confidence)} of chance",
                    zh=f"通常水平（线）与 {share(shape.rules.confidence)} 波动",
                ),
            ),
        ]
        ax.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.4, -0.14 - 0.12 / len(rows)), ncols=2)
        first = next((stage for rule, stage in shape.fired if rule != "narrow_mouth"), rows["stage"].iloc[0])
        english, chinese = _TITLES[shape.verdict]
        name = names[rows["stage"].tolist().index(first)]
        write_title(
            ax,
            say(language, en=english.format(stage=name), zh=chinese.format(stage=name)),
            _inflow(shape, language),
        )
    return ax


def _inflow(shape: FunnelShape, language: Language) -> str:
    mouth = shape.mouth
    if "inflow_before" not in mouth:
        return say(language, en=f"on {shape.as_of}", zh=f"{shape.as_of}")
    return say(
        language,
        en=f"on {shape.as_of}; new records a day: {mouth['inflow_recent']:.1f}, before {mouth['inflow_before']:.1f}",
        zh=f"{shape.as_of}；每天新增 {mouth['inflow_recent']:.1f} 条，此前 {mouth['inflow_before']:.1f} 条",
    )
