"""The next step with a record that sits: by stated rules from its verdict, age, chance to be won and amount."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.language import Language, say, share
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stall.verdict_rules import SLOW, STALLED, ZOMBIE

ON_COURSE, REACTIVATE, ESCALATE, NURTURE = NEXT_STEPS = ("on_course", "reactivate", "escalate", "nurture")
"""From least to most."""
ESCALATE_BEYOND: Final = 0.75
"""Share of the open records with an amount that have a smaller one than what is escalated."""
LATE_BEYOND: Final = 0.9
"""Share of those who went on after which a slow record is to be reactivated too."""
_NAMES: Final = {
    ON_COURSE: ("nothing: on course", "无需处理：进展正常"),
    REACTIVATE: ("give new value to reactivate", "以新价值重新激活"),
    ESCALATE: ("escalate to a manager", "升级给经理"),
    NURTURE: ("move to the nurture pool", "转入培育池"),
}


def choose_steps(
    *,
    verdict: NDArray[np.object_],
    percentile: FloatArray,
    won: FloatArray,
    amount: FloatArray,
    floor: float,
) -> NDArray[np.object_]:
    """Return the next step with each running stay.

    Parameters
    ----------
    verdict : numpy.ndarray of object, shape (n,)
        As ``judge_stays`` returns them.
    percentile, won, amount : numpy.ndarray, shape (n,)
        Share of those who went on that were faster, chance to be won within the horizon, and amount (NaN if unknown).
    floor : float
        Chance under which a record is hopeless.

    Returns
    -------
    numpy.ndarray of object, shape (n,)
        Zombies, and stalled records whose chance is under the floor, go to the nurture pool. Other stalled ones are
        escalated if their amount is among the highest quarter of the open records, and reactivated if not; so is a
        slow one beyond the 90th percentile. With all others nothing is to be done.
    """
    step = np.full(len(verdict), ON_COURSE, dtype=object)
    known = amount[np.isfinite(amount)]
    large = amount >= (np.quantile(known, ESCALATE_BEYOND) if len(known) else np.inf)
    stalled = verdict == STALLED
    step[stalled | ((verdict == SLOW) & (percentile > LATE_BEYOND))] = REACTIVATE
    step[stalled & large] = ESCALATE
    step[(stalled & (won < floor)) | (verdict == ZOMBIE)] = NURTURE
    return step


def name_step(step: str, language: Language = "en") -> str:
    """Return a step for a person."""
    return _NAMES[step][language == "zh"]


def describe_steps(*, floor: float, language: Language = "en") -> str:
    """Return the rules in words."""
    late, large, under = share(LATE_BEYOND), share(1 - ESCALATE_BEYOND), share(floor)
    return say(
        language,
        en=f"Zombies, and stalled records whose chance to be won is under {under}, move to the nurture pool. Of the "
        f"other stalled ones those with an amount among the highest {large} are escalated, the rest is given new "
        f"value; so are slow ones older than {late} of those that went on. With all others there is nothing to do.",
        zh=f"僵尸以及赢单概率低于 {under} 的停滞记录转入培育池；其余停滞记录中，金额居未结记录前 {large} 的升级给经理，"
        f"其余以新价值重新激活；缓慢且停留超过已推进记录的 {late}，同样重新激活。此外无需处理。",
    )
