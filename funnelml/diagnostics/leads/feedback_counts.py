"""Feedback counted, and held against what came later."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from funnelml.diagnostics.leads.feedback_words import ACCEPTED, DISSATISFIED, INTERVIEW, NEUTRAL, REJECTED, SATISFIED
from funnelml.diagnostics.leads.records import take_leads
from funnelml.diagnostics.leads.response_comparison import compare_groups
from funnelml.diagnostics.losses.rules import REASONS, UNKNOWN, ReasonRules, classify_reasons
from funnelml.diagnostics.proportions import count_shares, with_shares
from funnelml.errors import AsOfError, NotEnoughDataError
from funnelml.history.funnel import LOST, WON
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.schema import DAY

_VERDICTS = (SATISFIED, NEUTRAL, DISSATISFIED)


def review_leads(history: History, said: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the last verdict on each lead: ``record_id, given_at, accepted, reason, source, owner``, and its end.

    Parameters
    ----------
    said : pandas.DataFrame
        Normalised feedback of the kind ``acceptance``, in the order in which it was given.

    Returns
    -------
    pandas.DataFrame
        With ``opened_at, disqualified_at`` (NaN); source and owner are ``unknown`` where the lead is not known.
    """
    last = said.drop_duplicates("record_id", keep="last").reset_index(drop=True)
    try:
        leads = take_leads(history, as_of=as_of).set_index("lead_id")
    except NotEnoughDataError:
        leads = pd.DataFrame(columns=["source", "owner", "opened_at", "disqualified_at"])
    of = leads.reindex(last["record_id"]).reset_index(drop=True)
    return pd.DataFrame(
        {
            "record_id": last["record_id"],
            "given_at": last["given_at"].astype("int64"),
            "accepted": (last["verdict"] == ACCEPTED).to_numpy(dtype=bool),
            "reason": last["reason"],
            **{name: of[name].astype(object).where(of[name].notna(), UNKNOWN) for name in ("source", "owner")},
            **{name: of[name].astype("float64") for name in ("opened_at", "disqualified_at")},
        }
    )


def count_acceptance(reviews: pd.DataFrame, level: float) -> pd.DataFrame:
    """Count the accepted leads: ``by, group, reviewed, accepted, share, low, high``; all, by source and by owner."""
    parts = []
    for by in ("all", "source", "owner"):
        rows = reviews.assign(group="all" if by == "all" else reviews[by])
        parts.append(count_shares(rows, ["group"], "accepted", counted="reviewed", level=level).assign(by=by))
    table = pd.concat(parts, ignore_index=True)
    return table[["by", "group", "reviewed", "accepted", "share", "low", "high"]]


def count_rejections(reviews: pd.DataFrame, rules: ReasonRules | None, level: float) -> pd.DataFrame:
    """Count why leads are rejected: ``reason, rejected, share, low, high``, the most frequent first, unknown last."""
    reason = pd.Series(classify_reasons(reviews.loc[~reviews["accepted"], "reason"], rules), dtype=object)
    count = reason.value_counts().reindex([*REASONS, UNKNOWN], fill_value=0)
    count = pd.concat([count.drop(UNKNOWN).sort_values(ascending=False, kind="stable"), count[[UNKNOWN]]])
    known = count.drop(UNKNOWN)
    told = pd.DataFrame({"reason": known.index, "rejected": known.to_numpy(), "of": int(known.sum())})
    told = with_shares(told, "rejected", "of", level).drop(columns="of")
    return pd.concat([told, pd.DataFrame({"reason": [UNKNOWN], "rejected": [int(count[UNKNOWN])]})], ignore_index=True)


def follow_verdicts(
    reviews: pd.DataFrame, cut: int, horizon_days: int, level: float
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Follow leads from the verdict on them: how many became an opportunity within the horizon.

    Returns
    -------
    verdicts : pandas.DataFrame
        ``verdict, leads, became, share, low, high``. Leads that had ended before the verdict, and those whose horizon
        has not passed, are left out.
    comparison : dict
        As ``compare_groups`` returns it, accepted against rejected.
    """
    decided = reviews[["opened_at", "disqualified_at"]].min(axis=1)
    end = reviews["given_at"] + horizon_days * DAY
    followed = reviews[~(decided <= reviews["given_at"]) & (end <= cut)]
    rows = followed.assign(
        verdict=np.where(followed["accepted"], ACCEPTED, REJECTED), became=followed["opened_at"] < end[followed.index]
    )
    table = count_shares(rows, ["verdict"], "became", counted="leads", level=level)
    return table, compare_groups(rows.assign(in_time=rows["accepted"]), level)


def ask_customers(
    history: History, said: pd.DataFrame, *, as_of: date, funnel: str | None, rules: ReasonRules | None, level: float
) -> tuple[pd.DataFrame, int, int]:
    """Count what customers say by how their records ended.

    Parameters
    ----------
    said : pandas.DataFrame
        Normalised feedback of customers.

    Returns
    -------
    customers : pandas.DataFrame
        ``kind, outcome, verdict, said, of, share, low, high``.
    interviews, agree : int
        Interviews in which customer and CRM both name a reason of the loss, and those in which it is the same.
    """
    try:
        records = take_snapshot(history, as_of=as_of, funnel=funnel).records.set_index("record_id")
    except AsOfError:
        records = pd.DataFrame(columns=["stage", "loss_reason"])
    stage = said["record_id"].map(records["stage"])
    outcome = stage.where(stage.isin((WON, LOST)), "open")
    cells = said.assign(outcome=outcome)[stage.notna()].groupby(["kind", "outcome", "verdict"]).size().rename("said")
    pairs = cells.reset_index()[["kind", "outcome"]].drop_duplicates()
    table = pairs.merge(pd.DataFrame({"verdict": list(_VERDICTS)}), how="cross")
    table = table.merge(cells.reset_index(), how="left").fillna({"said": 0}).astype({"said": "int64"})
    table["of"] = table.groupby(["kind", "outcome"])["said"].transform("sum")
    told = said[(said["kind"] == INTERVIEW) & (stage == LOST)]
    theirs = classify_reasons(told["reason"], rules)
    ours = classify_reasons(told["record_id"].map(records["loss_reason"]), rules)
    both = (theirs != UNKNOWN) & (ours != UNKNOWN)
    return with_shares(table, "said", "of", level), int(both.sum()), int((both & (theirs == ours)).sum())
