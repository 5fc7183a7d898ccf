"""Shocks that records of the same weeks share: more records do not average them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

BLOCK: Final = 8
"""Weeks whose records share a shock: long enough that what remains of it in the next block is little."""
TYPICAL_SHOCK: Final = 0.07
"""Standard deviation of a shared shock before any was seen."""
APART: Final = (1, 2)
"""Blocks apart that are compared: neighbours show quick shocks, those further apart slow ones (a good rep who left)."""
TYPICAL_WEIGHT: Final = 25.0
"""Differences of blocks that it is worth."""


def shared_variance(series: Sequence[tuple[FloatArray, FloatArray]], *, least: float = 2.0) -> float:
    """Return the variance of the shocks that the records of eight weeks share, pooled over several series.

    Parameters
    ----------
    series : sequence of (score, information)
        Weekly series that together hold each record once.
    least : float
        Least information of a block that is used.

    Returns
    -------
    float
        Variance on the logit (or log) scale, never negative.

    Notes
    -----
    From differences of blocks next to each other and two apart, few of which a lasting change touches: if ``d`` is
    the difference of two block means, ``E d ** 2 = 1 / I_1 + 1 / I_2 + 2 tau2``. Differences are weighed by what they
    tell. As shocks are shared by all series, a year holds six or seven of them, from which a variance is
    poorly known, and one that is too small raises false alarms: the estimate is drawn towards ``TYPICAL_SHOCK ** 2``
    as if ``TYPICAL_WEIGHT`` more differences had shown that.
    """
    excess, weight = [np.zeros(0)], [np.zeros(0)]
    for score, information in series:
        blocks = len(score) // BLOCK
        if blocks < 2:
            continue
        u, i = (x[len(x) - blocks * BLOCK :].reshape(blocks, BLOCK).sum(axis=1) for x in (score, information))
        for apart in APART:
            fits = (i[apart:] >= least) & (i[:-apart] >= least)
            noise = (1 / i[apart:][fits]) + (1 / i[:-apart][fits])
            step = (u[apart:][fits] / i[apart:][fits]) - (u[:-apart][fits] / i[:-apart][fits])
            excess.append((step**2 - noise) / 2)
            weight.append(1 / (noise + 0.02) ** 2)
    seen = max(map(len, excess))
    e, w = np.concatenate(excess), np.concatenate(weight)
    estimate = max(0.0, float(np.average(e, weights=w))) if seen else 0.0
    return (seen * estimate + TYPICAL_WEIGHT * TYPICAL_SHOCK**2) / (seen + TYPICAL_WEIGHT)
