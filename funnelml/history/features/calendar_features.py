"""What the calendar says of a moment and of a creation, in the workspace's time zone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def local_times(instants: NDArray[Any], time_zone: str) -> NDArray[np.datetime64]:
    """Return instants (microseconds, perhaps NaN) as local wall-clock times."""
    known = ~np.isnan(instants)
    micros = np.full(len(instants), np.iinfo(np.int64).min)
    micros[known] = instants[known].astype(np.int64)
    # The least integer is numpy's time of no value.
    utc = pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC")
    return utc.tz_convert(time_zone).tz_localize(None).to_numpy(dtype="datetime64[us]")


def days_between(start: NDArray[np.datetime64], end: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return the calendar days from one local time to another, NaN where one is not known."""
    days = end.astype("datetime64[D]") - start.astype("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.float64))


def describe_calendar(
    cut: NDArray[np.int64], created_at: NDArray[np.float64], *, time_zone: str, grain: str
) -> dict[str, NDArray[np.float64]]:
    """Return the place in the calendar of each moment's last known day, and of each creation.

    Parameters
    ----------
    cut : numpy.ndarray of int64, shape (n,)
        First instant that is not known, in microseconds.
    created_at : numpy.ndarray of float64, shape (n,)
        When each record was created, in microseconds.
    time_zone : str
        IANA zone.
    grain : {"instant", "day"}
        Days have no hour.

    Returns
    -------
    dict of str to numpy.ndarray of float64
        ``created_hour`` (unless the log knows only days), ``created_weekday`` (1 Monday), ``created_month``,
        ``weekday, month, days_to_quarter_end`` (0 on the last day of a calendar quarter).
    """
    today, created = local_times(cut - 1, time_zone), local_times(created_at, time_zone)
    hour = {} if grain == "day" else {"created_hour": _place(created, "datetime64[h]", 24, 0)}
    months = today.astype("datetime64[M]").astype(np.int64)
    next_quarter = ((months // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[us]")
    return hour | {
        "created_weekday": _weekday(created),
        "created_month": _place(created, "datetime64[M]", 12, 1),
        "weekday": _weekday(today),
        "month": _place(today, "datetime64[M]", 12, 1),
        "days_to_quarter_end": days_between(today, next_quarter) - 1,
    }


def _place(times: NDArray[np.datetime64], unit: str, size: int, first: int) -> NDArray[np.float64]:
    count = times.astype(unit).astype(np.int64)
    return np.where(np.isnat(times), np.nan, count % size + first)


def _weekday(times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    # The first day of the epoch was a Thursday.
    days = times.astype("datetime64[D]").astype(np.int64)
    return np.where(np.isnat(times), np.nan, (days + 3) % 7 + 1)
