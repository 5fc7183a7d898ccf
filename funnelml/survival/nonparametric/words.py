"""What incidences, means, quantiles and tests of stages say, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.language import Language, days, join_words, say, share
from funnelml.survival.causes import CAUSES
from funnelml.survival.risk_sets import FloatArray

NAMES: Final = {
    "any": ("left", "离开"),
    "still_in_stage": ("still in the stage", "仍在阶段中"),
    "advanced": ("went on", "前进"),
    "won": ("won", "赢单"),
    "lost": ("lost", "输单"),
    "moved_back": ("moved back", "回退"),
}
"""What each outcome is called."""
_UNITS: Final = ((24, "hours", "小时"), (1_440, "minutes", "分钟"), (86_400, "seconds", "秒"))
LISTED: Final = 6
"""Most stages or groups that a sentence names."""


def name_outcome(outcome: str, language: Language) -> str:
    """Return what an outcome is called."""
    english, chinese = NAMES[outcome]
    return say(language, en=english, zh=chinese)


def name_place(stage: str, group: object, several: bool, language: Language) -> str:
    """Return the name of a stage, with its group where there are several."""
    return say(language, en=f"{stage} ({group})", zh=f"{stage}（{group}）") if several else stage


def tell_time(value: float, language: Language) -> str:
    """Return a length of time in days, or in the largest unit of which it is one or more.

    Examples
    --------
    >>> tell_time(3.0, "en"), tell_time(0.25, "en"), tell_time(0.01, "zh")
    ('3 days', '6 hours', '14 分钟')
    """
    if not 0 < value < 1:
        return days(value, language)
    size, english, chinese = next(unit for unit in _UNITS if value * unit[0] >= 1 or unit is _UNITS[-1])
    return f"{value * size:.2g}" + say(language, en=f" {english}", zh=f" {chinese}")


def tell_between(low: float, high: float, language: Language) -> str:
    """Return an interval of times; an end that the data do not reach is not observed."""
    unseen = say(language, en="not observed", zh="未观察到")
    ends = [tell_time(end, language) if np.isfinite(end) else unseen for end in (low, high)]
    units = [end.split(" ")[-1].rstrip("s") for end in ends]
    first = ends[0].split(" ")[0] if units[0] == units[1] else ends[0]
    return say(language, en=f"{first} to {ends[1]}", zh=f"{first} 至 {ends[1]}")


def list_few(names: list[str], language: Language) -> str:
    """Return the first few names, with the number of those left out."""
    more = len(names) - LISTED
    told = join_words(names[:LISTED], language)
    return told if more <= 0 else told + say(language, en=f" and {more:,} more", zh=f"等 {len(names):,} 处")


def are_several(groups: pd.Series[Any]) -> bool:
    """Return whether there is more than one group."""
    return bool((groups != groups.iloc[0]).any())


def tell_incidence(
    counts: pd.DataFrame,
    until: Mapping[str, float],
    ends: Mapping[tuple[str, object], FloatArray],
    language: Language,
) -> str:
    """Return what became of the stays of each stage, or where groups differ most (``StageIncidence.summary``).

    Parameters
    ----------
    counts : pandas.DataFrame
        ``StageIncidence.counts``.
    until : mapping of str to float
        Day of which each stage is told.
    ends : mapping of (str, object) to numpy.ndarray, shape (1 + K,)
        Curves of each stage and group on that day.
    """
    several = are_several(counts["group"])
    told = _tell_groups(counts, until, ends, language) if several else _tell_stages(counts, until, ends, language)
    thin = counts[~counts["enough"]]
    if len(thin):
        names = [
            name_place(row["stage"], row["group"], several, language)
            + say(
                language,
                en=f" ({row['stays']:,} stays, {row['stays_wanted']:,} would do)",
                zh=f"（{row['stays']:,} 次停留，需要 {row['stays_wanted']:,} 次）",
            )
            for _, row in thin.iterrows()
        ]
        told += say(
            language,
            en=f" Too few stays to tell every share within a standard error of 5 points: {list_few(names, 'en')}.",
            zh=f"停留次数不足，无法把各占比的标准误控制在 5 个百分点以内：{list_few(names, 'zh')}。",
        )
    return told


def _tell_stages(
    counts: pd.DataFrame,
    until: Mapping[str, float],
    ends: Mapping[tuple[str, object], FloatArray],
    language: Language,
) -> str:
    sentences = []
    for _, row in counts.iterrows():
        end = ends[row["stage"], row["group"]]
        by = tell_time(until[row["stage"]], language)
        if row["running"] == row["stays"]:
            sentences.append(
                say(
                    language,
                    en=f"{row['stage']}: none of {row['stays']:,} stays was seen to end.",
                    zh=f"{row['stage']}：{row['stays']:,} 次停留均未观察到结束。",
                )
            )
            continue
        seen = [(k, outcome) for k, outcome in enumerate(CAUSES, start=1) if row[outcome] > 0]
        parts = [f"{share(end[k])} {name_outcome(outcome, language)}" for k, outcome in [*seen, (0, "still_in_stage")]]
        sentences.append(
            say(
                language,
                en=f"{row['stage']}, {row['stays']:,} stays, within {by}: {join_words(parts)}.",
                zh=f"{row['stage']}（{row['stays']:,} 次停留，{by}内）：{join_words(parts, 'zh')}。",
            )
        )
    return say(language, en=" ", zh="").join(sentences)


def _tell_groups(
    counts: pd.DataFrame,
    until: Mapping[str, float],
    ends: Mapping[tuple[str, object], FloatArray],
    language: Language,
) -> str:
    groups, stages = len(counts["group"].unique()), len(counts["stage"].unique())
    lead = say(language, en=f"{groups:,} groups in {stages:,} stages.", zh=f"{groups:,} 个分组，{stages:,} 个阶段。")
    told = counts[counts["enough"]].to_dict("records")
    lost = CAUSES.index("lost") + 1
    chances: dict[str, dict[object, float]] = {}
    for row in told:
        chance = float(ends[row["stage"], row["group"]][lost])
        if np.isfinite(chance):
            chances.setdefault(row["stage"], {})[row["group"]] = chance
    spread = {stage: max(c.values()) - min(c.values()) for stage, c in chances.items()}
    if not spread or max(spread.values()) == 0:
        return lead
    stage = max(spread, key=lambda name: spread[name])
    here = chances[stage]
    most, least = max(here, key=lambda g: here[g]), min(here, key=lambda g: here[g])
    return lead + say(
        language,
        en=f" Shares lost differ most in {stage}: {share(here[most])} in {most} and {share(here[least])} in {least} "
        f"within {tell_time(until[stage], 'en')}.",
        zh=f"输单占比在{stage}差异最大：{tell_time(until[stage], 'zh')}内{most}为 {share(here[most])}，"
        f"{least}为 {share(here[least])}。",
    )
