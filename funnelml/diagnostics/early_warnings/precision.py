"""How often past warnings were right, against records of the same stage without the warning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

from funnelml.diagnostics.proportions import share_interval
from funnelml.history.history import History
from funnelml.history.record_log import RecordLog

EVERY_DAYS: Final = 28
"""Days between past as-of dates."""
MOST_DATES: Final = 20
"""Past as-of dates at most, the latest ones."""
ENOUGH: Final = 20
"""Past warnings from which on a precision is judged."""

PRECISION_COLUMNS: Final = (
    "past_warned", "precision", "low", "high", "base_records", "base_rate", "lift", "verdict",
)  # fmt: skip

Finder = Callable[[RecordLog, pd.Series, date], "pd.Index[Any] | None"]
"""Given what was known, the open records' positions and the date: the ids that are warned of, None if unknown."""


def past_dates(log: RecordLog, *, as_of: date, horizon_days: int, history: History) -> list[date]:
    """Return the past as-of dates, from the first, whose outcome window had ended by ``as_of``."""
    if log.stages.empty:
        return []
    first = int(log.stages["recorded_at"].min())
    days = [as_of - timedelta(days=horizon_days + EVERY_DAYS * k) for k in range(MOST_DATES)]
    return [day for day in reversed(days) if history.cut(day) > first]


def follow_warnings(
    log: RecordLog, finders: Mapping[str, Finder], dates: Sequence[date], *, horizon_days: int, history: History
) -> pd.DataFrame:
    """Ask every rule at every past date, and see what became of each open record.

    Parameters
    ----------
    log : RecordLog
        What is known today.
    finders : mapping of str to callable
        The rules, without those that read a field without history: its value today is not what was known then.
    dates : sequence of datetime.date
        Past as-of dates.
    horizon_days : int
        Days after each date within which a record is to go on.
    history : History
        For its calendar.

    Returns
    -------
    pandas.DataFrame
        One row per rule, date and open record: ``rule, date, record_id, rank, warned, failed`` (at the end of the
        window it was lost, or neither won nor in a later stage than at the date).
    """
    parts = []
    lost = len(log.funnel.stages) + 1
    for day in dates:
        known = log.known_at(history.cut(day))
        ranks = known.last_ranks()
        ranks = ranks[ranks < len(log.funnel.stages)]
        later = log.last_ranks(entered_before=history.cut(day + timedelta(days=horizon_days)))
        # A record that is known by then but has no earlier event time does not exist: ids of `ranks` are all there.
        then = later.reindex(ranks.index)
        failed = ((then == lost) | (then <= ranks)).to_numpy()
        for rule, find in finders.items():
            warned = find(known, ranks, day)
            if warned is not None:
                parts.append(
                    pd.DataFrame(
                        {
                            "rule": rule,
                            "date": pd.Timestamp(day),
                            "record_id": ranks.index.to_numpy(dtype=object),
                            "rank": ranks.to_numpy(),
                            "warned": ranks.index.isin(warned),
                            "failed": failed,
                        }
                    )
                )
    if not parts:
        return pd.DataFrame({c: [] for c in ("rule", "date", "record_id", "rank", "warned", "failed")})
    return pd.concat(parts, ignore_index=True)


def measure_precision(followed: pd.DataFrame, rules: Sequence[str], *, level: float = 0.8) -> pd.DataFrame:
    r"""Measure how often the warnings of each rule were right.

    Parameters
    ----------
    followed : pandas.DataFrame
        As ``follow_warnings`` returns it.
    rules : sequence of str
        Names of all rules.
    level : float
        Probability of the intervals.

    Returns
    -------
    pandas.DataFrame
        Index ``rule``: ``past_warned`` (records), ``precision`` (share of them that failed) with ``low`` and ``high``
        (Wilson), ``base_records, base_rate`` (share that failed without the warning), ``lift`` (their ratio),
        ``verdict``: ``too_few`` (under 20 past warnings, or records without one), ``better`` (``low`` is above the
        base rate), ``worse`` or ``no_better``.

    Notes
    -----
    Each record counts once per rule, at its first warning, so that one hopeless record is one observation. Without
    the warning it counts once per stage, by the mean over its dates. The base rate has the stages of the warned
    records: :math:`\sum_s w_s b_s` with :math:`w_s` the share of first warnings in stage s and :math:`b_s` the mean
    over records without the warning there; stages in which every record was warned of are left out.
    """
    rows = []
    for rule in rules:
        mine = followed[followed["rule"] == rule]
        warned = mine["warned"].to_numpy(dtype=bool)
        first = mine[warned].drop_duplicates("record_id")
        n, k = len(first), int(first["failed"].sum())
        quiet = mine[~warned].astype({"failed": "float64"}).groupby(["rank", "record_id"])["failed"].mean()
        of_stage = quiet.groupby(level=0).mean()
        weights = first["rank"].value_counts().reindex(of_stage.index, fill_value=0).astype(float)
        base = float((weights * of_stage).sum() / weights.sum()) if weights.sum() else float("nan")
        precision, low, high = (float(value) for value in share_interval(k, n, level))
        alike = int(quiet[quiet.index.get_level_values(0).isin(weights[weights > 0].index)].size)
        rows.append(
            {
                "rule": rule,
                "past_warned": n,
                "precision": precision,
                "low": low,
                "high": high,
                "base_records": alike,
                "base_rate": base,
                "lift": precision / base if base > 0 else float("nan"),
                "verdict": _judge(n, alike, low, high, base),
            }
        )
    return pd.DataFrame(rows, columns=["rule", *PRECISION_COLUMNS]).set_index("rule")


def _judge(warned: int, quiet: int, low: float, high: float, base: float) -> str:
    if warned < ENOUGH or quiet < ENOUGH:
        return "too_few"
    if low > base:
        return "better"
    return "worse" if high < base else "no_better"
