from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funnelml.history.episodes import stage_episodes
from funnelml.history.snapshot import take_snapshot
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.landmark import LEAST_AT_RISK
from funnelml.survival.landmark_stays import landmark_stays
from tests.logs import EPOCH, history_of, log_rows


def asked(*rows):
    return pd.DataFrame(rows, columns=["stage", "age_days"])


def known(rows, day, **settings):
    return stage_episodes(history_of(rows, **settings), as_of=EPOCH + timedelta(days=day))


@given(log_rows(records=12, most=60), st.lists(st.integers(0, 12), min_size=1, max_size=4))
@settings(max_examples=30)
def test_it_is_the_estimate_of_the_stays_that_lasted_longer(rows, ages):
    assume(any(entered <= 20 and recorded <= 20 for _, _, entered, recorded in rows))
    episodes = known(rows, 20, grain="day")
    stays, times = episodes.table, np.array([0.0, 1.0, 4.0, 30.0])
    for stage in stays["stage"].unique():
        own = stays[stays["stage"] == stage]
        told = landmark_stays(episodes, asked(*((stage, float(age)) for age in ages)), times)
        for age, incidence in zip(ages, told, strict=True):
            longer = own[own["duration_days"] > age]
            if len(longer) < LEAST_AT_RISK:
                continue
            entry = np.maximum(longer["from_age_days"], age)
            curve = estimate_incidence(longer["duration_days"], longer["event"], entry=entry, n_causes=4)
            read = curve(np.minimum(age + times, min(curve.observed_until, 1e9)))
            np.testing.assert_allclose(incidence, read, rtol=0, atol=1e-12)


def test_a_stay_as_long_as_the_age_is_not_longer():
    """Five go on with day 3, five are lost on day 5; who is three days old and still there is lost."""
    rows = [(f"a{i}", "Lead", 0) for i in range(10)] + [(f"a{i}", "Proposal", 3) for i in range(5)]
    rows += [(f"a{i}", "lost", 5) for i in range(5, 10)]
    told = landmark_stays(known(rows, 20), asked(("Lead", 2.999), ("Lead", 3.0)), [2.0, 3.0])
    np.testing.assert_allclose(told[0].T, [[0.5, 0.5, 0, 0, 0], [0, 0.5, 0, 0.5, 0]], atol=1e-12)
    np.testing.assert_allclose(told[1].T, [[0, 0, 0, 1, 0], [0, 0, 0, 1, 0]], atol=1e-12)


def test_older_than_any_seen_is_read_from_the_oldest_that_enough_outlasted():
    rows = [(f"a{i}", "Lead", 0) for i in range(9)] + [(f"a{i}", "won", 2 + i) for i in range(9)]
    old, at_five = landmark_stays(known(rows, 20), asked(("Lead", 50.0), ("Lead", 5.9)), [0.5, 2.0])
    np.testing.assert_allclose(old, at_five)
    assert old[2].tolist() == pytest.approx([0.2, 0.4])


def test_a_stage_with_few_stays_is_read_from_all():
    rows = [(f"a{i}", "Lead", 0) for i in range(10)] + [(f"a{i}", "lost", 4) for i in range(6)]
    rows += [("b", "Closing", 0)]
    told = landmark_stays(known(rows, 20), asked(("Closing", 1.0), ("Proposal", 1.0)), [3.0])
    assert told[:, 3, 0].tolist() == pytest.approx([6 / 11, 6 / 11])


def test_what_is_recorded_later_changes_nothing():
    rows = [(f"a{i}", "Lead", i % 4) for i in range(12)] + [(f"a{i}", "won", 5 + i) for i in range(6)]
    later = [*rows, *((f"a{i}", "lost", 9, 25) for i in range(6, 12))]
    day = EPOCH + timedelta(days=20)
    records = take_snapshot(history_of(rows), as_of=day).open
    one, other = (landmark_stays(known(log, 20), records, [1.0, 5.0]) for log in (rows, later))
    np.testing.assert_array_equal(one, other)


def test_no_stay_at_all_is_no_news():
    told = landmark_stays(known([("a", "won", 0)], 20), asked(("Lead", 3.0)), [1.0, 2.0])
    assert told[0].tolist() == [[1, 1], [0, 0], [0, 0], [0, 0], [0, 0]]
