"""The stall map: every open record by stage and age, its amount as area and its verdict as colour."""

from __future__ import annotations

from textwrap import fill
from typing import Final

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from funnelml.language import Language, say, share, short_amount
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, MISS, OURS, SIZE, drawn_on, write_title
from funnelml.survival.stall.days_rule import name_days_rule
from funnelml.survival.stall.verdict_rules import HEALTHY, SLOW, STALLED, UNKNOWN, VERDICTS, ZOMBIE, name_verdict
from funnelml.survival.stall.verdicts import StallVerdicts

_COLOURS = sns.color_palette("colorblind").as_hex()
_COLOUR_OF: Final = {HEALTHY: OURS, SLOW: _COLOURS[8], STALLED: MISS, ZOMBIE: "#333333", UNKNOWN: FAINT}
_LARGEST: Final = 260.0
"""Area of the largest amount, in square points."""
_SMALLEST: Final = 9.0
_LABELS: Final = 4
"""Records that are named: the largest that stall."""
_TICKS: Final = (0, 1, 3, 7, 14, 30, 60, 90, 180, 365, 730, 1460)


def plot_stall_map(verdicts: StallVerdicts, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw every open record by its stage and its age.

    Parameters
    ----------
    verdicts : StallVerdicts
        The verdicts.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Areas grow with amounts; colours are verdicts; the largest stalled records are named. A line in each stage marks
        the days of its days-per-stage rule. Ages are spaced by their square root: the old ones are few.
    """
    table = verdicts.table
    stages = [s for s in verdicts.days_rule.limit_days if (table["stage"] == s).any()]
    stages += [s for s in pd.unique(table["stage"]) if s not in stages]
    place = {stage: k for k, stage in enumerate(stages)}
    names = [legible(stage, otherwise=f"Stage {k}") for k, stage in enumerate(stages, start=1)]
    at = np.array([place[s] for s in table["stage"]], dtype=float) + _spread(table)
    along = np.sqrt(table["age_days"].to_numpy(dtype=float))
    area = _areas(table["amount"].to_numpy(dtype=float))
    with drawn_on(ax, size=(SIZE[0] + 1.2, 2.1 + 0.7 * max(len(stages), 1))) as ax:
        for verdict in VERDICTS:
            mine = (table["verdict"] == verdict).to_numpy()
            if mine.any():
                label = f"{name_verdict(verdict, language)} {int(mine.sum()):,}"
                ax.scatter(
                    along[mine],
                    at[mine],
                    s=area[mine],
                    color=_COLOUR_OF[verdict],
                    alpha=0.85 if verdict == SLOW else 0.55,
                    linewidth=0,
                    label=label,
                )
        for stage, k in place.items():
            limit = verdicts.days_rule.limit_days.get(stage, np.nan)
            if np.isfinite(limit):
                ax.vlines(np.sqrt(limit), k - 0.42, k + 0.42, color=FAINT, linewidth=1.2)
        _name_largest(ax, table, along, at)
        reach = float(np.max(along, initial=1.0)) * 1.04
        ticks = [t for t in _TICKS if np.sqrt(t) <= reach]
        ticks = [t for t in ticks if t == 0 or np.sqrt(t) > 0.055 * reach]
        ax.set_xticks(np.sqrt(ticks), [str(t) for t in ticks])
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value**2:.0f}"))
        ax.set_xlim(-0.02 * reach, reach)
        ax.set_yticks(range(len(names)), [fill(name, 18) for name in names])
        ax.set_ylim(max(len(names), 1) - 0.45, -0.55)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        rule = name_days_rule(verdicts.days_rule.name, language)
        ax.set_xlabel(say(language, en=f"days in the stage (line: {rule})", zh=f"在阶段中的天数（竖线：{rule}）"))
        if len(table):
            legend = ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.14 - 0.22 / len(names)), ncols=5)
            for handle in legend.legend_handles:
                if handle is not None:
                    handle.set(sizes=[60], alpha=0.9)
        write_title(ax, _finding(verdicts, language), _detail(verdicts, language))
    return ax


def _spread(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return where in the band of its stage each record lies, by a fixed sequence: a picture is the same again."""
    turn = table.groupby("stage").cumcount().to_numpy(dtype=float)
    # Multiples of the golden section fill the band evenly however many there are.
    return np.asarray((turn * 0.6180339887) % 1.0 * 0.7 - 0.35)


def _areas(amount: NDArray[np.float64]) -> NDArray[np.float64]:
    known = amount[np.isfinite(amount)]
    top = float(np.max(known, initial=0.0))
    if top <= 0:
        return np.full(len(amount), 4 * _SMALLEST)
    return np.maximum(_SMALLEST, _LARGEST * np.nan_to_num(np.clip(amount, 0, None)) / top)


def _name_largest(ax: Axes, table: pd.DataFrame, along: NDArray[np.float64], at: NDArray[np.float64]) -> None:
    amount = table["amount"].where(table["verdict"] == STALLED).to_numpy(dtype=float)
    reach = float(np.max(along, initial=1.0))
    named: list[int] = []
    for row in np.argsort(-np.nan_to_num(amount, nan=-np.inf), kind="stable"):
        if len(named) == _LABELS or not np.isfinite(amount[row]):
            return
        # Names that lie on each other tell nothing: the next largest is named instead.
        if any(abs(along[row] - along[k]) < 0.18 * reach and abs(at[row] - at[k]) < 0.25 for k in named):
            continue
        named.append(int(row))
        text = legible(str(table["record_id"].iloc[row]), otherwise="?")
        ax.annotate(text, (along[row], at[row]), (0, 7), textcoords="offset points", ha="center", size=8.5)


def _finding(verdicts: StallVerdicts, language: Language) -> str:
    mine = verdicts.table[verdicts.table["verdict"].isin((STALLED, ZOMBIE))]
    if mine.empty:
        return say(language, en="No open record is stalled", zh="没有停滞的未结记录")
    n, total = len(mine), len(verdicts)
    if mine["amount"].notna().any():
        worth = short_amount(float(mine["amount"].sum()), verdicts.currency, language)
        return say(
            language,
            en=f"{n:,} of {total:,} open records are stalled, worth {worth}",
            zh=f"{total:,} 条未结记录中 {n:,} 条停滞，金额 {worth}",
        )
    return say(language, en=f"{n:,} of {total:,} open records are stalled", zh=f"{total:,} 条未结记录中 {n:,} 条停滞")


def _detail(verdicts: StallVerdicts, language: Language) -> str:
    mine = verdicts.table[verdicts.table["verdict"].isin((STALLED, ZOMBIE))]
    by = say(language, en=f"by {verdicts.as_of}, area is the amount", zh=f"截至 {verdicts.as_of}，面积表示金额")
    if mine.empty:
        return by
    chance = share(float(mine["move_30"].mean()))
    return by + say(language, en=f"; {chance} to go on within 30 days", zh=f"；30 天内推进的概率 {chance}")
