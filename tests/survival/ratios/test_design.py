from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import ModelInputError
from funnelml.survival.ratios.design import LEAST_OF_LEVEL, MOST_LEVELS, learn_design


def texts(*values):
    return np.array(values, dtype=object)


def table(n=100, **columns):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"amount": rng.normal(size=n), **columns})


numbers = st.lists(
    st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(-5, 5).map(float)), min_size=1, max_size=120
)


@given(numbers, numbers)
@settings(max_examples=150, deadline=None)
def test_any_numbers_become_finite_columns_without_a_warning(learned, asked):
    design = learn_design(pd.DataFrame({"x": learned}))
    for values in (learned, asked):
        columns = design.transform(pd.DataFrame({"x": values}))
        assert columns.shape == (len(values), len(design.columns)) and np.isfinite(columns).all()
    assert len(design.steps) == len(design.moving) == len(design.columns)


@given(st.lists(st.sampled_from(["a", "乙", None]), min_size=60, max_size=200), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_columns_have_mean_zero_over_what_was_learned_from(levels, seed):
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(len(levels)) < 0.3, np.nan, rng.normal(size=len(levels)))
    learned = pd.DataFrame({"x": x, "source": texts(*levels)})
    design = learn_design(learned)
    columns = design.transform(learned)
    frequent = pd.Series([level or "" for level in levels]).value_counts()
    if (frequent >= LEAST_OF_LEVEL).all():
        assert columns.mean(axis=0) == pytest.approx(np.zeros(columns.shape[1]), abs=1e-9)


def test_names_of_columns_and_what_their_effects_are_told_per():
    rng = np.random.default_rng(0)
    learned = table(
        200,
        value=np.exp(rng.normal(9, 1.5, 200)),
        rate=np.where(np.arange(200) % 40 == 0, 0.5, 0.01),
        pushes=np.where(np.arange(200) < 150, np.arange(200.0), np.nan),
        渠道=texts(*["展会", "网站"] * 100),
    )
    design = learn_design(learned)
    assert design.columns == ("amount", "value", "rate", "pushes", "pushes unknown", "渠道=展会", "渠道=网站")
    told = dict(zip(design.columns, (per for per, _ in design.steps), strict=True))
    assert told["value"] == "doubling"
    # On the scale of log(1 + x) a doubling of small numbers is none.
    assert told["rate"].endswith(" more") and float(told["rate"].split()[0]) < 0.1
    assert told["pushes unknown"] == "unknown" and told["渠道=展会"] == "against the average"
    assert design.moving.tolist() == [0, 0, 0, 1, 1, 0, 0]


def test_a_doubling_moves_its_column_by_its_step():
    amount = np.exp(np.random.default_rng(0).normal(9, 1.5, 500))
    design = learn_design(pd.DataFrame({"amount": amount}))
    low, high = design.transform(pd.DataFrame({"amount": [5_000.0, 10_000.0]}))[:, 0]
    assert high - low == pytest.approx(design.steps[0][1], rel=1e-3)


def test_effects_against_the_average_change_no_ratio():
    learned = table(100, source=texts(*["a"] * 70, *["b"] * 30), owner=texts(*["x", "y"] * 50))
    design = learn_design(learned)
    columns = design.transform(learned)
    effects = np.array([0.3, 1.0, -0.5, 0.2, 0.7])
    centred = design.against_average() @ effects
    assert columns @ centred == pytest.approx(columns @ effects)
    assert centred[0] == 0.3
    assert 0.7 * centred[1] + 0.3 * centred[2] == pytest.approx(0)
    # A record with the value has its effect as it is told.
    only_source = np.array([0.0, centred[1], centred[2], 0.0, 0.0])
    assert (columns @ only_source)[0] == pytest.approx(centred[1])


def test_what_is_absent_unseen_or_missing_is_average():
    learned = table(100, source=texts(*["a", "b"] * 50))
    design = learn_design(learned)
    asked = pd.DataFrame({"source": texts("新", None, "a")})
    assert design.transform(asked).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0.5, -0.5]]
    assert design.transform(pd.DataFrame(index=range(2))).tolist() == [[0, 0, 0]] * 2


def test_numbers_that_mean_nothing_are_unknown():
    learned = table(100, x=np.resize([1.0, 2.0, 3.0, np.inf], 100))
    design = learn_design(learned)
    told = design.transform(pd.DataFrame({"x": [np.inf, -np.inf, 1e300, np.nan]}))
    assert (told == told[0]).all() and told[0, 2] == pytest.approx(0.75)


def test_constant_unknown_and_rare_have_no_column():
    learned = table(
        100,
        constant=np.full(100, 0.1 + 0.2),
        unknown=np.full(100, np.nan),
        hardly=np.where(np.arange(100) < LEAST_OF_LEVEL - 1, 1.0, np.nan),
        one=texts(*["a"] * 100),
        many=texts(*[str(i) for i in range(100)]),
    )
    assert learn_design(learned).columns == ("amount",)
    assert learn_design(learned.iloc[:0]).columns == ()


def test_at_most_so_many_values_of_a_text():
    owners = texts(*np.repeat([f"o{i}" for i in range(MOST_LEVELS + 5)], LEAST_OF_LEVEL))
    assert len(learn_design(pd.DataFrame({"owner": owners})).columns) == MOST_LEVELS


def test_other_kinds_of_column_are_read_by_what_they_hold():
    words = pd.Series(["a", "b"] * 50)
    count = pd.Series(np.arange(100) % 7).astype("Int64")
    count[3] = pd.NA
    learned = pd.DataFrame({"s": words.astype("string"), "c": words.astype("category"), "i": count, "b": words == "a"})
    design = learn_design(learned)
    assert design.columns == ("i", "b", "s=a", "s=b", "c=a", "c=b")
    assert np.isfinite(design.transform(learned)).all()


def test_texts_where_numbers_were_learned_are_an_error_and_numerals_are_read():
    design = learn_design(table())
    plain = design.transform(pd.DataFrame({"amount": [1.0, np.nan]}))
    assert np.array_equal(design.transform(pd.DataFrame({"amount": texts("1.0", None)})), plain)
    message = (
        "covariate 'amount' was of numbers when the model learned, and now holds texts (12 万, n/a); "
        "hand it over as it was, or train again"
    )
    with pytest.raises(ModelInputError) as caught:
        design.transform(pd.DataFrame({"amount": texts("12 万", "n/a", 3.0, None)}))
    assert str(caught.value) == message
