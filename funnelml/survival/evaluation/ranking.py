"""Time-dependent area under the curve: whether who left by a day ranks above who did not."""

from __future__ import annotations

import numpy as np

from funnelml.survival.risk_sets import FloatArray


def rank_by_chance(chance: FloatArray, happened: FloatArray, weights: FloatArray) -> tuple[float, FloatArray]:
    r"""Return the cumulative/dynamic area under the curve of one cause at one time, and each row's influence on it.

    Parameters
    ----------
    chance : numpy.ndarray, shape (n,)
        Predicted chance of the cause by the time.
    happened : numpy.ndarray, shape (n,)
        1 if the cause had come about by then, else 0.
    weights : numpy.ndarray, shape (n,)
        Weight of each row at the time; 0 if it is not known what had become of it.

    Returns
    -------
    tuple of float and numpy.ndarray, shape (n,)
        NaN, if nobody or everybody left by the cause.

    Notes
    -----
    Cases have left by the cause by t; controls are all others, still in the stage or gone by another cause: the second
    definition of Blanche, Dartigues and Jacqmin-Gadda (Statistics in Medicine 32, 2013), because the question is who
    will be won by then and who will not. It is the weighted share of pairs in which the case has the greater chance,
    ties counted half. With :math:`P_i` the share of controls below case i and :math:`Q_j` that of cases above control
    j, the influences are :math:`n w_i (P_i - A) / W` and :math:`n v_j (Q_j - A) / V`.

    Examples
    --------
    >>> rank_by_chance(np.array([0.9, 0.5, 0.5, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]), np.ones(4))[0]
    0.875
    """
    _, tied = np.unique(chance, return_inverse=True)
    case, control = weights * happened, weights * (1.0 - happened)
    cases, controls = float(case.sum()), float(control.sum())
    if cases == 0.0 or controls == 0.0:
        return float("nan"), np.full(len(chance), np.nan)
    case_sum, control_sum = np.bincount(tied, case), np.bincount(tied, control)
    below = ((np.cumsum(control_sum) - control_sum / 2) / controls)[tied]
    above = (1.0 - (np.cumsum(case_sum) - case_sum / 2) / cases)[tied]
    area = float(case @ below) / cases
    return area, len(chance) * (case * (below - area) / cases + control * (above - area) / controls)
