"""The truth behind a synthetic CRM, that only a test may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelml.history.funnel import LOST, WON
from funnelml.synthetic.market import Market
from funnelml.synthetic.paths import STILL_OPEN
from funnelml.synthetic.stages import FloatArray


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What really is, and what really came to pass, past the export too.

    Parameters
    ----------
    market : Market
        Hazards by stage and age, and what each simulated day made of them.
    shocks : numpy.ndarray, shape (weeks,)
        Weekly shocks to the log odds, from the first day of the world.
    records : pandas.DataFrame
        One row per opportunity ever created: ``record_id, day`` (of creation), ``frailty, quality, speed,
        rep_effect, amount`` (at creation), ``final_amount, asleep`` (sleeps in its last stage), ``outcome``
        (``won``, ``lost`` or ``open`` by the last simulated day), ``closed_at`` (microseconds; -1 if open),
        ``exported``.
    stays : pandas.DataFrame
        One row per stay, as ``simulate_stays`` returns it, with ``record_id`` and ``stage_name``.
    reps : pandas.DataFrame
        As ``draw_reps`` returns it.
    dirt : mapping of str to tuple of str
        Record ids that each kind of dirt spoiled.
    """

    market: Market
    shocks: FloatArray
    records: pd.DataFrame
    stays: pd.DataFrame
    reps: pd.DataFrame
    dirt: Mapping[str, tuple[str, ...]]

    def open_on(self, day: int) -> pd.DataFrame:
        """Return the records that are open at the end of a simulated day, late entries notwithstanding.

        Parameters
        ----------
        day : int
            Days from the first day of the world.

        Returns
        -------
        pandas.DataFrame
            The rows of ``records`` with ``stage`` (position) and ``age`` (whole days since it was entered): what
            ``true_incidence`` asks for.
        """
        stays = self.stays
        running = (stays["entered_day"] <= day) & ((stays["left_day"] < 0) | (stays["left_day"] > day))
        now = stays[running].set_index("record")
        return self.records.loc[now.index].assign(stage=now["stage"], age=day - now["entered_day"])


def true_records(
    records: pd.DataFrame, reps: pd.DataFrame, stays: pd.DataFrame, moves: pd.DataFrame, final: FloatArray
) -> pd.DataFrame:
    """Return what each record is and how it ended by the last simulated day (``Truth.records``)."""
    last = stays.groupby("record").tail(1).set_index("record").reindex(records.index)
    ended = last["event"].isin((2, 3))
    closing = moves.drop_duplicates("record", keep="last").set_index("record")["entered_at"]
    outcome = np.select([last["event"] == 2, last["event"] == 3], [WON, LOST], default="open")
    return pd.DataFrame(
        {
            "record_id": records["record_id"],
            "day": records["day"],
            **{c: records[c] for c in ("frailty", "quality", "speed")},
            "rep_effect": reps["effect"].to_numpy()[records["rep"]],
            "amount": records["amount"],
            "final_amount": final,
            "asleep": (last["asleep"] & (last["left_day"] == STILL_OPEN)).astype(bool),
            "outcome": outcome.astype(object),
            "closed_at": closing.reindex(records.index).where(ended, -1).astype("int64"),
        }
    )
