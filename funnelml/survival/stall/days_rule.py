"""The usual rule of a CRM: a record that sits in its stage for more than so many days is rotting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from funnelml.errors import FunnelError, ModelInputError, did_you_mean
from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import WON_EVENT, StageEpisodes
from funnelml.language import Language, days, join_words, say
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows

Limit = Literal["average", "median", "ninth_tenth"]
"""What the days of won records are boiled down to."""
LIMITS: Final[tuple[Limit, ...]] = ("median", "average", "ninth_tenth")
_NAMES: Final = {
    "median": ("the median days of won records", "赢单记录停留天数的中位数"),
    "average": ("the average days of won records", "赢单记录的平均停留天数"),
    "ninth_tenth": ("the days of nine in ten won records", "九成赢单记录的停留天数"),
    "own": ("days of our own", "自定的天数"),
}


@dataclass(frozen=True, kw_only=True)
class DaysRule:
    """So many days per stage.

    Parameters
    ----------
    name : str
        How the days were found: ``median, average, ninth_tenth``, or ``own``.
    limit_days : mapping of str to float
        Days of each stage after which a record there is called stalled; NaN where the rule says nothing.

    Raises
    ------
    ModelInputError
        If a limit is negative.
    """

    name: str
    limit_days: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse days that are none."""
        for stage, limit in self.limit_days.items():
            if limit < 0 or limit == np.inf:
                raise ModelInputError(f"days of stage '{stage}' are {limit:g}; write a number of days from 0 on")

    def limits(self, rows: StayRows) -> FloatArray:
        """Return the days allowed to each row, shape (n,); NaN where the rule says nothing of its stage.

        Raises
        ------
        FunnelError
            If the rule names a stage that the funnel does not have.
        """
        for stage in self.limit_days:
            if stage not in rows.stages:
                raise FunnelError(f"days per stage: no stage '{stage}'{did_you_mean(stage, rows.stages)} in the funnel")
        return np.array([self.limit_days.get(str(stage), np.nan) for stage in rows.stage], dtype=np.float64)

    def flags(self, rows: StayRows) -> NDArray[np.bool_]:
        """Return which rows have sat for longer than their days, shape (n,)."""
        return np.asarray(rows.age > self.limits(rows))

    def describe(self, language: Language = "en") -> str:
        """Return the rule in words, with the days that it has."""
        known = [(s, d) for s, d in self.limit_days.items() if np.isfinite(d)]
        told = [say(language, en=f"{s} {days(d)}", zh=f"{s} {days(d, 'zh')}") for s, d in known]
        name = name_days_rule(self.name, language)
        if not told:
            return name
        return say(language, en=f"{name} ({join_words(told)})", zh=f"{name}（{join_words(told, 'zh')}）")


def name_days_rule(name: str, language: Language = "en") -> str:
    """Return what a rule is called for a person."""
    return _NAMES[name][language == "zh"]


def learn_days_rule(episodes: StageEpisodes, limit: Limit = "average") -> DaysRule:
    """Return the rule that vendors recommend: days per stage taken from the stays of records that were won later.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on one date.
    limit : {"median", "average", "ninth_tenth"}
        Half of the stays of won records, their mean, or nine in ten of them.

    Returns
    -------
    DaysRule

    Raises
    ------
    ModelInputError
        If there is no such limit.
    """
    if limit not in LIMITS:
        raise ModelInputError(f"limit is {', '.join(LIMITS)}, not '{limit}'{did_you_mean(limit, LIMITS)}")
    followed = follow_to_closing(episodes)
    won = followed[(followed["event"] == WON_EVENT).to_numpy()].groupby("stage")["stay_days"]
    boiled = won.median() if limit == "median" else won.mean() if limit == "average" else won.quantile(0.9)
    return DaysRule(name=limit, limit_days={s: float(boiled.get(s, np.nan)) for s in episodes.funnel.stages})
