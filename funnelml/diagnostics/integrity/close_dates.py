"""Pushed expected close dates: how often each record's date was put off, and by whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.history.dates import dates_as_instants
from funnelml.history.record_log import RecordLog

MOST_SHOWN = 3
"""Records with so many pushes or more are counted together."""


def find_pushes(log: RecordLog) -> pd.DataFrame:
    """Return every change that put an expected close date off.

    Returns
    -------
    pandas.DataFrame
        By time: ``record_id, at`` (microseconds), ``number`` (1 for the record's first push), ``days`` (how far).
        A change whose old date is not known is compared with the new date of the change before.
    """
    changes = log.changes_of("expected_close_date")
    new = dates_as_instants(changes["new"], log.time_zone)
    old = dates_as_instants(changes["old"], log.time_zone)
    old = old.where(old.notna(), new.groupby(changes["record_id"]).shift())
    later = (new > old).to_numpy()
    pushes = pd.DataFrame(
        {
            "record_id": changes["record_id"],
            "at": changes["changed_at"],
            "days": np.rint((new - old) / 86_400_000_000),
        }
    )[later].reset_index(drop=True)
    return pushes.assign(number=pushes.groupby("record_id").cumcount() + 1)


def judge_pushes(log: RecordLog, records: pd.DataFrame, pushes: pd.DataFrame, most: int) -> pd.DataFrame:
    """Judge every record that has an expected close date, if the log has changes of such dates at all.

    Parameters
    ----------
    log : RecordLog
        What is known.
    records : pandas.DataFrame
        ``record_id, owner`` (today's) of every record.
    pushes : pandas.DataFrame
        As ``find_pushes`` returns them.
    most : int
        Pushes from which on a record is flagged.

    Returns
    -------
    pandas.DataFrame
        ``record_id, owner`` (at the last push, else today's), ``at`` (the push that was one too many, else 0),
        ``flagged``.
    """
    if log.changes_of("expected_close_date").empty:
        return pd.DataFrame({"record_id": [], "owner": [], "at": [], "flagged": []}).astype({"flagged": bool})
    ids = pd.Index(records["record_id"])
    dated = log.close_dates_now(ids).notna().to_numpy() | ids.isin(pushes["record_id"])
    last = pushes.drop_duplicates("record_id", keep="last").reset_index(drop=True)
    pusher = pd.Series(log.owners_at(last).to_numpy(), index=last["record_id"], dtype=object).reindex(ids)
    reached = pushes[pushes["number"] == most].set_index("record_id")["at"].reindex(ids)
    owner = pusher.where(pusher.notna(), records["owner"].to_numpy())
    judged = pd.DataFrame(
        {
            "record_id": ids,
            "owner": owner.where(owner.notna(), None).to_numpy(dtype=object),
            "at": reached.fillna(0).astype("int64").to_numpy(),
            "flagged": reached.notna().to_numpy(),
        }
    )
    return judged[dated].reset_index(drop=True)


def count_pushes(pushes: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Count the records of each owner by how often their date was put off.

    Parameters
    ----------
    pushes : pandas.DataFrame
        As ``find_pushes`` returns them.
    records : pandas.DataFrame
        ``record_id, owner`` (today's) of every record.

    Returns
    -------
    pandas.DataFrame
        One row per owner by name, those without an owner last: ``owner, records, pushes`` (in all), ``pushed_0,
        pushed_1, pushed_2, pushed_3`` (records; the last with three or more).
    """
    times = pushes.groupby("record_id").size().reindex(records["record_id"], fill_value=0).to_numpy()
    owners = records["owner"].to_numpy(dtype=object)
    table = pd.DataFrame({"owner": owners, "records": 1, "pushes": times})
    for k in range(MOST_SHOWN + 1):
        table[f"pushed_{k}"] = (times >= k if k == MOST_SHOWN else times == k).astype("int64")
    if table.empty:
        return table.astype({"records": "int64", "pushes": "int64"})
    return table.groupby("owner", dropna=False, sort=True).sum().reset_index()
