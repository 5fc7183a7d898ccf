from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings

from funnelml.errors import AsOfError, ModelInputError
from funnelml.history.episodes import stage_episodes
from funnelml.history.snapshot import take_snapshot
from funnelml.schema import DAY
from funnelml.survival.evaluation.stay_outcomes import ENDED_BEFORE, FOLLOWED, UNKNOWN, stay_outcomes
from tests.logs import EPOCH, history_of, log_rows

MICRO = 1 / DAY


def day(k):
    return EPOCH + timedelta(days=k)


def open_on(history, k):
    snapshot = take_snapshot(history, as_of=day(k))
    return snapshot.open.assign(cut=snapshot.cut)


def followed(rows, *, seen, known, records=None, **settings):
    history = history_of(rows, **settings)
    asked = open_on(history, seen)
    if records is not None:
        asked = asked[asked["record_id"].isin(records)]
    told = stay_outcomes(stage_episodes(history, as_of=day(known)), asked)
    return told.table.set_index("record_id")


def test_the_running_stay_and_the_record_are_followed():
    rows = [("a", "Lead", 0), ("a", "Proposal", 12.5), ("a", "won", 20), ("b", "Lead", 2), ("b", "lost", 15)]
    rows += [("c", "Proposal", 5), ("d", "Proposal", 6), ("d", "Lead", 11)]
    table = followed(rows, seen=9, known=29)
    assert table["event"].to_dict() == {"a": 1, "b": 3, "c": 0, "d": 4}
    assert table["close_event"].to_dict() == {"a": 2, "b": 3, "c": 0, "d": 0}
    assert table["days"].tolist() == pytest.approx([2.5, 5, 20, 1], abs=2 * MICRO)
    assert table["close_days"].tolist() == pytest.approx([10, 5, 20, 20], abs=2 * MICRO)
    assert (table["found"] == FOLLOWED).all() and (table["followed_days"] == 20).all()


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_a_window_of_three_days_holds_what_comes_before_its_end(grain):
    """Seen at the end of day 9: the window of three days is days 10, 11 and 12."""
    rows = [("a", "Lead", 0), ("a", "won", 10), ("b", "Lead", 0), ("b", "won", 12), ("c", "Lead", 0), ("c", "won", 13)]
    table = followed(rows, seen=9, known=29, grain=grain)
    assert (table["days"] <= 3).tolist() == [True, True, False]
    assert (table["days"] > 0).all()
    assert table["days"].tolist() == pytest.approx([0, 2, 3], abs=2 * MICRO)


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_age_and_days_add_up_to_the_stay(grain):
    rows = [("a", "Lead", 3), ("a", "Proposal", 14), ("b", "Lead", 9)]
    history = history_of(rows, grain=grain)
    asked, later = open_on(history, 9), stage_episodes(history, as_of=day(20))
    told = stay_outcomes(later, asked).table
    first = later.table.drop_duplicates("record_id")["duration_days"].to_numpy()
    np.testing.assert_allclose(asked["age_days"] + told["days"], first, rtol=0, atol=0.1 * MICRO)


def test_an_end_dated_back_counts_on_day_zero():
    rows = [("a", "Lead", 0), ("a", "won", 8, 12), ("b", "Lead", 0), ("b", "Proposal", 7, 12), ("b", "lost", 15)]
    rows += [("c", "Lead", 0)]
    table = followed(rows, seen=9, known=29)
    assert table["found"].tolist() == [ENDED_BEFORE, ENDED_BEFORE, FOLLOWED]
    assert table["event"].tolist() == [2, 1, 0]
    assert table["days"].tolist() == [0, 0, 20]
    assert table["close_event"].tolist() == [2, 3, 0]
    assert table["close_days"].tolist() == pytest.approx([0, 5, 20], abs=2 * MICRO)


def test_a_corrected_beginning_changes_nothing():
    """The record was in the stage at the cut by what was known then and by what is known now."""
    rows = [("a", "Lead", 0), ("a", "Proposal", 6), ("a", "Proposal", 4, 12), ("a", "won", 14)]
    table = followed(rows, seen=9, known=29)
    assert table.loc["a", ["found", "event"]].tolist() == [FOLLOWED, 2]
    assert table.loc["a", "days"] == pytest.approx(4, abs=2 * MICRO)


def test_a_stage_left_and_entered_again_before_the_cut_is_still_that_stage():
    rows = [("a", "Lead", 0), ("a", "Proposal", 5, 12), ("a", "Lead", 8, 12), ("a", "lost", 13)]
    table = followed(rows, seen=9, known=29)
    assert table.loc["a", ["found", "event"]].tolist() == [FOLLOWED, 3]


