"""Standard errors of means over rows that go together, from what each row adds to the figure."""

from __future__ import annotations

from typing import Final

import numpy as np

from funnelml.survival.risk_sets import FloatArray, IntArray

NORMAL_95: Final = 1.959964
"""Standard errors on either side of a normal estimate that hold the truth in 95 of 100 cases."""


def clustered_error(influence: FloatArray, cluster: IntArray) -> FloatArray:
    r"""Return the standard error of figures to which rows of a cluster contribute together.

    Parameters
    ----------
    influence : numpy.ndarray, shape (n, ...)
        Influence of each row on each figure, of mean 0: for a mean, its value less the mean.
    cluster : numpy.ndarray of int, shape (n,)
        Number of each row's cluster: the record, or the as-of date.

    Returns
    -------
    numpy.ndarray
        NaN if all rows are of one cluster.

    Notes
    -----
    :math:`\sqrt{\frac{G}{G-1} \sum_g (\sum_{i \in g} u_i)^2} / n` over G clusters: the delta method, and what a
    bootstrap of whole clusters tends to (Liang and Zeger, Biometrika 73, 1986).
    """
    _, codes = np.unique(cluster, return_inverse=True)
    groups = int(codes.max(initial=0)) + 1
    flat = influence.reshape(len(influence), -1)
    if groups < 2:
        return np.full(influence.shape[1:], np.nan)
    sums = np.column_stack([np.bincount(codes, column, groups) for column in flat.T])
    error = np.sqrt(groups / (groups - 1) * (sums**2).sum(axis=0)) / len(influence)
    return np.asarray(error.reshape(influence.shape[1:]))
