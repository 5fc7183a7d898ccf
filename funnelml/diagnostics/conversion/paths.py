"""The way of every record through the funnel: when it was in each stage, went on, was won or lost.

Both usual definitions of "was in the stage" are worked out side by side, by the rules written in ``PATH_RULES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.episodes import CENSORED, LOST_EVENT, WON_EVENT, StageEpisodes
from funnelml.history.funnel import Funnel
from funnelml.language import Language
from funnelml.schema import DAY

Definition = Literal["passed_through_all", "any"]
DEFINITIONS: Final[tuple[Definition, ...]] = ("passed_through_all", "any")
"""The two usual definitions of having been in a stage."""
STILL_IN: Final = 0
CONVERTED: Final = 1
FELL_OUT: Final = 2
"""How the wait for the next stage, or for the win, stands."""

IntArray = NDArray[np.int64]
_NEVER: Final = np.iinfo(np.int64).max

PATH_RULES: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": (
        "Passed through all: a record that reached a stage, or was won, is taken to have been in every stage before "
        "it, from the moment it got further.",
        "Any: only a record that really had a stay in the stage counts for it.",
        "Skipped stage: counted in 'passed through all', with a wait of zero; not counted in 'any'.",
        "Late entry: a record that first appears in a later stage counts for the earlier ones in 'passed through all' "
        "only.",
        "Going on: the first move into any later stage, or the win, after first being in the stage. A move back undoes "
        "nothing: what went on has gone on, and a record moved back before it went on keeps waiting.",
        "Re-opening: a record that comes back after it was won or lost starts a new pass, which counts like a new "
        "record; the old pass keeps its end. An end that is changed to the other without a stay in between keeps "
        "its first value.",
        "Open records stay in the count as not decided yet; a record never seen in an open stage is left out.",
    ),
    "zh": (
        "视为全部经过：到达某阶段或赢单的记录，视为在到达更后阶段的那一刻经过了之前的每个阶段。",
        "实际停留：只有真正在该阶段停留过的记录才计入。",
        "跳过阶段：在“视为全部经过”中计入，等待时间为零；在“实际停留”中不计入。",
        "中途进入：首次出现就在较后阶段的记录，只在“视为全部经过”中计入之前的阶段。",
        "前进：首次处于该阶段之后，第一次进入任何更后阶段或赢单。回退不撤销已发生的前进；前进之前回退的记录继续等待。",
        "重新打开：赢单或输单后再回来的记录算作新的一程，与新记录同样计数，原来一程的结局不变。"
        "没有中间停留而直接改成另一结局的，以第一次结局为准。",
        "未结束的记录计入并视为尚未决定；从未在任何开放阶段出现过的记录不计入。",
    ),
}
"""The written rules for skips, late entry, moves back and re-openings."""


@dataclass(frozen=True, kw_only=True)
class StagePaths:
    """Every pass of every record through every stage, under both definitions.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : Funnel
        The funnel.
    cut : int
        First instant that is not known, in microseconds.
    passes : pandas.DataFrame
        One row per pass (a run of stays up to a closing): ``record_id, started_at, closed_at`` (microseconds; the end
        of knowledge if it is open), ``event`` (0 open, 2 won, 3 lost).
    table : pandas.DataFrame
        One row per pass, stage and definition: ``pass_id`` (row of ``passes``), ``record_id, stage, rank,
        definition, entered_at`` (microseconds), ``late_days`` (delayed entry), ``next_days`` and ``next_event``
        (days to the next stage or the closing; 0 still in, 1 went on, 2 lost), ``won_days`` and ``won_event`` (the
        same up to the win), ``followable_days`` (from entering to the end of knowledge).
    """

    as_of: date
    funnel: Funnel
    cut: int
    passes: pd.DataFrame
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pass, stage and definition."""
        return self.table

    def summary(self, language: Language = "en") -> str:
        """Return the rules by which passes are counted."""
        return (" " if language == "en" else "").join(PATH_RULES[language])


