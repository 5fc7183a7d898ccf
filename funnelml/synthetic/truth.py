"""The truth behind a synthetic CRM, that only a test may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnelml.history.funnel import LOST, WON
from funnelml.synthetic.clock import business_instants
from funnelml.synthetic.lead_care import NEVER
from funnelml.synthetic.market import Market
from funnelml.synthetic.paths import STILL_OPEN
from funnelml.synthetic.stages import FloatArray
from funnelml.synthetic.world import SyntheticWorld


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
        ``exported``, ``loss_reason`` (the true one of a lost record, told to the CRM or not).
    stays : pandas.DataFrame
        One row per stay, as ``simulate_stays`` returns it, with ``record_id`` and ``stage_name``.
    reps : pandas.DataFrame
        As ``draw_reps`` returns it.
    leads : pandas.DataFrame
        One row per lead ever created: ``lead_id, source, record_id`` (of the opportunity it becomes, or None), ``fast``
        (answered within 24 hours), ``created_at, answered_at, ended_at`` (microseconds; -1 for what never happens). Of
        the leads of a source that are undecided after 24 hours, those answered by then become an opportunity more
        often by ``world.lead_care.lift``.
    dirt : mapping of str to tuple of str
        Record ids that each kind of dirt spoiled.
    """

    market: Market
    shocks: FloatArray
    records: pd.DataFrame
    stays: pd.DataFrame
    reps: pd.DataFrame
    leads: pd.DataFrame
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


def true_leads(world: SyntheticWorld, lives: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each lead by the last simulated day (``Truth.leads``)."""

    def instants_of(column: str) -> pd.Series:
        happens = lives[column] > NEVER
        at = business_instants(world, lives[column].where(happens, 0).to_numpy())
        return pd.Series(at, index=lives.index).where(happens, -1)

    ids = records["record_id"].reindex(lives["record"]).astype(object)
    return pd.DataFrame(
        {
            "lead_id": lives["lead_id"],
            "source": lives["source"],
            "record_id": ids.where(ids.notna(), None).to_numpy(),
            "fast": lives["fast"],
            "created_at": business_instants(world, lives["came"].to_numpy()),
            "answered_at": instants_of("answered"),
            "ended_at": instants_of("ended"),
        }
    )
