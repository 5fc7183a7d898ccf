"""Why records are lost: how often for each reason, where, and how that changes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from funnelml.diagnostics.losses.reasons import LossReasons
from funnelml.diagnostics.losses.rules import REASONS, UNKNOWN, name_reason
from funnelml.language import Language, say, share, short_amount
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, OURS, SIZE, drawn_on, write_title

_LINES = sns.color_palette("colorblind").as_hex()
_GREY = "#b5b5b5"
_MOST_GROUPS, _FEW = 10, 20


def plot_loss_reasons(result: LossReasons, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the share of each reason with its interval, the most frequent at the top; labels add counts and amounts.

    Parameters
    ----------
    result : LossReasons
        The reasons.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Shares are of the losses with a reason; how many have none is told under the title.
    """
    table = result.reasons[result.reasons["reason"] != UNKNOWN]
    shares = table[["share", "low", "high"]].fillna(0.0).to_numpy()
    names = [name_reason(reason, language) for reason in table["reason"]]
    currency = legible(result.currency, otherwise="")
    with drawn_on(ax, size=(SIZE[0], 1.5 + 0.4 * len(table))) as ax:
        rows = np.arange(len(table))
        ax.barh(rows, shares[:, 0], color=OURS, height=0.62)
        ax.hlines(rows, shares[:, 1], shares[:, 2], color=INK, linewidth=1.4)
        for row, (part, _, high), lost, amount in zip(rows, shares, table["lost"], table["amount"], strict=True):
            told = f"{share(part)}, {lost:,}" + (f", {short_amount(amount, '', language)}" if amount > 0 else "")
            ax.annotate(told, (high, row), (6, 0), textcoords="offset points", va="center", size=9.5)
        ax.set_yticks(rows, [fill(name, 22) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set_xlim(0, max(float(shares[:, 2].max()), 0.05) * 1.55)
        _show_shares(ax, "x")
        unit = f" ({currency})" if currency else ""
        english = f"share of the losses with a reason; number, amount{unit}"
        ax.set_xlabel(say(language, en=english, zh=f"占有原因输单的比例；条数、金额{unit}"))
        write_title(ax, _finding(table, names, language), _detail(result, language))
    return ax


def plot_reason_trend(result: LossReasons, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the share of each reason by the period of the loss; reasons that changed stand out.

    Parameters
    ----------
    result : LossReasons
        The reasons.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        A shaded band is the interval of a reason that changed more than chance would have it.
    """
    table = result.periods
    starts = sorted(set(table["period_start"]))
    changed = list(result.trends.loc[result.trends["changed"], "reason"])
    with drawn_on(ax) as ax:
        last: list[tuple[float, str, str]] = []
        for number, reason in enumerate(REASONS):
            own = table[(table["reason"] == reason) & (table["of"] > 0)]
            place = np.array([starts.index(day) for day in own["period_start"]], dtype=float)
            stands_out = reason in changed
            colour = _LINES[number] if stands_out or not changed else _GREY
            ax.plot(place, own["share"], color=colour, linewidth=2.2 if stands_out else 1.4, marker="o", markersize=3.5)
            if stands_out:
                ax.fill_between(place, own["low"], own["high"], color=colour, alpha=0.15, linewidth=0)
            if len(own):
                last.append((float(own["share"].iloc[-1]), name_reason(reason, language), colour))
        _label_ends(ax, last, len(starts))
        ax.set_xticks(range(len(starts)), [f"{day:%Y-%m}" for day in starts])
        for label in ax.get_xticklabels()[1:-1] if len(starts) > 8 else []:
            label.set_visible(False)
        ax.set_xlim(-0.3, max(len(starts) - 1, 1) * 1.38)
        ax.set_ylim(0, max(float(table["share"].fillna(0.0).max()) if len(table) else 0.0, 0.1) * 1.15)
        _show_shares(ax, "y")
        ax.set_xlabel(say(language, en="period of the loss, by its first month", zh="输单所在周期（首月）"))
        ax.set_ylabel(say(language, en="share of the losses", zh="占输单比例"))
        write_title(ax, _trend_finding(result, changed, language), _detail(result, language))
    return ax


def plot_reason_groups(
    result: LossReasons, ax: Axes | None = None, *, by: str = "stage", language: Language = "en"
) -> Axes:
    """Draw which reasons prevail in each stage, segment or owner, as a table of shares.

    Parameters
    ----------
    result : LossReasons
        The reasons.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    by : str
        One of the groups that were counted.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        At most ten groups; each row adds up to 100 % and names its number of losses.
    """
    table = result.groups[(result.groups["by"] == by) & (result.groups["of"] > 0)]
    groups = list(dict.fromkeys(table["group"]))[:_MOST_GROUPS]
    shares = table.pivot(index="group", columns="reason", values="share")
    cells = shares.reindex(index=groups, columns=list(REASONS)).astype(float)
    counts = table.drop_duplicates("group").set_index("group")["of"]
    names = [_name_group(group, number, language) for number, group in enumerate(groups, start=1)]
    with drawn_on(ax, size=(SIZE[0] + 0.6, 1.9 + 0.36 * max(len(groups), 1))) as ax:
        if groups:
            sns.heatmap(
                cells.to_numpy(),
                ax=ax,
                cmap=sns.light_palette(OURS, as_cmap=True),
                vmin=0.0,
                annot=[[share(part) for part in row] for row in cells.to_numpy()],
                fmt="",
                cbar=False,
                linewidths=0.6,
                annot_kws={"size": 9.5},
            )
            told = [f"{name} ({counts[group]:,})" for name, group in zip(names, groups, strict=True)]
            ax.set_yticks(np.arange(len(groups)) + 0.5, told)
        labels = [fill(name_reason(reason, language), 9, break_long_words=language == "zh") for reason in REASONS]
        ax.set_xticks(np.arange(len(REASONS)) + 0.5, labels, rotation=0)
        ax.tick_params(axis="both", length=0)
        ax.tick_params(axis="y", rotation=0)
        write_title(
            ax,
            _group_finding(cells, names, [int(counts[group]) for group in groups], language),
            _detail(result, language),
        )
    return ax


def _show_shares(ax: Axes, along: str) -> None:
    axis = ax.xaxis if along == "x" else ax.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: share(value)))
    ax.grid(axis="x" if along == "x" else "y", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)


def _label_ends(ax: Axes, ends: Sequence[tuple[float, str, str]], periods: int) -> None:
    """Write the names behind the ends of the lines, moved apart where they would overlap."""
    gap = max((value for value, _, _ in ends), default=1.0) * 0.085
    place = -np.inf
    for value, name, colour in sorted(ends):
        place = max(value, place + gap)
        ax.annotate(
            name,
            (periods - 1, place),
            (7, 0),
            textcoords="offset points",
            va="center",
            color=FAINT if colour == _GREY else colour,
            size=9.5,
        )


def _name_group(group: object, number: int, language: Language) -> str:
    if group == UNKNOWN:
        return say(language, en="unknown", zh="未知")
    return fill(legible(str(group), otherwise=f"{number}"), 20)


def _detail(result: LossReasons, language: Language) -> str:
    lost, filled = len(result.records), int((result.records["reason"] != UNKNOWN).sum())
    warning = say(language, en=" (may be biased)", zh="（可能有偏差）") if result.is_biased else ""
    return say(
        language,
        en=f"{filled:,} of {lost:,} losses by {result.as_of} have a reason{warning}",
        zh=f"截至 {result.as_of}，{lost:,} 条输单中 {filled:,} 条有原因{warning}",
    )


def _finding(table: pd.DataFrame, names: Sequence[str], language: Language) -> str:
    top = table.iloc[0]
    if not top["lost"]:
        return say(language, en="No reason of a loss is known", zh="没有已知的输单原因")
    part = share(float(top["share"]))
    return say(language, en=f"{part} of losses are for {names[0]}", zh=f"{part} 的输单因为{names[0]}")


def _trend_finding(result: LossReasons, changed: Sequence[str], language: Language) -> str:
    if not changed:
        return say(language, en="No reason changes more than chance would have it", zh="各原因占比没有明显变化")
    trends = result.trends[result.trends["reason"].isin(changed)]
    row = trends.iloc[int((trends["share_late"] - trends["share_early"]).abs().to_numpy().argmax())]
    early, late = share(float(row["share_early"])), share(float(row["share_late"]))
    name = name_reason(str(row["reason"]), language)
    return say(
        language, en=f"{name.capitalize()}: from {early} to {late} of losses", zh=f"{name}：从 {early} 到 {late}"
    )


def _group_finding(cells: pd.DataFrame, names: Sequence[str], counts: Sequence[int], language: Language) -> str:
    if not names:
        return say(language, en="No reason of a loss is known", zh="没有已知的输单原因")
    # A group of a few losses is never the finding, unless there is no other.
    telling = cells[np.asarray(counts) >= _FEW].reindex(cells.index) if max(counts) >= _FEW else cells
    where = np.unravel_index(int(np.nanargmax(telling.to_numpy())), cells.shape)
    part, name = share(float(cells.to_numpy()[where])), names[int(where[0])]
    reason = name_reason(REASONS[int(where[1])], language)
    return say(
        language, en=f"{reason.capitalize()}: {part} of losses in {name}", zh=f"{name}：{part} 的输单因为{reason}"
    )
