"""Propose the order of the stages from the paths that won records took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnelml.errors import FunnelError, did_you_mean, first_few
from funnelml.history.funnel import Funnel


def propose_funnel(log: pd.DataFrame, *, name: str, won: Sequence[str], lost: Sequence[str]) -> Funnel:
    """Propose a funnel from an event log.

    Stage a stands before stage b if more records entered a first than b first, counting the first entry of each;
    stages are ranked by how many others they precede (Copeland's rule), which a skipped stage does not disturb. Won
    records decide; a pair that no won record saw is decided by the others.

    Parameters
    ----------
    log : pandas.DataFrame
        Raw stage changes: ``record_id, stage, entered_at`` in the order of the file.
    name : str
        Name of the funnel.
    won, lost : sequence of str
        Raw stage names of the two ends.

    Returns
    -------
    Funnel

    Raises
    ------
    FunnelError
        If a name of an end does not occur, no record reached ``won``, or no stage is left.
    """
    seen = list(pd.unique(log["stage"]))
    for end, names in (("won", won), ("lost", lost)):
        for wanted in names:
            if wanted not in seen:
                raise FunnelError(
                    f"{end} '{wanted}' is no stage of the log{did_you_mean(wanted, seen)}; it has {first_few(seen, 12)}"
                )
    stages = [s for s in seen if s not in {*won, *lost}]
    if not stages:
        raise FunnelError("every stage of the log is an end; there is no open stage to forecast from")
    ordered = log.sort_values("entered_at", kind="stable")
    first = ordered[ordered["stage"].isin(stages)].drop_duplicates(["record_id", "stage"])
    won_ids = set(log.loc[log["stage"].isin(won), "record_id"])
    if not won_ids:
        raise FunnelError(f"no record of the log reached {' or '.join(won)}; name the stages that mean won")
    from_won = _precedence(first[first["record_id"].isin(won_ids)], stages)
    from_all = _precedence(first, stages)
    balance = np.where(from_won + from_won.T > 0, from_won - from_won.T, from_all - from_all.T)
    wins = (balance > 0).sum(axis=1)
    order = np.lexsort((-balance.sum(axis=1), -wins))
    return Funnel(name=name, stages=tuple(stages[i] for i in order), won=tuple(won), lost=tuple(lost))


def _precedence(first: pd.DataFrame, stages: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Count, for every pair of stages, the records that entered the row's stage before the column's."""
    sequence = first.assign(step=first.groupby("record_id").cumcount())
    steps = sequence.pivot(index="record_id", columns="stage", values="step").reindex(columns=stages).to_numpy()
    counts = np.zeros((len(stages), len(stages)))
    for i in range(len(stages)):
        counts[i] = (steps[:, [i]] < steps).sum(axis=0)
    return counts
