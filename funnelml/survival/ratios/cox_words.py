"""What the effects of a Cox model say, in words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from funnelml.language import Language, join_words, say
from funnelml.survival.causes import CAUSES
from funnelml.survival.nonparametric.words import list_few, name_outcome
from funnelml.survival.risk_sets import FloatArray

CLEAR: Final = 0.05
"""p-value, after Holm, below which an effect is told."""
MOST_TOLD: Final = 3
"""Most effects told of each cause."""


def hold_by_holm(p_values: FloatArray) -> FloatArray:
    """Return p-values of several tests that are wrong together with that chance (Holm, Scand. J. Stat. 6, 1979)."""
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    held = np.full(len(p_values), np.nan)
    steps = p_values[order] * np.arange(len(order), 0, -1)
    held[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return held


def tell_effects(frame: pd.DataFrame, events: FloatArray, stays: int, language: Language) -> str:
    """Return the clearest effects on each cause that has any (``CoxRatios.to_frame``)."""
    sentences = []
    for k, cause in enumerate(CAUSES):
        rows = frame[frame["outcome"] == cause]
        if not rows["p"].notna().any():
            continue
        clear = rows[hold_by_holm(rows["p"].to_numpy()) < CLEAR].sort_values("p", kind="stable").iloc[:MOST_TOLD]
        parts = [_tell_effect(row, language) for row in clear.to_dict("records")]
        nothing = say(language, en="no effect beyond chance", zh="没有超出随机的效应")
        name = name_outcome(cause, language)
        sentences.append(
            say(
                language,
                en=f"{name.capitalize()} ({events[k]:,.0f} of {stays:,} stays): {join_words(parts) or nothing}.",
                zh=f"{name}（{stays:,} 次停留中 {events[k]:,.0f} 次）：{join_words(parts, 'zh') or nothing}。",
            )
        )
    if not sentences:
        return say(language, en="No effects could be learned.", zh="未能学到任何效应。")
    return say(language, en=" ", zh="").join(sentences)


def tell_changing(frame: pd.DataFrame, language: Language) -> str:
    """Return which effects change with age, by the test of proportional hazards."""
    held = hold_by_holm(frame["p_proportional"].to_numpy())
    changing = frame.assign(held=held)[held < CLEAR].sort_values("held", kind="stable")
    if not len(changing):
        return say(
            language,
            en="No effect was seen to change with age in the stage.",
            zh="未发现效应随停留天数变化。",
        )
    names = [
        say(language, en=f"{row['column']} on {name_outcome(row['outcome'], 'en')}", zh="")
        or f"{row['column']}对{name_outcome(row['outcome'], 'zh')}"
        for row in changing.to_dict("records")
    ]
    return say(
        language,
        en=f"Not the same at every age, told as an average over ages: {list_few(names, 'en')}.",
        zh=f"以下效应随停留天数变化，所示为各停留天数的平均：{list_few(names, 'zh')}。",
    )


def _tell_effect(row: Mapping[Hashable, Any], language: Language) -> str:
    times = f"{row['ratio']:.2f}"
    column, per = str(row["column"]), str(row["per"])
    if per == "doubling":
        english, chinese = f"each doubling of {column}", f"{column}每翻一倍"
    elif per.endswith(" more"):
        step = per.removesuffix(" more")
        english, chinese = f"each {step} more of {column}", f"{column}每增加 {step}"
    else:
        english, chinese = f"{column} against the average", f"{column} 相对平均"
    return say(language, en=f"{english} {times} times as fast", zh=f"{chinese}，速度为 {times} 倍")
