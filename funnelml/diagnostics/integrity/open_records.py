"""What the open records of a funnel betray: untouched, sitting too long, promised for a day that is over."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.history.dates import day_of, instant_of
from funnelml.history.episodes import CENSORED, StageEpisodes
from funnelml.history.record_log import RecordLog
from funnelml.schema import DAY

FEWEST_STAYS = 20
"""Stays of a stage that must have ended before any is called long."""


def judge_open_records(
    log: RecordLog, episodes: StageEpisodes, *, stale_days: float, long_share: float = 0.9
) -> dict[str, pd.DataFrame]:
    """Judge every open record.

    Parameters
    ----------
    log : RecordLog
        What is known.
    episodes : StageEpisodes
        The stays of the same funnel, as known on the same day.
    stale_days : float
        Days without a move, a change of a field or an activity after which a record is stale.
    long_share : float
        A record overstays once it has been in its stage longer than this share of the stays there that ended.

    Returns
    -------
    dict of str to pandas.DataFrame
        For ``stale, overstayed, past_close_date`` ``record_id, owner`` (today's), ``at`` (when it was last touched;
        when it entered its stage; the date that is over), ``flagged``, one row per open record that can be judged: for
        ``overstayed`` those in a stage that at least 20 stays left, for ``past_close_date`` those with a date.
    """
    ranks = log.last_ranks()
    ids = ranks[ranks < len(log.funnel.stages)].index
    records = pd.DataFrame({"record_id": ids.to_numpy(dtype=object)})
    records["owner"] = log.owners_at(records.assign(at=log.cut - 1))
    touched = _last_touch(log).reindex(ids).to_numpy()
    stale = records.assign(at=touched.astype("int64"), flagged=log.cut - touched > stale_days * DAY)
    promised = log.close_dates_now(ids).to_numpy()
    # A record promised for today is not late.
    today = instant_of(day_of(log.cut - 1, log.time_zone), log.time_zone)
    past = records.assign(at=promised, flagged=promised < today)[np.isfinite(promised)]
    return {
        "stale": stale,
        "overstayed": _overstayed(records, episodes, long_share),
        "past_close_date": past.astype({"at": "int64"}),
    }


def _last_touch(log: RecordLog) -> pd.Series:
    parts = [
        log.stages.groupby("record_id")["entered_at"].max(),
        log.fields.groupby("record_id")["changed_at"].max(),
    ]
    if log.activities is not None:
        parts.append(log.activities.groupby("record_id")["occurred_at"].max())
    last = pd.concat(parts)
    return last.groupby(level=0).max()


def _overstayed(records: pd.DataFrame, episodes: StageEpisodes, long_share: float) -> pd.DataFrame:
    stays = episodes.table
    ended = stays[stays["event"] != CENSORED].groupby("stage")["duration_days"]
    limits = ended.quantile(long_share)[ended.size() >= FEWEST_STAYS]
    running = stays[stays["event"] == CENSORED].drop_duplicates("record_id", keep="last")
    running = running.assign(limit=running["stage"].map(limits)).dropna(subset="limit")
    judged = records.merge(running[["record_id", "entered_at", "duration_days", "limit"]], on="record_id")
    flagged = (judged["duration_days"] > judged["limit"]).to_numpy(dtype=bool)
    return judged[["record_id", "owner"]].assign(at=judged["entered_at"], flagged=flagged)
