"""Precision at equal recall: by hand, its laws, and its standard error against a plain bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.survival.stall.matched_recall import match_recall


def ids(n):
    return np.arange(n).astype(str).astype(object)


def test_by_hand():
    right = np.array([1, 1, 0, 1, 0, 0], bool)
    flagged = np.array([0, 1, 1, 1, 1, 0], bool)
    score = np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    told = match_recall(flagged, score, right, ids(6), draws=0)
    # The rule finds 2 of 3 with 4 flags; the score finds 2 with its first 2.
    assert (told["flagged"], told["recall"], told["precision"]) == (4, pytest.approx(2 / 3), 0.5)
    assert (told["matched_flagged"], told["matched_precision"], told["gain"]) == (2.0, 1.0, 0.5)


def test_equal_scores_are_flagged_in_equal_parts():
    right = np.array([1, 0, 1, 0], bool)
    told = match_recall(np.array([1, 0, 0, 0], bool), np.zeros(4), right, ids(4), draws=0)
    assert told["matched_flagged"] == pytest.approx(2.0) and told["matched_precision"] == pytest.approx(0.5)


def test_a_rule_that_finds_nothing():
    told = match_recall(np.zeros(3, bool), np.arange(3.0), np.array([1, 0, 1], bool), ids(3))
    assert told["recall"] == 0 and np.isnan(told["gain"]) and np.isnan(told["std_err"])


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 5)), min_size=1, max_size=30), st.randoms())
def test_the_order_of_rows_does_not_matter_and_a_rule_against_itself_gains_nothing(rows, rng):
    flagged, right, score = (np.array(column) for column in zip(*rows, strict=True))
    shuffled = list(range(len(rows)))
    rng.shuffle(shuffled)
    first = match_recall(flagged, score.astype(float), right, ids(len(rows)), draws=0)
    again = match_recall(
        flagged[shuffled], score.astype(float)[shuffled], right[shuffled], ids(len(rows))[shuffled], draws=0
    )
    assert first == pytest.approx(again, nan_ok=True)
    itself = match_recall(flagged, flagged.astype(float), right, ids(len(rows)), draws=0)
    assert itself["gain"] == pytest.approx(0.0, nan_ok=True) or np.isnan(itself["gain"])


def test_the_standard_error_is_that_of_fresh_samples():
    def gain(seed, draws):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=600)
        right = truth + rng.normal(size=600) > 0
        return match_recall(truth + 2 * rng.normal(size=600) > 0.5, truth, right, ids(600), draws=draws, seed=seed)

    spread = np.std([gain(seed, 0)["gain"] for seed in range(200)])
    assert np.mean([gain(seed, 100)["std_err"] for seed in range(5)]) == pytest.approx(spread, rel=0.25)
