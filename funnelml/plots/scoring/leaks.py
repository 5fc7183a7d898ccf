"""Leaks: the fields that seem to know the outcome, by what each tells alone."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from funnelml.language import Language, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.scoring.rows import name_rows, show_grid
from funnelml.plots.theme import INK, MISS, OURS, drawn_on, write_title
from funnelml.scoring.leaks.report import LeakReport, Suspect

_MOST = 20
"""Suspects on one picture; those to leave out come first."""
_WIDTH = {"en": 30, "zh": 16}


def plot_leaks(report: LeakReport, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the AUC that each suspect reaches alone, with the share of rows in which it is filled.

    Parameters
    ----------
    report : LeakReport
        Suspects.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Red points are to be left out, hollow red ones are kept though they should be, blue ones are to be looked at;
        the line ends at the lower bound. At most twenty suspects are drawn, and none that is no column.
    """
    suspects = [suspect for suspect in report.suspects if np.isfinite(suspect.auc)][:_MOST]
    with drawn_on(ax, size=(7.2, 1.8 + 0.34 * max(len(suspects), 1))) as ax:
        for k, suspect in enumerate(suspects):
            _draw(ax, k, suspect, language)
        names = [legible(name_field(s.field, language), otherwise=f"{k + 1}") for k, s in enumerate(suspects)]
        name_rows(ax, names, width=_WIDTH[language])
        ax.set_xlim(0.48, 1)  # room for a point at 0.5, the least that is drawn
        show_grid(ax, along="x")
        ax.set_xlabel(
            say(language, en="AUC of the field alone (0.5: tells nothing)", zh="单个字段的 AUC（0.5 为无信息）")
        )
        out, kept, looked = len(report.left_out), len(report.kept), len(report.to_look_at)
        rest = len(report.suspects) - len(suspects)
        more = say(language, en=f"; {rest:,} more not drawn", zh=f"；另有 {rest:,} 个未画出") if rest else ""
        write_title(
            ax,
            say(
                language,
                en=f"{out:,} of {report.fields:,} fields left out, {looked:,} to be looked at",
                zh=f"{report.fields:,} 个字段中剔除 {out:,} 个，需核查 {looked:,} 个",
            ),
            say(
                language,
                en=f"red: left out; hollow: kept all the same ({kept:,}); blue: to be looked at{more}",
                zh=f"红色：剔除；空心：按要求保留（{kept:,} 个）；蓝色：需核查{more}",
            ),
        )
    return ax


def _draw(ax: Axes, k: int, suspect: Suspect, language: Language) -> None:
    colour = OURS if suspect.verdict == "look at" else MISS
    hollow = suspect.verdict == "leave out" and suspect.kept
    # An AUC under 0.5 is chance; it is drawn at the edge.
    at, low = max(suspect.auc, 0.5), max(suspect.auc_low, 0.5)
    ax.plot([low, at], [k, k], color=colour, linewidth=2.2)
    ax.plot(at, k, "o", color=colour, markerfacecolor="white" if hollow else colour, markersize=7, clip_on=False)
    filled = share(suspect.filled)
    ax.annotate(
        say(language, en=f"{suspect.auc:.2f}, {filled} filled", zh=f"{suspect.auc:.2f}，{filled} 已填写"),
        (1, k),
        (6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        size=9.5,
        color=INK,
    )
