"""Drift of inputs: how far each field has moved, beside what chance alone would do."""

from __future__ import annotations

from textwrap import fill

from matplotlib.axes import Axes

from funnelml.language import Language, say
from funnelml.plots.fonts import legible
from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.scoring.rows import name_rows
from funnelml.plots.theme import FAINT, INK, MISS, drawn_on, write_title
from funnelml.scoring.monitoring.input_drift import MOVED, MOVED_MUCH, InputDrift

_COLOURS = {"steady": "#c8c8c8", "moved": "#ecb01f", "moved much": MISS}
_NAME_WIDTH, _HOW_WIDTH = {"en": 26, "zh": 14}, {"en": 46, "zh": 26}


def plot_input_drift(drift: InputDrift, ax: Axes | None = None, *, most: int = 12, language: Language = "en") -> Axes:
    """Draw the PSI of each field as a bar, with the bound that chance alone does not exceed.

    Parameters
    ----------
    drift : InputDrift
        Fields of new rows against those of training.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    most : int
        Fields at most, the largest PSI first.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Grey bars are steady fields, yellow ones moved, vermilion ones moved much; the black tick is the bound, the
        dotted lines are the conventions 0.1 and 0.25. Bars are cut at 1.
    """
    shown = drift.to_frame(language).head(most)
    with drawn_on(ax, size=(7.6, 1.9 + 0.4 * max(len(shown), 2))) as ax:
        for k, row in enumerate(shown.to_dict("records")):
            size = min(row["psi"], 1.0)
            ax.barh(k, size, height=0.62, color=_COLOURS[row["verdict"]])
            bound = min(row["chance"], 1.0)
            ax.plot([bound, bound], [k - 0.4, k + 0.4], color=INK, linewidth=1.6)
            text = f"{row['psi']:.2f}"
            if row["verdict"] != "steady":
                text += "  " + legible(row["how"], otherwise="")
            ax.annotate(
                fill(text, _HOW_WIDTH[language]), (max(size, bound), k), (7, 0), textcoords="offset points",
                va="center", size=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip
        for border in (MOVED, MOVED_MUCH):
            ax.axvline(border, color=FAINT, linewidth=1, linestyle=":", zorder=0)
        names = [
            legible(name_field(str(field), language), otherwise=f"{k + 1}") for k, field in enumerate(shown["field"])
        ]
        name_rows(ax, names, width=_NAME_WIDTH[language])
        reach = float(shown[["psi", "chance"]].max().max()) if len(shown) else 0.0
        ax.set_xlim(0, 2.0 * min(max(reach, MOVED_MUCH), 1.0))
        # No tick where no bar can end: the room behind is for words.
        ax.set_xticks([tick for tick in (MOVED, MOVED_MUCH, 0.5, 1.0) if tick <= max(reach, MOVED_MUCH)])
        ax.set_xlabel(say(language, en="population stability index (PSI)", zh="总体稳定性指数（PSI）"))
        moved, fields, new = len(drift.moved), len(drift.table), f"{drift.new_records:,}"
        write_title(
            ax,
            say(language, en=f"{moved} of {fields} fields moved", zh=f"{fields} 个字段中有 {moved} 个发生偏移"),
            say(
                language,
                en=f"{new} new records against training; tick: what chance alone does not exceed",
                zh=f"{new} 条新记录与训练数据相比；短线：偶然波动上限",
            ),
        )
    return ax
