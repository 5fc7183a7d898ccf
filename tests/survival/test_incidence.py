"""Aalen-Johansen: reference values from R, a peer, laws, recovery of a known truth, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funnelml.errors import ModelInputError
from funnelml.survival.incidence import estimate_incidence
from tests.survival.stays import stays

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(REFERENCE / "incidence_data.csv", comment="#")
EXPECTED = pd.read_csv(REFERENCE / "incidence.csv", comment="#")
DAYS = np.arange(14.0)


def estimate(duration, event, entry, weights, n_causes=2, **options):
    return estimate_incidence(duration, event, entry=entry, weights=weights, n_causes=n_causes, **options)


def same(curve, other, days=DAYS):
    """Hold that two curves agree where both are known."""
    until = min(curve.observed_until, other.observed_until)
    days = days[days <= until]
    np.testing.assert_allclose(curve(days), other(days), rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", DATA["case"].unique())
def test_incidence_and_variance_equal_those_of_r(case):
    """R 4.2.2, survival 3.5-3, multi-state survfit: tests/reference/incidence.R."""
    rows, expected = DATA[DATA["case"] == case], EXPECTED[EXPECTED["case"] == case]
    curve = estimate_incidence(
        rows["duration"], rows["event"], entry=rows["entry"], weights=rows["weight"], cluster=rows["cluster"]
    )
    table = expected.pivot(index="state", columns="time")
    days = table["incidence"].columns.to_numpy()
    np.testing.assert_allclose(curve(days), table["incidence"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(curve.standard_error(days) ** 2, table["std_err"] ** 2, rtol=0, atol=1e-12)


def test_the_fixture_that_jitter_gets_wrong():
    curve = estimate_incidence([1, 2, 3, 4, 5, 6], [0, 1, 1, 2, 2, 0])
    assert curve(6.0)[2] == pytest.approx(0.4, abs=1e-15)


def test_untied_data_give_what_lifelines_gives():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifelines imports what its dependencies deprecate
        from lifelines import AalenJohansenFitter
    rng = np.random.default_rng(3)
    duration, event = rng.exponential(20.0, 300), rng.integers(0, 4, 300)
    curve = estimate_incidence(duration, event, variance=False)
    for cause in (1, 2, 3):
        fitter = AalenJohansenFitter(calculate_variance=False).fit(duration, event, event_of_interest=cause)
        peer = fitter.cumulative_density_
        np.testing.assert_allclose(curve(peer.index.to_numpy())[cause], peer.to_numpy()[:, 0], rtol=0, atol=1e-12)


def test_one_cause_is_one_minus_kaplan_meier():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifelines import KaplanMeierFitter
    rng = np.random.default_rng(4)
    duration, event = np.ceil(rng.exponential(10.0, 300)), rng.integers(0, 2, 300)
    entry = np.floor(np.minimum(rng.exponential(4.0, 300), duration - 1))
    curve = estimate_incidence(duration, event, entry=entry)
    # lifelines takes everybody with entry 0 as at risk from before time 0, as we do
    peer = KaplanMeierFitter().fit(duration, event, entry=np.where(entry == 0, -1.0, entry)).survival_function_
    peer = peer[peer.index >= 0]
    known = peer.index.to_numpy()
    np.testing.assert_allclose(1 - curve(known)[1], peer.to_numpy()[:, 0], rtol=0, atol=1e-12)


@given(stays(causes=3))
@settings(max_examples=80, deadline=None)
def test_columns_sum_to_one_and_causes_never_fall(data):
    curve = estimate(*data, n_causes=3)
    assert curve.incidence.shape == (4, len(curve.times))
    np.testing.assert_allclose(curve.incidence.sum(axis=0), 1.0, rtol=0, atol=1e-12)
    assert (curve.incidence >= 0).all()
    assert (np.diff(curve.incidence[1:], axis=1) >= 0).all()
    assert (np.diff(curve.incidence[0]) <= 0).all()
    assert (curve.variance >= 0).all()


@given(stays(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_stays_does_not_matter(data, random):
    order = list(range(len(data[0])))
    random.shuffle(order)
    cluster = np.array([str(i % 3) for i in range(len(order))])
    curve = estimate(*data, cluster=cluster)
    other = estimate(*(column[order] for column in data), cluster=cluster[order])
    np.testing.assert_array_equal(curve.times, other.times)
    np.testing.assert_allclose(curve.incidence, other.incidence, rtol=0, atol=1e-13)
    np.testing.assert_allclose(curve.variance, other.variance, rtol=1e-9, atol=1e-10)


@given(stays(), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_stay_censored_before_the_first_event_changes_nothing(data, share):
    duration, event, _, _ = data
    assume((event > 0).any() and duration[event > 0].min() > 0)
    early = share * np.nextafter(duration[event > 0].min(), 0)
    more = [np.append(column, value) for column, value in zip(data, (early, 0, 0.0, 2.0), strict=True)]
    curve, other = estimate(*data), estimate(*more)
    np.testing.assert_allclose(curve.incidence, other.incidence, rtol=0, atol=1e-13)
    np.testing.assert_allclose(curve.variance, other.variance, rtol=1e-9, atol=1e-10)


@given(stays(whole_weights=True))
@settings(max_examples=60, deadline=None)
def test_a_whole_weight_is_so_many_stays(data):
    duration, event, entry, weights = data
    times = weights.astype(int)
    replicated = [np.repeat(column, times) for column in (duration, event, entry)]
    same(estimate(*data), estimate(*replicated, None))


@given(stays(), st.integers(0, 24), st.floats(0.05, 0.95))
@settings(max_examples=80, deadline=None)
def test_a_stay_seen_in_two_pieces_is_one_stay(data, which, share):
    duration, _, entry, _ = data
    i = which % len(duration)
    assume(duration[i] > entry[i])
    cut = entry[i] + share * (duration[i] - entry[i])
    pieces = [np.append(column, column[i]) for column in data]
    pieces[0][i], pieces[1][i], pieces[2][-1] = cut, 0, cut
    cluster = np.append(np.arange(len(duration)), i)
    curve, other = estimate(*data), estimate(*pieces, cluster=cluster)
    same(curve, other)
    np.testing.assert_allclose(curve.variance, other.variance, rtol=1e-9, atol=1e-10)


@given(stays())
@settings(max_examples=60, deadline=None)
def test_a_stay_of_length_zero_was_entered_just_before(data):
    duration, event, entry, weights = data
    shifted = np.where((duration == entry) & (entry > 0), entry - 1e-6, entry)
    curve, other = estimate(*data), estimate(duration, event, shifted, weights)
    np.testing.assert_array_equal(curve.times, other.times)
    np.testing.assert_allclose(curve.incidence, other.incidence, rtol=0, atol=1e-13)


def test_an_event_at_time_zero_is_counted_among_all_who_were_watched_from_the_start():
    curve = estimate_incidence([0, 0, 5, 5], [1, 0, 1, 0], entry=[0, 0, 0, 3])
    assert curve.at_risk.tolist() == [3.0, 2.0]
    np.testing.assert_allclose(curve([0, 5])[1], [1 / 3, 1 / 3 + 2 / 3 / 2])


def test_recovers_the_truth_with_an_honest_variance():
    """Constant hazards of two causes, delayed entry and censoring: estimates scatter as their variances say."""
    hazards, day, seeds = np.array([0.03, 0.05]), 20.0, 400
    truth = hazards / hazards.sum() * (1 - np.exp(-hazards.sum() * day))
    estimates, variances = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        end = np.ceil(rng.exponential(1 / hazards.sum(), 600) * 20) / 20
        cause = 1 + (rng.random(600) < hazards[1] / hazards.sum())
        last_seen, entry = rng.uniform(5, 60, 600), np.where(rng.random(600) < 0.3, rng.uniform(0, 10, 600), 0.0)
        seen = (end > entry) & (last_seen > entry)
        duration, event = np.minimum(end, last_seen)[seen], np.where(end <= last_seen, cause, 0)[seen]
        curve = estimate_incidence(duration, event, entry=entry[seen])
        estimates.append(curve(day)[1:])
        variances.append(curve.standard_error(day)[1:] ** 2)
    spread = np.std(estimates, axis=0, ddof=1)
    assert (np.abs(np.mean(estimates, axis=0) - truth) < 4 * spread / np.sqrt(seeds) + 0.001).all()
    # The standard deviation of 400 draws is itself known to 3.5 %.
    np.testing.assert_allclose(np.sqrt(np.mean(variances, axis=0)), spread, rtol=0.14)


def test_all_censored_is_a_flat_curve():
    curve = estimate_incidence([3, 5], [0, 0], n_causes=3)
    assert curve.incidence.shape == (4, 0)
    assert curve([0.0, 5.0]).tolist() == [[1, 1], [0, 0], [0, 0], [0, 0]]
    assert curve.standard_error([5.0]).tolist() == [[0.0]] * 4


def test_a_stay_of_weight_zero_counts_for_nothing():
    curve = estimate_incidence([1, 2, 9], [1, 0, 1], weights=[1, 1, 0])
    assert (curve.n_stays, curve.last_follow_up, curve.times.tolist()) == (2, 2.0, [1.0])


GOOD = {"duration": [1.0, 2.0, 3.0], "event": [1, 0, 2], "entry": [0.0, 0.0, 1.0], "weights": [1.0, 1.0, 1.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": []}, "there is no stay to learn from"),
        ({"duration": [[1.0, 2.0]]}, "duration must be one-dimensional, not of shape"),
        ({"event": [1, 0]}, r"event must be of shape \(3,\) like duration, not of shape \(2,\)"),
        ({"duration": [1.0, np.nan, np.inf]}, r"duration is missing or infinite in 2 of 3 stays \(rows 1, 2\)"),
        ({"duration": [1.0, -2.0, 3.0]}, r"duration is negative in 1 of 3 stays \(rows 1\)"),
        ({"duration": ["a", "b", "c"]}, "duration must be numbers"),
        ({"duration": pd.to_timedelta([1, 2, 3], unit="D")}, r"duration must be numbers \(times in days\)"),
        ({"entry": [0.0, 0.0, 3.5]}, r"entry is after the end of the stay in 1 of 3 stays \(rows 2\)"),
        ({"event": [1, 0.5, 2]}, "event is not a whole number in 1 of 3"),
        ({"event": [1, 0, -1]}, "event is negative in 1 of 3"),
        ({"n_causes": 1}, r"event is above n_causes = 1 in 1 of 3 stays \(rows 2\)"),
        ({"n_causes": 0}, "n_causes must be at least 1, not 0"),
        ({"weights": [1, -1, 1]}, "weights is negative in 1 of 3"),
        ({"weights": [0, 0, 0]}, "all 3 weights are zero"),
        ({"weights": [1, 1e-60, 1]}, r"weight is outside 1e-50 to 1e\+50 in 1 of 3 stays \(rows 1\)"),
        ({"cluster": ["x", "y"]}, r"cluster must be of shape \(3,\)"),
        ({"cluster": ["x", None, "y"]}, r"cluster is missing in 1 of 3 stays \(rows 1\)"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(change, message):
    with pytest.raises(ModelInputError, match=message):
        estimate_incidence(**GOOD | change)
