"""Stage episodes: one row per stay in a stage, as known on a date; what every survival estimate is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.moves import known_moves
from funnelml.schema import DAY

CENSORED: Final = 0
ADVANCED: Final = 1
WON_EVENT: Final = 2
LOST_EVENT: Final = 3
MOVED_BACK: Final = 4
"""How a stay ended."""


@dataclass(frozen=True, kw_only=True)
class StageEpisodes:
    """All stays of one funnel as known on ``as_of``.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    cut : int
        First instant that is not known.
    grain : {"instant", "day"}
        Whether stays are measured to the microsecond or in whole days.
    time_zone : str
        IANA zone in which days begin.
    table : pandas.DataFrame
        One row per stay, sorted by record and order of the stays: ``funnel, record_id, stage, visit, entered_at``
        (microseconds), ``from_age_days`` (delayed entry), ``duration_days``, ``event`` (0 censored, 1 advanced,
        2 won, 3 lost, 4 moved back), ``next_stage``. A censored stay lasts until the last microsecond that is
        known, so that a stay that ends in the first unknown instant is longer than it.
    """

    as_of: date
    funnel: Funnel
    cut: int
    grain: str
    time_zone: str
    table: pd.DataFrame

    @property
    def ended_at(self) -> NDArray[np.int64]:
        """The instant at which each stay ended (or was last seen), shape (stays,), in microseconds.

        In a log that knows days only it is noon of that day, so that no change of clocks puts it on the day before.
        """
        entered = self.table["entered_at"].to_numpy()
        ended = entered + np.rint(self.table["duration_days"].to_numpy() * DAY).astype(np.int64)
        return ended + DAY // 2 if self.grain == "day" else ended

    def to_frame(self) -> pd.DataFrame:
        """Return the stays as a pandas frame."""
        return self.table

    def summary(self) -> str:
        """Return one sentence: how many stays there are and how they ended."""
        ends = self.table["event"].value_counts()
        names = ((ADVANCED, "advanced"), (WON_EVENT, "won"), (LOST_EVENT, "lost"), (MOVED_BACK, "moved back"))
        told = ", ".join(f"{int(ends.get(code, 0)):,} {name}" for code, name in names)
        return f"{len(self.table):,} stays by {self.as_of}: {told}, {int(ends.get(CENSORED, 0)):,} still running."


def stage_episodes(history: History, *, as_of: date, funnel: str | None = None) -> StageEpisodes:
    """Return the stays of one funnel as known on ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables, on pandas, DuckDB or any frame narwhals understands.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.

    Returns
    -------
    StageEpisodes

    Notes
    -----
    A stay of length zero is kept: estimators count its end as an event at age zero. A stay that ended before the
    funnel's ``observed_from`` was never at risk of being seen and is left out; one that began earlier enters late.
    """
    of = history.funnel(funnel)
    cut = history.cut(as_of)
    stays = known_moves(history, of, cut).filter(nw.col("rank") < len(of.stages))
    censored = nw.col("next_rank").is_null()
    stays = stays.with_columns(
        funnel=nw.lit(of.name),
        duration_days=_days(nw.col("entered_at"), nw.coalesce("next_entered_at", nw.lit(cut)), censored, history),
        from_age_days=_late_entry(of, history),
        event=_event(of).cast(nw.Int64),
    )
    stays = stays.filter((nw.col("from_age_days") == 0) | (nw.col("duration_days") > nw.col("from_age_days")))
    table = (
        stays.sort("record_id", "entered_at", "recorded_at", "rank")
        .select(
            "funnel",
            "record_id",
            "stage",
            "visit",
            "entered_at",
            "from_age_days",
            "duration_days",
            "event",
            "next_stage",
        )
        .collect(backend="pandas")
        .to_native()
        .reset_index(drop=True)
    )
    return StageEpisodes(
        as_of=as_of,
        funnel=of,
        cut=cut,
        grain=history.grain,
        time_zone=history.time_zone,
        table=_with_plain_dtypes(table),
    )


def _days(start: nw.Expr, end: nw.Expr, censored: nw.Expr, history: History) -> nw.Expr:
    if history.grain == "day":
        # Local midnights are a whole number of days apart, but for the hour that a change of clocks adds or takes.
        whole = ((end - start) / DAY).round(0)
        return nw.when(censored).then(whole - 1 / DAY).otherwise(whole)
    last_seen = nw.when(censored).then(end - 1).otherwise(end)
    return (last_seen - start) / DAY


def _late_entry(funnel: Funnel, history: History) -> Any:
    if funnel.observed_from is None:
        return nw.lit(0.0)
    late = (nw.lit(funnel.observed_from) - nw.col("entered_at")) / DAY
    late = late.round(0) if history.grain == "day" else late
    return nw.when(late > 0).then(late).otherwise(nw.lit(0.0))


def _event(funnel: Funnel) -> Any:
    won = len(funnel.stages)
    following = nw.col("next_rank")
    return (
        nw.when(following.is_null())
        .then(nw.lit(CENSORED))
        .when(following == won)
        .then(nw.lit(WON_EVENT))
        .when(following == won + 1)
        .then(nw.lit(LOST_EVENT))
        .when(following < nw.col("rank"))
        .then(nw.lit(MOVED_BACK))
        .otherwise(nw.lit(ADVANCED))
    )


def _with_plain_dtypes(table: pd.DataFrame) -> pd.DataFrame:
    # Engines differ in how they hand over strings, small integers and nulls; the answer must not.
    names = ["funnel", "record_id", "stage", "next_stage"]
    text = table[names].astype(object)
    table[names] = text.where(text.notna(), None)
    numbers = {
        "visit": "int64",
        "entered_at": "int64",
        "from_age_days": "float64",
        "duration_days": "float64",
        "event": "int64",
    }
    return table.astype(numbers)
