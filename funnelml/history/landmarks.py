"""Landmarks: which records were open at which instants, by what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import AsOfError
from funnelml.history.dates import instant_of
from funnelml.history.features.calendar_features import local_times
from funnelml.history.features.known_rows import KnownRows
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.record_log import read_log_before
from funnelml.mapping.clocks import local_to_instant
from funnelml.schema import DAY


def date_landmarks(history: History, *, as_of_dates: Sequence[date], funnel: str | None = None) -> pd.DataFrame:
    """Return every record that was open at the end of each date.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of_dates : sequence of datetime.date
        Days at whose end the records are looked at.
    funnel : str, optional
        Name of the funnel; the first by default.

    Returns
    -------
    pandas.DataFrame
        ``record_id, cut`` (first instant that is not known, in microseconds) and ``as_of``, by date and then record.
        Open is what stood in an open stage by what had been recorded, and had happened, before the cut.
    """
    dates = sorted(set(as_of_dates))
    if not dates:
        raise AsOfError("there is no as-of date to look at; name one at least")
    cuts = np.array([history.cut(day) for day in dates], dtype=np.int64)
    of = history.funnel(funnel)
    stages, ids = _read_stages(history, int(cuts.max()), of)
    day = np.repeat(np.arange(len(dates)), len(ids))
    record = np.tile(np.arange(len(ids)), len(dates))
    open_then = _is_open(stages, record, cuts[day], of)
    day, record = day[open_then], record[open_then]
    as_of = np.array(dates, dtype=object)[day]
    return pd.DataFrame({"record_id": ids[record], "cut": cuts[day], "as_of": as_of}).astype({"record_id": object})


def age_landmarks(
    history: History,
    *,
    ages_days: Sequence[float],
    as_of: date,
    funnel: str | None = None,
    started_from: date | None = None,
    started_to: date | None = None,
) -> pd.DataFrame:
    """Return every record that was still open at given ages.

    Parameters
    ----------
    history : History
        Canonical tables.
    ages_days : sequence of float
        Ages in days of 24 hours; in a log that knows only days, whole calendar days.
    as_of : datetime.date
        Last day that is known: later ages of a record are not reached.
    funnel : str, optional
        Name of the funnel; the first by default.
    started_from, started_to : datetime.date, optional
        First and last day on which the records started.

    Returns
    -------
    pandas.DataFrame
        ``record_id, cut`` (first instant that is not known, in microseconds), ``age_days`` and ``started_at``
        (microseconds), by age and then record. The cut is exactly the start and the age; open is what stood in an open
        stage by what had been recorded, and had happened, before it.

    Notes
    -----
    A record starts when the change that was recorded first says so; a later entry that dates its start back moves no
    landmark.
    """
    if not len(ages_days) or min(ages_days) <= 0:
        raise AsOfError("ages are positive numbers of days; name one at least")
    end = history.cut(as_of)
    of = history.funnel(funnel)
    stages, ids = _read_stages(history, end, of)
    started = _starts(stages)
    first = -np.inf if started_from is None else instant_of(started_from, history.time_zone)
    last = np.inf if started_to is None else history.cut(started_to)
    chosen = np.flatnonzero((started >= first) & (started < last))
    parts = []
    for age in sorted(set(ages_days)):
        cut = add_days(started[chosen], age, history)
        open_then = _is_open(stages, chosen, cut, of) & (cut <= end)
        record = chosen[open_then]
        part = {"record_id": ids[record], "cut": cut[open_then], "age_days": float(age), "started_at": started[record]}
        parts.append(pd.DataFrame(part).astype({"record_id": object}))
    return pd.concat(parts, ignore_index=True)


def add_days(instants: NDArray[np.int64], days: float, history: History) -> NDArray[np.int64]:
    """Return the instants so many days later: of 24 hours, or of the calendar in a log that knows only days.

    Parameters
    ----------
    instants : numpy.ndarray of int64, shape (n,)
        In microseconds.
    days : float
        Days; whole ones in a log that knows only days.
    history : History
        Whose grain and time zone count.
    """
    if history.grain == "instant":
        return instants + round(days * DAY)
    local = local_times(instants, history.time_zone).astype("datetime64[us]").astype(np.int64)
    return local_to_instant(local + round(days) * DAY, history.time_zone)


def _read_stages(history: History, cut: int, funnel: Funnel) -> tuple[KnownRows, NDArray[np.object_]]:
    rows = read_log_before(history, cut, funnel=funnel.name).stages
    record, ids = pd.factorize(rows["record_id"])
    return KnownRows(rows, record.astype(np.int64), rows["entered_at"].to_numpy(dtype=np.int64)), ids.to_numpy()


def _is_open(stages: KnownRows, record: NDArray[np.int64], cut: NDArray[np.int64], funnel: Funnel) -> NDArray[np.bool_]:
    ends = [funnel.order[WON], funnel.order[LOST]]
    row = stages.last(record, cut)
    open_then = row >= 0
    open_then[open_then] = ~np.isin(stages.rows["rank"].to_numpy()[row[open_then]], ends)
    return open_then


def _starts(stages: KnownRows) -> NDArray[np.int64]:
    rows = stages.rows.assign(record=stages.record)[["record", "recorded_at", "entered_at"]]
    first = rows.sort_values(["record", "recorded_at", "entered_at"]).drop_duplicates("record")
    return first["entered_at"].to_numpy(dtype=np.int64)
