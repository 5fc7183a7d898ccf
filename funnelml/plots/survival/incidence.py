"""What becomes of the stays in a stage, day by day: areas of all outcomes, one on top of the other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.survival.outcomes import COLOURS, show_days_in_stage
from funnelml.plots.theme import FAINT, INK, SIZE, drawn_on, write_title
from funnelml.survival.nonparametric.stage_incidence import OUTCOMES, StageIncidence
from funnelml.survival.nonparametric.words import name_outcome, tell_time

_STACK = ("advanced", "won", "still_in_stage", "moved_back", "lost")
_LEAST_GAP = 0.062


def plot_stage_incidence(
    incidence: StageIncidence,
    stage: str,
    ax: Axes | None = None,
    *,
    group: object | None = None,
    language: Language = "en",
) -> Axes:
    """Draw the share of stays that have ended in each way by each day, and of those that are still there.

    Parameters
    ----------
    incidence : StageIncidence
        What was estimated.
    stage : str
        Stage to draw.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    group : object, optional
        Group to draw, where there are several.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        The dotted line is the last day on which ten records were at risk; beyond it the areas are pale. They end where
        observation does.

    Raises
    ------
    InputError
        If no stay of that stage and group is known.
    """
    of = incidence.of(stage, group)
    until = of.told_until
    known = of.curve.times[-1] if np.isinf(of.curve.observed_until) else of.curve.last_follow_up
    last = min(max(known, 1e-9), max(until * 1.2, 1e-9))
    on = np.unique(np.concatenate(([0.0], of.curve.times[of.curve.times < last], [until], [last])))
    chances = dict(zip(OUTCOMES, of.curve(on), strict=True))
    end = dict(zip(OUTCOMES, of.curve(until), strict=True))
    name = legible(stage, otherwise=f"Stage {incidence.funnel.stages.index(stage) + 1}")
    with drawn_on(ax, size=(SIZE[0] + 0.9, SIZE[1] + 0.3)) as ax:
        below = np.zeros(len(on))
        labels: list[tuple[float, str, str]] = []
        for outcome in _STACK:
            above = below + chances[outcome]
            ax.fill_between(on, below, above, step="post", color=COLOURS[outcome], alpha=0.85, linewidth=0)
            if above[-1] > below[-1]:
                words = f"{share(float(end[outcome]))} {name_outcome(outcome, language)}"
                labels.append((float((below[-1] + above[-1]) / 2), words, outcome))
            below = above
        if last > until:
            ax.axvspan(until, last, color="white", alpha=0.55, linewidth=0)
        ax.axvline(until, color=INK, linewidth=1.0, linestyle=":")
        for (_, words, outcome), height in zip(labels, _spread([at for at, _, _ in labels]), strict=True):
            colour = INK if outcome == "still_in_stage" else COLOURS[outcome]
            ax.annotate(
                words, (1.0, height), (6, 0), xycoords="axes fraction", textcoords="offset points", va="center",
                color=colour, size=10, fontweight="bold",
            )  # fmt: skip
        show_days_in_stage(ax, last, language)
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_ylabel(say(language, en="share of all stays", zh="占全部停留的比例"), color=FAINT)
        write_title(ax, _find(end, until, name, language), _detail(incidence, stage, group, until, language))
    return ax


def _spread(heights: list[float]) -> list[float]:
    """Return the heights moved apart, so that no label lies on another, and none beyond the axes."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + _LEAST_GAP) if placed else max(height, _LEAST_GAP / 2))
    ceiling = 1.0
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - _LEAST_GAP
    return placed


def _find(end: dict[str, float], until: float, name: str, language: Language) -> str:
    if end["still_in_stage"] == 1:
        return say(language, en=f"Nobody was seen to leave {name}", zh=f"未观察到有记录离开{name}")
    most = max((o for o in OUTCOMES if o != "still_in_stage"), key=lambda outcome: end[outcome])
    words = name_outcome(most, language)
    figure, by = share(float(end[most])), tell_time(until, language)
    return say(language, en=f"{name}: {figure} {words} within {by}", zh=f"{name}：{by}内 {figure} {words}")


def _detail(incidence: StageIncidence, stage: str, group: object | None, until: float, language: Language) -> str:
    rows = incidence.counts[incidence.counts["stage"] == stage]
    row = rows.iloc[0] if group is None else rows[rows["group"] == group].iloc[0]
    whose = "" if len(rows) == 1 else legible(str(row["group"]), otherwise="one group") + ", "
    return say(
        language,
        en=f"{whose}{row['stays']:,} stays by {incidence.as_of}; dotted: ten at risk until {tell_time(until, 'en')}",
        zh=f"{whose.replace(', ', '，')}截至 {incidence.as_of} 共 {row['stays']:,} 次停留；"
        f"虚线：{tell_time(until, 'zh')}内至少 10 条仍在观察",
    )
