"""Weights that let those who were followed speak for those who were not."""

from __future__ import annotations

import numpy as np

from funnelml.errors import NotEnoughDataError
from funnelml.survival.risk_sets import FloatArray, IntArray


def censoring_weights(days: FloatArray, event: IntArray, times: FloatArray) -> FloatArray:
    r"""Return the inverse probability of censoring weight of each row at each time.

    Parameters
    ----------
    days : numpy.ndarray, shape (n,)
        Days until the end, or until knowledge ended.
    event : numpy.ndarray of int, shape (n,)
        0 where knowledge ended, else the cause of the end.
    times : numpy.ndarray, shape (m,)
        Days at which predictions are judged, increasing.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        0 where it is not known what had become of the row by then.

    Raises
    ------
    NotEnoughDataError
        If nobody was followed to the last time.

    Notes
    -----
    :math:`w_i(t) = 1/\hat G(T_i-)` if the row had ended by t, :math:`1/\hat G(t-)` if it was followed to t and had
    not, with :math:`\hat G(t-)` the Kaplan-Meier estimate of the chance to be followed to t at least (Graf, Schmoor,
    Sauerbrei and Schumacher, Statistics in Medicine 18, 1999). Ends come before the end of knowledge at one instant,
    and who is followed exactly to t is known at t. Where every row was followed to the last time, as with matured
    windows, all weights are 1. The estimate is that of all rows together: follow-up ends on a day of the calendar,
    which is the same for every record of a date.
    """
    ended = event > 0
    ends_of_knowledge, count = np.unique(days[~ended], return_counts=True)
    ordered, ordered_ends = np.sort(days), np.sort(days[ended])
    at_risk = len(days) - np.searchsorted(ordered, ends_of_knowledge, side="left")
    at_risk = at_risk - _count_equal(ordered_ends, ends_of_knowledge)
    # Exactly 0 where the last one leaves.
    followed = np.concatenate(([1.0], np.cumprod((at_risk - count) / at_risk)))
    at_end = followed[np.searchsorted(ends_of_knowledge, days, side="left")]
    at_time = followed[np.searchsorted(ends_of_knowledge, times, side="left")]
    if at_time[-1] == 0.0:
        longest = float(ends_of_knowledge[-1])
        raise NotEnoughDataError(
            f"nobody was followed for {times[-1]:g} days after being looked at, the longest {longest:.4g}; "
            "judge shorter times, or choose earlier as-of dates"
        )
    had_ended = ended[:, None] & (days[:, None] <= times)
    reached = days[:, None] >= times
    own = np.divide(1.0, at_end, where=at_end > 0, out=np.zeros_like(at_end))
    return np.where(had_ended, own[:, None], np.where(reached, 1.0 / at_time, 0.0))


def _count_equal(ordered: FloatArray, values: FloatArray) -> IntArray:
    right, left = (np.searchsorted(ordered, values, side=side) for side in ("right", "left"))
    return np.asarray(right - left, dtype=np.int64)
