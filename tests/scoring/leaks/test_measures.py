"""What the search measures of one field, against values found by other means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from funnelml.scoring.leaks.clock import find_clock, is_running
from funnelml.scoring.leaks.deciding import find_deciding
from funnelml.scoring.leaks.filling import compare_outcomes, compare_times, find_filled_together
from funnelml.scoring.leaks.levels import cut_into_levels
from funnelml.scoring.leaks.single_fields import (
    deal_folds,
    measure_strength,
    measure_together,
    rate_out_of_fold,
    sample_rows,
)
from tests.scoring.leaks.tables import rows_of


def draw(n, shift, seed=0, base=0.5):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < base).astype(float)
    return rng.normal(size=n) + shift * y, y


def strength(x, y, seed=0):
    fold = deal_folds(np.arange(len(y)).astype(object), y, seed)
    return measure_strength(rate_out_of_fold(cut_into_levels(pd.Series(x, name="x")), y, fold), y)


@pytest.mark.parametrize("shift", [0.5, -1.0, 2.0])
def test_auc_of_a_number_is_that_of_two_normals(shift):
    # Two normals of equal spread: AUC = Phi(shift / sqrt(2)); the sign does not matter, for rates are learned.
    assert strength(*draw(40_000, shift)).auc == pytest.approx(norm.cdf(abs(shift) / np.sqrt(2)), abs=0.01)


def test_lower_bound_covers_19_times_in_20():
    truth = norm.cdf(1 / np.sqrt(2))
    covered = sum(strength(*draw(400, 1.0, seed)).low <= truth for seed in range(200))
    # 190 of 200 expected; 181 is three standard deviations below. Learned rates cost a little, so it may cover more.
    assert covered >= 181


def test_rates_never_see_their_own_label():
    x, y = draw(500, 0.3)
    levels = cut_into_levels(pd.Series(x.round(1), name="x"))
    fold = deal_folds(np.arange(500).astype(object), y, 0)
    for row in (0, 17, 499):
        # Two labels of one fold are swapped, so that the overall rate stays.
        other = int(np.flatnonzero((fold == fold[row]) & (y != y[row]))[0])
        swapped = y.copy()
        swapped[[row, other]] = y[[other, row]]
        before, after = rate_out_of_fold(levels, y, fold), rate_out_of_fold(levels, swapped, fold)
        assert (before[fold == fold[row]] == after[fold == fold[row]]).all()


def test_rate_of_a_small_level_by_hand():
    # Level a: rows 0 to 3, labels 1 1 0 0, all in other folds than row 4 (level a, fold 4).
    levels = cut_into_levels(pd.Series(["a"] * 5 + ["b"] * 5, name="x"))
    y = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0], dtype=float)
    rate = rate_out_of_fold(levels, y, np.array([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]))
    assert rate[4] == pytest.approx((2 + 10 * 0.3) / (4 + 10))


def test_folds_keep_records_together_and_labels_apart():
    rng = np.random.default_rng(1)
    record = rng.integers(0, 300, 2_000).astype(object)
    y = (rng.random(2_000) < 0.02).astype(float)
    fold = deal_folds(record, y, 0)
    assert pd.Series(fold).groupby(record).nunique().max() == 1
    assert len(np.unique(fold[y == 1])) == 5
    assert (deal_folds(record, y, 0) == fold).all()


def test_together_is_what_a_logistic_regression_reaches():
    rng = np.random.default_rng(2)
    y = (rng.random(8_000) < 0.3).astype(float)
    X = rng.normal(size=(8_000, 3)) + 0.7 * y[:, None]
    fold = deal_folds(np.arange(8_000).astype(object), y, 0)
    rates = [rate_out_of_fold(cut_into_levels(pd.Series(x, name="x")), y, fold) for x in X.T]
    ours = measure_together([np.log(r / (1 - r)) for r in rates], y, fold)
    # Three independent normals 0.7 apart: the best AUC is Phi(0.7 sqrt(3) / sqrt(2)).
    assert ours == pytest.approx(norm.cdf(0.7 * np.sqrt(3) / np.sqrt(2)), abs=0.012)
    assert ours == pytest.approx(roc_auc_score(y, LogisticRegression().fit(X, y).decision_function(X)), abs=0.01)
    assert measure_together([], y, fold) == 0.5


def test_sample_keeps_all_rows_of_a_rare_label():
    y = (np.arange(50_000) < 30).astype(float)
    some = sample_rows(y, 0)
    assert len(some) == 10_030 and y[some].sum() == 30


def test_a_value_of_many_rows_has_a_level_of_its_own():
    numbers = np.concatenate([np.arange(30.0), np.full(970, 999.0), [np.nan] * 50])
    levels = cut_into_levels(pd.Series(numbers, name="pdays"))
    rows, _ = levels.count(np.zeros(1_050))
    code = levels.code[500]
    assert rows[code] == 970 and levels.describe(code) == "999"
    assert rows[0] == 50 and levels.describe(0, "zh") == "空值"
    assert levels.describe(levels.code[3]) == "0 to 29"


def test_levels_of_texts_and_few_numbers_are_their_values():
    texts = cut_into_levels(pd.Series(["a", None, "b", "a"], name="x", dtype=object))
    assert list(texts.code) == [1, 0, 2, 1] and texts.describe(2) == "'b'" and texts.describe(2, "zh") == "“b”"
    numbers = cut_into_levels(pd.Series([3.0, 1.0, np.nan, 3.0], name="x"))
    assert list(numbers.code) == [2, 1, 0, 2] and numbers.distinct == 2


def test_deciding_levels_by_wilson_bounds():
    # Rows and positives of five levels, base rate 0.3. Wilson bounds by statsmodels' proportion_confint:
    # 2/200 has an upper end of 0.036 > 0.03; 1/200 of 0.028; 198/200 a lower end of 0.964; 9/9 of 0.70.
    rows = np.array([200, 200, 200, 9, 391], dtype=float)
    positives = np.array([2, 1, 198, 9, 90], dtype=float)
    found = find_deciding(rows, positives, 1.0)
    assert found.levels == (1, 2)
    assert found.held == pytest.approx((199 / 700, 198 / 300))
    # Of as few records as one for ten rows, no level is sure.
    assert find_deciding(rows, positives, 0.1).levels == ()


def test_where_few_convert_a_level_of_none_must_be_large():
    # 2 % convert; the bound is 0.2 %: 1,500 rows without any have an upper end of 0.26 %, 2,000 of 0.19 %.
    for n, decides in ((1_500, ()), (2_000, (0,))):
        assert find_deciding(np.array([n, 100_000.0]), np.array([0, 2_040.0]), 1.0).levels == decides


@pytest.mark.parametrize("shift", [0.5, 1.2, 1.812, 2.0])
@pytest.mark.parametrize("base", [0.02, 0.1, 0.3, 0.5, 0.8])
def test_a_smooth_number_holds_less_than_half_of_a_label_in_deciding_ranges(shift, base):
    # 2.0 apart is an AUC of 0.921.
    x, y = draw(100_000, shift, base=base)
    found = find_deciding(*cut_into_levels(pd.Series(x, name="x")).count(y), 1.0)
    assert max(found.held) < 0.5 and sum(found.held) < 0.6


def test_filling_by_outcome_takes_twenty_points_and_no_chance():
    y = np.repeat([1.0, 0.0], [500, 500])
    filled = np.concatenate([np.arange(500) < 350, np.arange(500) < 200])
    told = compare_outcomes(filled, y, 1.0)
    assert told is not None and "70\xa0% of the rows with the outcome and 40\xa0%" in told.en
    assert compare_outcomes(filled, y, 0.02) is None
    assert compare_outcomes(np.concatenate([np.arange(500) < 280, np.arange(500) < 200]), y, 1.0) is None


@pytest.mark.parametrize(
    ("shares", "kind"),
    [
        ([0.8] * 9 + [0.4], "filled_late"),
        ([0.3] + [0.8] * 9, "filled_since"),
        ([0.1] * 5 + [0.9] * 5, "filled_since"),
        ([0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9], "filled_in_spells"),
        ([0.5, 0.6] * 5, None),
    ],
)
def test_filling_over_time(shares, kind):
    filled = np.concatenate([np.arange(100) < 100 * s for s in shares])
    number = np.arange(1_000)[::-1].astype(float) * 3
    # The newest first, as many exports have it: by the number the direction is known.
    rows = rows_of(pd.DataFrame({"number": number}), np.arange(1_000) % 2)
    told = compare_times(filled[::-1], find_clock(rows), 1.0)
    assert (told and told.kind) == kind
    by_place = compare_times(filled, find_clock(rows_of(pd.DataFrame(index=range(1_000)), np.arange(1_000) % 2)), 1.0)
    assert (by_place and by_place.kind) == ("filled_since" if kind == "filled_late" else kind)


def test_fields_filled_together():
    filled = np.arange(100) < 40
    fields = [
        cut_into_levels(pd.Series(np.where(mask, 1.0, np.nan), name=name))
        for name, mask in (("a", filled), ("b", filled), ("c", ~filled), ("d", np.ones(100, dtype=bool)))
    ]
    assert {n: e.en for n, e in find_filled_together(fields).items()} == {
        "a": "always filled together with b",
        "b": "always filled together with a",
    }


def test_a_running_number_is_dense_whole_and_unique():
    rng = np.random.default_rng(3)
    counter = np.cumsum(rng.integers(1, 9, 1_000)).astype(float)
    assert is_running(counter) and is_running(rng.permutation(counter))
    assert not is_running(np.append(counter[:-1], counter[0]))
    assert not is_running(counter + 0.5)
    assert not is_running(np.sort(rng.choice(10**9, 1_000, replace=False)).astype(float))
    assert not is_running(counter[:100])


def test_the_clock_is_the_best_that_there_is():
    y = np.arange(300) % 2
    number = np.cumsum(np.arange(300) % 5 + 1).astype(float)
    plain = rows_of(pd.DataFrame({"x": y * 1.0}), y)
    assert find_clock(plain).kind == "place" and not find_clock(plain).directed
    numbered = rows_of(pd.DataFrame({"x": y * 1.0, "Lead No": number}), y)
    assert (find_clock(numbered).kind, find_clock(numbered).field) == ("field", "Lead No")
    ids = np.array([f"L-{int(k):06d}" for k in number], dtype=object)
    named = replace(rows_of(pd.DataFrame({"Lead No": number}), y), record_id=ids)
    assert find_clock(named).kind == "id" and (find_clock(named).time == number).all()
    dated = rows_of(pd.DataFrame({"Lead No": number}), y, at=np.arange(300)[::-1].copy())
    assert find_clock(dated).kind == "date" and find_clock(dated).describe("zh") == "按日期"
