"""Bands: those of R, sane where nothing or everything happened, and what cannot be asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import InputError
from funnelml.survival.incidence import curve_of
from funnelml.survival.nonparametric.bands import pointwise_band, simultaneous_band
from funnelml.survival.stays import read_stays
from tests.survival.stays import stays

REFERENCE = Path(__file__).parents[2] / "reference"
DATA = pd.read_csv(REFERENCE / "incidence_data.csv", comment="#")
EXPECTED = pd.read_csv(REFERENCE / "stay_bands.csv", comment="#")


def estimate(*arguments, **options):
    read = read_stays(*arguments, **options)
    return read, curve_of(read)


@pytest.mark.parametrize("case", EXPECTED["case"].unique())
def test_the_band_of_staying_is_that_of_r(case):
    """R 4.2.2, survival 3.5-3, survfit with conf.type = "log-log": tests/reference/stay_bands.R."""
    rows = DATA[DATA["case"] == case]
    read, curve = estimate(rows["duration"], rows["event"])
    expected = EXPECTED[EXPECTED["case"] == case]
    low = expected[(expected["what"] == "low") & expected["value"].notna()]
    high = expected[(expected["what"] == "high") & expected["value"].notna()]
    assert len(low) > 10
    ends = pointwise_band(read, curve, low["at"].to_numpy(), level=0.9)
    np.testing.assert_allclose(ends[0][0], low["value"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(ends[1][0], high["value"], rtol=0, atol=1e-8)


@given(stays(), st.sampled_from([0.5, 0.8, 0.95]))
@settings(max_examples=40)
def test_a_band_lies_in_0_to_1_around_its_estimate_and_widens_with_the_level(data, level):
    read, curve = estimate(*data[:2], entry=data[2], weights=data[3], n_causes=2)
    days = np.arange(0, 13.0)
    centre = curve(days)
    known = ~np.isnan(centre[0])
    low, high = pointwise_band(read, curve, days, level=level)
    wider = pointwise_band(read, curve, days, level=0.99)
    assert (np.isnan(low) == ~known).all() and (np.isnan(high) == ~known).all()
    low, high, centre = low[:, known], high[:, known], centre[:, known]
    assert (low >= 0).all() and (high <= 1).all()
    assert (low <= centre + 1e-9).all() and (centre <= high + 1e-9).all()
    assert (wider[0][:, known] <= low + 1e-9).all() and (wider[1][:, known] >= high - 1e-9).all()


def test_nothing_seen_is_not_nothing_possible():
    """None of 40 by cause 2, 20 of them seen to day 9: the exact upper end of 0 of so many."""
    read, curve = estimate([5.0] * 20 + [9.0] * 20, [0] * 20 + [0] * 20, n_causes=2)
    low, high = pointwise_band(read, curve, np.array([5.0, 6.0, 9.0]), level=0.9)
    np.testing.assert_allclose(high[2], [1 - 0.05 ** (1 / 40), *[1 - 0.05 ** (1 / 20)] * 2])
    assert low[2].tolist() == [0, 0, 0]
    np.testing.assert_allclose(low[0], 1 - high[2])


def test_those_who_left_are_known_for_ever():
    """30 left by cause 1 on day 2; of cause 2 none: all 40 are trials until day 9, the last day of the other ten."""
    read, curve = estimate([2.0] * 30 + [9.0] * 10, [1] * 30 + [0] * 10, n_causes=2)
    high = pointwise_band(read, curve, np.array([9.0]), level=0.9)[1]
    np.testing.assert_allclose(high[2], 1 - 0.05 ** (1 / 40))


def test_all_that_ended_in_one_way_leave_room_for_another():
    read, curve = estimate([1.0, 2.0, 3.0], [1, 1, 1], n_causes=2)
    low, high = pointwise_band(read, curve, np.array([3.0]), level=0.9)
    np.testing.assert_allclose(low[:, 0], [0, 0.05 ** (1 / 3), 0])
    np.testing.assert_allclose(high[:, 0], [1 - 0.05 ** (1 / 3), 1, 1 - 0.05 ** (1 / 3)])


def test_a_single_event_among_fifty_has_a_lopsided_interval():
    read, curve = estimate([3.0] + [9.0] * 49, [1] + [0] * 49)
    low, high = pointwise_band(read, curve, np.array([5.0]), level=0.9)
    # Clopper and Pearson's interval of 1 in 50 reaches from 0.001 to 0.091.
    assert 0.001 < low[1, 0] < 0.006 and 0.08 < high[1, 0] < 0.11


def test_returns_of_one_record_are_no_new_trials():
    events = [0] * 40
    alone = pointwise_band(*estimate([5.0] * 40, events), np.array([5.0]), level=0.9)[1]
    four_each = pointwise_band(*estimate([5.0] * 40, events, cluster=np.arange(40) // 4), np.array([5.0]), level=0.9)
    np.testing.assert_allclose(alone[1], 1 - 0.05 ** (1 / 40))
    np.testing.assert_allclose(four_each[1][1], 1 - 0.05 ** (1 / 10))


def drawn(n, seed):
    rng = np.random.default_rng(seed)
    end, last = rng.exponential(20.0, n), rng.uniform(5, 60, n)
    return np.minimum(end, last), np.where(end <= last, rng.integers(1, 3, n), 0)


def test_a_simultaneous_band_holds_the_whole_curve_as_often_as_it_says():
    """Two causes of equal constant hazard: F(t) = (1 - exp(-t / 20)) / 2, 200 seeds; a binomial may stray by 0.065."""
    inside = np.zeros((200, 3))
    for seed in range(200):
        read, curve = estimate(*drawn(250, seed), n_causes=2)
        band = simultaneous_band(read, curve, level=0.9, draws=200, seed=seed)
        gone = -np.expm1(-curve.times / 20)
        truth = np.stack((1 - gone, gone / 2, gone / 2))
        inside[seed] = ~((truth < band.low) | (truth > band.high)).any(axis=1)
    assert (np.abs(inside.mean(axis=0) - 0.9) < 0.065).all()


def test_a_simultaneous_band_is_wider_than_a_pointwise_one_and_narrows_with_its_range():
    read, curve = estimate(*drawn(300, 1), n_causes=2)
    long = simultaneous_band(read, curve, level=0.9)
    short = simultaneous_band(read, curve, level=0.9, between=(20.0, 25.0))
    assert (long.critical > short.critical).all() and (short.critical > 1.645).all()
    within = (curve.times >= 20) & (curve.times <= 25)
    assert (np.isfinite(short.low) == within).all()
    low, high = pointwise_band(read, curve, curve.times[within], level=0.9)
    assert (short.low[:, within] < low).all() and (short.high[:, within] > high).all()
    again = simultaneous_band(read, curve, level=0.9)
    np.testing.assert_array_equal(long.critical, again.critical)


def test_without_ten_events_there_is_no_range():
    read, curve = estimate([1.0, 2.0, 3.0, *[9.0] * 20], [1, 1, 2, *[0] * 20], n_causes=2)
    band = simultaneous_band(read, curve, level=0.9)
    assert np.isnan(band.critical).all() and np.isnan(band.low).all()


def test_all_censored_has_a_band_without_times():
    read, curve = estimate([3.0, 5.0], [0, 0], n_causes=2)
    assert simultaneous_band(read, curve, level=0.9).low.shape == (3, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 1.0}, "level is 1.0; give a probability between 0 and 1"),
        ({"level": 0.9, "between": (9.0, 3.0)}, r"between is \(9.0, 3.0\); give a first day"),
        ({"level": 0.9, "draws": 20}, "draws is 20; a quantile of a greatest deviation wants at least 100"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(options, message):
    with pytest.raises(InputError, match=message):
        simultaneous_band(*estimate([1.0, 2.0], [1, 0]), **options)