def test_a_reopened_record_is_followed_to_its_next_closing():
    rows = [
        ("a", "Lead", 0),
        ("a", "lost", 3),
        ("a", "Lead", 6),
        ("a", "won", 12),
        ("a", "Lead", 14),
        ("a", "lost", 16),
    ]
    table = followed(rows, seen=9, known=29)
    assert table.loc["a", ["event", "close_event"]].tolist() == [2, 2]
    assert table.loc["a", "days"] == pytest.approx(2, abs=2 * MICRO)


def test_what_is_in_the_log_no_more_is_censored_at_once():
    history = history_of([("a", "Lead", 0), ("b", "Lead", 0), ("b", "won", 12)])
    asked = open_on(history, 9)
    later = stage_episodes(history_of([("b", "Lead", 0), ("b", "won", 12)]), as_of=day(29))
    told = stay_outcomes(later, asked)
    assert told.table.loc[0, ["found", "days", "event", "close_days", "close_event"]].tolist() == [UNKNOWN, 0, 0, 0, 0]
    assert told.summary() == (
        "1 of 2 running stays have ended since. 1 are in the log no more: nothing is counted of them."
    )
    assert told.summary("zh") == "2 个进行中的停留里，1 个此后已结束。另有 1 个已不在日志中，不计入。"


def test_the_summary_counts_what_was_dated_back():
    history = history_of([("a", "Lead", 0), ("a", "won", 8, 12), ("b", "Lead", 1)])
    told = stay_outcomes(stage_episodes(history, as_of=day(29)), open_on(history, 9))
    assert told.summary() == (
        "1 of 2 running stays have ended since. 1 had ended before, which was recorded later: they count on day 0."
    )
    assert (
        told.summary("zh") == "2 个进行中的停留里，1 个此后已结束。其中 1 个其实更早已结束、事后才补录，按第 0 天计。"
    )


@given(log_rows())
@settings(max_examples=20)
def test_every_open_record_has_one_outcome_that_follows_the_later_log(rows):
    history = history_of(rows)
    assume(any(entered <= 9 and recorded <= 9 for _, _, entered, recorded in rows))
    asked = open_on(history, 9)
    assume(len(asked))
    later = stage_episodes(history, as_of=day(25))
    told = stay_outcomes(later, asked).table
    assert told["record_id"].tolist() == asked["record_id"].tolist()
    # Nothing of an append-only log vanishes.
    assert told["found"].isin([FOLLOWED, ENDED_BEFORE]).all()
    cut = int(asked["cut"].iloc[0])
    for row in told.itertuples():
        own = later.table[later.table["record_id"] == row.record_id]
        end = own["entered_at"] + np.rint(own["duration_days"] * DAY).astype("int64")
        runs = own[(own["entered_at"] < cut) & (end >= cut) & (own["stage"] == row.stage)]
        assert (row.found == FOLLOWED) == (len(runs) == 1)
        if len(runs):
            assert row.event == runs["event"].iloc[0]
            assert row.days == pytest.approx((end[runs.index[0]] + 1 - cut) / DAY, abs=MICRO / 2)
        else:
            assert row.days == 0 and row.event > 0
        assert 0 <= row.close_days <= row.followed_days and 0 <= row.days <= row.followed_days


def test_the_order_of_the_open_records_does_not_matter():
    history = history_of(
        [("a", "Lead", 0), ("a", "won", 12), ("b", "Lead", 1), ("c", "Proposal", 2), ("c", "lost", 11)]
    )
    asked, later = open_on(history, 9), stage_episodes(history, as_of=day(29))
    one = stay_outcomes(later, asked).table.set_index("record_id")
    other = stay_outcomes(later, asked.iloc[::-1]).table.set_index("record_id")
    pd.testing.assert_frame_equal(one, other.loc[one.index])


def test_what_cannot_be_followed_is_refused_in_words():
    history = history_of([("a", "Lead", 0), ("b", "Lead", 0)])
    asked, later = open_on(history, 9), stage_episodes(history, as_of=day(29))
    with pytest.raises(
        ModelInputError, match=r"open_records have no column 'cut'.*; they need record_id, stage and cut"
    ):
        stay_outcomes(later, asked.drop(columns="cut"))
    with pytest.raises(ModelInputError, match=r"no column 'stage' \(did you mean 'Stage'\?\)"):
        stay_outcomes(later, asked.rename(columns={"stage": "Stage"}))
    with pytest.raises(ModelInputError, match="1 open_records have no record_id"):
        stay_outcomes(later, asked.assign(record_id=["a", None]))
    with pytest.raises(AsOfError, match="2 of 2 records were looked at after 1970-01-06, the last day"):
        stay_outcomes(stage_episodes(history, as_of=date(1970, 1, 6)), asked)
