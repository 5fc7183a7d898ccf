"""Effects on the hazard of one cause by Cox's model, through lifelines, with a normal prior that holds every one."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
import pandas as pd

from funnelml.survival.ratios.partial_likelihood import StageRisks
from funnelml.survival.risk_sets import FloatArray, IntArray

MOST_TIMES: Final = 300
"""Most times of a stage at which events are told apart in the fit: lifelines goes through them one by one."""


def fit_effects(x: FloatArray, risks: StageRisks, *, prior_sd: float) -> FloatArray | None:
    """Return the log ratio of each column, shape (c,), or None where none could be found.

    Parameters
    ----------
    x : numpy.ndarray, shape (n, c)
        Columns of the stays of ``risks``.
    risks : StageRisks
        Stays of all stages; each stage has its own baseline.
    prior_sd : float
        Standard deviation of an effect before anything was seen; infinite for none.

    Notes
    -----
    The partial likelihood knows but the order of times, so lifelines is handed their ranks: with delayed entry it is
    quadratic in distinct times. Ties are Efron's.
    """
    effects = np.zeros(x.shape[1])
    if not len(risks):
        return effects
    entered, ended = _rank_times(risks)
    used = np.flatnonzero(ended > entered)
    spread = x[used].std(axis=0, ddof=1) if len(used) > 1 else np.zeros(x.shape[1])
    varies = np.flatnonzero(spread > 1e-9)
    if not len(varies):
        return effects
    table = pd.DataFrame(x[np.ix_(used, varies)], columns=[f"x{j}" for j in varies])
    table["stage"] = risks.stage[used]
    table["ended"] = ended[used].astype(np.float64)
    table["happened"] = risks.happened[used]
    table["weight"] = risks.weights[used]
    late = bool((entered[used] > 0).any())
    if late:
        table["entered"] = entered[used].astype(np.float64)
    # It takes the penalty by row, and of columns divided by their spread.
    penalty = 1 / (prior_sd**2 * len(used) * spread[varies] ** 2)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        # Imported here: it takes a second, and only this model needs it.
        from lifelines import CoxPHFitter
        from lifelines.exceptions import ConvergenceError

        try:
            fitter = CoxPHFitter(penalizer=penalty, strata=["stage"]).fit(
                table, "ended", "happened", weights_col="weight", entry_col="entered" if late else None
            )
        except (ConvergenceError, np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    found = fitter.params_.to_numpy(dtype=np.float64)
    if not np.isfinite(found).all():
        return None
    effects[varies] = found
    return effects


def _rank_times(risks: StageRisks) -> tuple[IntArray, IntArray]:
    """Return after which, and until which, of the times of its stage each stay was at risk; many are put in groups."""
    entered, ended = np.zeros(len(risks), dtype=np.int64), np.zeros(len(risks), dtype=np.int64)
    for stage in np.unique(risks.stage):
        own = np.flatnonzero(risks.stage == stage)
        first, last = risks.first[own], risks.last[own]
        begun = int(first.min())
        size = int(last.max()) - begun
        # Times up to each of these, exclusive, are one group.
        edges = np.unique(np.linspace(0, size, min(size, MOST_TIMES) + 1).astype(np.int64))[1:]
        first, last = first - begun, last - begun
        entered[own] = np.searchsorted(edges, first, side="right")
        through = np.searchsorted(edges, last, side="right")
        ended[own] = np.where(risks.happened[own] > 0, np.searchsorted(edges, last, side="left") + 1, through)
    return entered, ended
