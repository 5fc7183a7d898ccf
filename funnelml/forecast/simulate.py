"""Monte Carlo over open records: who is won, in which period, and what that adds up to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelml.errors import ModelInputError

FloatArray = NDArray[np.float64]
_CELLS = 4_000_000
"""Random numbers held at a time: bounds the memory whatever the size of the pipeline."""


def simulate_bookings(won_by: FloatArray, amounts: FloatArray, *, draws: int, seed: int) -> FloatArray:
    """Simulate the bookings of open records, independently of each other.

    Parameters
    ----------
    won_by : numpy.ndarray, shape (n, m)
        Chance that record i is won by the end of period j; non-decreasing along j.
    amounts : numpy.ndarray, shape (n,)
        Amount booked if the record is won.
    draws : int
        Number of simulated futures.
    seed : int
        Seed of the generator.

    Returns
    -------
    numpy.ndarray, shape (draws, m)
        Bookings of each future in each period.

    Raises
    ------
    ModelInputError
        If the shapes disagree, a chance does not lie in [0, 1], or ``draws`` is not positive.

    Examples
    --------
    >>> simulate_bookings(np.array([[0.0, 1.0]]), np.array([250.0]), draws=2, seed=1)
    array([[  0., 250.],
           [  0., 250.]])
    """
    records, periods = won_by.shape
    if amounts.shape != (records,) or not np.isfinite(amounts).all():
        raise ModelInputError(f"{records} records need as many finite amounts, not {amounts.shape}")
    if draws < 1:
        raise ModelInputError(f"draws is {draws}; simulate at least one future")
    if records and (won_by.min() < 0 or won_by.max() > 1 or (np.diff(won_by, axis=1) < 0).any()):
        raise ModelInputError("chances to be won by each period must lie in [0, 1] and never fall")
    rng = np.random.default_rng(seed)
    bookings = np.zeros(draws * periods)
    step = max(1, _CELLS // draws)
    for start in range(0, records, step):
        chances = won_by[start : start + step]
        luck = rng.random((len(chances), draws))
        record, draw = np.nonzero(luck < chances[:, -1:])
        # The luck that decides whether also decides when: it falls into the period whose share of the chance it hits.
        period = (luck[record, draw][:, None] >= chances[record]).sum(axis=1)
        bookings += np.bincount(draw * periods + period, weights=amounts[start + record], minlength=draws * periods)
    return bookings.reshape(draws, periods)
