"""Rows to learn from: labels by their window, landmarks dropped by their date, and the loans counted by other means."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funnelml.errors import AsOfError, FunnelError, NotEnoughDataError
from funnelml.history.dates import cut_of, instant_of
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.landmarks import age_landmarks, date_landmarks
from funnelml.schema import DAY
from funnelml.scoring.monitoring.past_scores import score_past
from funnelml.scoring.training_rows import (
    default_landmarks,
    find_conversions,
    outcomes_known_until,
    scoring_rows,
    training_rows,
)
from tests.logs import EPOCH, STAGES, history_of, log_rows, stage_log


def day(n: int):
    return EPOCH + timedelta(days=n)


def labels_of(rows):
    return dict(zip(zip(rows.record_id, rows.at // DAY - 1, strict=True), rows.label, strict=True))


WINS = [
    ("early", "Lead", 0),
    ("early", "won", 11),
    ("late", "Lead", 0),
    ("late", "won", 16),
    ("end", "Lead", 0),
    ("end", "won", 21),
    ("lost", "Lead", 0),
    ("lost", "lost", 13),
    ("open", "Lead", 0),
]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_a_label_is_a_win_within_the_window(engine):
    history = history_of(WINS, engine=engine)
    looked = date_landmarks(history, as_of_dates=[day(10), day(15)])
    rows = training_rows(history, as_of=day(30), horizon_days=5, landmarks=looked)
    # The window of the landmark at the end of day 10 holds days 11 to 15; a win at the very start of day 21 is outside
    # that of day 15, which ends there.
    assert labels_of(rows) == {
        ("early", 10): 1,
        ("end", 10): 0,
        ("late", 10): 0,
        ("lost", 10): 0,
        ("open", 10): 0,
        ("end", 15): 0,
        ("late", 15): 1,
        ("open", 15): 0,
    }
    assert rows.outcome == "won within 5 days" and rows.positives == 2 and rows.dropped == {}
    assert (rows.known_at - rows.at).tolist() == [5 * DAY] * 8


def test_landmarks_are_dropped_by_date_and_counted():
    history = history_of(WINS)
    looked = date_landmarks(history, as_of_dates=[day(10), day(15)])
    rows = training_rows(history, as_of=day(19), horizon_days=5, landmarks=looked)
    # All three of day 15, the one that was won too: its window ends on day 20.
    told = "the outcome of the landmark was not known by 1970-01-20, since the log ends on 1970-01-17, 3 days before"
    assert set(rows.at) == {11 * DAY} and rows.dropped == {told: 3}
    # On day 20 the log has no row of that day yet; one on day 21 says that it was over.
    assert len(training_rows(history, as_of=day(20), horizon_days=5, landmarks=looked)) == 5
    assert len(training_rows(history, as_of=day(21), horizon_days=5, landmarks=looked)) == 8


def test_what_an_old_log_does_not_tell_is_not_taken_as_lost():
    rng = np.random.default_rng(0)
    rows = []
    for k, start in enumerate(rng.uniform(0, 390, 300)):
        end = start + rng.exponential(30)
        rows += [(f"r{k}", "Lead", start)]
        rows += [(f"r{k}", "won" if k % 2 else "lost", end)] if end < 400 else []
    history = history_of(rows)
    told = [training_rows(history, as_of=day(399 + late), horizon_days=28) for late in (0, 91)]
    pd.testing.assert_frame_equal(told[0].features, told[1].features)
    np.testing.assert_array_equal(told[0].label, told[1].label)
    newest = told[1].at >= np.quantile(told[1].at, 0.8)
    assert told[1].label[newest].mean() > 0.5 * told[1].label.mean()
    assert outcomes_known_until(history, as_of=day(489)) == outcomes_known_until(history, as_of=day(399)) == day(398)
    looked = date_landmarks(history, as_of_dates=[day(300), day(380)])
    dropped = training_rows(history, as_of=day(489), horizon_days=28, landmarks=looked).dropped
    assert list(dropped) == [
        "the outcome of the landmark was not known by 1971-05-05, since the log ends on 1971-02-04, 90 days before"
    ]


def test_a_label_waits_until_most_wins_are_recorded():
    # Of a hundred wins one was recorded eight days late, the others two.
    wins = [(f"r{k}", "won", 1 + k / 5, 1 + k / 5 + (8 if k == 3 else 2)) for k in range(100)]
    history = history_of([*[(f"r{k}", "Lead", 0) for k in range(100)], ("x", "Lead", 0), *wins, ("x", "Proposal", 33)])
    looked = date_landmarks(history, as_of_dates=[day(25), day(26)])
    rows = training_rows(history, as_of=day(33), horizon_days=5, landmarks=looked)
    assert set(rows.at) == {26 * DAY} and set(rows.known_at - rows.at) == {7 * DAY}
    assert rows.dropped == {"the outcome of the landmark was not known by 1970-02-03": 1}
    # It waits for no longer than the horizon is.
    short = training_rows(history, as_of=day(33), horizon_days=1, landmarks=looked)
    assert set(short.known_at - short.at) == {2 * DAY}


@pytest.mark.parametrize(("recorded", "label"), [(20, 1), (21, 0), (25, 0)])
def test_a_win_that_was_recorded_after_the_label_was_known_is_none(recorded, label):
    # Its own lag is the only one: more than the horizon, so the label is known on day 11 + 5 + 5.
    rows = [("a", "Lead", 0), ("a", "won", 12, recorded), ("b", "Lead", 0), ("b", "lost", 40)]
    looked = date_landmarks(history_of(rows), as_of_dates=[day(10)])
    told = training_rows(history_of(rows), as_of=day(60), horizon_days=5, landmarks=looked)
    assert labels_of(told) == {("a", 10): label, ("b", 10): 0} and set(told.known_at) == {21 * DAY}


def test_a_record_that_is_won_again_counts_in_its_own_window():
    history = history_of(
        [("a", "Lead", 0), ("a", "won", 5), ("a", "Proposal", 10), ("a", "won", 30), ("b", "Lead", 60)]
    )
    looked = date_landmarks(history, as_of_dates=[day(20)])
    assert training_rows(history, as_of=day(90), horizon_days=28, landmarks=looked).label.tolist() == [1]
    won = find_conversions(history, as_of=day(90))
    assert won.to_dict("list") == {"record_id": ["a", "a"], "converted_on": [day(5), day(30)]}
    told = pd.DataFrame({"record_id": ["a"], "as_of": [day(20)], "probability": [0.5], "grade": ["Hot"]})
    past = score_past(told, won, as_of=outcomes_known_until(history, as_of=day(90)), horizon_days=28)
    assert past.by_grade["converted"].sum() == 1


def test_a_log_of_days_counts_days_of_the_calendar():
    # The clocks go forward in the night to the 29th of March 2026.
    days = [("a", "Lead", date(2026, 3, 1)), ("a", "won", date(2026, 4, 13)), ("b", "Lead", date(2026, 5, 1))]
    days += [("c", "Lead", date(2026, 3, 1)), ("c", "won", date(2026, 4, 12))]
    log = stage_log([(record, stage, 0) for record, stage, _ in days])
    log["entered_at"] = log["recorded_at"] = [instant_of(on, "Europe/Berlin") for *_, on in days]
    zone = {"time_zone": "Europe/Berlin", "grain": "day"}
    history = History(tables={"stage_changes": log}, funnels=history_of(WINS).funnels, **zone)
    looked = date_landmarks(history, as_of_dates=[date(2026, 3, 15)])
    rows = training_rows(history, as_of=date(2026, 6, 1), horizon_days=28, landmarks=looked)
    assert dict(zip(rows.record_id, rows.label, strict=True)) == {"a": 0, "c": 1}
    assert set(rows.known_at) == {instant_of(date(2026, 4, 13), "Europe/Berlin")}


def test_an_outcome_may_be_a_stage_reached_or_passed():
    rows = [
        ("reaches", "Lead", 0),
        ("reaches", "Proposal", 12),
        ("passes", "Lead", 0),
        ("passes", "Closing", 12),
        ("wins", "Lead", 0),
        ("wins", "won", 12),
        ("fails", "Lead", 0),
        ("fails", "lost", 12),
        ("there", "Proposal", 0),
        ("there", "Closing", 12),
        ("back", "Proposal", 0),
        ("back", "Lead", 5),
        ("back", "Proposal", 13),
        ("later", "Lead", 20),
    ]
    history = history_of(rows)
    looked = date_landmarks(history, as_of_dates=[day(10)])
    told = training_rows(history, as_of=day(30), horizon_days=5, landmarks=looked, outcome="Proposal")
    assert labels_of(told) == {(r, 10): float(r != "fails") for r in ("back", "fails", "passes", "reaches", "wins")}
    assert (
        told.dropped == {"Proposal or beyond at the landmark": 1} and told.outcome == "reached Proposal within 5 days"
    )
    still = scoring_rows(history, as_of=day(10), horizon_days=5, outcome="Proposal")
    assert sorted(still.record_id) == ["back", "fails", "passes", "reaches", "wins"]
    assert still.dropped == {"Proposal or beyond at the landmark": 1} and still.label is None


def test_closed_records_among_the_landmarks_are_dropped():
    moments = pd.DataFrame({"record_id": ["early", "open"], "cut": 15 * DAY})
    rows = training_rows(history_of(WINS), as_of=day(30), horizon_days=5, landmarks=moments)
    assert rows.record_id.tolist() == ["open"] and rows.dropped == {"closed at the landmark": 1}


def test_rows_to_score_are_the_open_records_in_the_same_columns():
    history = history_of(WINS, [("open", 0, 5.0), ("open", 12, 7.0)])
    rows = scoring_rows(history, as_of=day(15), horizon_days=1)
    assert rows.record_id.tolist() == ["end", "late", "open"] and set(rows.at) == {16 * DAY}
    assert rows.label is None and rows.known_at is None and rows.outcome == "won within 1 day"
    looked = date_landmarks(history, as_of_dates=[day(3)])
    learned = training_rows(history, as_of=day(15), horizon_days=1, landmarks=looked)
    # The amount has its log only from day 12 on, which was known on day 15.
    assert list(rows.features) == list(learned.features) and "amount_change" in rows.features


def test_looking_back_undoes_what_was_written_over_since_and_no_more():
    # The table has the amounts of today; that of a was set to 9999 when it was won, on day 50.
    stages = [("a", "Lead", 0), ("a", "won", 50), ("b", "Lead", 0), ("b", "Proposal", 3)]
    amounts = [("b", 5, "80", "100"), ("b", 51, "100", "300"), ("a", 50, "500", "9999")]
    log = pd.DataFrame(amounts, columns=["record_id", "day", "old", "new"]).astype({"old": object, "new": object})
    at = log.pop("day") * DAY
    log = log.assign(funnel="f", field="amount", changed_at=at, recorded_at=at)
    closing = log.iloc[[2]].assign(field="next step", old=None, new="invoice")
    table = pd.DataFrame({"funnel": "f", "opportunity_id": ["a", "b"], "created_at": 0, "recorded_at": 0})
    history = history_of(stages).with_tables(
        opportunities=table.assign(amount=[9999.0, 300.0]),
        field_changes=pd.concat([log, closing], ignore_index=True),
    )
    back = scoring_rows(history, as_of=day(20), horizon_days=5, known_on=day(100))
    assert back.features["amount"].tolist() == [500, 100] and back.features["stage"].tolist() == ["Lead", "Proposal"]
    # A field that was logged only later is a column all the same, an empty one.
    assert back.features["field:next step"].isna().all()
    looked = date_landmarks(history, as_of_dates=[day(20)])
    learned = training_rows(history, as_of=day(100), horizon_days=5, landmarks=looked)
    pd.testing.assert_frame_equal(back.features, learned.features)
    with pytest.raises(AsOfError, match="known_on 1970-01-20 is before as_of 1970-01-21"):
        scoring_rows(history, as_of=day(20), horizon_days=5, known_on=day(19))


def test_where_nothing_is_open_there_is_nothing_to_score():
    rows = scoring_rows(history_of([("a", "Lead", 0), ("a", "won", 2)]), as_of=day(5), horizon_days=5)
    assert len(rows) == 0 and "age_days" in rows.features and rows.at.dtype == np.int64
    assert len(scoring_rows(history_of([("a", "Lead", 9)]), as_of=day(5), horizon_days=5)) == 0


def test_what_was_left_out_and_assumed_is_told():
    opportunities = pd.DataFrame(
        {"funnel": "f", "opportunity_id": ["open"], "created_at": 0, "recorded_at": 0, "owner": "Ann", "source": "官网"}
    ).assign(lead_id="l")
    history = history_of(WINS).with_tables(opportunities=opportunities)
    for rows in (
        training_rows(history, as_of=day(30), horizon_days=5),
        scoring_rows(history, as_of=day(10), horizon_days=5),
    ):
        assert list(rows.left_out) == ["owner"] and rows.assumed == ("source",)
    trusted = scoring_rows(history, as_of=day(10), horizon_days=5, trusted=("owner",))
    assert trusted.assumed == ("owner", "source") and "owner_win_rate" in trusted.features


def test_without_landmarks_the_default_ones_are_taken():
    rows = training_rows(history_of(WINS), as_of=day(30), horizon_days=5)
    # The log ends on day 21, so that windows may begin by day 15; day 9 is the last of the as-of date's weekday.
    assert sorted(set(rows.at)) == [(n + 1) * DAY for n in (2, 9)]
    assert default_landmarks(history_of(WINS), as_of=day(30), horizon_days=5) == (day(2), day(9))


@pytest.mark.parametrize(
    ("days", "count", "apart"), [(6, 1, 0), (40, 5, 7), (312, 26, 7), (340, 12, 28), (2000, 26, 28)]
)
def test_default_landmarks_lie_four_weeks_or_one_apart(days, count, apart):
    # The log goes on to the last microsecond of the as-of date.
    history = history_of([("a", "Lead", 0), ("b", "Lead", days + 1 - 1 / DAY)])
    dates = default_landmarks(history, as_of=day(days), horizon_days=5)
    # Seven days before, on the same weekday; a log that is shorter has its first day.
    assert len(dates) == count and dates[-1] == day(max(days - 7, 0))
    assert {(b - a).days for a, b in pairwise(dates)} == ({apart} if apart else set())


def test_default_landmarks_keep_their_window_over_a_change_of_clocks():
    def last(as_of, grain):
        rows = stage_log([("a", "Lead", 0), ("b", "Lead", 0)])
        rows.loc[1, ["entered_at", "recorded_at"]] = cut_of(as_of, "Europe/Berlin") - 1
        zone = {"time_zone": "Europe/Berlin", "grain": grain}
        history = History(tables={"stage_changes": rows}, funnels=history_of(WINS).funnels, **zone)
        return default_landmarks(history, as_of=as_of, horizon_days=7)[-1]

    # A week of the last days of March has an hour less than seven times 24, but seven days.
    # So the Tuesday a week before is one landmark too late in a log of instants.
    assert last(date(2024, 4, 2), "instant") == date(2024, 3, 26) - timedelta(days=7)
    assert last(date(2024, 4, 2), "day") == date(2024, 3, 26)
    assert last(date(2024, 4, 8), "instant") == last(date(2024, 4, 8), "day") == date(2024, 4, 1)


def test_too_little_is_said_with_what_would_do():
    with pytest.raises(
        NotEnoughDataError,
        match=r"no outcome is known by 1970-01-04, since the log ends on 1970-01-01, 3 days before: the first landmark "
        "is 1970-01-01 and needs 5.0 days",
    ):
        training_rows(history_of(WINS), as_of=day(3), horizon_days=5)
    with pytest.raises(NotEnoughDataError, match="a log that goes on to 1970-01-07 or later would do, or a "):
        training_rows(history_of(WINS), as_of=day(3), horizon_days=5)
    longer = history_of([*WINS, ("new", "Lead", 6)])
    assert len(training_rows(longer, as_of=date(1970, 1, 7), horizon_days=5)) == 5
    looked = date_landmarks(history_of(WINS), as_of_dates=[day(9)])
    with pytest.raises(NotEnoughDataError, match=r"the first landmark is 1970-01-10 and needs 5\.0 days"):
        training_rows(history_of(WINS), as_of=day(10), horizon_days=5, landmarks=looked)


def test_no_landmark_at_all_is_said():
    none = date_landmarks(history_of(WINS), as_of_dates=[day(9)]).iloc[:0]
    with pytest.raises(NotEnoughDataError, match="no record was open at the landmarks"):
        training_rows(history_of(WINS), as_of=day(30), horizon_days=5, landmarks=none)


def test_an_outcome_that_is_none_is_said():
    with pytest.raises(FunnelError, match=r"no outcome 'Closng' \(did you mean 'Closing'\?\); there are Proposal"):
        training_rows(history_of(WINS), as_of=day(30), horizon_days=5, outcome="Closng")
    with pytest.raises(FunnelError, match="no outcome 'lost'"):
        scoring_rows(history_of(WINS), as_of=day(30), horizon_days=5, outcome="lost")
    with pytest.raises(AsOfError, match="a horizon of 0 days is too short"):
        training_rows(history_of(WINS), as_of=day(30), horizon_days=0)


@given(
    rows=log_rows(),
    as_of=st.integers(8, 22),
    later=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(STAGES), st.integers(0, 30), st.integers(0, 9))),
)
@settings(max_examples=25)
def test_rows_recorded_after_the_as_of_date_change_nothing(rows, as_of, later):
    # The last row tells that the log was kept until the as-of date.
    history = history_of([("r0", "Lead", 0.0, 0.0), ("r9", "Lead", 0.0, 0.0), *rows, ("r8", "Lead", 0.0, float(as_of))])
    moved = stage_log([(f"r{r}", stage, float(at), float(as_of + 1 + lag)) for r, stage, at, lag in later])
    both = pd.concat([history.tables["stage_changes"], moved], ignore_index=True)
    told = [
        training_rows(h, as_of=day(as_of), horizon_days=2) for h in (history, history.with_tables(stage_changes=both))
    ]
    pd.testing.assert_frame_equal(told[0].features, told[1].features)
    for name in ("label", "at", "known_at", "record_id"):
        np.testing.assert_array_equal(getattr(told[0], name), getattr(told[1], name))
    assert told[0].dropped == told[1].dropped


@given(rows=log_rows(), at=st.integers(1, 15), horizon=st.integers(1, 6))
@settings(max_examples=20)
def test_a_label_is_what_a_walk_through_the_rows_recorded_by_then_finds(rows, at, horizon):
    rows = [("r0", "Lead", 0.0, 0.0), *rows, ("r9", "Lead", 89.0, 89.0)]
    looked = date_landmarks(history_of(rows), as_of_dates=[day(at)])
    assume(len(looked))
    told = training_rows(history_of(rows), as_of=day(90), horizon_days=horizon, landmarks=looked)
    for record, label, known_at in zip(told.record_id, told.label, told.known_at, strict=True):
        own = [row for row in rows if row[0] == record and row[3] < known_at / DAY]
        own.sort(key=lambda row: (row[2], row[3], STAGES.index(row[1])))
        before = [None, *(row[1] for row in own)]
        moves = [row[2] for row, last in zip(own, before, strict=False) if row[1] == "won" != last]
        assert label == any(at + 1 <= when < at + 1 + horizon for when in moves)
        assert horizon <= (known_at - told.at[0]) / DAY <= 2 * horizon


def counted_loans(real_data):
    """Rows and wins of each age and set, from the raw log by a plain loop: sets are by the month of the start."""
    raw = pd.read_csv(real_data / "loan_applications_2012_A.csv.gz")
    raw["at"] = pd.to_datetime(raw["time:timestamp"], format="ISO8601", utc=True)
    raw = raw.sort_values("at", kind="stable")
    won, ends = {"A_APPROVED", "A_REGISTERED", "A_ACTIVATED"}, {"A_DECLINED", "A_CANCELLED"}
    ends |= won
    counts = {}
    for _, case in raw.groupby("case:concept:name"):
        start = case["at"].min()
        month = start.tz_convert("Europe/Amsterdam").strftime("%Y-%m")
        which = "test" if month == "2011-11" else "train" if month <= "2011-10" else None
        closed = case.loc[case["concept:name"].isin(ends), "at"].min()
        wins = case.loc[case["concept:name"].isin(won), "at"]
        for age in (1, 7, 14):
            cut = start + pd.Timedelta(days=age)
            if which is None or closed < cut:
                continue
            label = bool(((wins >= cut) & (wins < cut + pd.Timedelta(days=28))).any())
            n, k = counts.get((which, age), (0, 0))
            counts[which, age] = (n + 1, k + label)
    return counts


@pytest.mark.realdata
def test_the_loans_are_what_a_plain_loop_counts(real_data):
    raw = pd.read_csv(real_data / "loan_applications_2012_A.csv.gz")
    at = pd.to_datetime(raw["time:timestamp"], format="ISO8601", utc=True).dt.as_unit("us").astype("int64")
    won, lost = ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED"), ("A_DECLINED", "A_CANCELLED")
    stages = ("A_SUBMITTED", "A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED")
    funnel = Funnel(name="loans", stages=stages, won=won, lost=lost)
    log = pd.DataFrame(
        {
            "funnel": "loans",
            "record_id": raw["case:concept:name"].astype(str),
            "stage": raw["concept:name"].map(funnel.canonical),
            "entered_at": at,
            "recorded_at": at,
        }
    )
    history = History(tables={"stage_changes": log}, funnels=(funnel,), time_zone="Europe/Amsterdam")
    as_of, counts = date(2012, 1, 15), {}
    for which, span in (
        ("train", {"started_to": date(2011, 10, 31)}),
        ("test", {"started_from": date(2011, 11, 1), "started_to": date(2011, 11, 30)}),
    ):
        looked = age_landmarks(history, ages_days=[1, 7, 14], as_of=as_of, **span)
        rows = training_rows(history, as_of=as_of, horizon_days=28, landmarks=looked)
        assert rows.dropped == {}
        age = np.rint(rows.features["age_days"].to_numpy())
        for days in (1, 7, 14):
            counts[which, days] = (int((age == days).sum()), int(rows.label[age == days].sum()))
    assert counts == counted_loans(real_data)
    # What a score for these three ages is measured on.
    assert [counts["test", days] for days in (1, 7, 14)] == [(1_250, 404), (1_063, 407), (650, 213)]
