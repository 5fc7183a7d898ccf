"""Group and amount of every record, as known on the as-of date."""

from __future__ import annotations

from typing import Final, Literal, get_args

import pandas as pd

from funnelml.errors import InputError, did_you_mean
from funnelml.history.snapshot import Snapshot

GroupBy = Literal["owner", "team", "source", "segment", "product", "account"]
EVERYTHING: Final = "all"
"""Name of the one group where nothing is grouped."""
UNKNOWN: Final = "unknown"
"""Group of the records whose field is empty."""


def group_records(snapshot: Snapshot, by: GroupBy | None) -> pd.Series:
    """Return the group of each record.

    Parameters
    ----------
    snapshot : Snapshot
        What is known on the as-of date.
    by : {"owner", "team", "source", "segment", "product", "account"}, optional
        Field that makes the groups, as last known; everything is one group if not given.

    Returns
    -------
    pandas.Series
        Group by record id: ``unknown`` where the field is empty.

    Raises
    ------
    InputError
        If there is no such field.
    """
    if by is not None and by not in get_args(GroupBy):
        known = get_args(GroupBy)
        raise InputError(f"records cannot be grouped by '{by}'{did_you_mean(by, known)}; choose {', '.join(known)}")
    records = snapshot.records
    group = EVERYTHING if by is None else records[by].where(records[by].notna(), UNKNOWN).to_numpy()
    return pd.Series(group, index=pd.Index(records["record_id"]), dtype=object)


def amounts_of(snapshot: Snapshot) -> pd.Series:
    """Return the amount of each record by record id; NaN if it is not known or not positive."""
    amount = snapshot.records.set_index("record_id")["amount"]
    return amount.where(amount > 0)
