"""Raw stage names as canonical ones: several raw names may mean one end, and names change at a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from funnelml.errors import did_you_mean
from funnelml.mapping.rejects import join_rejects, rejects_of


class Rename(Protocol):
    """A name that meant another stage before an instant."""

    @property
    def old(self) -> str:
        """Name in the rows."""

    @property
    def new(self) -> str:
        """Stage it meant."""

    @property
    def until(self) -> int:
        """Instant from which it no longer does."""


class StageNames(Protocol):
    """What is asked of a funnel here; the funnel itself belongs to the room above."""

    @property
    def name(self) -> str:
        """Name of the funnel."""

    @property
    def canonical(self) -> Mapping[str, str]:
        """Canonical name of every raw name."""

    @property
    def renames(self) -> Sequence[Rename]:
        """Dated renames."""


def canonical_stages(
    stage_changes: pd.DataFrame, funnels: Sequence[StageNames], *, source: str = ""
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every stage its canonical name.

    Parameters
    ----------
    stage_changes : pandas.DataFrame
        Canonical table with raw stage names; its index is the row in the file.
    funnels : sequence of Funnel
        The funnels of the workspace.
    source : str
        Name of the source, for the rejects.

    Returns
    -------
    stage_changes : pandas.DataFrame
        The rows whose funnel and stage are known. A row named ``old`` that entered before ``until`` is in ``new``.
    rejects : pandas.DataFrame
        The other rows, with the number of rows that name the same unknown stage.
    """
    stages = pd.Series(None, index=np.arange(len(stage_changes)), dtype=object)
    log = stage_changes.reset_index(drop=True)
    for funnel in funnels:
        own = log["funnel"] == funnel.name
        named = log["stage"].where(own)
        for rename in funnel.renames:
            named = named.mask((log["stage"] == rename.old) & (log["entered_at"] < rename.until), rename.new)
        stages = stages.where(~own, named.map(funnel.canonical))
    known = stages.notna().to_numpy()
    out = stage_changes.assign(stage=stages.to_numpy())[known]
    return out, _reject_unknown(stage_changes[~known], funnels, source)


def _reject_unknown(rows: pd.DataFrame, funnels: Sequence[StageNames], source: str) -> pd.DataFrame:
    of_name = {f.name: f for f in funnels}
    parts = []
    for key, group in rows.groupby(["funnel", "stage"], sort=False):
        name, stage = map(str, key)
        funnel = of_name.get(name)
        if funnel is None:
            column, reason = "funnel", f"there is no funnel '{name}'{did_you_mean(name, of_name)}"
            value = name
        else:
            known = [*funnel.canonical, *(r.old for r in funnel.renames)]
            column, value = "stage", stage
            reason = f"stage '{stage}' is not in funnel '{name}'{did_you_mean(stage, known)}"
        n = len(group)
        noun = "row" if n == 1 else "rows"
        parts.append(rejects_of(source, list(group.index), column, [value] * n, [f"{reason}; {n:,} {noun}"] * n))
    return join_rejects(parts)
