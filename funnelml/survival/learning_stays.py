"""Stays to learn from, and those of today: from a history, with what was known of each record at each instant."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.history.episodes import StageEpisodes, stage_episodes
from funnelml.history.features.describe import describe_records
from funnelml.history.history import History
from funnelml.history.landmarks import date_landmarks
from funnelml.history.log_end import last_recorded_day
from funnelml.history.record_log import read_log_before
from funnelml.schema import DAY
from funnelml.survival.covariates import choose_covariates, moving_in
from funnelml.survival.risk_sets import IntArray
from funnelml.survival.stay_rows import StayRows

AT_ENTRY: Final = -1.0
"""Age of a row that is seen at the very entry, before anything could happen on day 0."""
MOST_DATES: Final = 26
"""Most past dates at which running stays are looked at."""
SHORTEST_GAP, LONGEST_GAP = 3, 28
"""Days between these dates."""


def stays_of_episodes(episodes: StageEpisodes) -> StayRows:
    """Return every stay, seen at its entry, with what the path alone tells: the visit, and the days before.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on one date.
    """
    table = episodes.table
    entered = table["entered_at"].to_numpy(dtype=np.int64)
    created = table.groupby("record_id")["entered_at"].transform("min").to_numpy(dtype=np.int64)
    covariates = pd.DataFrame(
        {"visit": table["visit"].to_numpy(dtype=float), "days_before_stage": (entered - created) / DAY}
    )
    return _rows(episodes, np.arange(len(table)), at=entered + 1, age=_entry_age(table), covariates=covariates)


def learn_stays(history: History, *, as_of: date, funnel: str | None = None, trusted: tuple[str, ...] = ()) -> StayRows:
    """Return stays to learn from: each seen at its entry, and again at past dates on which it was running.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    trusted : tuple of str
        Fields to be taken as unchanged since the record was created.

    Returns
    -------
    StayRows
        Covariates are frozen where each row is seen: nothing recorded after it is in them. Where nothing was recorded
        of a record until later, the entry is seen then; what moves is unknown if the stay was over by that time. Rows
        at past dates stand for how the model is asked: about stays that have lasted a while, by what was known then.

    Raises
    ------
    NotEnoughDataError
        If nothing was ever entered.
    """
    # Where the log ended before that day, what came of the stays is not there yet.
    ended = last_recorded_day(history, history.funnel(funnel), as_of)
    episodes = stage_episodes(history, as_of=ended, funnel=funnel)
    table = episodes.table
    if table.empty:
        raise NotEnoughDataError(f"no stay in a stage is known by {as_of}; choose a later date or check the stages")
    of = episodes.funnel
    first = _first_known(history, episodes)
    # What began before it was under observation, or before anything was recorded of its record, is seen only then.
    since = table["entered_at"] + np.rint(table["from_age_days"] * DAY).astype(np.int64)
    entry = pd.DataFrame({"record_id": table["record_id"], "cut": np.maximum(since, first) + 1})
    known = (entry["cut"] <= episodes.cut).to_numpy()
    running = _running_at(history, episodes, _past_dates(episodes))
    moments = pd.concat((entry[known], running[["record_id", "cut"]]), ignore_index=True)
    described = describe_records(history, moments, funnel=of.name, as_of=as_of, trusted=trusted)
    stay = np.concatenate((np.flatnonzero(known), running["stay"].to_numpy(dtype=np.int64)))
    age = np.concatenate((_entry_age(table)[known], running["age"].to_numpy(dtype=float)))
    at = moments["cut"].to_numpy(dtype=np.int64)
    covariates = choose_covariates(described.features)
    # Of a record first heard of when the stay was over, what moves tells how that stay had gone.
    over = (entry["cut"] - 1 - table["entered_at"] > np.rint(table["duration_days"] * DAY)).to_numpy()[known]
    covariates.loc[np.flatnonzero(over), moving_in(covariates.columns)] = np.nan
    return _rows(episodes, stay, at=at, age=age, covariates=covariates)


def open_stays(history: History, *, as_of: date, funnel: str | None = None, trusted: tuple[str, ...] = ()) -> StayRows:
    """Return the stays that are running on ``as_of``, to be predicted, in the order of the open snapshot.

    Parameters
    ----------
    history, as_of, funnel, trusted
        As in ``learn_stays``.
    """
    of = history.funnel(funnel)
    still = date_landmarks(history, as_of_dates=[as_of], funnel=of.name)
    features = describe_records(history, still, funnel=of.name, as_of=as_of, trusted=trusted).features
    age = features["stage_age_days"].to_numpy(dtype=float)
    at = still["cut"].to_numpy(dtype=np.int64)
    return StayRows(
        stages=of.stages,
        grain=history.grain,
        time_zone=history.time_zone,
        record_id=still["record_id"].to_numpy(dtype=object),
        stage=features["stage"].to_numpy(dtype=object),
        at=at,
        entered_at=at - 1 - np.rint(age * DAY).astype(np.int64),
        age=age,
        covariates=choose_covariates(features),
    )


def _entry_age(table: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    late = table["from_age_days"].to_numpy(dtype=float)
    return np.where(late > 0, late, AT_ENTRY)


def _rows(
    episodes: StageEpisodes, stay: IntArray, *, at: IntArray, age: np.ndarray, covariates: pd.DataFrame
) -> StayRows:
    table = episodes.table.iloc[stay]
    return StayRows(
        stages=episodes.funnel.stages,
        grain=episodes.grain,
        time_zone=episodes.time_zone,
        record_id=table["record_id"].to_numpy(dtype=object),
        stage=table["stage"].to_numpy(dtype=object),
        at=np.asarray(at, dtype=np.int64),
        entered_at=table["entered_at"].to_numpy(dtype=np.int64),
        age=np.asarray(age, dtype=np.float64),
        covariates=covariates.reset_index(drop=True),
        duration=table["duration_days"].to_numpy(dtype=np.float64),
        event=table["event"].to_numpy(dtype=np.int64),
        next_stage=table["next_stage"].to_numpy(dtype=object),
    )


def _first_known(history: History, episodes: StageEpisodes) -> IntArray:
    """Return when anything was first recorded of each stay's record, shape (stays,)."""
    rows = read_log_before(history, episodes.cut, funnel=episodes.funnel.name).stages
    first = rows.groupby("record_id")["recorded_at"].min()
    return np.asarray(first.reindex(episodes.table["record_id"]).to_numpy(dtype=np.int64))


