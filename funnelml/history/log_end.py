"""Where the log of a funnel ends: what has not happened after it may only not be there yet."""

from __future__ import annotations

from datetime import date

import narwhals as nw
import pandas as pd

from funnelml.history.dates import day_of
from funnelml.history.funnel import Funnel
from funnelml.history.history import History


def find_log_end(history: History, funnel: Funnel, as_of: date) -> int:
    """Return the instant after the last stage change that was recorded by ``as_of``, in microseconds.

    Where nothing had been recorded by then, it is the first instant that is not known.
    """
    log = history.lazy("stage_changes")
    assert log is not None
    cut = history.cut(as_of)
    known = log.filter(nw.col("funnel") == funnel.name, nw.col("recorded_at") < cut)
    last = known.select(last=nw.col("recorded_at").max()).collect(backend="pandas").to_native()["last"].iloc[0]
    return cut if pd.isna(last) else int(last) + 1


def last_recorded_day(history: History, funnel: Funnel, as_of: date) -> date:
    """Return the day of the last stage change that was recorded by ``as_of``, or ``as_of`` if there is none."""
    return min(as_of, day_of(find_log_end(history, funnel, as_of) - 1, history.time_zone))
