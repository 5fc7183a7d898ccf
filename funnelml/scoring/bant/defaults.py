"""Rules for a workspace that states none: only what the data hold, and said so."""

from __future__ import annotations

from typing import Final

import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.scoring.bant.rules import BantRule, BantRules

_CANDIDATES: Final = (
    BantRule(part="budget", field="amount", points=25),
    BantRule(part="need", field="inbound_30d", at_least=1, points=15),
    BantRule(part="need", field="demo_total", at_least=1, points=10),
    BantRule(part="timing", field="days_to_expected_close", at_least=0, at_most=30, points=25),
    BantRule(part="timing", field="days_to_expected_close", at_least=0, at_most=90, points=15),
)


def default_bant(features: pd.DataFrame) -> BantRules:
    """Return rules over the as-of features that are there and filled for some record.

    Parameters
    ----------
    features : pandas.DataFrame
        As-of features.

    Raises
    ------
    NotEnoughDataError
        If none of the fields is there.

    Notes
    -----
    Budget: an amount is known (25 points). Need: the customer got in touch within 30 days (15), and saw a demo (10).
    Timing: the expected close date is up to 30 days ahead (25), or up to 90 (15). Authority: no field that every CRM
    has says who decides, so nothing is asked. The points are a convention; how much they tell is measured like any
    score.
    """
    there = {str(name) for name in features if bool(features[name].notna().any())}
    rules = tuple(rule for rule in _CANDIDATES if rule.field in there)
    if not rules:
        known = ", ".join(dict.fromkeys(rule.field for rule in _CANDIDATES))
        raise NotEnoughDataError(
            f"no BANT rules are stated and none of the fields for a default is filled ({known}); "
            "state rules on your own fields under [[bant]]"
        )
    return BantRules(rules=rules, default=True)
