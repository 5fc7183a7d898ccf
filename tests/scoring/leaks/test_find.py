"""The search for leaks: planted ones are found, honest fields stay, and what was known at the time is believed."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.leaks.find import find_leaks
from tests.scoring.leaks.tables import PLANTED, honest_table, rows_of


def suspect(report, field):
    return next(s for s in report.suspects if s.field == field)


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_leaks_are_left_out(kind):
    found = 0
    for seed in range(6):
        features, y, rng = honest_table(seed, strong=False)
        name, values = PLANTED[kind](y, rng)
        report = find_leaks(rows_of(features.assign(**{name: values}), y))
        assert {name, *report.left_out} == {name}, report.left_out
        assert name in report.left_out + report.to_look_at
        found += name in report.left_out
    # Of 100 seeds: a field filled late is left out in 81 and noted in 19, each of the others is left out in all.
    assert found >= 5


@pytest.mark.parametrize(("n", "base", "strong"), [(2_000, 0.3, True), (2_000, 0.05, True), (500, 0.3, False)])
def test_honest_fields_stay(n, base, strong):
    for seed in range(10):
        features, y, _ = honest_table(100 + seed, n=n, base=base, strong=strong)
        report = find_leaks(rows_of(features, y))
        assert report.left_out == ()
        assert {"income", "visits", "age", "source", "region", "employment_status"}.isdisjoint(report.to_look_at)


def test_a_strong_unnamed_field_is_a_note_and_no_more():
    features, y, rng = honest_table(1, strong=False)
    features = features.drop(columns="market").assign(x=rng.normal(size=len(y)) + 1.7 * y)
    found = suspect(find_leaks(rows_of(features, y)), "x")
    assert found.verdict == "look at" and "strongest" in {e.kind for e in found.evidence}
    assert "than all 15 other fields together" in found.tell()


def test_two_strong_fields_are_both_named():
    _, y, rng = honest_table(1)
    features = pd.DataFrame({name: rng.normal(size=(len(y))) + shift * y for name, shift in (("a", 2.6), ("b", 1.5))})
    weak = {f"w{k}": rng.normal(size=len(y)) for k in range(3)}
    report = find_leaks(rows_of(features.assign(**weak), y))
    assert set(report.to_look_at + report.left_out) == {"a", "b"}


def test_a_field_that_open_records_lack_is_left_out():
    features, y, rng = honest_table(2)
    features["visit report"] = np.where(rng.random(len(y)) < 0.7, "x", None).astype(object)
    rows = rows_of(features, y)
    there = features.sample(200, random_state=1)
    assert "visit report" not in find_leaks(rows, open_features=there).left_out
    for without in (there.assign(**{"visit report": None}), there.drop(columns="visit report")):
        report = find_leaks(rows, open_features=without)
        assert report.left_out == ("visit report",)
        assert "but in 0\xa0% of 200 open rows" in suspect(report, "visit report").tell()
    assert find_leaks(rows, open_features=there.assign(**{"visit report": None}), assumed=()).left_out == (
        "visit report",
    )


def test_a_name_alone_convicts_no_field():
    rng = np.random.default_rng(1)
    names = ["Last Activity", "lead score", "成交概率", "状态", "close reason"]
    y = (rng.random(2_000) < 0.4).astype(float)
    features = pd.DataFrame({name: rng.choice(["a", "b", "c"], 2_000) for name in names}).astype(object)
    assert find_leaks(rows_of(features, y)).suspects == ()


def test_names_and_filling_do_not_matter_where_the_past_is_known():
    features, y, rng = honest_table(3, strong=False)
    planted = dict(PLANTED[k](y, rng) for k in ("last state", "judgement", "scored in batches"))
    rows = rows_of(features.assign(**planted), y)
    assert set(find_leaks(rows).left_out) == set(planted)
    assert find_leaks(rows, assumed=()).suspects == ()
    told = find_leaks(rows, assumed=("source", "Last Activity", "no such field"))
    assert told.left_out == ("Last Activity",) and told.to_look_at == ("source",)
    assert "has no history" in suspect(told, "source").tell()
    assert find_leaks(replace(rows, assumed=())).suspects == ()


def test_fields_without_history_are_reported_with_their_reason():
    features, y, _ = honest_table(4)
    rows = replace(rows_of(features, y), left_out={"owner": "no change of it was ever recorded"}, assumed=())
    report = find_leaks(rows)
    assert report.left_out == ("owner",)
    assert report.without_past == ("owner",)
    assert report.to_frame()["evidence"].iloc[0] == "its past is not known: no change of it was ever recorded"
    assert report.to_frame("zh")["evidence"].iloc[0] == "历史取值未知：仅有导出时的取值"
    assert report.summary() == "Of 17 fields in 2,000 rows, 1 left out as their past is not known: owner."
    assert report.summary("zh") == "在 2,000 行中检查了 17 个字段：因历史取值未知而未使用 1 个：owner。"
    pd.testing.assert_frame_equal(report.apply(rows).features, features)


def test_kept_fields_stay_and_are_named():
    features, y, rng = honest_table(5)
    name, values = PLANTED["flag after the fact"](y, rng)
    rows = rows_of(features.assign(**{name: values}), y)
    kept = find_leaks(rows, keep=["contract"])
    assert (kept.left_out, kept.kept) == ((), ("contract",))
    assert "contract" in kept.apply(rows).features
    assert "contract" not in find_leaks(rows).apply(rows).features


@given(seed=st.integers(0, 10_000), base=st.sampled_from([0.05, 0.5, 0.9]))
@settings(max_examples=25)
def test_labels_by_chance_leave_no_field_out(seed, base):
    features, _, rng = honest_table(seed, n=400)
    report = find_leaks(rows_of(features, rng.random(400) < base))
    assert report.left_out == ()
    assert max((s.auc_low for s in report.suspects), default=0.5) < 0.6


def test_an_id_of_as_many_values_as_rows_tells_nothing():
    rng = np.random.default_rng(6)
    y = (rng.random(20_000) < 0.5).astype(float)
    features = pd.DataFrame({"hash": [f"u{k}" for k in rng.permutation(20_000)]}, dtype=object)
    found = suspect(find_leaks(rows_of(features, y)), "hash")
    assert found.auc == 0.5 and [e.kind for e in found.evidence] == ["identifier"]


def test_rows_of_one_record_are_no_independent_witnesses():
    rng = np.random.default_rng(7)
    y, x = np.repeat(rng.random(60) < 0.5, 50).astype(float), np.repeat(rng.normal(size=60), 50)
    features = pd.DataFrame({"x": x + 1.5 * y})
    apart = rows_of(features, y)
    together = replace(apart, record_id=np.repeat(np.arange(60), 50).astype(object))
    low = [suspect(find_leaks(r), "x").auc_low if find_leaks(r).suspects else 0 for r in (apart, together)]
    assert low[0] > low[1] + 0.05


def test_the_same_seed_gives_the_same_report():
    features, y, _ = honest_table(8)
    rows = rows_of(features, y)
    assert find_leaks(rows, seed=3) == find_leaks(rows, seed=3)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"label": None}, ModelInputError, "the rows have no labels; leaks are found in rows whose outcome is known"),
        (
            {"label": np.arange(100) < 9.0},
            NotEnoughDataError,
            "9 records have label 1; leaks can be told from chance with 10 of each label",
        ),
        (
            {"features": pd.DataFrame(np.zeros((100, 2)), columns=["a", "a"])},
            ModelInputError,
            "field 'a' is there twice; rename one of them",
        ),
    ],
)
def test_rows_that_cannot_be_judged(change, error, text):
    rows = rows_of(pd.DataFrame({"Stufe": np.zeros(100)}), np.arange(100) % 2)
    with pytest.raises(error, match=f"^{re.escape(text)}$"):
        find_leaks(replace(rows, **change))


def test_a_field_to_keep_must_be_there():
    rows = rows_of(pd.DataFrame({"source": np.zeros(100)}), np.arange(100) % 2)
    with pytest.raises(ModelInputError, match=r"'sources' cannot be kept, there is no such field \(did you mean 'sou"):
        find_leaks(rows, keep=["sources"])
    with pytest.raises(
        ModelInputError, match=r"'owner' cannot be kept, .* not known: today's value\. .* trusted=\['ow"
    ):
        find_leaks(rows, keep=["owner"], left_out={"owner": "today's value"})


def test_odd_columns_do_no_harm():
    rng = np.random.default_rng(9)
    n = 300
    features = pd.DataFrame(
        {
            "empty": np.full(n, np.nan),
            "no text": np.full(n, None, dtype=object),
            "constant": np.ones(n),
            "infinite": np.where(rng.random(n) < 0.5, np.inf, rng.normal(size=n)),
            "huge": rng.normal(size=n) * 1e300,
        }
    )
    assert find_leaks(rows_of(features, rng.random(n) < 0.5)).suspects == ()
    assert find_leaks(rows_of(features.iloc[:, :0], rng.random(n) < 0.5)).fields == 0
