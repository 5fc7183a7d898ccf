"""What a score is the chance of, for a person: stored models and ledgers hold it in English, and nothing else."""

from __future__ import annotations

import re

from funnelml.language import Language, say

_IN_TIME = re.compile(r"(?:won|reached (?P<stage>.+)) within (?P<days>\d+) days?", re.DOTALL)


def say_outcome(outcome: str, language: Language = "en") -> str:
    """Return what a label means in a language; the label of a plain table is what its owner called it.

    Parameters
    ----------
    outcome : str
        As rows, models and cards have it: ``won within 28 days``.
    language : {"en", "zh"}
        Language of the words.

    Examples
    --------
    >>> say_outcome("won within 28 days", "zh"), say_outcome("reached 方案 within 1 day", "zh")
    ('28 天内赢单', '1 天内到达“方案”')
    >>> say_outcome("won within 28 days"), say_outcome("已签约", "zh")
    ('won within 28 days', '已签约')
    """
    found = _IN_TIME.fullmatch(outcome)
    if found is None:
        return outcome
    stage, days = found["stage"], found["days"]
    came = "赢单" if stage is None else f"到达“{stage}”"
    return say(language, en=outcome, zh=f"{days} 天内{came}")
