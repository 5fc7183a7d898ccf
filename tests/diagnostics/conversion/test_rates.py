"""Conversion: hand-computed values, recovery of a known truth, cohorts that are too young, and words."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from funnelml.diagnostics.conversion.rates import measure_conversion
from funnelml.diagnostics.conversion.waits import share_of
from funnelml.errors import AsOfError, InputError, NotEnoughDataError
from funnelml.history.history import History
from funnelml.synthetic.crm import simulate_crm
from funnelml.synthetic.world import plain_world
from tests.diagnostics.small_logs import AS_OF, EDGES, NEVER_OPEN, edges, hold_no_look_ahead, moves_of, with_amounts
from tests.logs import FUNNEL, history_of, log_rows, stage_log

ROWS = [
    *(("a", "Lead", 0.0), ("a", "Proposal", 2.0), ("a", "Closing", 4.0), ("a", "won", 6.0)),
    *(("b", "Lead", 0.0), ("b", "Closing", 3.0), ("b", "won", 5.0)),
    *(("c", "Lead", 1.0), ("c", "Proposal", 2.0), ("c", "lost", 9.0)),
    *(("d", "Lead", 1.0), ("d", "lost", 2.0)),
    ("e", "Lead", 20.0),
]
AMOUNTS = {"a": 100.0, "b": 300.0, "c": 400.0, "d": 200.0, "e": 1000.0}


def measure(history=None, **options):
    history = with_amounts(history_of(ROWS), AMOUNTS) if history is None else history
    return measure_conversion(history, **{"as_of": AS_OF, "draws": 50, **options})


def row_of(conversion, stage, to, definition="any"):
    table = conversion.overall
    wanted = (table["stage"] == stage) & (table["to"] == to) & (table["definition"] == definition)
    (row,) = table[wanted].to_dict("records")
    return row


def test_counts_and_naive_shares_by_hand():
    row = row_of(measure(), "Lead", "won")
    assert [row[c] for c in ("entered", "converted", "lost", "still_open")] == [5, 2, 2, 1]
    assert row["share_of_all"] == pytest.approx(0.4)
    assert row["share_of_closed"] == pytest.approx(0.5)
    ends = (row["share_of_closed_low"], row["share_of_closed_high"])
    assert ends == pytest.approx(share_of(2, 4, level=0.8)[1:])


def test_both_definitions_side_by_side():
    conversion = measure()
    skipped, stayed = (row_of(conversion, "Proposal", "next", d) for d in ("passed_through_all", "any"))
    assert (skipped["entered"], skipped["converted"], skipped["lost"]) == (3, 2, 1)
    assert (stayed["entered"], stayed["converted"], stayed["lost"]) == (2, 1, 1)
    (row,) = conversion.definitions().query("stage == 'Proposal'").to_dict("records")
    assert (row["passed_through_all"], row["any"]) == (3, 2)
    assert "1 of 3 records never had a stay in the stage" in row["why"]
    assert "3 条记录中有 1 条" in conversion.definitions("zh").query("stage == 'Proposal'")["why"].item()


def test_shares_of_amounts_by_hand():
    row = row_of(measure(), "Lead", "won")
    assert row["amount_entered"] == 2000.0
    assert row["amount_share"] == pytest.approx(400 / 2000)
    assert row["amount_share_low"] < 0.2 < row["amount_share_high"]
    # The open one was followed for longer than both wins took, so that nothing was censored before them.
    assert row["amount_conversion"] == pytest.approx(0.2)


def test_an_open_record_is_neither_lost_nor_left_out():
    """Three waits: won on day 2, open since day 3, won on day 5: 1/3 + 2/3 x 1/1."""
    history = history_of(
        [("a", "Lead", 0.0), ("a", "won", 2.0), ("b", "Lead", 29.0), ("c", "Lead", 0.0), ("c", "won", 5.0)]
    )
    row = row_of(measure(history, horizon_days=5.0), "Lead", "won")
    assert row["conversion"] == pytest.approx(1 / 3 + 2 / 3)
    row = row_of(measure(history, horizon_days=4.0), "Lead", "won")
    assert row["conversion"] == pytest.approx(1 / 3)
    assert row["by_day"] == 4.0


def test_periods_count_the_moves_that_were_made_in_them():
    moves = measure(period="week").moves
    first = moves[moves["period_start"] == date(1969, 12, 29)].set_index("stage")
    # Days 0 to 3: a, b and c leave Lead forward, d is lost.
    assert first.loc["Lead", ["went_on", "fell_out", "moved_back"]].tolist() == [3, 1, 0]
    assert first.loc["Lead", "share_going_on"] == pytest.approx(0.75)
    assert first.loc["Lead", "amount_share"] == pytest.approx(800 / 1000)
    assert first["finished"].all()


def test_a_move_back_is_shown_and_counts_for_neither():
    history = history_of([("a", "Lead", 0.0), ("a", "Proposal", 1.0), ("a", "Lead", 2.0), ("a", "lost", 3.0)])
    moves = measure(history).moves.set_index("stage")
    assert moves.loc["Proposal", ["went_on", "fell_out", "moved_back"]].tolist() == [0, 0, 1]
    assert np.isnan(moves.loc["Proposal", "share_going_on"])


def test_the_last_month_is_not_finished():
    moves = measure(history_of([("a", "Lead", 0.0), ("a", "won", 33.0)]), as_of=date(1970, 2, 10)).moves
    assert not moves["finished"].any()


@pytest.fixture(scope="module")
def crm():
    return simulate_crm(plain_world(days=540, start=date(2024, 1, 1)), seed=4)


def test_the_truth_is_recovered_where_the_naive_shares_miss_it(crm):
    """Records of the last 90 days, half of whose closings lie after the export; the truth knows them all."""
    stays = crm.truth.stays
    recent = crm.truth.records[crm.truth.records["day"].between(450, 539)]
    ids = set(recent["record_id"])
    log = moves_of(crm).tables["stage_changes"]
    history = moves_of(crm).with_tables(stage_changes=log[log["record_id"].isin(ids)])
    first = crm.funnel.stages[0]
    row = row_of(measure_conversion(history, as_of=crm.as_of, draws=10), first, "next", "any")
    left = stays[stays["record_id"].isin(ids)].drop_duplicates("record_id")
    in_time = left["left_day"].ge(0) & (left["left_day"] - left["entered_day"] <= row["by_day"])
    truth = float(((left["event"] == 1) & in_time).mean())
    # Three standard errors of the truth's own sample and of the estimate.
    assert row["conversion"] == pytest.approx(truth, abs=0.04)
    assert row["share_of_all"] < truth - 0.02
    won = row_of(measure_conversion(history, as_of=crm.as_of, draws=10), first, "won", "any")
    assert won["immature"]
    assert won["share_of_all"] < 0.6 * recent["outcome"].eq("won").mean()


def test_old_cohorts_are_mature_and_the_last_are_not(crm):
    cohorts = measure_conversion(moves_of(crm), as_of=crm.as_of, draws=10).cohorts
    lead = cohorts[(cohorts["stage"] == crm.funnel.stages[0]) & (cohorts["to"] == "won")]
    lead = lead.sort_values("period_start")
    assert not lead["immature"].iloc[:12].any()
    assert lead["immature"].iloc[-2:].all()
    assert lead["immature"].is_monotonic_increasing


def test_groups_are_measured_apart():
    history = with_amounts(history_of(ROWS), AMOUNTS, owner=["Ann", "Ann", "李雷", "李雷", None])
    overall = measure(history, by="owner").overall
    assert list(overall["group"].unique()) == ["Ann", "unknown", "李雷"]
    won = overall[(overall["stage"] == "Lead") & (overall["to"] == "won") & (overall["definition"] == "any")]
    assert won.set_index("group")["converted"].to_dict() == {"Ann": 2, "unknown": 0, "李雷": 0}
    assert "None of 3 groups has enough data" in measure(history, by="owner").summary()


def test_the_same_seed_gives_the_same_and_another_another():
    one, same, other = (measure(seed=s).overall for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one["amount_share_low"].equals(other["amount_share_low"])


@settings(max_examples=30)
@given(log_rows())
def test_rows_recorded_later_change_nothing(rows):
    def frames(history, as_of):
        found = measure_conversion(history, as_of=as_of, draws=5, by="owner", period="week")
        return [found.overall, found.cohorts, found.moves]

    hold_no_look_ahead(rows, frames)


@settings(max_examples=30)
@given(log_rows())
def test_counts_add_up_and_chances_lie_in_their_intervals(rows):
    try:
        found = measure_conversion(history_of(rows), as_of=AS_OF, draws=5)
    except NotEnoughDataError:
        return
    for table in (found.overall, found.cohorts):
        assert (table["entered"] == table[["converted", "lost", "still_open"]].sum(axis=1)).all()
        known = table.dropna(subset="conversion")
        assert (known["low"] <= known["conversion"]).all() and (known["conversion"] <= known["high"]).all()
        assert known[["low", "high"]].to_numpy().min(initial=0) >= 0
        assert known[["low", "high"]].to_numpy().max(initial=1) <= 1
    assert found.cohorts["entered"].sum() == found.overall.query("definition == 'any'")["entered"].sum()


@edges
def test_small_logs_are_answered_in_both_languages(edge):
    found = measure(EDGES[edge])
    assert found.summary() and found.summary("zh")
    assert found.to_frame() is found.overall
    assert len(found.definitions()) == found.overall[["group", "stage"]].drop_duplicates().shape[0]


def test_too_few_wins_are_said_with_the_number_that_would_do():
    assert "Not enough data to rely on it: 2 won, 10 would do." in measure().summary()
    assert "数据不足" in measure().summary("zh")


def test_the_summary_says_what_is_won_and_where_it_leaks(crm):
    text = measure_conversion(moves_of(crm), as_of=crm.as_of, draws=10).summary()
    assert "of what comes in is won within" in text
    assert "Most fall out in Lead" in text
    assert "cohorts are immature" in text


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(InputError, match=r"grouped by 'onwer' \(did you mean 'owner'\?\)"):
        measure(by="onwer")
    with pytest.raises(InputError, match="horizon_days is 0"):
        measure(horizon_days=0)
    with pytest.raises(NotEnoughDataError, match="none of 1 records of funnel 'f' was ever seen in an open stage"):
        measure(NEVER_OPEN)
    with pytest.raises(AsOfError, match="the log is empty"):
        measure(History(tables={"stage_changes": stage_log([])}, funnels=(FUNNEL,)))
