"""The way of every record: skips, late entries, moves back and re-openings, by the written rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from funnelml.diagnostics.conversion.paths import DEFINITIONS, PATH_RULES, trace_paths
from funnelml.history.episodes import stage_episodes
from tests.diagnostics.small_logs import AS_OF, hold_no_look_ahead
from tests.logs import FUNNEL, history_of, log_rows


def trace(*rows):
    return trace_paths(stage_episodes(history_of(rows), as_of=AS_OF))


def stands(paths, stage, definition):
    """The waits in a stage: record, days and event to the next stage, days and event to the win."""
    table = paths.table[(paths.table["stage"] == stage) & (paths.table["definition"] == definition)]
    columns = ["record_id", "next_days", "next_event", "won_days", "won_event"]
    return [tuple(row) for row in table[columns].itertuples(index=False)]


def test_a_plain_way_is_the_same_by_both_definitions():
    paths = trace(("a", "Lead", 0.0), ("a", "Proposal", 2.0), ("a", "Closing", 5.0), ("a", "won", 9.0))
    for definition in DEFINITIONS:
        assert stands(paths, "Lead", definition) == [("a", 2.0, 1, 9.0, 1)]
        assert stands(paths, "Proposal", definition) == [("a", 3.0, 1, 7.0, 1)]
        assert stands(paths, "Closing", definition) == [("a", 4.0, 1, 4.0, 1)]


def test_a_skipped_stage_counts_in_passed_through_all_only_with_a_wait_of_zero():
    paths = trace(("a", "Lead", 0.0), ("a", "Closing", 5.0), ("a", "lost", 6.0))
    assert stands(paths, "Proposal", "any") == []
    assert stands(paths, "Proposal", "passed_through_all") == [("a", 0.0, 1, 1.0, 2)]


def test_a_win_passes_through_all_stages_after_the_last_one():
    paths = trace(("a", "Lead", 0.0), ("a", "won", 4.0))
    assert stands(paths, "Closing", "passed_through_all") == [("a", 0.0, 1, 0.0, 1)]
    assert stands(paths, "Lead", "any") == [("a", 4.0, 1, 4.0, 1)]


def test_a_loss_passes_through_nothing():
    paths = trace(("a", "Lead", 0.0), ("a", "lost", 4.0))
    assert stands(paths, "Proposal", "passed_through_all") == []
    assert stands(paths, "Lead", "any") == [("a", 4.0, 2, 4.0, 2)]


def test_a_late_entry_counts_for_the_stages_before_in_passed_through_all_only():
    paths = trace(("a", "Closing", 3.0), ("a", "won", 4.0))
    assert stands(paths, "Lead", "any") == []
    assert stands(paths, "Lead", "passed_through_all") == [("a", 0.0, 1, 1.0, 1)]


def test_a_move_back_undoes_nothing():
    paths = trace(("a", "Lead", 0.0), ("a", "Proposal", 2.0), ("a", "Lead", 3.0), ("a", "lost", 9.0))
    for definition in DEFINITIONS:
        assert stands(paths, "Lead", definition) == [("a", 2.0, 1, 9.0, 2)]
        assert stands(paths, "Proposal", definition) == [("a", 7.0, 2, 7.0, 2)]


def test_a_stage_first_visited_by_a_move_back_is_left_only_by_going_on_again():
    paths = trace(("a", "Proposal", 0.0), ("a", "Lead", 3.0), ("a", "lost", 9.0))
    assert stands(paths, "Lead", "any") == [("a", 6.0, 2, 6.0, 2)]
    assert stands(paths, "Lead", "passed_through_all") == [("a", 0.0, 1, 9.0, 2)]


def test_a_reopened_record_makes_a_new_pass():
    paths = trace(("a", "Lead", 0.0), ("a", "lost", 1.0), ("a", "Proposal", 4.0), ("a", "won", 6.0))
    assert paths.passes["event"].tolist() == [3, 2]
    assert stands(paths, "Lead", "any") == [("a", 1.0, 2, 1.0, 2)]
    assert stands(paths, "Proposal", "any") == [("a", 2.0, 1, 2.0, 1)]


def test_an_open_record_is_followed_to_the_last_known_microsecond():
    paths = trace(("a", "Lead", 2.0))
    ((_, days, event, _, _),) = stands(paths, "Lead", "any")
    assert event == 0
    assert days == pytest.approx(30.0, abs=1e-6) and days < 30.0


@settings(max_examples=40)
@given(log_rows())
def test_passed_through_all_narrows_and_holds_all_that_had_a_stay(rows):
    history = history_of(rows)
    table = trace_paths(stage_episodes(history, as_of=AS_OF)).table
    through, any_ = (table[table["definition"] == d].groupby("rank")["pass_id"].agg(set) for d in DEFINITIONS)
    for rank in range(len(FUNNEL.stages)):
        assert any_.get(rank, set()) <= through.get(rank, set())
        assert through.get(rank + 1, set()) <= through.get(rank, set())
    assert not table.duplicated(["pass_id", "rank", "definition"]).any()


@settings(max_examples=40)
@given(log_rows())
def test_waits_are_in_order(rows):
    table = trace_paths(stage_episodes(history_of(rows), as_of=AS_OF)).table
    assert (table["next_days"] >= 0).all()
    assert (table["next_days"] <= table["won_days"] + 1e-9).all()
    assert (table["won_days"] <= table["followable_days"] + 1e-9).all()
    # Who is won has gone on from every stage.
    assert (table.loc[table["won_event"] == 1, "next_event"] == 1).all()
    assert np.isin(table[["next_event", "won_event"]], (0, 1, 2)).all()


@settings(max_examples=40)
@given(log_rows())
def test_rows_recorded_later_change_nothing(rows):
    def frames(history, as_of):
        paths = trace_paths(stage_episodes(history, as_of=as_of))
        return [paths.to_frame(), paths.passes]

    hold_no_look_ahead(rows, frames)


def test_no_stay_makes_empty_tables():
    assert trace(("a", "won", 0.0)).table.empty


def test_the_rules_are_told_in_both_languages():
    paths = trace(("a", "Lead", 0.0))
    assert "Re-opening" in paths.summary()
    assert "重新打开" in paths.summary("zh")
    assert len(PATH_RULES["en"]) == len(PATH_RULES["zh"])
