"""Folds go forward in time, and know only what was known."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.scoring.forward_folds import make_folds


@given(
    at=st.lists(st.integers(0, 40), min_size=10, max_size=120),
    lag=st.integers(0, 15),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_nothing_known_later_is_learned_from(at, lag, seed):
    when = np.array(at)
    label = np.random.default_rng(seed).integers(0, 2, len(when)).astype(float)
    for fold in make_folds(label, at=when, known_at=when + lag, groups=None, seed=0):
        assert (when[fold.train] + lag <= fold.now).all()
        assert (when[fold.test] >= fold.now).all()
        assert 0 < label[fold.train].sum() < len(fold.train)


def test_the_folds_cover_the_newest_rows_once():
    when = np.random.default_rng(0).permutation(1_000)
    folds = make_folds(np.tile([0.0, 1.0], 500), at=when, known_at=None, groups=None, seed=0)
    assert sorted(np.concatenate([when[f.test] for f in folds])) == list(range(600, 1_000))


def test_without_dates_a_record_is_never_on_both_sides():
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 60, 300).astype(object)
    folds = make_folds(rng.integers(0, 2, 300).astype(float), at=None, known_at=None, groups=groups, seed=5)
    assert len(folds) == 4
    for fold in folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])
    assert sorted(np.concatenate([f.test for f in folds])) == list(range(300))
