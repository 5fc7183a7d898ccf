"""What the moves of a funnel betray: haste, late entries, skipped stages, moves back, re-openings."""

from __future__ import annotations

import pandas as pd

from funnelml.diagnostics.integrity.bulk_moves import MINUTE
from funnelml.history.history import History
from funnelml.history.moves import known_moves
from funnelml.history.record_log import RecordLog, local_days
from funnelml.schema import DAY


def read_entries(history: History, log: RecordLog) -> pd.DataFrame:
    """Return every entry of a record into a stage; all but its first are moves.

    Returns
    -------
    pandas.DataFrame
        By record and order: ``record_id, number`` (0 for its first entry), ``from_stage`` (None for the first),
        ``to_stage, from_rank`` (-1 for the first), ``to_rank, previous_at`` (when it entered the stage it left),
        ``entered_at, recorded_at`` (microseconds), ``owner`` (the one the CRM showed then), ``day`` (a naive
        midnight).
    """
    known = known_moves(history, log.funnel, log.cut).collect(backend="pandas").to_native()
    known = known.sort_values(["record_id", "entered_at", "recorded_at", "rank"], ignore_index=True)
    known["record_id"] = known["record_id"].astype(object)
    before = known.groupby("record_id")[["stage", "rank"]].shift()
    start = before["stage"].astype(object)
    entries = pd.DataFrame(
        {
            "record_id": known["record_id"],
            "number": known.groupby("record_id").cumcount(),
            "from_stage": start.where(start.notna(), None),
            "to_stage": known["stage"].astype(object),
            "from_rank": before["rank"].fillna(-1).astype("int64"),
            "to_rank": known["rank"].astype("int64"),
            "previous_at": known.groupby("record_id")["entered_at"].shift(fill_value=0).astype("int64"),
            "entered_at": known["entered_at"].astype("int64"),
            "recorded_at": known["recorded_at"].astype("int64"),
        }
    )
    entries["owner"] = log.owners_at(entries[["record_id"]].assign(at=entries["entered_at"]))
    return entries.assign(day=local_days(entries["entered_at"], log.time_zone))


def judge_moves(
    moves: pd.DataFrame, log: RecordLog, *, within_minutes: float, late_days: float, whole_days: bool, assumed: bool
) -> dict[str, pd.DataFrame]:
    """Judge every move of a funnel.

    Parameters
    ----------
    moves : pandas.DataFrame
        Those of ``read_entries`` whose ``number`` is not 0.
    log : RecordLog
        What is known.
    within_minutes : float
        Two moves of a record so close together were not made as things happened.
    late_days : float
        A move entered more days after the fact is late.
    whole_days : bool
        Whether the log knows days only: then haste cannot be seen.
    assumed : bool
        Whether the instants of recording are assumed: then late entries cannot be seen.

    Returns
    -------
    dict of str to pandas.DataFrame
        For ``rushed, late_entry, skipped, moved_back, reopened``, where they can be seen, ``record_id, owner, at,
        flagged``, one row per move.
    """
    stages = len(log.funnel.stages)
    open_to = moves["to_rank"] < stages
    open_from = moves["from_rank"] < stages
    flags = {
        "skipped": open_to & open_from & (moves["to_rank"] > moves["from_rank"] + 1),
        "moved_back": open_to & open_from & (moves["to_rank"] < moves["from_rank"]),
        "reopened": open_to & (moves["from_rank"] >= stages),
    }
    if not assumed:
        flags["late_entry"] = moves["recorded_at"] - moves["entered_at"] > late_days * DAY
    if not whole_days:
        # Two dates without a time look like one instant.
        dated = (moves["entered_at"] == moves["previous_at"]) & _at_midnight(moves, log.time_zone)
        close = moves["entered_at"] - moves["previous_at"] <= within_minutes * MINUTE
        flags["rushed"] = close & ~dated & (moves["number"] > 1)
    plain = moves[["record_id", "owner"]].assign(at=moves["entered_at"])
    return {name: plain.assign(flagged=flag.to_numpy(dtype=bool)) for name, flag in flags.items()}


def _at_midnight(moves: pd.DataFrame, time_zone: str) -> pd.Series:
    utc = pd.to_datetime(moves["entered_at"], unit="us", utc=True)
    return utc.dt.tz_convert(time_zone).dt.tz_localize(None) == moves["day"]