def trace_paths(episodes: StageEpisodes) -> StagePaths:
    """Trace every record through the stages, by the rules of ``PATH_RULES``.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays of one funnel as known on one date.

    Returns
    -------
    StagePaths
        Tables without rows if there is no stay.
    """
    stays, stages = episodes.table, episodes.funnel.stages
    event = stays["event"].to_numpy()
    rank = np.asarray(stays["stage"].map(episodes.funnel.order), dtype=np.int64)
    entered = stays["entered_at"].to_numpy()
    left = entered + np.rint(stays["duration_days"].to_numpy() * DAY).astype(np.int64)
    closes = np.isin(event, (WON_EVENT, LOST_EVENT))
    starts = np.ones(len(stays), dtype=bool)
    starts[1:] = (np.diff(pd.factorize(stays["record_id"])[0]) != 0) | closes[:-1]
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(stays))[: len(first)] - 1
    passes = pd.DataFrame(
        {
            "record_id": stays["record_id"].to_numpy()[first],
            "started_at": entered[first],
            "closed_at": np.where(closes[last], left[last], episodes.cut),
            "event": np.where(closes[last], event[last], CENSORED),
        }
    )
    pass_of = np.cumsum(starts) - 1
    reached = np.full((len(first), len(stages) + 1), _NEVER)
    np.minimum.at(reached, (pass_of, rank), entered)
    won_at = np.where(passes["event"] == WON_EVENT, passes["closed_at"], _NEVER)
    reached[:, -1] = won_at
    furthest = np.minimum.accumulate(reached[:, ::-1], axis=1)[:, ::-1]
    parts = []
    for k in range(len(stages)):
        parts.append(_waits("passed_through_all", k, furthest[:, k], furthest[:, k + 1]))
        later = np.minimum(_later_entry(pass_of, rank, entered, k, len(first)), won_at)
        parts.append(_waits("any", k, reached[:, k], later))
    table = pd.concat(parts, ignore_index=True)
    return StagePaths(
        as_of=episodes.as_of,
        funnel=episodes.funnel,
        cut=episodes.cut,
        passes=passes,
        table=_timed(table, passes, episodes),
    )


def _later_entry(pass_of: IntArray, rank: IntArray, entered: IntArray, k: int, n_passes: int) -> IntArray:
    """Return when each pass first entered a stage after ``k``, once it had been in ``k`` itself."""
    rows = np.arange(len(rank))
    visited, first_visit = np.unique(pass_of[rank == k], return_index=True)
    since = np.full(n_passes, len(rank))
    since[visited] = rows[rank == k][first_visit]
    after = (rank > k) & (rows > since[pass_of])
    found, where = np.unique(pass_of[after], return_index=True)
    later = np.full(n_passes, _NEVER)
    later[found] = entered[after][where]
    return later


def _waits(definition: Definition, rank: int, since: IntArray, further: IntArray) -> pd.DataFrame:
    inside = np.flatnonzero(since < _NEVER)
    columns = {"pass_id": inside, "rank": rank, "entered_at": since[inside], "further_at": further[inside]}
    return pd.DataFrame(columns).assign(definition=definition)


def _timed(table: pd.DataFrame, passes: pd.DataFrame, episodes: StageEpisodes) -> pd.DataFrame:
    passed = table["pass_id"].to_numpy(dtype=np.int64)
    entered, further = (table[c].to_numpy(dtype=np.int64) for c in ("entered_at", "further_at"))
    closed, event = passes["closed_at"].to_numpy()[passed], passes["event"].to_numpy()[passed]
    won_event = np.select([event == WON_EVENT, event == LOST_EVENT], [CONVERTED, FELL_OUT], default=STILL_IN)
    next_event = np.where(further < _NEVER, CONVERTED, won_event)

    def days_until(instant: IntArray, running: NDArray[np.bool_]) -> NDArray[np.float64]:
        length = (instant - entered) / DAY
        # Local midnights are whole days apart, but for the hour that a change of clocks adds or takes.
        return (np.round(length) if episodes.grain == "day" else length) - running / DAY

    observed_from = episodes.funnel.observed_from
    return pd.DataFrame(
        {
            "pass_id": passed,
            "record_id": passes["record_id"].to_numpy()[passed],
            "stage": np.array(episodes.funnel.stages, dtype=object)[table["rank"].to_numpy(dtype=np.int64)],
            "rank": table["rank"].astype("int64"),
            "definition": table["definition"].astype(object),
            "entered_at": entered,
            "late_days": 0.0 if observed_from is None else np.maximum(0, observed_from - entered) / DAY,
            "next_days": days_until(np.where(further < _NEVER, further, closed), next_event == STILL_IN),
            "next_event": next_event,
            "won_days": days_until(closed, won_event == STILL_IN),
            "won_event": won_event,
            "followable_days": days_until(np.full(len(table), episodes.cut), np.ones(len(table), dtype=bool)),
        }
    )
