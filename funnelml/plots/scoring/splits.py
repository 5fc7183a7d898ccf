"""The newest rows against rows drawn at random: what drift costs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from funnelml.language import Language, say, share
from funnelml.plots.scoring.rows import name_rows, show_grid
from funnelml.plots.theme import FAINT, INK, OURS, drawn_on, write_title
from funnelml.scoring.evaluation.metrics import METRIC_NAMES
from funnelml.scoring.evaluation.model_evaluation import ModelEvaluation, SplitEvaluation

SHOWN = ("auc", "average_precision", "top_decile_capture", "log_loss", "calibration_error")
"""Metrics that are drawn."""


def plot_splits(evaluation: ModelEvaluation, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the figures on the newest rows against those on rows drawn at random.

    Parameters
    ----------
    evaluation : ModelEvaluation
        Both evaluations; without dates only that at random.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Blue points are the newest rows, hollow ones a random split, each with its 95 % interval; a tick marks what a
        score without information would reach, for the calibration error what a perfect model stays within.
    """
    splits = [(evaluation.time, OURS, -0.16), (evaluation.random, FAINT, 0.16)]
    with drawn_on(ax, size=(6.8, 4.2)) as ax:
        for own, colour, shift in splits:
            if own is not None:
                _draw(ax, own, colour, shift if evaluation.time is not None else 0.0)
        name_rows(ax, [METRIC_NAMES[name][language == "zh"] for name in SHOWN])
        ax.set_xlim(0, 1.1 * ax.get_xlim()[1])
        show_grid(ax, along="x")
        ax.set_xlabel(
            say(
                language,
                en="value (tick: without information; calibration: perfect model)",
                zh="数值（短线：无信息的评分；校准误差：完美模型）",
            ),
            color=INK,
        )
        _write_finding(ax, evaluation, language)
    return ax


def _draw(ax: Axes, own: SplitEvaluation, colour: str, shift: float) -> None:
    shown = own.scores.metrics.loc[list(SHOWN)]
    place = np.arange(len(SHOWN)) + shift
    ax.hlines(place, shown["low"], shown["high"], color=colour, linewidth=2.2)
    face = colour if own.in_time else "white"
    ax.scatter(shown["value"], place, s=40, facecolor=face, edgecolor=colour, zorder=3)
    ax.scatter(shown["reference"], place, marker="|", s=70, color=INK, linewidth=1.2, zorder=2)
    behind = shown[["value", "high", "reference"]].max(axis=1)
    for value, edge, row in zip(shown["value"], behind, place, strict=True):
        ax.annotate(f"{value:.3f}", (edge, row), (8, 0), textcoords="offset points", va="center", size=9, color=INK)


def _write_finding(ax: Axes, evaluation: ModelEvaluation, language: Language) -> None:
    if evaluation.time is None:
        write_title(
            ax,
            say(language, en="Without dates drift cannot be seen", zh="没有日期，无法看出漂移"),
            say(language, en="rows drawn at random", zh="随机抽取的行"),
        )
        return
    auc = [own.scores.estimate("auc").value for own in (evaluation.time, evaluation.random)]
    rates = share(evaluation.time.train_base_rate, 1), share(evaluation.time.scores.base_rate, 1)
    write_title(
        ax,
        say(
            language,
            en=f"AUC {auc[0]:.3f} on the newest rows, {auc[1]:.3f} on a random split",
            zh=f"最新数据上 AUC {auc[0]:.3f}，随机划分为 {auc[1]:.3f}",
        ),
        say(
            language,
            en=f"blue: newest; hollow: random; base rate {rates[0]}, then {rates[1]}",
            zh=f"蓝：最新；空心：随机；基准转化率 {rates[0]}，之后 {rates[1]}",
        ),
    )
