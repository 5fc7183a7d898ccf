"""The simulation: known moments, and inputs it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import ModelInputError
from funnelml.forecast import simulate
from funnelml.forecast.simulate import simulate_bookings


def test_mean_and_variance_are_those_of_independent_records():
    rng = np.random.default_rng(4)
    won_by = np.sort(rng.random((300, 4)) * 0.6, axis=1)
    amounts = rng.lognormal(3, 1, 300)
    draws = 40_000
    bookings = simulate_bookings(won_by, amounts, draws=draws, seed=7)
    p = np.diff(won_by, axis=1, prepend=0.0)
    mean, variance = amounts @ p, amounts**2 @ (p * (1 - p))
    assert (np.abs(bookings.mean(axis=0) - mean) < 4 * np.sqrt(variance / draws)).all()
    total = bookings.sum(axis=1)
    last = won_by[:, -1]
    assert total.var() == pytest.approx(amounts**2 @ (last * (1 - last)), rel=0.05)


@given(n=st.integers(0, 8), periods=st.integers(1, 5), seed=st.integers(0, 2**31))
@settings(deadline=None)
def test_every_draw_books_each_record_at_most_once(n, periods, seed):
    rng = np.random.default_rng(seed)
    won_by = np.sort(rng.random((n, periods)), axis=1)
    amounts = 2.0 ** np.arange(n)
    totals = simulate_bookings(won_by, amounts, draws=50, seed=seed).sum(axis=1)
    # Powers of two: any sum up to all of them is one set of records, so none was booked twice.
    assert ((totals >= 0) & (totals <= amounts.sum()) & (totals == np.round(totals))).all()


def test_the_seed_decides_and_the_chunk_does_not(monkeypatch):
    won_by, amounts = np.full((50, 2), 0.5), np.arange(50.0)
    whole = simulate_bookings(won_by, amounts, draws=100, seed=1)
    monkeypatch.setattr(simulate, "_CELLS", 700)
    np.testing.assert_array_equal(whole, simulate_bookings(won_by, amounts, draws=100, seed=1))
    assert (whole != simulate_bookings(won_by, amounts, draws=100, seed=2)).any()


@pytest.mark.parametrize(
    ("won_by", "amounts", "draws", "said"),
    [
        ([[0.5]], [1.0, 2.0], 5, "1 records need as many finite amounts"),
        ([[0.5]], [np.nan], 5, "finite amounts"),
        ([[0.5]], [1.0], 0, "at least one future"),
        ([[1.5]], [1.0], 5, r"lie in \[0, 1\]"),
        ([[0.5, 0.4]], [1.0], 5, "never fall"),
    ],
)
def test_inputs_that_cannot_be(won_by, amounts, draws, said):
    with pytest.raises(ModelInputError, match=said):
        simulate_bookings(np.array(won_by), np.array(amounts), draws=draws, seed=0)
