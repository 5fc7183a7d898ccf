"""Calibration: what was promised against what came about, beside the band of a perfect model."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from funnelml.language import Language, say
from funnelml.plots.scoring.chances import write_shares
from funnelml.plots.theme import FAINT, INK, MISS, OURS, drawn_on, write_title
from funnelml.scoring.evaluation.score_evaluation import ScoreEvaluation

_BARS_UP_TO = 0.16
"""Part of the height that the tallest bar of the histogram takes."""


def plot_calibration(evaluation: ScoreEvaluation, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw promised against observed shares in bins of equal size, over the rows by probability.

    Parameters
    ----------
    evaluation : ScoreEvaluation
        Calibration and histogram.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Points are bins with 95 % intervals, vermilion where they lie outside of the grey band, in which a perfect model
        of this size would lie in 95 of 100 cases; bars at the bottom are rows, the tallest at a sixth of the height.
    """
    calibration = evaluation.calibration
    curve, bars = calibration.curve, evaluation.histogram
    reach = min(1.0, 1.06 * float(curve[["promised", "high", "perfect_high"]].to_numpy().max()))
    with drawn_on(ax, size=(5.8, 4.8)) as ax:
        width = bars["right"] - bars["left"]
        height = bars["rows"] / bars["rows"].max() * _BARS_UP_TO * reach
        ax.bar(bars["left"], height, width, align="edge", color="#d9d9d9", edgecolor="white", linewidth=0.3)
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        ax.fill_between(
            curve["promised"], curve["perfect_low"], curve["perfect_high"], color=FAINT, alpha=0.25, linewidth=0
        )
        outside = (curve["observed"] < curve["perfect_low"]) | (curve["observed"] > curve["perfect_high"])
        colours = np.where(outside, MISS, OURS).tolist()
        ax.plot(curve["promised"], curve["observed"], color=OURS, linewidth=1, alpha=0.6)
        ax.vlines(curve["promised"], curve["low"], curve["high"], color=colours, linewidth=2)
        ax.scatter(curve["promised"], curve["observed"], color=colours, s=30, zorder=3)
        ax.set_xlim(0, reach)
        ax.set_ylim(0, reach)
        for axis in (ax.xaxis, ax.yaxis):
            write_shares(axis, reach=reach)
        ax.set_xlabel(say(language, en="promised probability (bars: rows)", zh="预测概率（灰柱：行数）"))
        ax.set_ylabel(say(language, en="share that came about", zh="实际转化比例"), color=INK)
        _write_finding(ax, evaluation, language)
    return ax


def _write_finding(ax: Axes, evaluation: ScoreEvaluation, language: Language) -> None:
    calibration, slope = evaluation.calibration, evaluation.estimate("calibration_slope")
    error, limit = f"{100 * calibration.error:.1f}", f"{100 * calibration.perfect_error_95:.1f}"
    beyond = calibration.beyond_chance
    slopes = f"{slope.value:.2f}", f"{slope.low:.2f}", f"{slope.high:.2f}"
    known = bool(np.isfinite(slope.value))
    write_title(
        ax,
        say(
            language,
            en=f"Off by {error} points on average, {'beyond' if beyond else 'within'} chance (up to {limit})",
            zh=f"平均偏差 {error} 个百分点，{'超出' if beyond else '未超出'}偶然范围（至多 {limit}）",
        ),
        say(
            language,
            en="grey band: a perfect model" + (f"; slope {slopes[0]} ({slopes[1]} to {slopes[2]})" if known else ""),
            zh="灰带：完美模型" + (f"；斜率 {slopes[0]}（{slopes[1]} 至 {slopes[2]}）" if known else ""),
        ),
    )
