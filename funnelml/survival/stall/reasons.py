"""Why a record has its verdict, and how similar cases fared, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from funnelml.language import Language, days, say, share
from funnelml.survival.stall.similar_cases import FOLLOWED_DAYS, TOUCH_DAYS

Row = Mapping[str, Any]
"""One row of the table of ``StallVerdicts``, by name of the column."""


def tell_reason(row: Row, *, floor: float, win_days: float, language: Language = "en") -> str:
    """Return age, chances and what they are held against, in a few sentences."""
    told = [_tell_age(row, language), _tell_chance(row, language), _tell_win(row, floor, win_days, language)]
    return say(language, en=" ", zh="").join(text for text in told if text)


def tell_similar(row: Row, language: Language = "en") -> str:
    """Return how similar cases fared, and those with an activity beside those without."""
    n = int(row["similar"])
    horizon = f"{FOLLOWED_DAYS:g}"
    if not n:
        return say(
            language,
            en=f"No past stay that had lasted as long could be followed for {horizon} days.",
            zh=f"没有停留同样久且可再跟踪 {horizon} 天的过往记录。",
        )
    on, won, lost = (share(row[f"similar_{name}"]) for name in ("went_on", "won", "lost"))
    told = say(
        language,
        en=f"Of {n:,} past stays there that had lasted as long, {on} went on within {horizon} days, {won} were won and "
        f"{lost} lost.",
        zh=f"该阶段停留同样久的 {n:,} 条过往记录中，{horizon} 天内 {on} 推进，{won} 赢单，{lost} 输单。",
    )
    if not (row["touched"] and row["untouched"]):
        return told
    week = f"{TOUCH_DAYS:g}"
    return told + say(
        language,
        en=f" Of those still there {week} days later, {share(row['touched_went_on'])} of {int(row['touched']):,} with "
        f"an activity in these days went on, {share(row['untouched_went_on'])} of {int(row['untouched']):,} without: "
        "an association, not an effect.",
        zh=f"{week} 天后仍在该阶段的记录中，期间有活动的 {int(row['touched']):,} 条有 {share(row['touched_went_on'])} "
        f"推进，没有活动的 {int(row['untouched']):,} 条有 {share(row['untouched_went_on'])}：这是相关，不代表因果。",
    )


def _tell_age(row: Row, language: Language) -> str:
    stage, age, rank = row["stage"], row["age_days"], row["percentile"]
    sits = say(language, en=f"In {stage} for {days(age)}", zh=f"在{stage}停留 {days(age, 'zh')}")
    if np.isnan(rank):
        return sits + say(
            language, en=": nobody was seen to go on from there so late.", zh="：未观察到有记录在此之后推进。"
        )
    if rank >= 1:
        return sits + say(language, en=", longer than all that went on.", zh="，比所有已推进的记录都久。")
    # Rounded down: not all is not 100 %.
    longer = share(np.floor(100 * rank) / 100)
    return sits + say(
        language, en=f", longer than {longer} of those that went on.", zh=f"，比 {longer} 的已推进记录更久。"
    )


def _tell_chance(row: Row, language: Language) -> str:
    now, fresh = share(row["move_30"]), share(row["fresh_move_30"])
    told = say(
        language,
        en=f"Chance to go on within 30 days: {now}; had it just entered: {fresh}.",
        zh=f"30 天内推进的概率为 {now}；若刚进入该阶段则为 {fresh}。",
    )
    if row["observed"]:
        return told
    return told + say(
        language,
        en=" Too few were followed for 30 days beyond that age: read at the greatest age that was.",
        zh="停留这么久之后再被跟踪 30 天的记录太少，按已观察到的最大停留天数读取。",
    )


def _tell_win(row: Row, floor: float, win_days: float, language: Language) -> str:
    won, upper, far = share(row["won"], 1), share(row["won_upper"], 1), f"{win_days:g}"
    told = say(
        language,
        en=f"Chance to be won within {far} days: {won} (at most {upper}).",
        zh=f"{far} 天内赢单的概率为 {won}（上限 {upper}）。",
    )
    if row["floor_in_days"] > 0:
        weeks = days(row["floor_in_days"], language)
        told += say(
            language,
            en=f" If it still sits there in {weeks}, that is under {share(floor)}.",
            zh=f"若 {weeks}后仍在该阶段，则低于 {share(floor)}。",
        )
    return told
