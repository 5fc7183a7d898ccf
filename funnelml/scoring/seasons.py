"""Features that rows cannot tell from drift: seasons seen once, what moves with the whole log, names of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from funnelml.schema import DAY
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.why_not import WhyNot

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
ACCOUNT = WhyNot(
    en="an account is told by what became of its other records; its name would only name the record",
    zh="客户由其其他记录的结果体现，名称只会指认这条记录",
)


def leave_out_seasons(rows: ScoringRows) -> ScoringRows:
    """Return rows without features of the calendar that they have seen too seldom, and without names of accounts.

    Parameters
    ----------
    rows : ScoringRows
        Rows of records at instants; a plain table without dates stays as it is, and one with dates loses only seasons:
        what its columns were counted by is not known.

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
        name: WhyNot(
            en=f"the rows span {span:,.0f} days; under {least:,} a season cannot be told from drift",
            zh=f"数据跨度为 {span:,.0f} 天，不足 {least:,} 天时季节与漂移无法区分",
        )
        for name, least in _TWICE.items()
        if name in rows.features and span < least
    }
    if "weekday" in rows.features and len(np.unique(rows.features["weekday"].dropna())) < 2:
        reasons["weekday"] = WhyNot(en="all rows were seen on one day of the week", zh="所有行都在一周中的同一天")
    if rows.assumed is not None:
        for name, instead in _MOVING.items():
            if name in rows.features and instead in rows.features:
                reasons[name] = WhyNot(
                    en=f"it moves with the log as a whole; {instead} tells it against the average",
                    zh=f"随全部记录一起变动；改用与平均相比的 {instead}",
                )
        if "account" in rows.features:
            reasons["account"] = ACCOUNT
    return rows.withhold(reasons)


def leave_out_derived(rows: ScoringRows, fields: Mapping[str, WhyNot]) -> ScoringRows:
    """Return rows without what is counted by fields by which nothing can be counted.

    Parameters
    ----------
    rows : ScoringRows
        Rows of records at instants; a plain table stays as it is.
    fields : mapping of str to WhyNot
        Those fields, and what is wrong with them, as a clause: of ``account``, which is filled late, ``account_won``
        leaks as much.
    """
    reasons = {
        name: WhyNot(en=f"it is counted by {field}, {why.en}", zh=f"按 {field} 统计，{why.zh}")
        for field, why in fields.items()
        for name in _COUNTED.get(field, ())
        if name in rows.features
    }
    if rows.assumed is None or not reasons:
        return rows
    return rows.withhold(reasons)
