"""The renewal law: visits with moves back, skips and stages that nobody entered."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.diagnostics.dwell.stays import number_stays
from funnelml.diagnostics.dwell.visits import learn_visits
from funnelml.history.episodes import stage_episodes
from tests.diagnostics.small_logs import AS_OF, EDGES
from tests.logs import FUNNEL, history_of


def visits_of(history):
    stays = number_stays(stage_episodes(history, as_of=AS_OF))
    weights = np.ones((2, int(stays["record"].max()) + 1))
    return learn_visits(stays, stays[stays["first"]], history.funnels[0], weights)


def test_moves_back_make_visits_by_the_renewal_equation():
    """Lead always goes on; of two stays in Proposal one falls back, one is won: v = (1 + p v2, v1), p = 1/2."""
    rows = [("a", "Lead", 0.0), ("a", "Proposal", 1.0), ("a", "Lead", 2.0), ("a", "Proposal", 3.0), ("a", "won", 4.0)]
    visits = visits_of(history_of(rows)).visits[0]
    # A chain without a loss is damped to 0.999 where all stays move on.
    assert visits == pytest.approx([2.0, 2.0, 0.0], abs=0.01)


def test_skips_and_late_entries_are_in_it():
    rows = [("a", "Lead", 0.0), ("a", "Closing", 1.0), ("a", "won", 2.0), ("b", "Closing", 0.0), ("b", "lost", 1.0)]
    assert visits_of(history_of(rows)).visits[0] == pytest.approx([0.5, 0.0, 1.0], abs=0.01)


def test_records_that_go_round_for_ever_do_not_break_it():
    visits = visits_of(EDGES["to and fro"]).visits
    assert np.isfinite(visits).all() and (visits >= 0).all()


def test_a_stage_that_nobody_entered_has_no_mean():
    law = visits_of(history_of([("a", "Lead", 0.0), ("a", "won", 3.0)]))
    mean = law.mean_days([5.0] * len(FUNNEL.stages))
    assert mean[0, 0] == 3.0 and np.isnan(mean[:, 1:]).all()
