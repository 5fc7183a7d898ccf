"""How the log was kept: findings with the owners who stand out, and bulk moves on the calendar."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date, timedelta
from textwrap import fill, shorten
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from funnelml.diagnostics.integrity.check import Integrity
from funnelml.history.funnel import LOST, WON
from funnelml.language import Language, say
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, MISS, OURS, drawn_on, to_axis, write_title

_NAME_WIDTH = {"en": 30, "zh": 16}
_MOST_MARKED = 5
"""Bulk moves, or owners of one finding, that are named on a picture."""
_ENDS = {WON: "赢单", LOST: "输单"}


def plot_integrity(result: Integrity, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the share of records of each finding, and as points the owners who stand out.

    Parameters
    ----------
    result : Integrity
        What the log betrays.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Bars are shares of the records that could be judged; the whisker is the interval. Findings of no record, and
        those that cannot be judged, have a line without a bar.
    """
    totals = result.totals.sort_values(["share", "count"], ascending=False, kind="stable", ignore_index=True)
    out = result.owners[result.owners["stands_out"]]
    shares = totals["share"].fillna(0.0).to_numpy(dtype=float)
    with drawn_on(ax, size=(8.0, 1.6 + 0.4 * len(totals))) as ax:
        ax.barh(range(len(totals)), shares, color=OURS, height=0.62)
        low, high = (totals[c].fillna(0.0).to_numpy(dtype=float) for c in ("low", "high"))
        spread = np.maximum([shares - low, high - shares], 0.0)
        shown = shares > 0
        ax.errorbar(
            shares[shown], np.flatnonzero(shown), xerr=spread[:, shown], fmt="none", ecolor=INK, elinewidth=1, capsize=2
        )
        right = high.copy()
        for k, finding in enumerate(totals["finding"]):
            mine = out[out["finding"] == finding].nlargest(_MOST_MARKED, "share")
            if len(mine):
                ax.plot(mine["share"], np.full(len(mine), k), "D", color=MISS, markersize=5, zorder=4)
                right[k] = max(right[k], float(mine["share"].max()))
        reach = max(float(right.max(initial=0.0)), 0.01)
        for k, row in enumerate(totals.to_dict("records")):
            who = out[out["finding"] == row["finding"]].nlargest(_MOST_MARKED, "share")["owner"]
            text = _count(result, row, language) + _name_owners([str(w) for w in who], language)
            colour = INK if row["count"] else FAINT
            ax.annotate(text, (right[k], k), (8, 0), textcoords="offset points", va="center", size=9, color=colour)
        names = [legible(result.name(f, language), otherwise=result.name(f)) for f in totals["finding"]]
        ax.set_yticks(range(len(totals)), [_wrap(name, language) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(totals) - 0.4, -0.6)
        ax.set_xlim(0, 1.75 * reach)
        ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if reach >= 0.05 else 1))
        ax.set_xticks([t for t in MaxNLocator(4).tick_values(0, reach) if t <= min(1.0, 1.05 * reach)])
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.set_xlabel(say(language, en="share of the records that can be judged", zh="占可判断记录的比例"))
        owners = out["owner"].nunique()
        finding = say(
            language,
            en=f"{owners:,} owner{'s stand' if owners > 1 else ' stands'} out from the others",
            zh=f"有 {owners:,} 位负责人明显异于他人",
        )
        nobody = say(language, en="No owner stands out from the others", zh="没有负责人明显异于他人")
        write_title(
            ax,
            finding if owners else nobody,
            say(
                language,
                en=f"{result.records:,} records by {result.as_of}; diamonds: owners standing out",
                zh=f"截至 {result.as_of} 共 {result.records:,} 条记录；菱形为明显突出的负责人",
            ),
        )
    return ax


