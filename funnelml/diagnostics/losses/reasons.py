"""Why records are lost: counts and shares of reasons, where and by whom, how they change, and what is not filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.diagnostics.losses.rules import OTHER, REASONS, UNKNOWN, ReasonRules, classify_reasons
from funnelml.diagnostics.losses.trend import follow_reasons
from funnelml.diagnostics.losses.words import tell_reasons
from funnelml.diagnostics.proportions import count_shares, with_shares
from funnelml.history.episodes import LOST_EVENT, stage_episodes
from funnelml.history.funnel import LOST
from funnelml.history.history import History
from funnelml.history.periods import PeriodLength
from funnelml.history.snapshot import take_snapshot
from funnelml.language import Language

ENOUGH_FILLED = 0.6
"""Below this share of filled reasons the picture may be biased."""
_MOST_TEXTS = 10


@dataclass(frozen=True, kw_only=True)
class LossReasons:
    """Why the records that stand as lost were lost.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    currency : str
        Reporting currency of amounts.
    level : float
        Probability of the intervals.
    records : pandas.DataFrame
        One row per lost record: ``record_id, lost_at`` (microseconds), ``stage`` (in which it was lost), ``amount``,
        ``text`` (as written), ``reason`` and the columns of ``by``.
    reasons : pandas.DataFrame
        One row per reason, the most frequent first, ``unknown`` last: ``reason, lost, share`` (of the records with a
        reason; NaN for ``unknown``), ``low, high`` (Wilson), ``amount`` (lost, where it is known), ``amount_share``.
    groups : pandas.DataFrame
        ``by, group, reason, lost, of, share, low, high``: reasons of the losses of each stage, segment and owner.
    periods : pandas.DataFrame
        ``period_start, reason, lost, of, share, low, high`` by the period of the loss.
    trends : pandas.DataFrame
        One row per reason: ``reason, share_early, share_late`` (first and second half of the periods), ``p_value,
        p_adjusted, changed``.
    filled : pandas.DataFrame
        ``owner, lost, filled, share, low, high``: how often each owner gives a reason.
    other_texts : pandas.DataFrame
        ``text, lost``: the most frequent texts that no rule understood.
    """

    as_of: date
    currency: str
    level: float
    records: pd.DataFrame
    reasons: pd.DataFrame
    groups: pd.DataFrame
    periods: pd.DataFrame
    trends: pd.DataFrame
    filled: pd.DataFrame
    other_texts: pd.DataFrame

    @property
    def filled_share(self) -> float:
        """Share of the lost records with a reason; NaN if none was lost."""
        lost = len(self.records)
        return float((self.records["reason"] != UNKNOWN).sum() / lost) if lost else float("nan")

    @property
    def is_biased(self) -> bool:
        """Whether so few reasons are filled in that the picture may be biased."""
        return bool(self.filled_share < ENOUGH_FILLED)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per reason."""
        return self.reasons

    def summary(self, language: Language = "en") -> str:
        """Return what most records are lost for, what has changed, and how far the picture can be trusted."""
        return tell_reasons(self, language)


