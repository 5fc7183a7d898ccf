"""Gains and lift: what part of the conversions the highest scores hold."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from funnelml.language import Language, say, share
from funnelml.plots.scoring.chances import write_shares
from funnelml.plots.theme import FAINT, INK, OURS, drawn_on, write_title
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation


def plot_gains(evaluation: ScoreEvaluation, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the share of the conversions that the highest scores hold, by the share of the rows taken.

    Parameters
    ----------
    evaluation : ScoreEvaluation
        Gains.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Blue is the score with its 95 % band, the grey line any order, the dotted line a perfect order; the
        point is the top tenth.
    """
    gains = evaluation.gains
    with drawn_on(ax, size=(5.8, 4.4)) as ax:
        top, capture, low, high = (np.append(0, gains[name]) for name in ("top", "capture", "low", "high"))
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        ax.plot([0, evaluation.base_rate, 1], [0, 1, 1], color=FAINT, linewidth=1, linestyle=":")
        ax.fill_between(top, low, high, color=OURS, alpha=0.2, linewidth=0)
        ax.plot(top, capture, color=OURS, linewidth=2)
        tenth = gains.loc[gains["top"] == 0.1].iloc[0]
        ax.plot(tenth["top"], tenth["capture"], "o", color=OURS, markersize=7)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        for axis in (ax.xaxis, ax.yaxis):
            write_shares(axis)
        ax.set_xlabel(say(language, en="share of rows, highest scores first", zh="按得分从高到低选取的行数比例"))
        ax.set_ylabel(say(language, en="share of conversions among them", zh="其中包含的转化比例"), color=INK)
        ends = f"{tenth['lift']:.1f}", f"{tenth['lift_low']:.1f}", f"{tenth['lift_high']:.1f}"
        held = share(float(tenth["capture"]))
        write_title(
            ax,
            say(
                language,
                en=f"The top tenth holds {held} of the conversions",
                zh=f"得分最高的十分之一包含 {held} 的转化",
            ),
            say(
                language,
                en=f"lift {ends[0]} ({ends[1]} to {ends[2]}); grey: any order; dotted: perfect",
                zh=f"提升度 {ends[0]}（{ends[1]} 至 {ends[2]}）；灰线：随机排序；点线：完美排序",
            ),
        )
    return ax


def plot_lift(evaluation: ScoreEvaluation, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw how many times the base rate the highest scores convert, by the share of the rows taken.

    Parameters
    ----------
    evaluation : ScoreEvaluation
        Gains.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Blue is the score with its 95 % band, the grey line the base rate.
    """
    gains = evaluation.gains
    with drawn_on(ax, size=(5.8, 4.0)) as ax:
        ax.axhline(1, color=FAINT, linewidth=1)
        ax.fill_between(gains["top"], gains["lift_low"], gains["lift_high"], color=OURS, alpha=0.2, linewidth=0)
        ax.plot(gains["top"], gains["lift"], "o-", color=OURS, linewidth=2, markersize=4)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.08 * float(np.nanmax(gains["lift_high"].fillna(gains["lift"]))))
        write_shares(ax.xaxis)
        ax.set_xlabel(say(language, en="share of rows, highest scores first", zh="按得分从高到低选取的行数比例"))
        ax.set_ylabel(say(language, en="conversion, times the base rate", zh="转化率相当于基准的倍数"), color=INK)
        fifth = gains.loc[gains["top"] == 0.2].iloc[0]
        rate, base = share(float(fifth["rate"]), 1), share(evaluation.base_rate, 1)
        write_title(
            ax,
            say(
                language,
                en=f"The top fifth converts at {rate}, all rows at {base}",
                zh=f"得分最高的五分之一转化率为 {rate}，整体为 {base}",
            ),
            say(language, en="with 95 % interval; grey: the base rate", zh="含 95 % 区间；灰线：基准转化率"),
        )
    return ax