def plot_moves_per_day(result: Integrity, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw the moves of each day, and mark the bulk moves.

    Parameters
    ----------
    result : Integrity
        What the log betrays.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        The line leaves bulk moves out; a stem reaches from it to the day's moves with them. The five largest have
        labels.
    """
    daily, bulk = result.daily, result.bulk_moves
    # Weekends at rest would make a comb of the year.
    daily = daily[(daily["moves"] > 0) | (daily["day"].dt.weekday < 5)]
    with drawn_on(ax, size=(7.2, 3.8)) as ax:
        x = to_axis(day.date() for day in daily["day"])
        plain = (daily["moves"] - daily["in_bulk"]).to_numpy(dtype=float)
        ax.fill_between(x, plain, step="mid", color=OURS, alpha=0.35, linewidth=0)
        struck = (daily["in_bulk"] > 0).to_numpy()
        top = daily["moves"].to_numpy(dtype=float)
        ax.vlines(x[struck], plain[struck], top[struck], color=MISS, linewidth=2)
        ax.plot(x[struck], top[struck], "o", color=MISS, markersize=5)
        middle = (x[0] + x[-1]) / 2 if len(x) else 0.0
        for row in bulk.nlargest(_MOST_MARKED, "records").to_dict("records"):
            at = float(row["day"].date().toordinal())
            left = at > middle
            ax.annotate(
                _label_bulk(row, language),
                (at, float(top[x == at].max(initial=0.0))),
                xytext=(-7 if left else 7, 2),
                textcoords="offset points",
                ha="right" if left else "left",
                va="bottom",
                size=9,
            )
        ax.set_ylim(0, 1.22 * max(float(top.max(initial=0.0)), 1.0))
        ax.set_ylabel(say(language, en="moves per day", zh="每日阶段变更次数"))
        if len(x):
            _show_months(ax, daily["day"].iloc[0].date(), daily["day"].iloc[-1].date())
        whole = int(bulk["records"].sum()) if len(bulk) else 0
        found = say(
            language,
            en=f"{whole:,} records moved in bulk, in {len(bulk):,} {'go' if len(bulk) == 1 else 'goes'}",
            zh=f"共有 {whole:,} 条记录被批量移动（{len(bulk):,} 次）",
        )
        none = say(language, en="No bulk move found", zh="未发现批量移动")
        write_title(
            ax,
            found if whole else none,
            say(
                language,
                en=f"{result.moves:,} moves by {result.as_of}; bulk moves in red",
                zh=f"截至 {result.as_of} 共 {result.moves:,} 次阶段变更；红色为批量移动",
            ),
        )
    return ax


def _count(result: Integrity, row: Mapping[Hashable, Any], language: Language) -> str:
    if not row["of"]:
        reason = result.why_not(str(row["finding"]), language) or say(language, en="nothing to judge", zh="无可判断")
        return shorten(reason, 46, placeholder=" …") if language == "en" else fill(reason, 20)
    return say(language, en=f"{row['count']:,} of {row['of']:,}", zh=f"{row['of']:,} 条中 {row['count']:,} 条")


def _name_owners(owners: list[str], language: Language) -> str:
    if not owners:
        return ""
    shown = [legible(o, otherwise=f"owner {k}") for k, o in enumerate(owners, start=1)]
    more = say(language, en=f" +{len(shown) - 1}", zh=f" 等 {len(shown)} 人") if len(shown) > 1 else ""
    return "  " + shown[0] + more


def _label_bulk(row: Mapping[Hashable, Any], language: Language) -> str:
    day = row["day"]
    assert isinstance(day, pd.Timestamp)
    zh = language == "zh"
    ends = [str(n) if n is not None else "…" for n in (row["from_stage"], row["to_stage"])]
    start, to = (legible(_ENDS.get(n, n) if zh else n, otherwise="…") for n in ends)
    when = say(language, en=f"{day.day} {day:%b %Y}", zh=f"{day.year}年{day.month}月{day.day}日")
    return f"{when}: {row['records']:,}\n{start} → {to}"


def _wrap(name: str, language: Language) -> str:
    return fill(name, _NAME_WIDTH[language])


def _show_months(ax: Axes, first: date, last: date) -> None:
    months = pd.date_range(first.replace(day=1), last + timedelta(days=1), freq="MS")
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60, 120) if len(months) / s <= 9)
    shown = [m.date() for m in months[::step] if m.date() >= first]
    ax.set_xticks(to_axis(shown), [f"{d:%Y-%m}" for d in shown])
