"""Early warnings that are about stages: a conversion that dropped, a stage that piles up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

import pandas as pd

from funnelml.diagnostics.changes.gaps import find_gaps
from funnelml.diagnostics.changes.pile_ups import find_pile_ups
from funnelml.diagnostics.early_warnings.warn import StageRule
from funnelml.history.history import History

COLUMNS = ["subject", "reason", "reason_zh"]


def warn_of_conversion_drop(
    history: History, *, as_of: date, funnel: str, currency: str = "", fiscal_year_start: int = 1
) -> pd.DataFrame:
    """Return the stages in which a gap is open, all of them for a gap of all stages: ``subject, reason, reason_zh``."""
    found = find_gaps(
        history, as_of=as_of, funnel=funnel, by=(), currency=currency, fiscal_year_start=fiscal_year_start
    )
    rows = zip(found.table["kind"], found.table["stage"], found.sentences(), found.sentences("zh"), strict=True)
    stages = history.funnel(funnel).stages
    told = [
        (subject, reason, reason_zh)
        for kind, stage, reason, reason_zh in rows
        if kind == "gap"
        for subject in ([stage] if stage else stages)
    ]
    return pd.DataFrame(told, columns=COLUMNS).drop_duplicates("subject", ignore_index=True)


def warn_of_pile_up(history: History, *, as_of: date, funnel: str, fiscal_year_start: int = 1) -> pd.DataFrame:
    """Return the stages that pile up: ``subject, reason, reason_zh``."""
    found = find_pile_ups(history, as_of=as_of, funnel=funnel, fiscal_year_start=fiscal_year_start)
    told = zip(found.table["stage"], found.sentences(), found.sentences("zh"), strict=True)
    return pd.DataFrame(list(told), columns=COLUMNS)


def stage_rules(*, currency: str = "", fiscal_year_start: int = 1) -> Mapping[str, StageRule]:
    """Return the rules about stages by name, for a reporting currency and a fiscal year."""
    return {
        "conversion_drop": partial(warn_of_conversion_drop, currency=currency, fiscal_year_start=fiscal_year_start),
        "pile_up": partial(warn_of_pile_up, fiscal_year_start=fiscal_year_start),
    }
