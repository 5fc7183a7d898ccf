"""By which day a given share of stays has ended, or ended in one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import InputError
from funnelml.language import Language, say
from funnelml.survival.causes import CAUSES
from funnelml.survival.nonparametric.bands import pointwise_band
from funnelml.survival.nonparametric.stage_incidence import StageCurve, StageIncidence
from funnelml.survival.nonparametric.words import are_several, list_few, name_place, tell_between, tell_time
from funnelml.survival.risk_sets import FloatArray

SHARES: Final = (0.25, 0.5, 0.75)
"""Shares of stays whose days are told by default."""


@dataclass(frozen=True, kw_only=True)
class StayQuantiles:
    """Days by which shares of all stays have ended.

    Parameters
    ----------
    level : float
        Probability of the intervals.
    table : pandas.DataFrame
        One row per ``stage, group, outcome`` (``any``, then the causes) and ``share``: ``days`` by which that share of
        all stays has ended so, ``low, high``. NaN: not observed, since the curve, or the end of its interval, does not
        get that far.
    """

    level: float
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``table``."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return the day by which half of the stays (or the share next to it) have left each stage."""
        whole = self.table[self.table["outcome"] == "any"]
        part = min(whole["share"].unique(), key=lambda p: abs(p - 0.5))
        rows = whole[whole["share"] == part]
        several = are_several(rows["group"])
        known = rows[np.isfinite(rows["days"])].sort_values("days", ascending=False, kind="stable")
        unknown = rows[~np.isfinite(rows["days"])]
        text = ""
        if len(known):
            told = [
                name_place(row["stage"], row["group"], several, language)
                + f" {tell_time(row['days'], language)} ({tell_between(row['low'], row['high'], language)})"
                for _, row in known.iterrows()
            ]
            text = say(
                language,
                en=f"Time by which {part:.0%} of stays have ended: {list_few(told, 'en')}.",
                zh=f"{part:.0%} 的停留已结束所需时间：{list_few(told, 'zh')}。",
            )
        if len(unknown):
            names = list_few(
                [name_place(r["stage"], r["group"], several, language) for _, r in unknown.iterrows()], language
            )
            text += say(
                language,
                en=f"{' ' if text else ''}Fewer than {part:.0%} were seen to end in {names}.",
                zh=f"{names}中观察到结束的不足 {part:.0%}。",
            )
        return text


def stay_quantiles(incidence: StageIncidence, shares: Sequence[float] = SHARES) -> StayQuantiles:
    """Measure by which day given shares of all stays have ended, at all and in each way.

    Parameters
    ----------
    incidence : StageIncidence
        Curves of every stage and group.
    shares : sequence of float
        Shares of all stays that were begun, above 0 and below 1.

    Returns
    -------
    StayQuantiles

    Raises
    ------
    InputError
        If a share is not above 0 and below 1, or there is none.

    Notes
    -----
    A quantile is the first day on which the curve reaches the share; its interval are the first days on which the upper
    and the lower end of the pointwise band do (Brookmeyer and Crowley, Biometrics 38, 1982).
    """
    wanted = np.asarray(shares, dtype=np.float64)
    if wanted.ndim != 1 or not len(wanted) or not ((wanted > 0) & (wanted < 1)).all():
        raise InputError(f"shares are {list(shares)}; give at least one, each above 0 and below 1")
    parts = []
    for (stage, group), of in incidence.curves.items():
        for outcome, (curve, low, high) in _rising(of, incidence.level).items():
            reached = [first_reached(of.curve.times, rising, wanted) for rising in (curve, high, low)]
            columns = dict(zip(("days", "low", "high"), reached, strict=True))
            keys = {"stage": stage, "group": group, "outcome": outcome, "share": wanted}
            parts.append(pd.DataFrame(keys | columns))
    return StayQuantiles(level=incidence.level, table=pd.concat(parts, ignore_index=True))


def _rising(of: StageCurve, level: float) -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
    curve = of.curve.incidence
    low, high = pointwise_band(of.stays, of.curve, of.curve.times, level=level)
    each = {outcome: (curve[k], low[k], high[k]) for k, outcome in enumerate(CAUSES, start=1)}
    return {"any": (1 - curve[0], 1 - high[0], 1 - low[0])} | each


def first_reached(times: FloatArray, rising: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the first time at which a curve reaches each level, NaN where it does not; the last bits do not count."""
    if not len(times):
        return np.full(len(levels), np.nan)
    there = rising >= levels[:, None] * (1 - 1e-12)
    return np.where(there.any(axis=1), times[np.argmax(there, axis=1)], np.nan)
