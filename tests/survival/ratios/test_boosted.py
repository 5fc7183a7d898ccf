"""Boosted ratios: they find what no line does, and stay with the lines where there is little to find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from funnelml.survival.ratios.boosted import fit_boosted
from funnelml.survival.ratios.linear import fit_linear
from funnelml.survival.ratios.pieces import cut_pieces, log_likelihood
from funnelml.survival.stage_model import StageModel
from tests.survival.small_stays import cyclic_stays, rows_of


def bowl(n, seed):
    """Stays that advance soon at both ends of a number, late in its middle: no line sees it."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, n)
    wait = rng.exponential(1 / (0.03 + 0.05 * x**2))
    covariates = rows_of(["Lead"] * n, wait, [1] * n).covariates.assign(lead_age_days=x)
    return rows_of(["Lead"] * n, np.minimum(wait, 60), np.where(wait < 60, 1, 0), covariates=covariates)


def test_trees_find_a_bend_that_lines_do_not():
    rows, later = bowl(2_500, 1), bowl(1_000, 2)
    pieces = cut_pieces(rows, StageModel(ratios="none").fit(rows).hazards_)
    held_out = cut_pieces(later, StageModel(ratios="none").fit(rows).hazards_)
    line = fit_linear(rows, pieces, np.ones(len(rows)))
    trees = fit_boosted(rows, pieces, np.ones(len(rows)), random_state=0)
    told = [log_likelihood(held_out, m.ratios(later, held_out.row, held_out.band)).sum() for m in (line, trees)]
    assert told[1] > told[0] + 60


def test_causes_with_few_events_have_no_trees_and_the_seed_decides_the_rest():
    rows = cyclic_stays(900, 3)
    pieces = cut_pieces(rows, StageModel(ratios="none").fit(rows).hazards_)
    first, again = (fit_boosted(rows, pieces, np.ones(len(rows)), random_state=4) for _ in range(2))
    assert first.trees[0] is not None
    assert first.trees[3] is None
    band = np.zeros(len(rows), dtype=np.int64)
    np.testing.assert_array_equal(
        first.ratios(rows, np.arange(len(rows)), band), again.ratios(rows, np.arange(len(rows)), band)
    )
    np.testing.assert_array_equal(
        first.ratios(rows, np.arange(len(rows)), band)[:, 3],
        first.linear.ratios(rows, np.arange(len(rows)), band)[:, 3],
    )
    assert first.ratios(rows, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)).shape == (0, 4)


def test_draws_move_the_lines_and_leave_the_trees():
    rows = cyclic_stays(900, 3)
    pieces = cut_pieces(rows, StageModel(ratios="none").fit(rows).hazards_)
    ratios = fit_boosted(rows, pieces, np.ones(len(rows)), random_state=4)
    drawn = ratios.redraw(np.random.default_rng(1))
    assert drawn.trees is ratios.trees
    assert (drawn.linear.effects[0] != ratios.linear.effects[0]).any()
    assert replace(drawn, linear=ratios.linear) == ratios
