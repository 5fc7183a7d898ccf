"""Monte Carlo over open records: who is won, in which period, and what that adds up to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelml.errors import ModelInputError

FloatArray = NDArray[np.float64]
_CELLS = 4_000_000
"""Random numbers held at a time: bounds the memory whatever the size of the pipeline."""


def simulate_bookings(
    won_by: FloatArray, amounts: FloatArray, *, draws: int, seed: int, shocks: FloatArray | None = None
) -> FloatArray:
    """Simulate the bookings of open records, independent of each other but for the shocks.

    Parameters
    ----------
    won_by : numpy.ndarray, shape (n, m) or (b, n, m)
        Chance that record i is won by the end of period j; non-decreasing along j. Of several sets, each serves as
        many futures as the others.
    amounts : numpy.ndarray, shape (n,)
        Amount booked if the record is won.
    draws : int
        Number of simulated futures.
    seed : int
        Seed of the generator.
    shocks : numpy.ndarray, shape (draws,), optional
        Factor on all chances of each future; a chance is at most 1.

    Returns
    -------
    numpy.ndarray, shape (draws, m)
        Bookings of each future in each period.

    Raises
    ------
    ModelInputError
        If the shapes disagree, a chance does not lie in [0, 1], a shock is not positive, or ``draws`` is not positive.

    Examples
    --------
    >>> simulate_bookings(np.array([[0.0, 1.0]]), np.array([250.0]), draws=2, seed=1)
    array([[  0., 250.],
           [  0., 250.]])
    """
    sets = won_by if won_by.ndim == 3 else won_by[None]
    _, records, periods = sets.shape
    if amounts.shape != (records,) or not np.isfinite(amounts).all():
        raise ModelInputError(f"{records} records need as many finite amounts, not {amounts.shape}")
    if draws < 1:
        raise ModelInputError(f"draws is {draws}; simulate at least one future")
    if records and (sets.min() < 0 or sets.max() > 1 or (np.diff(sets, axis=2) < 0).any()):
        raise ModelInputError("chances to be won by each period must lie in [0, 1] and never fall")
    factor = np.ones(draws) if shocks is None else shocks
    if factor.shape != (draws,) or not (np.isfinite(factor) & (factor > 0)).all():
        raise ModelInputError(f"{draws} futures need as many positive shocks, not {factor.shape}")
    rng = np.random.default_rng(seed)
    bookings = np.zeros(draws * periods)
    for number, chance in enumerate(sets):
        future = np.arange(number, draws, len(sets))
        step = max(1, _CELLS // max(len(future), 1))
        for start in range(0, records, step):
            chances = chance[start : start + step]
            # Luck over shock under the chance is luck under the chance times the shock.
            luck = rng.random((len(chances), len(future))) / factor[future]
            record, draw = np.nonzero(luck < chances[:, -1:])
            # The luck that decides whether also decides when: it falls into the period whose share it hits.
            period = (luck[record, draw][:, None] >= chances[record]).sum(axis=1)
            cell = future[draw] * periods + period
            bookings += np.bincount(cell, weights=amounts[start + record], minlength=draws * periods)
    return bookings.reshape(draws, periods)
