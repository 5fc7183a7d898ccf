"""What enters the history of fields as a record is created: first values, and which criteria it meets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.clock import instants
from funnelml.synthetic.names import NO_YES
from funnelml.synthetic.world import FIRST_VALUES, SyntheticWorld


def first_entries(world: SyntheticWorld, records: pd.DataFrame, reps: pd.DataFrame) -> pd.DataFrame:
    """Return the fields that are entered at the creation of each record, as changes from nothing.

    Returns
    -------
    pandas.DataFrame
        ``record`` (row of ``records``), ``field, changed_at, recorded_at, old, new``: of the world's first values and
        criteria; no rows in a world that has neither.
    """
    values = {
        "amount": records["amount"].map("{:.0f}".format),
        "owner": pd.Series(reps["name"].to_numpy(dtype=object)[records["rep"]], index=records.index),
        "source": records["source"],
        "segment": records["segment"],
    }
    entered = {name: values[name] for name in FIRST_VALUES if name in world.recording.first_values}
    words = np.array(NO_YES[world.language], dtype=object)
    for criterion in world.criteria:
        met = records[f"meets {criterion.name}"].to_numpy(dtype=np.int64)
        entered[criterion.name] = pd.Series(words[met], index=records.index)
    at = instants(world, records["day"].to_numpy(), records["minute"].to_numpy())
    blank = pd.DataFrame({"record": records.index, "changed_at": at, "recorded_at": at})
    blank = blank.assign(old=pd.Series(None, index=blank.index, dtype=object))
    parts = [blank.assign(field=name, new=new.astype(object).to_numpy()) for name, new in entered.items()]
    nothing = blank.head(0).assign(field=pd.Series(dtype=object), new=pd.Series(dtype=object))
    return pd.concat(parts, ignore_index=True) if parts else nothing
