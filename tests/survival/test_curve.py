"""Reading a curve: where it jumps, where it ends, and what it says in words."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.errors import ModelInputError
from funnelml.survival.incidence import estimate_incidence

CURVE = estimate_incidence([1, 2, 3, 4, 5, 6], [0, 1, 1, 2, 2, 0])


def test_an_event_counts_on_its_own_day_and_not_before():
    assert CURVE([0, np.nextafter(2, 0), 2, 2.5]).tolist() == pytest.approx(
        np.array([[1, 1, 0.8, 0.8], [0, 0, 0.2, 0.2], [0, 0, 0, 0]])
    )


def test_beyond_the_last_follow_up_nothing_is_known():
    assert CURVE.observed_until == CURVE.last_follow_up == 6.0
    assert np.isnan(CURVE([6.0, np.nextafter(6, 7)])).tolist() == [[False, True]] * 3
    assert np.isnan(CURVE.standard_error([6.0, 7.0])).tolist() == [[False, True]] * 3


def test_once_nobody_is_left_the_curve_is_known_for_ever():
    curve = estimate_incidence([1, 2, 2], [1, 2, 1])
    assert curve.observed_until == np.inf
    np.testing.assert_allclose(curve(1000.0), [0, 2 / 3, 1 / 3])
    assert curve.standard_error(1000.0)[0] == 0.0


def test_days_keep_their_shape():
    assert CURVE(3.0).shape == (3,)
    assert CURVE(np.ones((2, 4))).shape == (3, 2, 4)
    assert CURVE([]).shape == (3, 0)


@pytest.mark.parametrize("day", [-1.0, np.nan, np.inf])
def test_days_that_are_none_are_refused(day):
    with pytest.raises(ModelInputError, match="finite days from 0 on"):
        CURVE([1.0, day])


def test_a_curve_without_variance_says_so():
    curve = estimate_incidence([1, 2], [1, 0], variance=False)
    with pytest.raises(ModelInputError, match="variance=True"):
        curve.standard_error([1.0])
    assert not any(name.startswith("std_err") for name in curve.to_frame())
    assert curve.summary() == "2 stays followed for up to 2 days: 50.0% by cause 1; 50.0% still in the stage."


def test_the_frame_holds_the_table():
    frame = CURVE.to_frame()
    assert frame.columns.tolist() == [
        *("days", "at_risk", "events_1", "events_2"),
        *("incidence_0", "incidence_1", "incidence_2", "std_err_0", "std_err_1", "std_err_2"),
    ]
    assert frame["at_risk"].tolist() == [5, 4, 3, 2]
    assert frame[["events_1", "events_2"]].to_numpy().T.tolist() == CURVE.n_events.tolist()


def test_the_summary_reads_as_a_sentence():
    assert CURVE.summary() == (
        "6 stays followed for up to 6 days: 40.0% by cause 1 (standard error 21.9%), "
        "40.0% by cause 2 (standard error 21.9%); 20.0% still in the stage."
    )


def test_spans_in_which_nobody_was_at_risk_are_named():
    curve = estimate_incidence([3, 4, 9, 20], [1, 0, 1, 0], entry=[1, 2, 6, 9])
    assert curve.gaps.tolist() == [[0, 1], [4, 6]]
    assert curve.summary().endswith(
        "Nobody was at risk after day 0 up to day 1 and in 1 more spans: not observed there."
    )
    assert estimate_incidence([3, 9], [1, 0], entry=[0, 3]).gaps.tolist() == []
