"""What became of the records that were open at a past instant: how the running stay ended, and the record itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import AsOfError, ModelInputError, did_you_mean
from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import CENSORED, StageEpisodes
from funnelml.language import Language, say
from funnelml.schema import DAY
from funnelml.survival.risk_sets import FloatArray, IntArray

FOLLOWED: Final = "followed"
ENDED_BEFORE: Final = "ended before"
UNKNOWN: Final = "unknown"
"""Whether the stay that ran at the cut is, by later knowledge, still one that ran then."""


@dataclass(frozen=True, kw_only=True)
class StayOutcomes:
    """What became of open records after the instant at which they were looked at.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per open record, in their order: ``record_id, stage, cut``; ``days`` from the last known microsecond
        until the running stay ended or knowledge did; ``event`` 0 still in the stage, 1 advanced, 2 won, 3 lost,
        4 moved back; ``close_days, close_event`` the same of the record: 0 still open, 2 won, 3 lost;
        ``followed_days`` until the end of knowledge; ``found``: ``"followed"``, ``"ended before"`` where the end was
        recorded later but dated before the cut (it counts on day 0), ``"unknown"`` where later knowledge has no such
        stay (censored on day 0).
    """

    table: pd.DataFrame

    @property
    def days(self) -> FloatArray:
        """Days until the running stay ended or knowledge did, shape (n,)."""
        return self.table["days"].to_numpy(dtype=np.float64)

    @property
    def event(self) -> IntArray:
        """How the running stay ended, shape (n,)."""
        return self.table["event"].to_numpy(dtype=np.int64)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per open record."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return how many stays ended, and how many were not found as they had been known."""
        n, ended = len(self.table), int((self.event != CENSORED).sum())
        found = self.table["found"].value_counts()
        before, unknown = int(found.get(ENDED_BEFORE, 0)), int(found.get(UNKNOWN, 0))
        text = say(
            language,
            en=f"{ended:,} of {n:,} running stays have ended since.",
            zh=f"{n:,} 个进行中的停留里，{ended:,} 个此后已结束。",
        )
        if before:
            text += say(
                language,
                en=f" {before:,} had ended before, which was recorded later: they count on day 0.",
                zh=f"其中 {before:,} 个其实更早已结束、事后才补录，按第 0 天计。",
            )
        if unknown:
            text += say(
                language,
                en=f" {unknown:,} are in the log no more: nothing is counted of them.",
                zh=f"另有 {unknown:,} 个已不在日志中，不计入。",
            )
        return text


def stay_outcomes(later: StageEpisodes, open_records: pd.DataFrame) -> StayOutcomes:
    """Return what became of records that were open at past instants.

    Parameters
    ----------
    later : StageEpisodes
        All stays of the same history as known on a later day.
    open_records : pandas.DataFrame
        ``record_id``, ``stage`` as it was known then, and ``cut``: the first instant that was not known, in
        microseconds.

    Returns
    -------
    StayOutcomes

    Raises
    ------
    ModelInputError
        If ``open_records`` lacks a column, or has a missing value in one.
    AsOfError
        If a cut lies after what ``later`` knows.

    Notes
    -----
    Days run from the last known microsecond, so that what happens in ``[cut, cut + t)`` has happened by day t, and a
    stay that is ``age_days`` old ends at ``age_days + days``. The running stay is the one that runs at the cut by later
    knowledge, if it is in the stage in which the record then stood; a corrected date of its beginning changes nothing.
    If there is none, entries were dated back: the stay had ended before, though nobody could know. The last stay in
    that stage begun before the cut then tells how, and it counts on day 0, since leaving it out would be a choice by
    what came later. A record that closed and was reopened is followed to its first closing after the cut.
    """
    asked = _check(later, open_records)
    stays = later.table.assign(
        close_event=(closings := follow_to_closing(later))["event"].to_numpy(),
        close_days=closings["close_days"].to_numpy(),
        stay=np.arange(len(later.table)),
    )
    running = _find(later, asked, stays, kind="running")
    same_stage = _find(later, asked, stays, kind="same stage")
    before = _find(later, asked, stays, kind="any")
    followed = (running >= 0) & (stays["stage"].to_numpy()[running] == asked["stage"].to_numpy())
    stay = np.where(followed, running, same_stage)
    found = np.select([followed, stay >= 0], [FOLLOWED, ENDED_BEFORE], default=UNKNOWN)
    known = stay >= 0
    event = np.where(known, stays["event"].to_numpy()[stay], CENSORED)
    of_record = np.where(running >= 0, running, before)
    close_event = np.where(known, stays["close_event"].to_numpy()[of_record], CENSORED)
    left = _days_after(later, asked, stay, stays["duration_days"].to_numpy())
    closed = _days_after(later, asked, of_record, stays["close_days"].to_numpy())
    followable = _whole_days(later, later.cut - asked["cut"].to_numpy(dtype=np.int64))
    table = pd.DataFrame(
        {
            "record_id": asked["record_id"].to_numpy(dtype=object),
            "stage": asked["stage"].to_numpy(dtype=object),
            "cut": asked["cut"].to_numpy(dtype=np.int64),
            "days": np.where(followed, np.where(event == CENSORED, followable, left), 0.0),
            "event": event.astype(np.int64),
            "close_days": np.where(known, np.where(close_event == CENSORED, followable, np.maximum(closed, 0.0)), 0.0),
            "close_event": close_event.astype(np.int64),
            "followed_days": followable,
            "found": found.astype(object),
        }
    )
    return StayOutcomes(table=table)


