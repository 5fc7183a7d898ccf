"""The future of one open record: how its stay may end, day by day, and by when it is won."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from funnelml.language import Language, days, say, share
from funnelml.plots.fonts import legible
from funnelml.plots.theme import FAINT, INK, MISS, OURS, SIZE, drawn_on, write_title
from funnelml.survival.stall.chances import MOVE_DAYS
from funnelml.survival.stall.future import RecordFuture

_COLOURS = sns.color_palette("colorblind").as_hex()
_LAYERS: Final = (
    (2, _COLOURS[2], "won", "赢单"),
    (1, OURS, "advanced", "推进"),
    (0, "#e3e3e3", "still in the stage", "仍在该阶段"),
    (4, _COLOURS[4], "moved back", "回退"),
    (3, MISS, "lost", "输单"),
)
"""Row of the incidence, colour and names, from below: the good below, the bad above, the rest between."""


def plot_future(future: RecordFuture, ax: Axes | None = None, *, language: Language = "en") -> Axes:
    """Draw how the stay of one open record may end, and by when the record is won.

    Parameters
    ----------
    future : RecordFuture
        What lies ahead.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    language : {"en", "zh"}
        Language of the words.

    Returns
    -------
    matplotlib.axes.Axes
        Layers are how the present stay ends; the line is the chance to be won through all stages, with its interval.
        Marks at 14, 30 and 60 days tell how likely it has gone on. What was not observed is hatched.
    """
    at, last = future.days, float(future.days[-1])
    with drawn_on(ax, size=(SIZE[0] + 0.6, SIZE[1] + 0.6)) as ax:
        below = np.zeros(len(at))
        for row, colour, english, chinese in _LAYERS:
            above = below + future.incidence[row]
            if future.incidence[row].max() > 0.005:
                label = say(language, en=english, zh=chinese)
                ax.fill_between(at, below, above, color=colour, alpha=0.55, linewidth=0, label=label)
            below = above
        through = say(language, en="won, through all stages", zh="最终赢单（含后续阶段）")
        ax.fill_between(at, future.won_low, future.won_high, color=INK, alpha=0.18, linewidth=0)
        ax.plot(at, future.won_by, color=INK, linewidth=1.8, label=through)
        _mark_moves(ax, future)
        if future.observed_days < last:
            ax.axvspan(
                future.observed_days, last, facecolor="white", alpha=0.6, hatch="//", edgecolor=FAINT, linewidth=0
            )
            middle = (future.observed_days + last) / 2
            words = say(language, en="not observed", zh="未观察到")
            ax.text(middle, 0.5, words, ha="center", va="center", backgroundcolor="white", size=9.5)
        if 0 < future.floor_in_days <= last:
            _mark_floor(ax, future, language)
        ax.set_xlim(0, last)
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_xticks(sorted({0.0, *(d for d in MOVE_DAYS if d <= last), *np.arange(90.0, last + 1, 30.0)}))
        ax.set_xlabel(say(language, en=f"days after {future.as_of}", zh=f"{future.as_of} 之后的天数"))
        ax.set_ylabel(say(language, en="chance", zh="概率"))
        ax.legend(loc="upper center", bbox_to_anchor=(0.46, -0.15), ncols=3)
        write_title(ax, _finding(future, language), _detail(future, language))
    return ax


def _mark_moves(ax: Axes, future: RecordFuture) -> None:
    for day in MOVE_DAYS:
        if day > future.days[-1]:
            continue
        k = int(np.searchsorted(future.days, day))
        on = float(future.incidence[1, k] + future.incidence[2, k])
        ax.plot([day], [on], "o", color=INK, markersize=4)
        ax.annotate(share(on), (day, on), (0, 5), textcoords="offset points", ha="center", size=9.5)


def _mark_floor(ax: Axes, future: RecordFuture, language: Language) -> None:
    ax.axvline(future.floor_in_days, color=MISS, linewidth=1.2, linestyle="--")
    day = future.as_of + timedelta(days=int(future.floor_in_days) + 1)
    text = say(
        language,
        en=f"if still here on {day:%Y-%m-%d}:\nunder {share(future.floor)} within {future.win_days:g} days",
        zh=f"若 {day:%Y-%m-%d} 仍在此：\n{future.win_days:g} 天内赢单低于 {share(future.floor)}",
    )
    right = future.floor_in_days < 0.6 * future.days[-1]
    ax.annotate(
        text,
        (future.floor_in_days, 0.97),
        (5 if right else -5, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="top",
        size=9.0,
    )


def _finding(future: RecordFuture, language: Language) -> str:
    name = legible(future.record_id, otherwise=say(language, en="This record", zh="该记录"))
    k = int(np.searchsorted(future.days, min(MOVE_DAYS[1], future.days[-1])))
    on = share(float(future.incidence[1, k] + future.incidence[2, k]))
    far = f"{future.days[k]:g}"
    return say(language, en=f"{name}: {on} to go on within {far} days", zh=f"{name}：{far} 天内推进的概率 {on}")


def _detail(future: RecordFuture, language: Language) -> str:
    stage = legible(future.stage, otherwise=say(language, en="its stage", zh="当前阶段"))
    k = future.last_seen
    won, low, high = share(future.won_by[k]), share(future.won_low[k]), share(future.won_high[k])
    far = f"{future.days[k]:g}"
    return say(
        language,
        en=f"in {stage} for {days(future.age_days)}; won within {far} days: {won} ({low} to {high})",
        zh=f"在{stage}停留 {days(future.age_days, 'zh')}；{far} 天内赢单：{won}（{low} 至 {high}）",
    )