def measure_loss_reasons(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    rules: ReasonRules | None = None,
    by: Sequence[str] = ("stage", "segment", "owner"),
    period: PeriodLength = "quarter",
    fiscal_year_start: int = 1,
    currency: str = "",
    level: float = 0.8,
) -> LossReasons:
    """Measure why records were lost, by all that was recorded on ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables; reasons are in the field ``loss_reason``.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    rules : ReasonRules, optional
        The user's words for reasons.
    by : sequence of str
        ``stage`` and fields of the snapshot (``segment, owner, team, source, product, account``).
    period : {"week", "month", "quarter"}
        Calendar periods of the trend.
    fiscal_year_start : int
        Month (1 to 12) in which the fiscal year begins.
    currency : str
        Reporting currency.
    level : float
        Probability of the intervals.

    Returns
    -------
    LossReasons

    Raises
    ------
    AsOfError
        If nothing had been recorded by then.
    """
    snapshot = take_snapshot(history, as_of=as_of, funnel=funnel)
    lost = snapshot.records[snapshot.records["stage"] == LOST]
    stays = stage_episodes(history, as_of=as_of, funnel=funnel).table
    left = stays[stays["event"] == LOST_EVENT].drop_duplicates("record_id", keep="last").set_index("record_id")["stage"]
    fields = [name for name in by if name != "stage"]
    records = pd.DataFrame(
        {
            "record_id": lost["record_id"],
            "lost_at": lost["entered_at"],
            "stage": lost["record_id"].map(left).astype(object),
            "amount": lost["amount"],
            "text": lost["loss_reason"],
            "reason": classify_reasons(lost["loss_reason"], rules),
            "owner": lost["owner"],
            **{name: lost[name] for name in fields},
        }
    ).reset_index(drop=True)
    told = records[records["reason"] != UNKNOWN]
    periods, trends = follow_reasons(
        told, time_zone=history.time_zone, period=period, fiscal_year_start=fiscal_year_start, level=level
    )
    other = told.loc[told["reason"] == OTHER, "text"].value_counts().head(_MOST_TEXTS)
    return LossReasons(
        as_of=as_of,
        currency=currency,
        level=level,
        records=records,
        reasons=_count_reasons(records, level),
        groups=_count_groups(told, by, snapshot.funnel.order, level),
        periods=periods,
        trends=trends,
        filled=_count_filled(records, level),
        other_texts=other.rename_axis("text").rename("lost").reset_index(),
    )


def _count_reasons(records: pd.DataFrame, level: float) -> pd.DataFrame:
    count = records.groupby("reason").size().reindex([*REASONS, UNKNOWN], fill_value=0)
    amount = records.groupby("reason")["amount"].sum().reindex(count.index, fill_value=0.0)
    known = count.drop(UNKNOWN)
    told = pd.DataFrame({"reason": known.index, "lost": known.to_numpy(), "of": int(known.sum())})
    told = with_shares(told, "lost", "of", level)
    table = told.set_index("reason").reindex(count.index).assign(lost=count).reset_index()
    whole = float(amount.sum())
    table = table.assign(amount=amount.to_numpy(), amount_share=amount.to_numpy() / whole if whole > 0 else np.nan)
    last = table["reason"] == UNKNOWN
    order = table.assign(last=last).sort_values(["last", "lost"], ascending=[True, False], kind="stable")
    return order.drop(columns=["last", "of"]).reset_index(drop=True)


def _count_groups(told: pd.DataFrame, by: Sequence[str], order: Mapping[str, int], level: float) -> pd.DataFrame:
    parts = []
    for name in dict.fromkeys(by):
        groups = told[name].where(told[name].notna(), UNKNOWN)
        cells = pd.crosstab(groups, told["reason"]).reindex(columns=list(REASONS), fill_value=0)
        long = cells.rename_axis("group").reset_index().melt(id_vars="group", var_name="reason", value_name="lost")
        long = long.assign(by=name, of=long.groupby("group")["lost"].transform("sum"))
        # Stages in the order of the funnel, other groups the largest first.
        place = long["group"].map(order).fillna(len(order)) if name == "stage" else -long["of"]
        parts.append(long.assign(place=place).sort_values(["place", "group"], kind="stable"))
    table = pd.concat(parts, ignore_index=True)[["by", "group", "reason", "lost", "of"]]
    return with_shares(table, "lost", "of", level)


def _count_filled(records: pd.DataFrame, level: float) -> pd.DataFrame:
    rows = records.assign(
        owner=records["owner"].where(records["owner"].notna(), UNKNOWN), filled=records["reason"] != UNKNOWN
    )
    return count_shares(rows, ["owner"], "filled", counted="lost", level=level)
