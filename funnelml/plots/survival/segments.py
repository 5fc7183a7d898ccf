"""The incidence of one outcome in several groups, with bands and the numbers at risk below."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from funnelml.errors import InputError, did_you_mean
from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.survival.outcomes import GROUP_COLOURS, show_days_in_stage
from funnelml.plots.theme import FAINT, INK, SIZE, drawn_on, write_title
from funnelml.survival.nonparametric.bands import pointwise_band
from funnelml.survival.nonparametric.stage_incidence import OUTCOMES, StageCurve, StageIncidence
from funnelml.survival.nonparametric.words import name_outcome, tell_time

_ROW = 13.5
"""Points between the rows of numbers at risk."""


def plot_group_incidence(
    incidence: StageIncidence, stage: str, outcome: str, ax: Axes | None = None, *, language: Language = "en"
) -> Axes:
    """Draw the share of stays that have ended in one way by each day, in every group.

    Parameters
    ----------
    incidence : StageIncidence
        What was estimated, by group.
    stage : str
        Stage to draw.
    outcome : {"still_in_stage", "advanced", "won", "lost", "moved_back"}
        Outcome to draw.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        The five largest groups, each with its pointwise band up to the last day on which ten of its records were at
        risk, dotted from there to the end of what was observed, and with the stays at risk below.

    Raises
    ------
    InputError
        If there is no such outcome, or no stay of that stage is known.
    """
    if outcome not in OUTCOMES:
        raise InputError(f"no outcome '{outcome}'{did_you_mean(outcome, OUTCOMES)}; there are {', '.join(OUTCOMES)}")
    curves = {group: of for (name, group), of in incidence.curves.items() if name == stage}
    if not curves:
        incidence.of(stage)  # says which stages there are
    largest = sorted(curves, key=lambda group: -len(curves[group].stays.duration))[: len(GROUP_COLOURS)]
    drawn = {group: curves[group] for group in curves if group in largest}
    names = {group: legible(str(group), otherwise=f"{i}") for i, group in enumerate(drawn, start=1)}
    last = max(of.told_until for of in drawn.values())
    row = OUTCOMES.index(outcome)
    place = legible(stage, otherwise=f"Stage {incidence.funnel.stages.index(stage) + 1}")
    with drawn_on(ax, size=(SIZE[0] + 0.6, SIZE[1] + 0.5 + 0.2 * len(drawn))) as ax:
        for (group, of), colour in zip(drawn.items(), GROUP_COLOURS, strict=False):
            told, ends = of.told_until, min(of.curve.observed_until, last)
            on = np.unique(np.concatenate(([0.0, told, ends], of.curve.times[of.curve.times <= ends])))
            on = on[on <= ends]
            low, high = pointwise_band(of.stays, of.curve, on, level=incidence.level)
            chance, before = of.curve(on)[row], on <= told
            ax.fill_between(
                on[before], low[row, before], high[row, before], step="post", color=colour, alpha=0.16, lw=0
            )
            ax.step(on[before], chance[before], where="post", color=colour, linewidth=2, label=names[group])
            ax.step(on[on >= told], chance[on >= told], where="post", color=colour, linewidth=1.3, linestyle=":")
        show_days_in_stage(ax, last, language)
        ax.set_ylim(bottom=0)
        ax.set_ylim(0, min(1.0, ax.get_ylim()[1]))
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=last >= 6))
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.set_ylabel(
            say(language, en=f"share {name_outcome(outcome, 'en')}", zh=f"{name_outcome(outcome, 'zh')}比例"),
            color=FAINT,
        )
        if len(drawn) > 1:
            ax.legend(loc="best")
        _write_at_risk(ax, drawn, names, language)
        left_out = len(curves) - len(drawn)
        more = (
            ""
            if not left_out
            else say(language, en=f"; {left_out:,} smaller groups left out", zh=f"，另有 {left_out:,} 个较小分组")
        )
        write_title(
            ax,
            _find(_told(incidence, stage, drawn), names, row, outcome, place, language),
            say(
                language,
                en=f"by {incidence.as_of}; {share(incidence.level)} bands; dotted: under ten at risk{more}",
                zh=f"截至 {incidence.as_of}，阴影为 {share(incidence.level)} 区间，点线处不足 10 条{more}",
            ),
        )
    return ax


def _write_at_risk(ax: Axes, drawn: dict[object, StageCurve], names: dict[object, str], language: Language) -> None:
    ticks = [tick for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]]
    top = -46.0
    ax.annotate(
        say(language, en="still at risk", zh="仍在观察"), (0, 0), (0, top), xycoords="axes fraction",
        textcoords="offset points", ha="left", va="top", size=9, color=FAINT,
    )  # fmt: skip
    for i, ((group, of), colour) in enumerate(zip(drawn.items(), GROUP_COLOURS, strict=False), start=1):
        height = top - _ROW * i
        ax.annotate(
            names[group], (0, 0), (-22, height), xycoords="axes fraction", textcoords="offset points", ha="right",
            va="top", size=9, color=colour,
        )  # fmt: skip
        counts = of.stays.at_risk_on(np.array(ticks, dtype=np.float64))
        for tick, count in zip(ticks, counts, strict=True):
            ax.annotate(
                f"{count:,.0f}", (tick, 0), (0, height), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="top", size=9, color=INK,
            )  # fmt: skip


def _told(incidence: StageIncidence, stage: str, drawn: dict[object, StageCurve]) -> dict[object, StageCurve]:
    """Return the groups that the title speaks of: those of enough stays, if there are two."""
    counts = incidence.counts
    enough = set(counts.loc[(counts["stage"] == stage) & counts["enough"], "group"]) & set(drawn)
    return {group: of for group, of in drawn.items() if group in enough} if len(enough) > 1 else drawn


def _find(
    drawn: dict[object, StageCurve], names: dict[object, str], row: int, outcome: str, place: str, language: Language
) -> str:
    day = min(max(of.told_until for of in drawn.values()), *(of.curve.observed_until for of in drawn.values()))
    chance = {group: float(of.curve(day)[row]) for group, of in drawn.items()}
    most, least = max(chance, key=lambda g: chance[g]), min(chance, key=lambda g: chance[g])
    words, by = name_outcome(outcome, language), tell_time(day, language)
    if chance[most] == chance[least]:
        figure = share(chance[most])
        return say(language, en=f"{place}: {figure} {words} within {by}", zh=f"{place}：{by}内{words} {figure}")
    return say(
        language,
        en=f"{place}, {words} within {by}: {names[most]} {share(chance[most])}, {names[least]} {share(chance[least])}",
        zh=f"{place}，{by}内{words}：{names[most]} {share(chance[most])}，{names[least]} {share(chance[least])}",
    )
