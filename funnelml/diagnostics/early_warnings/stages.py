"""Early warnings that are about stages: a conversion that dropped, a stage that piles up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import pandas as pd

from funnelml.diagnostics.changes.gaps import find_gaps
from funnelml.diagnostics.changes.pile_ups import find_pile_ups
from funnelml.diagnostics.early_warnings.warn import StageRule
from funnelml.history.history import History


def warn_of_conversion_drop(history: History, *, as_of: date, funnel: str) -> pd.DataFrame:
    """Return the stages in which a gap is open: ``subject, reason, reason_zh``."""
    found = find_gaps(history, as_of=as_of, funnel=funnel, by=())
    told = pd.DataFrame(
        {
            "subject": found.table["stage"],
            "reason": found.sentences(),
            "reason_zh": found.sentences("zh"),
        }
    )
    return told[(found.table["kind"] == "gap") & (told["subject"] != "")].reset_index(drop=True)


def warn_of_pile_up(history: History, *, as_of: date, funnel: str) -> pd.DataFrame:
    """Return the stages that pile up: ``subject, reason, reason_zh``."""
    found = find_pile_ups(history, as_of=as_of, funnel=funnel)
    return pd.DataFrame(
        {
            "subject": found.table["stage"],
            "reason": found.sentences(),
            "reason_zh": found.sentences("zh"),
        }
    )


STAGE_RULES: Mapping[str, StageRule] = MappingProxyType(
    {"conversion_drop": warn_of_conversion_drop, "pile_up": warn_of_pile_up}
)
"""Rules about stages, by name."""
