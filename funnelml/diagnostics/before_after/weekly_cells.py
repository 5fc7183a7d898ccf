"""Stays of one stage counted by week, band of age and group: what a change of process is judged by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.history.dates import instant_of
from funnelml.history.episodes import ADVANCED, CENSORED, WON_EVENT, StageEpisodes
from funnelml.schema import DAY

Measure = Literal["conversion", "dwell"]

MOST_WEEKS: Final = 52
"""Weeks on each side of a change, at the most: one straight trend over more is a bold assumption."""
BANDS: Final = 4
"""Bands of age, of about as many ended stays each."""
LEAST_OF_EACH: Final = 5
"""Stays that went on, and that did not, without which a band of age is none of its own."""
_USUAL: Final = 0.95
"""Share of the ended stays of before that were no longer than the ages at which the rate of leaving is compared."""


@dataclass(frozen=True, kw_only=True)
class WeeklyCells:
    """Counts around a change.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per week, group and band of age that is not empty: ``week`` (0 begins with the day of the change),
        ``treated`` (bool; True everywhere if there is no control group), ``band``, ``hits`` (stays that went on; for
        dwell, stays that ended) and ``base`` (stays that ended; for dwell, days stayed).
    ended : pandas.DataFrame
        The ended stays behind it: ``week, treated, went_on``.
    edges : numpy.ndarray, shape (bands + 1,)
        Ages in days between which the bands lie.
    weeks_before, weeks_after : int
        Weeks on each side, the first and the last perhaps not whole.
    """

    table: pd.DataFrame
    ended: pd.DataFrame
    edges: NDArray[np.float64]
    weeks_before: int
    weeks_after: int


def count_cells(
    episodes: StageEpisodes,
    *,
    stage: str,
    change_date: date,
    measure: Measure,
    time_zone: str,
    treated: Collection[str] | None = None,
) -> WeeklyCells:
    """Count the stays of one stage around the day of a change.

    Parameters
    ----------
    episodes : StageEpisodes
        Stays as known on one day.
    stage : str
        Stage that changed.
    change_date : datetime.date
        First day of the change; weeks are counted from it, so that none is partly before and partly after.
    measure : {"conversion", "dwell"}
        What is counted.
    time_zone : str
        Zone in which a day begins.
    treated : collection of str, optional
        Ids of the records that the change concerned; all by default.

    Returns
    -------
    WeeklyCells
        An exit of a source that knows only days lies at noon, so that a change of clocks moves none into another week.
        An exit counts for at least half a day of staying, so that stays of length zero are not left out.
    """
    stays = episodes.table[(episodes.table["stage"] == stage).to_numpy()]
    # Weeks far away are cut off below; bounds of days keep weeks of seven local days across a change of clocks.
    weeks = np.arange(-MOST_WEEKS, MOST_WEEKS + 1)
    bounds = np.array([instant_of(change_date + timedelta(weeks=int(w)), time_zone) for w in weeks], dtype=np.int64)
    shift = DAY // 2 if episodes.grain == "day" else 0
    entered = stays["entered_at"].to_numpy() + shift
    days = stays["duration_days"].to_numpy()
    left = entered + np.rint(days * DAY).astype(np.int64)
    ended = (stays["event"] != CENSORED).to_numpy()
    week = np.searchsorted(bounds, left, side="right") - 1 - MOST_WEEKS
    near = ended & (week >= -MOST_WEEKS) & (week < MOST_WEEKS)
    group = np.ones(len(stays), bool) if treated is None else stays["record_id"].isin(treated).to_numpy()
    went_on = stays["event"].isin((ADVANCED, WON_EVENT)).to_numpy()
    before = near & (week < 0)
    edges = _edges(days[before], measure)
    band = np.clip(np.searchsorted(edges, days, side="left") - 1, 0, None)
    if measure == "conversion":
        band = _merge(np.minimum(band, len(edges) - 2), went_on, near)
    key = pd.DataFrame({"week": week, "treated": group, "band": band})
    kept = near if measure == "conversion" else near & (days <= edges[-1])
    hits = key[near & went_on if measure == "conversion" else kept].value_counts()
    base = key[kept].value_counts().astype(float)
    if measure == "dwell":
        start = entered + np.rint(stays["from_age_days"].to_numpy() * DAY).astype(np.int64)
        base = _exposure(entered, start, np.minimum(left, episodes.cut), group, edges=edges, bounds=bounds)
    table = pd.DataFrame({"hits": hits, "base": base}).fillna(0.0)
    table.index = table.index.set_names(["week", "treated", "band"])
    if measure == "dwell":
        table["base"] = table["base"].clip(lower=table["hits"] / 2)
    first = int(week[before].min()) if before.any() else 0
    table = table[table["base"] > 0].sort_index().reset_index()
    return WeeklyCells(
        table=table[table["week"] >= first].reset_index(drop=True),
        ended=pd.DataFrame({"week": week, "treated": group, "went_on": went_on})[near].reset_index(drop=True),
        edges=edges,
        weeks_before=-first,
        weeks_after=int(np.clip(np.ceil((episodes.cut - bounds[MOST_WEEKS]) / (7 * DAY)), 0, MOST_WEEKS)),
    )


def _edges(days: NDArray[np.float64], measure: Measure) -> NDArray[np.float64]:
    if len(days) == 0:
        return np.array([0.0, np.inf if measure == "conversion" else 0.0])
    inner = np.quantile(days, np.arange(1, BANDS) / BANDS)
    last = np.inf if measure == "conversion" else max(float(np.quantile(days, _USUAL)), 0.5)
    return np.unique(np.concatenate(([0.0], inner[(inner > 0) & (inner < last)], [last])))


def _merge(band: NDArray[np.int64], went_on: NDArray[np.bool_], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Join each band with the one before until both ways to end are in it often enough to be told apart."""
    size = int(band.max(initial=0)) + 1
    counts = np.stack([np.bincount(band[kept & way], minlength=size) for way in (went_on, ~went_on)], axis=1)
    joined, open_counts, number = np.zeros(size, dtype=np.int64), np.zeros(2, dtype=np.int64), 0
    for b in range(size):
        rest = counts[b:].sum(axis=0)
        if (open_counts >= LEAST_OF_EACH).all() and (rest >= LEAST_OF_EACH).all():
            number, open_counts = number + 1, np.zeros(2, dtype=np.int64)
        joined[b], open_counts = number, open_counts + counts[b]
    return joined[band]


def _exposure(
    entered: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    treated: NDArray[np.bool_],
    *,
    edges: NDArray[np.float64],
    bounds: NDArray[np.int64],
) -> pd.Series:
    """Return the days stayed in each week, group and band of age."""
    cells: dict[tuple[int, bool, int], float] = {}
    for band, (low, high) in enumerate(zip(edges[:-1] * DAY, edges[1:] * DAY, strict=True)):
        begin = np.maximum(entered + low, start)
        until = np.minimum(entered + high, end)
        for group in np.unique(treated):
            of = treated == group
            within = np.clip(bounds, begin[of, None], np.maximum(until, begin)[of, None])
            days = np.diff(within, axis=1).sum(axis=0) / DAY
            cells |= {(week - MOST_WEEKS, bool(group), band): d for week, d in enumerate(days.tolist()) if d > 0}
    index = pd.MultiIndex.from_tuples(list(cells), names=["week", "treated", "band"]) if cells else None
    return pd.Series(list(cells.values()), index=index, dtype=float)
