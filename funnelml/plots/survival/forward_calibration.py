"""Predicted incidences of past dates against what came, in bins, each way to leave in its colour."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from funnelml.errors import ModelInputError
from funnelml.language import Language, say, share
from funnelml.plots.survival.outcomes import COLOURS
from funnelml.plots.theme import FAINT, drawn_on, write_title
from funnelml.survival.evaluation.survival_evaluation import CAUSE_NAMES, SurvivalEvaluation


def plot_forward_calibration(
    evaluation: SurvivalEvaluation, day: float, ax: Axes | None = None, *, language: Language = "en"
) -> Axes:
    """Draw the chance that was promised against the share that came about within some days.

    Parameters
    ----------
    evaluation : SurvivalEvaluation
        What was measured.
    day : float
        Days ahead: one of those on which it was measured.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Points are bins of equally many rows with 95 % intervals; on the diagonal promises came true.

    Raises
    ------
    ModelInputError
        If nothing was measured on that day.
    """
    if day not in evaluation.days:
        known = ", ".join(f"{known:g}" for known in evaluation.days)
        raise ModelInputError(f"nothing was measured on day {day:g}; choose one of {known}")
    table = evaluation.bins[evaluation.bins["day"] == day]
    seen = [cause for cause in evaluation.causes if cause in COLOURS]
    with drawn_on(ax, size=(5.8, 4.6)) as ax:
        ax.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        for cause in seen:
            own = table[table["cause"] == cause]
            ax.vlines(own["predicted"], own["low"], own["high"], color=COLOURS[cause], linewidth=1.6, alpha=0.6)
            name = CAUSE_NAMES[cause][language == "zh"]
            ax.plot(
                own["predicted"], own["observed"], "o-", color=COLOURS[cause], linewidth=1, markersize=5, label=name
            )
        reach = min(1.0, 1.04 * float(np.nanmax(table[["predicted", "high"]].to_numpy(dtype=float), initial=0.05)))
        ax.set_xlim(0, reach)
        ax.set_ylim(0, reach)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_xlabel(say(language, en="promised chance", zh="预测概率"))
        ax.set_ylabel(say(language, en="share that came about", zh="实际比例"))
        if seen:
            ax.legend(loc="upper left")
        write_title(ax, _find(evaluation, seen, day, language), _detail(evaluation, language))
    return ax


def _find(evaluation: SurvivalEvaluation, seen: list[str], day: float, language: Language) -> str:
    if not seen:
        return say(language, en=f"Nothing came about within {day:g} days", zh=f"{day:g} 天内没有任何结局")
    first = seen[0]
    told, came = (share(evaluation.value(first, name, day), 1) for name in ("predicted", "observed"))
    name = CAUSE_NAMES[first][language == "zh"]
    return say(
        language,
        en=f"Within {day:g} days: {told} promised to have {name}, {came} had",
        zh=f"{day:g} 天内{name}：预测 {told}，实际 {came}",
    )


def _detail(evaluation: SurvivalEvaluation, language: Language) -> str:
    return say(
        language,
        en=f"{evaluation.rows:,} predictions on {evaluation.dates:,} past dates, with 95\xa0% intervals",
        zh=f"{evaluation.dates:,} 个过往时点的 {evaluation.rows:,} 次预测，含 95\xa0% 区间",
    )
