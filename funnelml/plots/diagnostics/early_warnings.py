"""Early warnings: which rules were right before, against records of the same stages without the warning."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from funnelml.diagnostics.early_warnings.warn import EarlyWarnings
from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, OURS, drawn_on, write_title

_NAME_WIDTH = {"en": 30, "zh": 16}


def plot_warning_precision(result: EarlyWarnings, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw how often each rule was right, with its interval, against records of the same stages without the warning.

    Parameters
    ----------
    result : EarlyWarnings
        Rules and their record.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Filled points are precisions (blue if better than without the warning, grey if not shown to be), hollow ones
        the base rates, figures the share and the number of past warnings; a rule that cannot be judged, or has too
        few past warnings, says so on its line.
    """
    rules = result.rules.sort_values("lift", ascending=False, kind="stable", ignore_index=True)
    with drawn_on(ax, size=(8.0, 1.9 + 0.45 * len(rules))) as ax:
        for k, row in enumerate(rules.to_dict("records")):
            if row["verdict"] in ("not_judged", "too_few"):
                ax.text(0.5, k, _why_no_point(result, row, language), ha="center", va="center", color=FAINT, size=9)
                continue
            colour = OURS if row["verdict"] == "better" else FAINT
            ax.plot([row["base_rate"], row["precision"]], [k, k], color=colour, linewidth=1, alpha=0.5)
            ax.plot([row["low"], row["high"]], [k, k], color=colour, linewidth=3, solid_capstyle="butt")
            ax.plot(row["base_rate"], k, "o", markerfacecolor="white", markeredgecolor=INK, markersize=7)
            ax.plot(row["precision"], k, "o", color=colour, markersize=8)
            text = say(
                language,
                en=f"{share(row['precision'])} of {row['past_warned']:,}",
                zh=f"{row['past_warned']:,} 条中 {share(row['precision'])}",
            )
            ax.annotate(
                text, (1, k), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center"
            )
        names = [legible(result.name(r, language), otherwise=result.name(r)) for r in rules["rule"]]
        ax.set_yticks(range(len(rules)), [fill(name, _NAME_WIDTH[language]) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(max(len(rules), 1) - 0.4, -0.6)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(PercentFormatter(1.0))
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        days = result.horizon_days
        ax.set_xlabel(
            say(language, en=f"lost or not moved on within {days} days", zh=f"{days} 天内输单或没有推进的比例")
        )
        better = int((rules["verdict"] == "better").sum())
        judged = int(rules["verdict"].isin(("better", "no_better", "worse")).sum())
        write_title(
            ax,
            say(
                language,
                en=f"{better:,} of {judged:,} judged rules tell more than the stage",
                zh=f"{judged:,} 条可判断的规则中，{better:,} 条优于仅看阶段",
            ),
            say(
                language,
                en="filled: records warned of before; hollow: same stages, not warned",
                zh="实心：过去被预警的记录；空心：同阶段未预警的记录",
            ),
        )
    return ax


def _why_no_point(result: EarlyWarnings, row: Mapping[Hashable, Any], language: Language) -> str:
    rule = str(row["rule"])
    if row["verdict"] == "not_judged":
        en, zh = result.not_judged[rule]
        return say(language, en=fill(en, 44), zh=fill(zh, 34))
    past = f"{row['past_warned']:,}"
    return say(language, en=f"too few past warnings: {past}", zh=f"过去预警太少：{past} 次")
