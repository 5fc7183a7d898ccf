"""Dwell: hand-computed quantiles, what was not observed, shares of the cycle, recovery, and words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from funnelml.diagnostics.dwell.stays import measure_dwell
from funnelml.errors import InputError, NotEnoughDataError
from funnelml.synthetic.crm import simulate_crm
from funnelml.synthetic.stages import StageLaw
from funnelml.synthetic.world import plain_world
from tests.diagnostics.small_logs import AS_OF, EDGES, NEVER_OPEN, edges, hold_no_look_ahead, moves_of
from tests.logs import history_of, log_rows

# Ten records stay 1 to 10 days in Lead: the even days advance and are won a day later, the odd ones are lost.
TEN = [
    row
    for day in range(1, 11)
    for row in (
        (f"r{day}", "Lead", 0.0),
        *(((f"r{day}", "Proposal", float(day)), (f"r{day}", "won", day + 1.0)) if day % 2 == 0 else ()),
        *(((f"r{day}", "lost", float(day)),) if day % 2 else ()),
    )
]


def measure(history, **options):
    return measure_dwell(history, **{"as_of": AS_OF, "draws": 60, **options})


def row_of(dwell, stage, outcome):
    (row,) = dwell.stays.query("stage == @stage and outcome == @outcome").to_dict("records")
    return row


def test_quantiles_by_hand():
    dwell = measure(history_of(TEN))
    row = row_of(dwell, "Lead", "any")
    assert [row[q] for q in ("q25", "q50", "q75", "q90")] == [3.0, 5.0, 8.0, 9.0]
    assert (row["stays"], row["ended"], row["running"]) == (10, 10, 0)
    assert row["q50_low"] <= 5.0 <= row["q50_high"]
    # Of those that advance, after 2, 4, 6, 8 and 10 days.
    assert [row_of(dwell, "Lead", "advanced")[q] for q in ("q25", "q50", "q75", "q90")] == [4.0, 6.0, 8.0, 10.0]
    assert row_of(dwell, "Lead", "lost")["q50"] == 5.0


def test_too_few_ends_have_no_interval():
    row = row_of(measure(history_of(TEN)), "Lead", "lost")
    assert not row["enough"] and row["ended"] == 5
    assert np.isnan(row["q50_low"]) and np.isnan(row["q50_high"])


def test_the_mean_counts_each_stay_up_to_tau():
    row = row_of(measure(history_of(TEN), tau_days=4.0), "Lead", "any")
    assert row["mean_days"] == pytest.approx((1 + 2 + 3 + 7 * 4) / 10)
    assert row["tau_days"] == 4.0
    assert row["mean_low"] < row["mean_days"] < row["mean_high"]


def test_a_quantile_that_the_curve_does_not_reach_is_not_observed():
    rows = [("a", "Lead", 0.0), ("a", "lost", 2.0), ("b", "Lead", 0.0), ("c", "Lead", 0.0)]
    row = row_of(measure(history_of(rows)), "Lead", "any")
    assert row["q25"] == 2.0
    assert np.isnan([row["q50"], row["q75"], row["q90"]]).all()
    assert row["running"] == 2
    rows = [*rows, ("d", "Lead", 0.0), ("d", "won", 1.0)]
    text = measure(history_of(rows)).summary()
    assert "nine in ten of its records leave it was not observed; 2 are still in it" in text


def test_shares_of_the_cycle_by_hand():
    """Five won records: 2 + 4 + 6 + 8 + 10 days in Lead, one day each in Proposal."""
    cycle = measure(history_of(TEN)).cycle.set_index("stage")
    assert cycle.loc["Lead", "days_per_won"] == pytest.approx(6.0)
    assert cycle.loc["Proposal", "share_of_cycle"] == pytest.approx(1 / 7)
    assert cycle["rank"].to_dict() == {"Lead": 1, "Proposal": 2, "Closing": 3}
    assert cycle.loc["Lead", "visits_per_won"] == 1.0
    # Every new record waits 5.5 days in Lead, but for what tau cuts off; half of them reach Proposal.
    assert cycle.loc["Proposal", "visits_per_record"] == pytest.approx(0.5, abs=0.01)
    assert cycle.loc["Proposal", "wait_per_record"] == pytest.approx(0.5, abs=0.01)


def test_returns_to_a_stage_count_in_the_cycle():
    rows = [("a", "Lead", 0.0), ("a", "Proposal", 2.0), ("a", "Lead", 3.0), ("a", "Proposal", 7.0), ("a", "won", 9.0)]
    cycle = measure(history_of(rows)).cycle.set_index("stage")
    assert cycle.loc["Lead", ["visits_per_won", "days_per_visit", "days_per_won"]].tolist() == [2.0, 3.0, 6.0]
    assert cycle.loc["Lead", "share_of_cycle"] == pytest.approx(6 / 9)


def test_the_law_of_a_synthetic_stage_is_recovered_although_many_stays_run():
    """A hazard of 0.1 a day: half have left within 7 whole days; the world ends 60 days after it began."""
    law = StageLaw(from_day=(1,), advance=(0.06,), lose=(0.04,))
    last = StageLaw(from_day=(1,), advance=(0.0,), win=(0.06,), lose=(0.04,))
    world = plain_world(days=60, laws=(law,) * 5 + (last,))
    crm = simulate_crm(world, seed=3)
    first = crm.funnel.stages[0]
    row = row_of(measure(moves_of(crm), as_of=crm.as_of), first, "any")
    assert row["running"] > 100
    assert 6.0 <= row["q50"] <= 8.5
    row = row_of(measure(moves_of(crm), as_of=crm.as_of, tau_days=20.0), first, "any")
    assert row["mean_days"] == pytest.approx((1 - np.exp(-2)) / 0.1, rel=0.12)


@settings(max_examples=30)
@given(log_rows())
def test_rows_recorded_later_change_nothing(rows):
    def frames(history, as_of):
        dwell = measure_dwell(history, as_of=as_of, draws=5, by="owner")
        return [dwell.to_frame(), dwell.cycle]

    hold_no_look_ahead(rows, frames)


@settings(max_examples=30)
@given(log_rows())
def test_quantiles_increase_and_shares_add_up(rows):
    try:
        dwell = measure_dwell(history_of(rows), as_of=AS_OF, draws=5)
    except NotEnoughDataError:
        return
    quantiles = dwell.stays[["q25", "q50", "q75", "q90"]].to_numpy()
    assert not (np.diff(quantiles, axis=1) < 0).any()
    any_ = dwell.stays[dwell.stays["outcome"] == "any"].set_index("stage")
    others = dwell.stays[dwell.stays["outcome"] != "any"].groupby("stage")["ended"].sum()
    assert (any_["ended"] == others.reindex(any_.index)).all()
    shares = dwell.cycle["share_of_cycle"]
    assert shares.isna().all() or shares.sum() == pytest.approx(1.0)


@edges
def test_small_logs_are_answered_in_both_languages(edge):
    dwell = measure(EDGES[edge])
    assert dwell.summary() and dwell.summary("zh")
    assert len(dwell.to_frame()) == 5 * len(EDGES[edge].funnels[0].stages)


def test_no_win_is_said_with_the_number_that_would_do():
    text = measure(EDGES["no wins"]).summary()
    assert "Not enough data on the way to the win: 0 won, 10 would do." in text
    assert "至少需要 10 条" in measure(EDGES["no wins"]).summary("zh")


def test_the_same_seed_gives_the_same():
    history = EDGES["no losses"]
    pd.testing.assert_frame_equal(measure(history, seed=3).stays, measure(history, seed=3).stays)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(InputError, match="tau_days is -1"):
        measure(EDGES["one record"], tau_days=-1)
    with pytest.raises(NotEnoughDataError, match="no stay in an open stage of funnel 'f' is known by 1970-02-01"):
        measure(NEVER_OPEN)
