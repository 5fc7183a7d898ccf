"""The rules by which the shape of a funnel is judged, and which of them the evidence fires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Rule = Literal["narrow_mouth", "bulge", "bottom_pile", "bottom_drop", "bottom_leak"]
Verdict = Literal["healthy", "narrow_mouth", "bulging", "broken_bottom", "several", "not_enough_data"]
VERDICT_OF: dict[str, Verdict] = {
    "narrow_mouth": "narrow_mouth",
    "bulge": "bulging",
    "bottom_pile": "broken_bottom",
    "bottom_drop": "broken_bottom",
    "bottom_leak": "broken_bottom",
}
"""Verdict to which each rule leads."""


@dataclass(frozen=True, kw_only=True)
class ShapeRules:
    """What counts as a fault of the shape; each rule asks for a size that matters and for more than chance.

    Parameters
    ----------
    recent_days : float
        Days up to the end of the as-of date that are compared with the days before.
    before_days : float
        Most days before those, which make the steady state.
    least_before_days, least_arrivals : float, int
        Fewest such days, and new records in them, for a judgement.
    oldest_days : float
        Records longer in their stage than this are told apart: neither the actual nor the steady-state stock has
        them.
    narrow_ratio : float
        ``narrow_mouth``: fewer than this times the new records per day of before, and fewer than chance explains.
    pile_ratio, inflow_ratio : float
        ``bulge`` (first and middle stages) and ``bottom_pile`` (last third): at least ``pile_ratio`` times the
        steady-state stock, more than chance explains, and at least ``inflow_ratio`` times what would lie there if
        those who really entered had stayed as long as before.
    drop_ratio : float
        ``bottom_drop``: a stage of the last third lets go on at most this times the share of before, beyond chance.
    leak_ratio : float
        ``bottom_leak``: a stage of the last third lets go on at most this times the median share of the stages above
        it, beyond chance: what is lost there has already cost all the work.
    least_ended : int
        Fewest stays that must have ended in each of the two spans to compare shares.
    confidence : float
        Probability of the intervals that say what chance explains.
    """

    recent_days: float = 91.0
    before_days: float = 365.0
    least_before_days: float = 90.0
    least_arrivals: int = 50
    oldest_days: float = 182.0
    narrow_ratio: float = 0.75
    pile_ratio: float = 1.5
    inflow_ratio: float = 1.25
    drop_ratio: float = 0.8
    leak_ratio: float = 0.85
    least_ended: int = 20
    confidence: float = 0.99


def bottom_of(n_stages: int) -> int:
    """Return the position of the first stage of the last third.

    Examples
    --------
    >>> [bottom_of(n) for n in (1, 2, 3, 5, 6)]
    [0, 1, 2, 3, 4]
    """
    return n_stages - -(-n_stages // 3)


def fire_rules(mouth: pd.Series, evidence: pd.DataFrame, rules: ShapeRules) -> tuple[tuple[Rule, str], ...]:
    """Return the rules that fire, each with the stage that it is about (the first one for the mouth).

    Parameters
    ----------
    mouth : pandas.Series
        ``inflow_recent, inflow_before, arrivals_recent, arrivals_low``.
    evidence : pandas.DataFrame
        One row per stage, as ``FunnelShape.evidence``.
    rules : ShapeRules
        The rules.
    """
    fired: list[tuple[Rule, str]] = []
    stages: Sequence[str] = evidence["stage"].tolist()
    too_few = mouth["inflow_recent"] <= rules.narrow_ratio * mouth["inflow_before"]
    if too_few and mouth["arrivals_recent"] < mouth["arrivals_low"]:
        fired.append(("narrow_mouth", stages[0]))
    bottom = bottom_of(len(stages))
    known = evidence["share_recent"].iloc[:bottom].dropna()
    above = known.median() if len(known) else float("nan")
    for k, (_, row) in enumerate(evidence.iterrows()):
        piled = row["open"] >= rules.pile_ratio * row["expected_open"] and row["open"] > row["high"]
        if piled and row["open"] >= rules.inflow_ratio * row["expected_given_inflow"]:
            fired.append(("bottom_pile" if k >= bottom and len(stages) > 1 else "bulge", row["stage"]))
        if k < bottom or not row["enough_ended"]:
            continue
        if row["share_recent"] <= rules.drop_ratio * row["share_before"] and row["share_ratio_high"] < 1:
            fired.append(("bottom_drop", row["stage"]))
        if row["share_recent"] <= rules.leak_ratio * above and row["share_recent_high"] < above:
            fired.append(("bottom_leak", row["stage"]))
    return tuple(fired)
