"""The rules by which a running stay is healthy, slow, stalled or a zombie; in one place, and in words."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.language import Language, say, share
from funnelml.survival.risk_sets import FloatArray

HEALTHY, SLOW, STALLED, ZOMBIE, UNKNOWN = VERDICTS = ("healthy", "slow", "stalled", "zombie", "unknown")
"""From good to bad; unknown where nobody was ever seen to go on from the stage."""
SLOW_BEYOND: Final = 0.75
"""Share of those who went on after which a stay is slow: three in four were faster."""
STALLED_BEYOND: Final = 0.5
"""Share of those who went on before which no stay is stalled: until then one in two still sat there."""
STALLED_RATIO: Final = 0.5
"""Part of the chance of a fresh record to go on within 30 days under which a stay is stalled."""
STALLED_UNDER: Final = 0.25
"""Chance to go on within 30 days under which a stay is stalled: three in four will still not have gone on."""
WIN_FLOOR: Final = 0.02
"""Chance to be won within the horizon under which a record is hopeless."""


def judge_stays(
    *,
    percentile: FloatArray,
    move: FloatArray,
    fresh_move: FloatArray,
    won_upper: FloatArray,
    won_observed: NDArray[np.bool_],
    fresh_won: FloatArray,
    floor: float,
) -> NDArray[np.object_]:
    """Return the verdict of each running stay.

    Parameters
    ----------
    percentile : numpy.ndarray, shape (n,)
        Share of those who went on from the stage that had done so by its age; NaN if unknown.
    move, fresh_move : numpy.ndarray, shape (n,)
        Chance to go on within 30 days, and what it would be had it entered just now. Of a record older than enough
        were followed, ``move`` is that of the greatest age that was: not observed is not hopeless.
    won_upper : numpy.ndarray, shape (n,)
        Upper bound of the chance to be won within the horizon.
    won_observed : numpy.ndarray of bool, shape (n,)
        Whether any past stay was followed from that age to the end of the horizon.
    fresh_won : numpy.ndarray, shape (n,)
        Chance of past stays to be won within the horizon from entering the stage.
    floor : float
        Chance under which a record is hopeless.

    Returns
    -------
    numpy.ndarray of object, shape (n,)
        The later rule stands: healthy; slow beyond the 75th percentile; stalled beyond the median if the chance to go
        on is under half of the fresh one and under a quarter; zombie if even the upper bound is under the floor, the
        horizon was observed, and fresh ones did reach the floor within it.

    Notes
    -----
    Stalled needs both: half of a high chance is still a good one, and in a slow stage a quarter is normal. That a stay
    is long says nothing by itself: where records leave at a constant rate, the old ones are slow and as likely to move
    as the young.
    """
    verdict = np.full(len(percentile), HEALTHY, dtype=object)
    verdict[np.isnan(percentile)] = UNKNOWN
    verdict[percentile > SLOW_BEYOND] = SLOW
    hindered = (move < STALLED_RATIO * fresh_move) & (move < STALLED_UNDER)
    verdict[(percentile > STALLED_BEYOND) & hindered] = STALLED
    verdict[(won_upper < floor) & won_observed & (fresh_won >= floor)] = ZOMBIE
    return verdict


def name_verdict(verdict: str, language: Language = "en") -> str:
    """Return a verdict for a person."""
    return say(language, en=verdict, zh=_CHINESE[verdict])


def describe_rules(*, floor: float, win_days: float, language: Language = "en") -> str:
    """Return the rules in words."""
    slow, middle, part, under = (share(x) for x in (SLOW_BEYOND, STALLED_BEYOND, STALLED_RATIO, STALLED_UNDER))
    return say(
        language,
        en=f"Slow: older than {slow} of those that went on from the stage. Stalled: older than {middle} of them, and "
        f"the chance to go on within 30 days is under {under} and under {part} of that of a fresh record. Zombie: even "
        f"the upper bound (95 %) of the chance to be won within {win_days:g} days is under {share(floor)}. What is "
        "older than enough records were followed is judged by the greatest age that was.",
        zh=f"缓慢：停留超过该阶段已推进记录的 {slow}。停滞：超过其中的 {middle}，且 30 天内推进的概率低于 {under}、也"
        f"不到新进入记录的 {part}。僵尸：{win_days:g} 天内赢单概率的上限（95%）也低于 {share(floor)}。停留之久超出"
        "以往观察范围的，按已观察到的最大停留天数判断。",
    )


_CHINESE: Final = {HEALTHY: "正常", SLOW: "缓慢", STALLED: "停滞", ZOMBIE: "僵尸", UNKNOWN: "未知"}
