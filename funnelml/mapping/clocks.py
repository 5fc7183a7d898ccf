"""Wall-clock times of a zone as instants, and instants floored to local days."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from funnelml.schema import DAY

_HOUR = DAY // 24
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: wall-clock times
_MICROSECOND = timedelta(microseconds=1)


def local_to_instant(local: npt.NDArray[np.int64], time_zone: str) -> npt.NDArray[np.int64]:
    """Return the instants of wall-clock times.

    The written rule at a change of clocks is that of :pep:`495` with ``fold=0``: the offset in force before the change
    applies. A time that occurs twice is its first occurrence, and one that does not exist moves forward by the gap.

    Parameters
    ----------
    local : numpy.ndarray of int64
        Microseconds since 1970-01-01 00:00 on the wall clock.
    time_zone : str
        IANA zone.

    Returns
    -------
    numpy.ndarray of int64
        Microseconds since the epoch, UTC.
    """
    zone = ZoneInfo(time_zone)
    hours, inverse = np.unique(np.floor_divide(local, _HOUR), return_inverse=True)
    begin = np.array([_offset(int(h) * _HOUR, zone) for h in hours], dtype=np.int64)
    end = np.array([_offset(int(h) * _HOUR + _HOUR - 1, zone) for h in hours], dtype=np.int64)
    offsets = begin[inverse]
    for at in np.flatnonzero((begin != end)[inverse]):
        offsets[at] = _offset(int(local[at]), zone)
    return local - offsets


def floor_to_day(instants: npt.NDArray[np.int64], time_zone: str) -> npt.NDArray[np.int64]:
    """Return the instant at which the local day of each instant begins."""
    utc = pd.DatetimeIndex(instants.view("M8[us]")).tz_localize("UTC")
    local = utc.tz_convert(time_zone).tz_localize(None).asi8
    return local_to_instant(np.floor_divide(local, DAY) * DAY, time_zone)


def _offset(local: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=local)).replace(tzinfo=zone).utcoffset()
    assert offset is not None
    return offset // _MICROSECOND
