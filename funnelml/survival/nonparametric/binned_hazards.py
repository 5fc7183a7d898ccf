"""Hazards by age: how many of those still in the stage leave per day, between ages with enough ends to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import chi2

from funnelml.language import Language, say, share
from funnelml.survival.causes import CAUSES
from funnelml.survival.nonparametric.stage_incidence import StageIncidence
from funnelml.survival.nonparametric.words import are_several, list_few, name_outcome, name_place, tell_between
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stays import Stays

MOST_SPANS: Final = 10
"""Most spans of age in which a stage is told."""
SHORTEST: Final = 1.0
"""Fewest days of a span: what is told is the chance per day."""
LEAST_ENDS: Final = 20
"""Fewest ends in a span, of all outcomes together; ages with fewer share one."""


@dataclass(frozen=True, kw_only=True)
class BinnedHazards:
    """Daily hazards of each outcome between ages.

    Parameters
    ----------
    level : float
        Probability of the intervals.
    table : pandas.DataFrame
        One row per ``stage, group, outcome`` and span of age: ``from_day`` (excluded, but for 0), ``to_day``;
        ``events``; ``days_at_risk`` (days that all stays together spent in that span, under observation); ``hazard``
        (ends per day at risk), ``low, high``. NaN where nobody was at risk. ``chance_per_day``: that of a hazard so
        high to end a stay within a day, if nothing else did; it does not pass 1.
    """

    level: float
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return ``table``."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return at which age most leave each stage, by the commonest way."""
        several = are_several(self.table["group"])
        told = []
        for (stage, group), rows in self.table.groupby(["stage", "group"], sort=False):
            if rows["events"].sum() == 0:
                continue
            outcome = str(rows.groupby("outcome", sort=False)["events"].sum().idxmax())
            here = rows[(rows["outcome"] == outcome) & rows["hazard"].notna()]
            top = here.iloc[int(here["hazard"].to_numpy().argmax())]
            place = name_place(str(stage), group, several, language)
            what, rate = name_outcome(outcome, language), share(float(top["chance_per_day"]), 1)
            ages = tell_between(float(top["from_day"]), float(top["to_day"]), language)
            told.append(
                say(language, en=f"{place}: {what} {rate} a day at {ages}", zh=f"{place}：{ages}时每天{what} {rate}")
            )
        if not told:
            return say(language, en="No stay was seen to end.", zh="未观察到任何停留结束。")
        return say(
            language,
            en=f"Ages at which most of those still there leave: {list_few(told, 'en')}.",
            zh=f"仍在阶段中的记录最常离开的停留天数：{list_few(told, 'zh')}。",
        )


def bin_hazards(incidence: StageIncidence) -> BinnedHazards:
    r"""Measure the daily hazards of each outcome between ages.

    Parameters
    ----------
    incidence : StageIncidence
        Stays of every stage and group.

    Returns
    -------
    BinnedHazards
        Spans are the same in all groups of a stage: at most ten, of about equally many ends, each of twenty or more,
        up to the day to which the stage is told (``StageIncidence.common_days``).

    Notes
    -----
    Spans are a day or longer. The hazard is ends over days at risk, as if it were constant within a span; the interval
    is Garwood's exact one of a Poisson count (Biometrika 28, 1936), :math:`\chi^2_{2d, \alpha/2} / 2T` to
    :math:`\chi^2_{2d+2, 1-\alpha/2} / 2T`.
    """
    until = incidence.common_days()
    parts = []
    for stage, last in until.items():
        groups = {group: of.stays for (name, group), of in incidence.curves.items() if name == stage}
        ends = np.concatenate([s.duration[s.event > 0] for s in groups.values()])
        edges = _edges(ends[ends <= last], last)
        for group, stays in groups.items():
            rates = _rates(stays, edges, incidence.level)
            keys = pd.DataFrame({"stage": stage, "group": group}, index=rates.index)
            parts.append(pd.concat((keys, rates), axis=1))
    table = pd.concat(parts, ignore_index=True)
    place = {stage: i for i, stage in enumerate(incidence.funnel.stages)}
    table = table.sort_values("stage", key=lambda names: names.map(place), kind="stable", ignore_index=True)
    return BinnedHazards(level=incidence.level, table=table)


def _edges(ends: FloatArray, last: float) -> FloatArray:
    rest, edges = np.sort(ends), [0.0]
    while len(edges) < MOST_SPANS:
        share_of_rest = -(-len(rest) // (MOST_SPANS + 1 - len(edges)))
        enough = max(LEAST_ENDS, share_of_rest)
        if len(rest) <= enough:
            break
        edge = max(float(rest[enough - 1]), edges[-1] + SHORTEST)
        rest = rest[rest > edge]
        if len(rest) < LEAST_ENDS or edge > last - SHORTEST:
            break
        edges.append(edge)
    return np.array([*edges, last if last > 0 else SHORTEST])


def _rates(stays: Stays, edges: FloatArray, level: float) -> pd.DataFrame:
    within = np.clip(stays.duration[:, None], edges[:-1], edges[1:]) - np.clip(
        stays.entry[:, None], edges[:-1], edges[1:]
    )
    exposed = within.sum(axis=0)
    span = np.maximum(np.searchsorted(edges, stays.duration, side="left") - 1, 0)
    rows = []
    for code, outcome in enumerate(CAUSES, start=1):
        chosen = (stays.event == code) & (stays.duration <= edges[-1])
        events = np.bincount(span[chosen], minlength=len(exposed))
        safe = np.where(exposed > 0, exposed, np.nan)
        low = np.where(events > 0, chi2.ppf((1 - level) / 2, 2 * np.maximum(events, 1)), 0.0) / (2 * safe)
        high = chi2.ppf((1 + level) / 2, 2 * events + 2) / (2 * safe)
        ages = {"outcome": outcome, "from_day": edges[:-1], "to_day": edges[1:]}
        counts = {"events": events, "days_at_risk": exposed, "hazard": events / safe}
        ends = {"low": low, "high": high, "chance_per_day": -np.expm1(-events / safe)}
        rows.append(pd.DataFrame(ages | counts | ends))
    return pd.concat(rows, ignore_index=True)