def _past_dates(episodes: StageEpisodes) -> list[date]:
    """Return dates before the last known one, evenly spaced over the log."""
    begins = int(episodes.table["entered_at"].min())
    span = int((episodes.cut - begins) / DAY)
    gap = min(max(-(-span // MOST_DATES), SHORTEST_GAP), LONGEST_GAP)
    dates = [episodes.as_of - timedelta(days=gap * k) for k in range(1, MOST_DATES + 1)]
    return [day for day in dates if (episodes.as_of - day).days < span]


def _running_at(history: History, episodes: StageEpisodes, dates: list[date]) -> pd.DataFrame:
    """Return the stays that ran at the end of each date, as it was known then: ``record_id, cut, stay, age``."""
    nothing = pd.DataFrame({"record_id": [], "cut": [], "stay": [], "age": []})
    if not dates:
        return nothing.astype({"record_id": object, "cut": np.int64, "stay": np.int64, "age": float})
    seen = date_landmarks(history, as_of_dates=dates, funnel=episodes.funnel.name)
    table = episodes.table
    stays = pd.DataFrame(
        {
            "record_id": table["record_id"],
            "entered_at": table["entered_at"],
            "stay": np.arange(len(table)),
            "duration": table["duration_days"],
            "late": table["from_age_days"],
        }
    ).sort_values("entered_at", kind="stable")
    asked = seen[["record_id", "cut"]].assign(last=seen["cut"] - 1).sort_values("last", kind="stable")
    found = pd.merge_asof(asked, stays, left_on="last", right_on="entered_at", by="record_id").dropna(subset=["stay"])
    age = (found["last"] - found["entered_at"]) / DAY
    if episodes.grain == "day":
        age = ((found["cut"] - found["entered_at"]) / DAY).round() - 1 / DAY
    # What a later entry dated back, or took away, was not so at the time.
    sits = (age < found["duration"]) & (age >= found["late"])
    found = found.assign(age=age)[sits]
    return found[["record_id", "cut", "stay", "age"]].reset_index(drop=True)
