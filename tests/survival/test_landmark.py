"""Landmark incidence: the fixture of the slip that costs most, a plain estimate, and laws."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.snapshot import take_snapshot
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.landmark import LEAST_AT_RISK, landmark_incidence
from tests.logs import EPOCH, history_of, log_rows


def landmark(rows, as_of, horizons, **settings_):
    history = history_of(rows, **settings_)
    day = EPOCH + timedelta(days=as_of)
    episodes = stage_episodes(history, as_of=day)
    records = take_snapshot(history, as_of=day).open
    return episodes, records, landmark_incidence(episodes, records, np.asarray(horizons, dtype=float))


def test_at_risk_is_longer_than_the_age_not_as_long():
    """Five won on day 3, five lost on day 5, one open at age 3: it outlasted the winners, so its chance is 0.

    Counting those with a stay of *at least* 3 days would give 0.45 (with the open record at risk).
    """
    past = [(f"w{i}", "Lead", 0) for i in range(5)] + [(f"w{i}", "won", 3) for i in range(5)]
    past += [(f"l{i}", "Lead", 0) for i in range(5)] + [(f"l{i}", "lost", 5) for i in range(5)]
    _, records, answer = landmark([*past, ("x", "Lead", 17)], 20, [7.0])
    assert records["record_id"].tolist() == ["x"]
    assert answer.won.tolist() == [[0.0]]
    assert answer.at_risk.tolist() == [5]


def test_one_day_younger_it_could_still_be_among_the_winners():
    past = [(f"w{i}", "Lead", 0) for i in range(5)] + [(f"w{i}", "won", 3) for i in range(5)]
    past += [(f"l{i}", "Lead", 0) for i in range(5)] + [(f"l{i}", "lost", 5) for i in range(5)]
    _, _, answer = landmark([*past, ("x", "Lead", 18)], 20, [1.0, 7.0])
    # The horizon's first day is day 21, on which the record reaches age 3.
    assert answer.won.tolist() == [[0.5, 0.5]]


def test_those_who_moved_on_do_not_count():
    """Ten fast records moved on and won; ten slow ones sat and lost. Who still sits is like the slow ones."""
    rows = []
    for i in range(10):
        rows += [(f"f{i}", "Lead", 0), (f"f{i}", "Proposal", 1), (f"f{i}", "won", 6)]
        rows += [(f"s{i}", "Lead", 0), (f"s{i}", "lost", 8)]
    _, _, answer = landmark([*rows, ("x", "Lead", 12)], 15, [20.0])
    assert answer.won.tolist() == [[0.0]]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
@given(rows=log_rows(records=12, most=60), as_of=st.integers(min_value=4, max_value=25))
@settings(max_examples=40, deadline=None)
def test_it_is_the_exact_estimate_of_the_records_that_stayed_longer(engine, rows, as_of):
    rows = [("r0", "Lead", 0.0, 0.0), *rows, ("open", "Lead", float(as_of), float(as_of))]
    horizons = np.array([1.0, 5.0, 9.0])
    episodes, records, answer = landmark(rows, as_of, horizons, engine=engine)
    followed = follow_to_closing(episodes)
    for i, record in records.iterrows():
        own = followed[followed["stage"] == record["stage"]]
        own = own if len(own) >= LEAST_AT_RISK else followed
        a = answer.landmark_days[i]
        kept = own[own["stay_days"] > a]
        assert answer.at_risk[i] == len(kept)
        expected = np.zeros(3)
        if len(kept):
            curve = estimate_incidence(
                kept["close_days"].to_numpy(),
                np.where(kept["event"] == 2, 1, np.where(kept["event"] == 3, 2, 0)),
                entry=np.full(len(kept), a),
                n_causes=2,
                variance=False,
            )
            times = np.minimum(a + horizons, curve.observed_until)
            expected = curve(times)[1]
        np.testing.assert_allclose(answer.won[i], expected, atol=1e-12)


@given(rows=log_rows(records=12, most=60), as_of=st.integers(min_value=4, max_value=25))
@settings(max_examples=40, deadline=None)
def test_laws(rows, as_of):
    rows = [*rows, ("open", "Lead", float(as_of), float(as_of))]
    _, records, answer = landmark(rows, as_of, [1.0, 7.0, 30.0])
    assert (np.diff(answer.won, axis=1) >= 0).all()
    assert ((answer.won >= 0) & (answer.won <= 1 + 1e-12)).all()
    assert (answer.upper >= answer.won[:, -1] - 1e-9).all()
    assert (answer.landmark_days <= records["age_days"]).all()


def test_an_age_never_seen_is_read_from_the_oldest_seen():
    rows = [(f"w{i}", "Lead", 0) for i in range(8)] + [(f"w{i}", "won", 2 + i) for i in range(8)]
    _, _, answer = landmark([*rows, ("x", "Lead", 0)], 30, [10.0])
    # The oldest five stays (x itself, censored at 31 days, and four winners) are the reference.
    assert answer.landmark_days[0] < 6.0 and answer.at_risk.tolist() == [5]
    assert answer.won[0, 0] > 0.5


def test_a_thin_stage_borrows_from_all_stages():
    rows = [(f"w{i}", "Lead", 0) for i in range(8)] + [(f"w{i}", "won", 4) for i in range(8)]
    funnel = Funnel(name="f", stages=("Lead", "Closing"))
    _, records, answer = landmark([*rows, ("x", "Closing", 20)], 21, [9.0], funnels=(funnel,))
    assert records["stage"].tolist() == ["Closing"]
    assert answer.won.tolist() == [[1.0]]


def test_no_wins_among_many_gives_a_low_upper_bound():
    rows = [(f"l{i}", "Lead", 0) for i in range(400)] + [(f"l{i}", "lost", 60) for i in range(400)]
    rows += [("w", "Lead", 0), ("w", "won", 1)]
    _, _, answer = landmark([*rows, ("x", "Lead", 70)], 100, [20.0])
    # Clopper and Pearson for 0 of 400: 1 - 0.05 ** (1 / 400).
    assert answer.upper[0] == pytest.approx(1 - 0.05 ** (1 / 400))
    assert answer.observed.tolist() == [True]


def test_beyond_the_follow_up_is_said():
    rows = [(f"r{i}", "Lead", 10 + i / 10) for i in range(10)] + [("w", "Lead", 10), ("w", "won", 12)]
    _, _, answer = landmark(rows, 14, [30.0])
    assert not answer.observed.any()
