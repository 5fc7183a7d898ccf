"""How unusual an age is, and up to which age past stays back a chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.survival.stall.age_percentile import rank_ages
from funnelml.survival.stall.backing import backed_ages
from tests.logs import history_of
from tests.survival.stall.small_log import episodes_of, rows_at

DAYS = st.integers(1, 12)


def test_share_of_those_who_went_on_counts_who_still_sits():
    # Ends of stays in "Lead": on at 2, lost at 3, running at 4 (censored), on at 6. Aalen-Johansen by hand, at risk
    # 4, 3, 1: F(2) = 1/4; still there after 3: 3/4 * 2/3 = 1/2; F(6) = 1/4 + 1/2 * 1 = 3/4. By 2: (1/4) / (3/4) = 1/3.
    # Of those whose end was seen, half had gone on by then: leaving out who still sits would say 1/2.
    history = history_of(
        [
            ("a", "Lead", 0), ("a", "Proposal", 2),
            ("b", "Lead", 0), ("b", "lost", 3),
            ("c", "Lead", 3),
            ("d", "Lead", 0), ("d", "Proposal", 6),
        ]
    )  # fmt: skip
    episodes = episodes_of(history, day=6)
    asked = rows_at(episodes, stage="Lead", ages=[1.0, 2.0, 5.0, 6.0, 9.0])
    assert rank_ages(episodes, asked) == pytest.approx([0.0, 1 / 3, 1 / 3, 1.0, np.nan], nan_ok=True)


def test_no_percentile_where_nobody_went_on():
    history = history_of([("a", "Lead", 0), ("a", "lost", 3), ("b", "Lead", 1)])
    episodes = episodes_of(history, day=5)
    assert np.isnan(rank_ages(episodes, rows_at(episodes, stage="Lead", ages=[1.0]))).all()
    assert np.isnan(rank_ages(episodes, rows_at(episodes, stage="Closing", ages=[1.0]))).all()


@settings(max_examples=30)
@given(st.lists(st.tuples(DAYS, st.sampled_from(["Proposal", "won", "lost", ""])), min_size=2, max_size=20))
def test_percentiles_grow_with_age_and_stay_between_none_and_all(ends):
    rows = []
    for k, (day, end) in enumerate(ends):
        rows.append((f"r{k}", "Lead", 0.0))
        if end:
            rows.append((f"r{k}", end, float(day)))
    episodes = episodes_of(history_of(rows), day=13)
    told = rank_ages(episodes, rows_at(episodes, stage="Lead", ages=np.arange(13.0)))
    known = told[~np.isnan(told)]
    assert (np.diff(known) >= 0).all() and (known >= 0).all() and (known <= 1).all()


def test_what_is_older_than_enough_were_followed_is_read_at_a_younger_age():
    # Six stays in "Lead" since day 0, known to the end of day 39: followed for 30 days from ages up to 10.
    rows = [(f"r{k}", "Lead", 0.0) for k in range(6)] + [("r0", "Proposal", 4.0)]
    episodes = episodes_of(history_of(rows), day=39)
    asked = rows_at(episodes, stage="Lead", ages=[3.0, 10.0, 25.0])
    assert backed_ages(episodes, asked, days=30.0) == pytest.approx([3.0, 10.0, 10.0])
    # Five were seen beyond day 4, four are too few.
    fewer = episodes_of(history_of([*rows, ("r1", "lost", 7.0)]), day=39)
    assert backed_ages(fewer, asked, days=30.0) == pytest.approx([3.0, 7.0, 7.0])


def test_a_short_log_backs_no_age_but_the_entry():
    episodes = episodes_of(history_of([(f"r{k}", "Lead", 0.0) for k in range(6)]), day=20)
    assert backed_ages(episodes, rows_at(episodes, stage="Lead", ages=[5.0]), days=30.0) == pytest.approx([0.0])


def test_a_stage_of_few_stays_is_backed_by_all_stages():
    rows = [(f"r{k}", "Lead", 0.0) for k in range(8)] + [("x", "Closing", 0.0)]
    episodes = episodes_of(history_of(rows), day=49)
    assert backed_ages(episodes, rows_at(episodes, stage="Closing", ages=[15.0]), days=30.0) == pytest.approx([15.0])
