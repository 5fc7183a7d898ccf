"""The next step with a record that sits: by stated rules from its verdict, its age, its chance to be won and its amount."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.language import Language, share
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stall.verdict_rules import SLOW, STALLED, ZOMBIE

ON_COURSE, REACTIVATE, ESCALATE, NURTURE = NEXT_STEPS = ("on_course", "reactivate", "escalate", "nurture")
"""From least to most."""
ESCALATE_BEYOND: Final = 0.75
"""Share of the open records with an amount that are worth less (chance to be won x amount) than what is escalated."""
LATE_BEYOND: Final = 0.9
"""Share of those who went on after which a slow record is to be reactivated too."""
_NAMES: Final = {
    ON_COURSE: ("nothing: on course", "无需处理：进展正常"),
    REACTIVATE: ("give new value to reactivate", "提供新价值，重新激活"),
    ESCALATE: ("escalate to a manager", "升级给经理"),
    NURTURE: ("move to the nurture pool", "转入培育池"),
}


def choose_steps(
    *, verdict: NDArray[np.object_], percentile: FloatArray, won: FloatArray, amount: FloatArray
) -> NDArray[np.object_]:
    """Return the next step with each running stay.

    Parameters
    ----------
    verdict : numpy.ndarray of object, shape (n,)
        As ``judge_stays`` returns them.
    percentile, won, amount : numpy.ndarray, shape (n,)
        Share of those who went on that were faster, chance to be won within the horizon, and amount (NaN if unknown).

    Returns
    -------
    numpy.ndarray of object, shape (n,)
        A zombie goes to the nurture pool. A stalled record is escalated if its chance times its amount is among the
        highest quarter of the open records, and reactivated otherwise; so is a slow one beyond the 90th percentile.
        With all others nothing is to be done.
    """
    step = np.full(len(verdict), ON_COURSE, dtype=object)
    worth = won * amount
    known = worth[np.isfinite(worth)]
    worthy = (worth > 0) & (worth >= (np.quantile(known, ESCALATE_BEYOND) if len(known) else np.inf))
    step[(verdict == STALLED) | ((verdict == SLOW) & (percentile > LATE_BEYOND))] = REACTIVATE
    step[(verdict == STALLED) & worthy] = ESCALATE
    step[verdict == ZOMBIE] = NURTURE
    return step


def name_step(step: str, language: Language = "en") -> str:
    """Return a step for a person."""
    return _NAMES[step][language == "zh"]


def describe_steps(language: Language = "en") -> str:
    """Return the rules in words."""
    late, worth = share(LATE_BEYOND), share(1 - ESCALATE_BEYOND)
    return (
        f"僵尸转入培育池；停滞的，若赢单概率 × 金额居未结记录前 {worth}，升级给经理，否则提供新价值重新激活；"
        f"缓慢且停留超过已推进记录的 {late}，同样重新激活；其余无需处理。"
        if language == "zh"
        else f"Zombies move to the nurture pool. Of the stalled, those whose chance to be won times amount is among the "
        f"highest {worth} of the open records are escalated, the others given new value; so are slow ones older than "
        f"{late} of those that went on. With all others there is nothing to do."
    )