def _check(later: StageEpisodes, open_records: pd.DataFrame) -> pd.DataFrame:
    for column in ("record_id", "stage", "cut"):
        if column not in open_records:
            hint = did_you_mean(column, open_records.columns)
            raise ModelInputError(f"open_records have no column '{column}'{hint}; they need record_id, stage and cut")
        missing = int(open_records[column].isna().sum())
        if missing:
            raise ModelInputError(f"{missing:,} open_records have no {column}")
    late = int((open_records["cut"] > later.cut).sum())
    if late:
        raise AsOfError(
            f"{late:,} of {len(open_records):,} records were looked at after {later.as_of}, the last day that the "
            "outcomes are known; take stage_episodes of a later as-of date"
        )
    if later.table.empty and len(open_records):
        raise ModelInputError(f"no stay is known by {later.as_of}; take stage_episodes of the same history")
    return open_records


def _find(later: StageEpisodes, asked: pd.DataFrame, stays: pd.DataFrame, *, kind: str) -> NDArray[np.int64]:
    """Return the position of the stay of each record that ran at its cut, or the last that began before it; or -1."""
    keys = ["record_id", "stage"] if kind == "same stage" else ["record_id"]
    # Of stays that began at one instant the last in their written order stands.
    right = stays[[*keys, "entered_at", "stay"]].sort_values(["entered_at", "stay"], kind="stable")
    left = asked[[*keys, "cut"]].astype({"cut": "int64"}).assign(row=np.arange(len(asked)))
    left = left.sort_values("cut", kind="stable")
    for key in keys:
        left[key], right[key] = left[key].astype(object), right[key].astype(object)
    joined = pd.merge_asof(
        left, right, left_on="cut", right_on="entered_at", by=keys, allow_exact_matches=False, direction="backward"
    )
    found = np.full(len(asked), -1, dtype=np.int64)
    found[joined["row"].to_numpy()] = joined["stay"].fillna(-1).to_numpy(dtype=np.int64)
    if kind == "running":
        runs = _days_after(later, asked, found, stays["duration_days"].to_numpy()) > 0
        last = stays["event"].to_numpy()[found] == CENSORED
        found = np.where((found >= 0) & (runs | last), found, -1)
    return found


def _days_after(later: StageEpisodes, asked: pd.DataFrame, stay: NDArray[np.int64], days: FloatArray) -> FloatArray:
    """Return the days from the last microsecond before each cut to so many days after its stay began."""
    begun = later.table["entered_at"].to_numpy()[stay] - asked["cut"].to_numpy(dtype=np.int64)
    if later.grain == "day":
        return np.asarray(_whole_days(later, begun) + days[stay] + 1 / DAY, dtype=np.float64)
    # In integers, or what ends at the cut might count before it.
    return np.asarray((begun + np.rint(days[stay] * DAY).astype(np.int64) + 1) / DAY, dtype=np.float64)


def _whole_days(later: StageEpisodes, microseconds: IntArray) -> FloatArray:
    days = microseconds / DAY
    return np.asarray(np.round(days) if later.grain == "day" else days, dtype=np.float64)
