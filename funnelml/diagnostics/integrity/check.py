"""What the log betrays about its own making: bulk moves, late entries, stale records, dates that are only pushed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from funnelml.diagnostics.integrity.bulk_moves import find_bulk_moves
from funnelml.diagnostics.integrity.close_dates import count_pushes, find_pushes, judge_pushes
from funnelml.diagnostics.integrity.entry_criteria import EntryCriterion, check_stage, judge_entries, why_not_judged
from funnelml.diagnostics.integrity.moves import judge_moves, read_entries
from funnelml.diagnostics.integrity.open_records import judge_open_records
from funnelml.diagnostics.integrity.owners import compare_owners, count_records
from funnelml.diagnostics.integrity.quarter_ends import QuarterEnd, compare_quarter_ends
from funnelml.diagnostics.integrity.result import Integrity, IntegrityRules
from funnelml.diagnostics.integrity.words import REASONS, name_findings
from funnelml.diagnostics.proportions import with_shares
from funnelml.history.episodes import stage_episodes
from funnelml.history.history import History
from funnelml.history.record_log import read_log

__all__ = ["EntryCriterion", "Integrity", "IntegrityRules", "check_integrity"]


def check_integrity(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    criteria: Sequence[EntryCriterion] = (),
    rules: IntegrityRules | None = None,
    fiscal_year_start: int = 1,
    level: float = 0.8,
) -> Integrity:
    """Check how the log of a funnel was kept, finding by finding and owner by owner.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    criteria : sequence of EntryCriterion
        What a record must have as it enters a stage.
    rules : IntegrityRules, optional
        From where on something is a finding.
    fiscal_year_start : int
        Month (1 to 12) in which the fiscal year begins.
    level : float
        Probability of the intervals.

    Returns
    -------
    Integrity
        Without a row if nothing had been recorded by then.

    Raises
    ------
    FunnelError
        If there is no such funnel, or a criterion names a stage that it does not have.
    """
    rules = rules or IntegrityRules()
    log = read_log(history, as_of=as_of, funnel=funnel)
    for criterion in criteria:
        check_stage(criterion, log.funnel)
    whole_days, assumed = history.grain == "day", "stage_changes" in history.assumed
    entries = read_entries(history, log)
    moves = entries[entries["number"] > 0].reset_index(drop=True)
    bulk, number = find_bulk_moves(
        moves,
        time_zone=history.time_zone,
        fewest=rules.fewest_in_bulk,
        chance=rules.bulk_chance,
        whole_days=whole_days,
    )
    in_bulk = number >= 0
    quarter = QuarterEnd(
        time_zone=history.time_zone, last_days=rules.quarter_end_days, fiscal_year_start=fiscal_year_start
    )
    pushes = find_pushes(log)
    records = log.last_ranks().index.to_frame(index=False).astype(object)
    records["owner"] = log.owners_at(records.assign(at=log.cut - 1))
    judged = {"bulk_move": moves[["record_id", "owner"]].assign(at=moves["entered_at"], flagged=in_bulk)}
    judged |= judge_moves(
        # A clean-up is one finding; it would otherwise count as haste, skips and re-openings as well.
        moves[~in_bulk],
        log,
        within_minutes=rules.within_minutes,
        late_days=rules.late_days,
        whole_days=whole_days,
        assumed=assumed,
    )
    judged |= judge_open_records(
        log,
        stage_episodes(history, as_of=as_of, funnel=funnel),
        stale_days=rules.stale_days,
        long_share=rules.long_share,
    )
    judged["pushed"] = judge_pushes(log, records, pushes, rules.most_pushes)
    names = name_findings(rules)
    not_judged = {f: REASONS[_why_not(f, whole_days, assumed)] for f in names if judged.get(f, moves[:0]).empty}
    for criterion in criteria:
        key = f"entry:{criterion.stage}:{criterion.field or criterion.activity}"
        names[key] = (criterion.describe(), criterion.describe("zh"))
        if why_not_judged(criterion, log):
            not_judged[key] = (why_not_judged(criterion, log), why_not_judged(criterion, log, "zh"))
        else:
            judged[key] = judge_entries(entries, criterion, log)
            if judged[key].empty:
                not_judged[key] = REASONS["no_entries"]
    return Integrity(
        as_of=as_of,
        funnel=log.funnel.name,
        rules=rules,
        records=len(records),
        moves=len(moves),
        totals=_count_totals({f: judged.get(f, moves[:0]) for f in names}, level),
        # One clean-up is one decision, by whoever made it: the owners of its records did not err together.
        owners=compare_owners(judged, level=level, error=rules.owner_error, untested=frozenset({"bulk_move"})),
        flagged=_list_flagged(judged),
        bulk_moves=bulk.assign(at_quarter_end=quarter.holds(pd.DatetimeIndex(bulk["day"]))),
        quarter_ends=compare_quarter_ends(moves[~in_bulk], quarter, level=level),
        pushes=count_pushes(pushes, records),
        daily=_count_days(moves, in_bulk),
        names=names,
        not_judged=not_judged,
    )


def _why_not(finding: str, whole_days: bool, assumed: bool) -> str:
    if finding == "rushed" and whole_days:
        return "only_days"
    if finding == "late_entry" and assumed:
        return "assumed"
    return {"overstayed": "few_stays", "past_close_date": "no_dates", "pushed": "no_pushes", "stale": "no_open"}.get(
        finding, "no_moves"
    )


def _count_totals(judged: dict[str, pd.DataFrame], level: float) -> pd.DataFrame:
    rows = []
    for finding, table in judged.items():
        if table.empty:
            rows.append(pd.DataFrame({"finding": [finding], "count": 0, "of": 0, "times": 0, "first_ids": ""}))
        else:
            rows.append(count_records(table, []).assign(finding=finding))
    totals = pd.concat(rows, ignore_index=True)
    totals = with_shares(totals, "count", "of", level)
    totals = totals.assign(first_ids=totals["first_ids"].fillna(""))
    for column in ("first_at", "last_at"):
        totals[column] = totals[column].astype("float64") if column in totals else float("nan")
    return totals[["finding", "count", "of", "share", "low", "high", "times", "first_ids", "first_at", "last_at"]]


def _list_flagged(judged: dict[str, pd.DataFrame]) -> pd.DataFrame:
    parts = [t[t["flagged"]].assign(finding=finding) for finding, t in judged.items() if t["flagged"].any()]
    columns = ["finding", "record_id", "owner", "at"]
    if not parts:
        return pd.DataFrame({c: pd.Series(dtype=object) for c in columns})
    flagged = pd.concat(parts, ignore_index=True).sort_values("at", kind="stable")
    first = flagged.drop_duplicates(["finding", "record_id"])
    return first.sort_values(["finding", "at", "record_id"], ignore_index=True)[columns]


def _count_days(moves: pd.DataFrame, in_bulk: pd.Series) -> pd.DataFrame:
    if moves.empty:
        return pd.DataFrame({"day": pd.Series(dtype="datetime64[ns]"), "moves": 0, "in_bulk": 0})
    counts = pd.DataFrame({"day": moves["day"], "moves": 1, "in_bulk": in_bulk.astype("int64")}).groupby("day").sum()
    whole = pd.date_range(moves["day"].min(), moves["day"].max(), freq="D", name="day")
    return counts.reindex(whole, fill_value=0).reset_index()
