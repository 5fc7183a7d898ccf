"""How late moves come to be known: the last weeks of which some are yet to be recorded."""

from __future__ import annotations

from math import ceil
from typing import Final

import narwhals as nw

from funnelml.history.episodes import StageEpisodes
from funnelml.history.history import History
from funnelml.schema import DAY

WEEK: Final = 7 * DAY
RECENT: Final = 26 * WEEK
"""Moves recorded within so long before the cut tell how late entries are made: an import of old ones says nothing."""
SETTLED: Final = 0.95
"""Share of the moves that must have been recorded for a week to count as known."""
MOST_UNSETTLED: Final = 13
"""Weeks that are left out at the most."""


def unsettled_weeks(history: History, episodes: StageEpisodes) -> int:
    """Return the weeks before the cut of which fewer than 95 of 100 moves are recorded yet.

    Judged by the delay of the moves that were recorded within the last 26 weeks; of all kinds of move the slowest
    counts (advances, wins and losses are entered at different times), so that none of them is missing from a week
    that the others are in.
    """
    log = history.lazy("stage_changes")
    assert log is not None
    cut = episodes.cut
    known = log.filter(
        nw.col("funnel") == episodes.funnel.name,
        nw.col("recorded_at") < cut,
        nw.col("recorded_at") >= cut - RECENT,
        nw.col("entered_at") < cut,
        nw.col("entered_at") >= cut - RECENT,
    )
    lag = known.select("stage", lag=nw.col("recorded_at") - nw.col("entered_at")).collect(backend="pandas").to_native()
    if lag.empty:
        return 0
    kinds = lag["stage"].map({"won": "won", "lost": "lost"}).fillna("open")
    slowest = lag["lag"].groupby(kinds.to_numpy()).quantile(SETTLED).max()
    return min(MOST_UNSETTLED, ceil(max(0.0, float(slowest)) / WEEK))
