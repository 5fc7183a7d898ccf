"""What had become of the other records of the same owner, source or account."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelml.history.features.group_counts import GroupCounts
from funnelml.history.features.known_rows import Moments
from funnelml.history.features.past_log import PastLog

FloatArray = NDArray[np.float64]

_ADDED = {"owner": 20.0, "source": 20.0, "account": 5.0}
"""Closed records of the average kind that are added to those of an owner, a source or an account."""


def describe_track_records(past: PastLog, moments: Moments, known: tuple[str, ...]) -> dict[str, FloatArray]:
    """Return the track record of each record's owner and source, and what else its account had bought.

    Parameters
    ----------
    past : PastLog
        The log.
    moments : Moments
        Records at instants.
    known : tuple of str
        Fields whose past is known.

    Returns
    -------
    dict of str to numpy.ndarray of float64
        ``owner_win_rate`` and ``source_win_rate``: (won + 20 b) / (closed + 20), b being the share won of all that had
        closed; ``owner_win_lift, source_win_lift, account_win_lift``: that rate (5 instead of 20 for an account) less
        b, which does not move with the log as a whole; ``owner_open_records``; ``account_won, account_lost,
        account_open``. The record itself never counts. NaN where the owner, source or account is not known, and rates
        where nothing had closed.
    """
    out = {}
    for field, added in _ADDED.items():
        if field not in known:
            continue
        group, everyone = GroupCounts(past.stages, past.field(field), past.log.funnel).others(moments)
        closed = everyone[:, 1] + everyone[:, 2]
        base = np.divide(everyone[:, 1], closed, out=np.full(len(closed), np.nan), where=closed > 0)
        rate = (group[:, 1] + added * base) / (group[:, 1] + group[:, 2] + added)
        out[f"{field}_win_lift"] = rate - base
        if field == "account":
            out |= {f"account_{status}": group[:, i] for status, i in (("won", 1), ("lost", 2), ("open", 0))}
        else:
            out[f"{field}_win_rate"] = rate
        if field == "owner":
            out["owner_open_records"] = group[:, 0]
    return out
