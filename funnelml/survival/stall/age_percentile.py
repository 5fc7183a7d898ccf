"""How unusual the age of a running stay is among the past stays of its stage that went on."""

from __future__ import annotations

import numpy as np

from funnelml.history.episodes import ADVANCED, WON_EVENT, StageEpisodes
from funnelml.survival.causes import N_CAUSES
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stay_rows import StayRows


def rank_ages(episodes: StageEpisodes, rows: StayRows) -> FloatArray:
    r"""Return the share of those who went on from the stage that had done so by each row's age.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known when the rows were seen.
    rows : StayRows
        n running stays.

    Returns
    -------
    numpy.ndarray, shape (n,)
        0 to 1; NaN where nobody was seen to go on from the stage, or nobody was followed up to the age.

    Notes
    -----
    With :math:`F` the incidence of advancing or being won (Aalen and Johansen: running stays count as long as they were
    seen, none is dropped), it is :math:`F(a) / F(\infty)`, infinity being the last follow-up of the stage.
    """
    stays = episodes.table
    stage = stays["stage"].to_numpy(dtype=object)
    percentile = np.full(len(rows), np.nan)
    for name in np.unique(rows.stage.astype(str)):
        past = stays[stage == name]
        if past.empty:
            continue
        curve = estimate_incidence(
            past["duration_days"], past["event"], entry=past["from_age_days"], n_causes=N_CAUSES, variance=False
        )
        went_on = np.concatenate(([0.0], curve.incidence[ADVANCED] + curve.incidence[WON_EVENT]))
        if went_on[-1] == 0:
            continue
        mine = np.flatnonzero(rows.stage == name)
        age = np.maximum(rows.age[mine], 0.0)
        share = went_on[np.searchsorted(curve.times, age, side="right")] / went_on[-1]
        percentile[mine] = np.where(age <= curve.last_follow_up, np.minimum(share, 1.0), np.nan)
    return percentile
