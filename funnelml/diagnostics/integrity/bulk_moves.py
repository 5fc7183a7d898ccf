"""Bulk moves: instants at which far more records moved than the rhythm of the log explains."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from funnelml.errors import first_few
from funnelml.history.record_log import local_days

MINUTE: Final = 60_000_000
"""Microseconds in a minute."""
JOIN_MINUTES: Final = 5
"""Striking minutes at most this far apart are one bulk move: a script takes a while."""
ONE_SIDED: Final = 0.8
"""Share of the records of a bulk move from which on an owner, or a stage, stands for all of it."""
NEIGHBOUR_WEEKS: Final = 13
"""Weeks whose same weekday says what is usual, where only days are known."""

COLUMNS: Final = {
    "at": "int64",
    "day": "datetime64[ns]",
    "records": "int64",
    "expected": "float64",
    "p_value": "float64",
    "from_stage": "object",
    "to_stage": "object",
    "owner": "object",
    "owners": "int64",
    "first_ids": "object",
}
"""Columns of the bulk moves and their dtypes, also where there is none."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def find_bulk_moves(
    moves: pd.DataFrame, *, time_zone: str, fewest: int = 8, chance: float = 0.001, whole_days: bool = False
) -> tuple[pd.DataFrame, pd.Series]:
    r"""Find the instants at which far more records moved than the log's own rhythm explains.

    Parameters
    ----------
    moves : pandas.DataFrame
        One row per move: ``record_id, from_stage, to_stage, owner, entered_at`` (microseconds).
    time_zone : str
        IANA zone in which a day begins.
    fewest : int
        A bulk move has at least so many records.
    chance : float
        Chance of one false bulk move in the whole log (Bonferroni over its working minutes, or its days).
    whole_days : bool
        Whether the log knows days only.

    Returns
    -------
    bulk : pandas.DataFrame
        One row per bulk move, by time: ``at`` (its first instant), ``day`` (a naive midnight), ``records, expected``
        (records that the rhythm explains), ``p_value`` (Bonferroni-adjusted), ``from_stage, to_stage, owner`` (None
        where no one has at least 80 %), ``owners`` (how many), ``first_ids``.
    number : pandas.Series of int
        For each move the number (row) of the bulk move that it is part of, -1 if none.

    Notes
    -----
    Records of a working minute (an hour in which anything moved has sixty) follow a negative binomial law with mean
    :math:`m`, the greater of the mean of all working minutes and that of the hour around it (the nearest minutes
    left out), and variance
    :math:`m + \alpha m^2`. The dispersion :math:`\alpha` is that of all working minutes by the method of moments,
    counts capped at their 99 % quantile (or at ``fewest - 1``, if that is more) so that bulk moves do not hide
    themselves. A move at exactly local midnight bears a date and no time: those are counted by day and by pair of
    stages, against the greatest of the median of the same weekday in the 13 weeks around it, the (capped) mean of that
    weekday, the mean of the week before and after, and half the mean of all days.
    """
    number = pd.Series(-1, index=moves.index, dtype="int64")
    if moves.empty:
        return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS), number
    local = local_days(moves["entered_at"], time_zone)
    utc = pd.to_datetime(moves["entered_at"], unit="us", utc=True)
    dated = whole_days | (utc.dt.tz_convert(time_zone).dt.tz_localize(None) == local)
    dated = pd.Series(dated, index=moves.index)
    found = [
        _striking_minutes(moves[~dated], fewest=fewest, chance=chance),
        _striking_days(moves[dated], local[dated], fewest=fewest, chance=chance),
    ]
    told = [_describe(moves.loc[rows], local.loc[rows], expected, p) for part in found for rows, expected, p in part]
    members = [rows for part in found for rows, _, _ in part]
    order = sorted(range(len(told)), key=lambda k: (told[k]["at"], str(told[k]["to_stage"])))
    for position, k in enumerate(order):
        number.loc[members[k]] = position
    return pd.DataFrame([told[k] for k in order], columns=list(COLUMNS)).astype(COLUMNS), number


