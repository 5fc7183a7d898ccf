"""Every stay followed to the next closing of its record: what win rates and landmark estimates are counted from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.history.episodes import CENSORED, LOST_EVENT, WON_EVENT, StageEpisodes
from funnelml.schema import DAY


def follow_to_closing(episodes: StageEpisodes) -> pd.DataFrame:
    """Follow each stay until its record is next won or lost, or until the last known microsecond.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on one date.

    Returns
    -------
    pandas.DataFrame
        One row per stay, in the order of ``episodes``: ``record_id, stage, visit``; ``stay_days`` in the stage
        itself; ``late_days`` before it came under observation; ``close_days`` from entering the stage to the
        closing, through all later stages; ``event`` 0 still open, 2 won, 3 lost; ``followable_days`` from entering
        the stage to the end of knowledge, whatever happened in between.
    """
    table = episodes.table
    event = table["event"].to_numpy()
    entered = table["entered_at"].to_numpy()
    record = pd.factorize(table["record_id"])[0]
    closing = np.flatnonzero((event == WON_EVENT) | (event == LOST_EVENT))
    last_of_record = np.flatnonzero(np.diff(record, append=-1))[record]
    next_closing = np.append(closing, len(table))[np.searchsorted(closing, np.arange(len(table)))]
    end = np.minimum(next_closing, last_of_record)
    # Back to integers first: equal instants must stay equal, or ties are lost.
    left = entered[end] + np.rint(table["duration_days"].to_numpy()[end] * DAY).astype(np.int64)
    close = (left - entered) / DAY
    if episodes.grain == "day":
        close = np.where(event[end] == CENSORED, np.round(close) - 1 / DAY, np.round(close))
    return pd.DataFrame(
        {
            "record_id": table["record_id"],
            "stage": table["stage"],
            "visit": table["visit"],
            "stay_days": table["duration_days"],
            "late_days": table["from_age_days"],
            "close_days": close,
            "event": np.where(next_closing <= last_of_record, event[end], CENSORED),
            "followable_days": (episodes.cut - entered) / DAY,
        }
    )
