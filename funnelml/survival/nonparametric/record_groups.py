"""The group of each stay, from what a person has at hand: groups by record, or one for each stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import InputError, first_few
from funnelml.history.episodes import StageEpisodes

EVERYTHING: Final = "all"
"""Name of the one group where nothing is grouped."""
Groups = pd.Series | Mapping[Any, Any] | Sequence[Any] | NDArray[Any]
"""The group of each record by its id, or of each stay in the order of the table of episodes."""


def group_stays(episodes: StageEpisodes, by: Groups | None) -> NDArray[np.object_]:
    """Return the group of each stay.

    Parameters
    ----------
    episodes : StageEpisodes
        The stays.
    by : pandas.Series, mapping, sequence or numpy.ndarray, optional
        A series or mapping holds the group of each record by its id; anything else holds one for each stay.

    Returns
    -------
    numpy.ndarray of object, shape (stays,)

    Raises
    ------
    InputError
        If a stay has no group, or a sequence is not as long as the table of episodes.
    """
    stays = episodes.table
    if by is None:
        return np.full(len(stays), EVERYTHING, dtype=object)
    if isinstance(by, pd.Series | Mapping):
        given = by if isinstance(by, pd.Series) else pd.Series(dict(by), dtype=object)
        twice = given.index[given.index.duplicated()]
        if len(twice):
            raise InputError(f"by names {first_few(twice.unique())} more than once; give each record one group")
        group = stays["record_id"].map(given.astype(object)).to_numpy(dtype=object)
    else:
        group = np.asarray(by, dtype=object)
        if group.shape != (len(stays),):
            raise InputError(
                f"by has shape {group.shape}, but there are {len(stays):,} stays; give one group for each stay, or a "
                "series or mapping from record id to group"
            )
    missing = pd.isna(group)
    if missing.any():
        ids = stays.loc[missing, "record_id"].unique()
        raise InputError(
            f"{int(missing.sum()):,} stays have no group (records {first_few(ids)}): give each of their records one, "
            "such as 'unknown'"
        )
    return group
