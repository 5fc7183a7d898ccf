"""Features that rows cannot tell from drift: seasons seen once, what moves with the whole log, names of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from funnelml.schema import DAY
from funnelml.scoring.rows import ScoringRows

_TWICE: Mapping[str, int] = MappingProxyType({"month": 672, "created_month": 672, "days_to_quarter_end": 336})
"""Days that rows four weeks apart must span for a feature of the calendar: a month twice, a quarter's end four times.
"""
_MOVING: Mapping[str, str] = MappingProxyType(
    {
        "owner_win_rate": "owner_win_lift",
        "source_win_rate": "source_win_lift",
        "account_won": "account_win_lift",
        "account_lost": "account_win_lift",
        "owner_open_records": "owner",
    }
)
"""Features that grow with the log or move for all records at once, and what tells the same against the average."""
_COUNTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "owner": ("owner_win_rate", "owner_win_lift", "owner_open_records"),
        "source": ("source_win_rate", "source_win_lift"),
        "account": ("account_won", "account_lost", "account_open", "account_win_lift"),
    }
)
"""Fields by which other records are counted, and what is counted by them."""
ACCOUNT = "an account is told by what became of its other records; its name would only name the record"


def leave_out_seasons(rows: ScoringRows) -> ScoringRows:
    """Return rows without features of the calendar that they have seen too seldom, and without names of accounts.

    Parameters
    ----------
    rows : ScoringRows
        Rows of records at instants; a plain table stays as it is.

    Notes
    -----
    A month that was seen in one year only says nothing but which rows are the older ones: what drifted between them
    would be taken for a season, and the next months, never seen, would get the odds of the last. So it is with
    counts that grow with the log.
    """
    if rows.at is None or not len(rows):
        return rows
    span = float(rows.at.max() - rows.at.min()) / DAY
    reasons = {
        name: f"the rows span {span:,.0f} days; under {least:,} a season cannot be told from drift"
        for name, least in _TWICE.items()
        if name in rows.features and span < least
    }
    if "weekday" in rows.features and len(np.unique(rows.features["weekday"].dropna())) < 2:
        reasons["weekday"] = "all rows were seen on one day of the week"
    for name, instead in _MOVING.items():
        if name in rows.features and instead in rows.features:
            reasons[name] = f"it moves with the log as a whole; {instead} tells it against the average"
    if "account" in rows.features:
        reasons["account"] = ACCOUNT
    return replace(rows.without(*reasons), left_out={**rows.left_out, **reasons})


def leave_out_derived(rows: ScoringRows, fields: Iterable[str]) -> ScoringRows:
    """Return rows without what is counted by fields that were left out.

    Parameters
    ----------
    rows : ScoringRows
        Rows without those fields.
    fields : iterable of str
        Fields that were left out: of ``account``, which is filled late, ``account_won`` leaks as much.
    """
    reasons = {
        name: f"it is counted by {field}, which is left out"
        for field in fields
        for name in _COUNTED.get(field, ())
        if name in rows.features
    }
    if rows.at is None or not reasons:
        return rows
    return replace(rows.without(*reasons), left_out={**rows.left_out, **reasons})
