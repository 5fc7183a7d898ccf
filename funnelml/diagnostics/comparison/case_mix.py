"""Case mix: what would have been expected of each record, whoever had it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from funnelml.survival.risk_sets import FloatArray

RARE = 30
"""A value of a field that fewer records have than this has no coefficient of its own."""


def mix_log_odds(records: pd.DataFrame, fields: Sequence[str]) -> FloatArray:
    r"""Return each record's log odds as far as its mix explains them, for a group of average effect.

    Parameters
    ----------
    records : pandas.DataFrame
        ``value`` (0 or 1), ``group``, ``first_amount`` and the other ``fields``. Amounts enter as their log.
    fields : sequence of str
        What the mix is made of.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Notes
    -----
    Ridge logistic regression on the fields **and** the groups, which minimises

    .. math:: \sum_i \{\log(1 + e^{\eta_i}) - y_i \eta_i\} + \tfrac12 \lVert \beta \rVert^2,

    each coefficient with a standard normal prior; the group's own part is then left out. Without the groups in the
    regression, a rep who wins more and works one segment would lend that segment a part of his effect.
    """
    mix = _columns(records, fields)
    groups = pd.get_dummies(records["group"], dtype=float).to_numpy()
    design = np.hstack((np.ones((len(records), 1)), mix, groups - groups.mean(axis=0)))
    won = records["value"].to_numpy(dtype=float)
    penalty = np.ones(design.shape[1])
    penalty[0] = 0.01

    def loss(beta: FloatArray) -> tuple[float, FloatArray]:
        eta = design @ beta
        cost = np.logaddexp(0.0, eta).sum() - won @ eta + 0.5 * penalty @ beta**2
        return float(cost), design.T @ (expit(eta) - won) + penalty * beta

    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    kept = 1 + mix.shape[1]
    return np.asarray(design[:, :kept] @ found.x[:kept])


def _columns(records: pd.DataFrame, fields: Sequence[str]) -> FloatArray:
    parts = [np.empty((len(records), 0))]
    for field in fields:
        if field == "amount":
            parts.append(_log_amounts(records["first_amount"].to_numpy(dtype=float)))
            continue
        values = records[field].astype(object).fillna("")
        counts = values.map(values.value_counts())
        dummies = pd.get_dummies(values.where(counts >= RARE, " "), dtype=float).to_numpy()
        parts.append(dummies - dummies.mean(axis=0))
    return np.hstack(parts)


def _log_amounts(amount: FloatArray) -> FloatArray:
    known = amount > 0
    logs = np.log(np.where(known, amount, 1.0))
    middle = logs[known].mean() if known.any() else 0.0
    absent = (~known).astype(float)
    return np.column_stack((np.where(known, logs - middle, 0.0), absent - absent.mean()))