def _striking_minutes(moves: pd.DataFrame, *, fewest: int, chance: float) -> list[tuple[pd.Index, float, float]]:
    if moves.empty:
        return []
    minute_of = moves["entered_at"] // MINUTE
    # A record that runs through many stages at one instant is one record, not many.
    once = ~pd.DataFrame({"minute": minute_of, "record_id": moves["record_id"]}).duplicated()
    minutes, counts = np.unique(minute_of[once].to_numpy(), return_counts=True)
    working = 60 * len(np.unique(minutes // 60))
    rate = counts.sum() / working
    # A bulk move that takes several minutes does not count among its own neighbours.
    around = _count_within(minutes, counts, 30) - _count_within(minutes, counts, JOIN_MINUTES)
    mean = np.maximum(rate, around / (60 - 2 * JOIN_MINUTES))
    capped = np.minimum(counts, max(fewest - 1, np.quantile(counts, 0.99)))
    pairs = float((capped * (capped - 1)).sum()) / working
    dispersion = max(0.0, pairs / (capped.sum() / working) ** 2 - 1)
    p = np.minimum(1.0, _tail(counts, mean, dispersion) * working)
    striking = np.flatnonzero((counts >= fewest) & (p < chance))
    if not len(striking):
        return []
    runs = np.split(striking, np.flatnonzero(np.diff(minutes[striking]) > JOIN_MINUTES) + 1)
    return [(moves.index[minute_of.isin(minutes[run])], float(mean[run].sum()), float(p[run].min())) for run in runs]


def _count_within(minutes: IntArray, counts: IntArray, reach: int) -> IntArray:
    total = np.concatenate(([0], np.cumsum(counts)))
    first, last = np.searchsorted(minutes, minutes - reach), np.searchsorted(minutes, minutes + reach, side="right")
    return total[last] - total[first]


def _striking_days(
    moves: pd.DataFrame, local: pd.Series, *, fewest: int, chance: float
) -> list[tuple[pd.Index, float, float]]:
    if moves.empty:
        return []
    pair = pd.Series(pd.factorize(moves["from_stage"].astype(str) + "\0" + moves["to_stage"].astype(str))[0])
    counts = pd.crosstab(local.to_numpy(), pair.to_numpy())
    counts = counts.reindex(pd.date_range(local.min(), local.max(), freq="D"), fill_value=0)
    c = counts.to_numpy(dtype=float)
    capped = np.minimum(c, np.maximum(fewest - 1, np.quantile(c, 0.99, axis=0)))
    weekday = pd.DatetimeIndex(counts.index).weekday
    same = [counts[weekday == w].rolling(NEIGHBOUR_WEEKS, center=True, min_periods=1).median() for w in range(7)]
    median = pd.concat(same).reindex(counts.index).to_numpy()
    around = counts.rolling(15, center=True, min_periods=1)
    # The busiest of several views: the end of a quarter, or a year of growth, is no bulk move.
    mean = np.maximum(median, pd.DataFrame(capped).groupby(weekday).transform("mean").to_numpy())
    mean = np.maximum(mean, ((around.sum() - counts) / (around.count() - 1).clip(lower=1)).to_numpy())
    mean = np.maximum(mean, c.mean(axis=0) / 2)
    at_work = c.sum(axis=1) > 0
    excess = ((capped - mean) ** 2 - mean)[at_work].sum(axis=0)
    dispersion = np.maximum(0.0, excess / (mean[at_work] ** 2).sum(axis=0))
    p = np.minimum(1.0, _tail(c, mean, dispersion) * c.size)
    striking = np.argwhere((c >= fewest) & (p < chance))
    days = counts.index
    return [
        (
            moves.index[(local == days[d]).to_numpy() & (pair == counts.columns[k]).to_numpy()],
            float(mean[d, k]),
            float(p[d, k]),
        )
        for d, k in striking
    ]


def _tail(counts: FloatArray | IntArray, mean: FloatArray, dispersion: float | FloatArray) -> FloatArray:
    """Return the chance of at least so many, for a negative binomial law (Poisson where nothing is dispersed)."""
    alpha = np.broadcast_to(np.asarray(dispersion, dtype=float), np.shape(counts))
    spread = alpha > 1e-9
    size = 1 / np.where(spread, alpha, 1.0)
    wide = stats.nbinom.sf(counts - 1, size, size / (size + mean))
    return np.asarray(np.where(spread, wide, stats.poisson.sf(counts - 1, mean)))


def _describe(moves: pd.DataFrame, local: pd.Series, expected: float, p: float) -> dict[str, object]:
    return {
        "at": int(moves["entered_at"].min()),
        "day": local.iloc[0],
        "records": int(moves["record_id"].nunique()),
        "expected": expected,
        "p_value": p,
        **{c: _one_of(moves[c]) for c in ("from_stage", "to_stage", "owner")},
        "owners": int(moves["owner"].nunique()),
        "first_ids": first_few(sorted(moves["record_id"].unique())),
    }


def _one_of(names: pd.Series) -> str | None:
    counts = names.value_counts()
    if counts.empty or counts.iloc[0] < ONE_SIDED * len(names):
        return None
    return str(counts.index[0])
