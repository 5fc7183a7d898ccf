"""Where records go on to: shares of what was seen, and neighbours where nothing was."""

from __future__ import annotations

import numpy as np

from funnelml.survival.transitions import fit_transitions
from tests.survival.small_stays import rows_of


def test_shares_are_those_of_the_weights_seen():
    rows = rows_of(["Lead"] * 4, [1.0, 2, 3, 4], [1, 1, 1, 3], to=["方案", "Closing", "Closing", None])
    towards = fit_transitions(rows, np.array([2.0, 1.0, 1.0, 9.0]))
    np.testing.assert_allclose(towards[0, 0], [0.0, 0.5, 0.5])


def test_what_was_never_seen_leads_to_the_neighbour_and_ends_lead_to_themselves():
    towards = fit_transitions(rows_of(["Lead"], [1.0], [0]), np.ones(1))
    np.testing.assert_array_equal(towards[:, 0], [[0, 1, 0], [0, 0, 1], [0, 0, 1]])
    np.testing.assert_array_equal(towards[:, 1], [[1, 0, 0], [1, 0, 0], [0, 1, 0]])


def test_rows_sum_to_one_and_weights_of_zero_say_nothing():
    rows = rows_of(["Closing", "Closing"], [1.0, 2.0], [4, 4], to=["Lead", "方案"])
    towards = fit_transitions(rows, np.array([0.0, 1.0]))
    np.testing.assert_array_equal(towards[2, 1], [0, 1, 0])
    np.testing.assert_allclose(towards.sum(axis=2), 1.0)
