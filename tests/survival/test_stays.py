"""Stays as estimators take them: who is at risk on any day, and how many independent records there are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from funnelml.survival.stays import read_stays
from tests.survival.stays import stays


@given(stays())
@settings(max_examples=60)
def test_at_risk_on_event_times_is_what_the_risk_sets_count(data):
    duration, event, entry, weights = data
    read = read_stays(duration, event, entry=entry, weights=weights)
    sets = read.risk_sets()
    np.testing.assert_allclose(read.at_risk_on(sets.times), sets.at_risk, rtol=0, atol=1e-12)


def test_at_risk_on_any_day():
    read = read_stays([2.0, 5.0, 9.0], [1, 0, 2], entry=[0, 0, 4])
    assert read.at_risk_on(np.array([0.0, 1.0, 2.0, 2.5, 4.0, 4.5, 5.0, 5.5, 9.0, 10.0])).tolist() == [
        *(2, 2, 2, 1, 1, 2, 2, 1, 1, 0)
    ]


def test_a_record_counts_once_however_often_it_comes():
    plain = read_stays([1, 2, 3, 4], [1, 1, 1, 1])
    assert plain.records_per_weight == 1.0
    twice = read_stays([1, 2, 3, 4], [1, 1, 1, 1], cluster=["甲", "甲", "乙", "乙"])
    assert twice.records_per_weight == 0.5
    heavy = read_stays([1, 2], [1, 1], weights=[1e6, 1e6])
    assert heavy.records_per_weight * 2e6 == 2.0
