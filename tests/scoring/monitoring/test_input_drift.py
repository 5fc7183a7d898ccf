"""Drift of inputs: the index by hand, moves that are found, and chance that is not."""

from __future__ import annotations

from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.monitoring.base_rate import compare_base_rates
from funnelml.scoring.monitoring.input_drift import compare_inputs


def honest(n: int, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(9, 1, n)),
            "pushes": rng.poisson(0.3, n).astype(float),
            "source": rng.choice(np.array(["Ads", "转介绍", "Web", None], dtype=object), n, p=[0.5, 0.3, 0.15, 0.05]),
        }
    )


def test_index_of_a_text_by_hand():
    train = pd.DataFrame({"source": ["a"] * 60 + ["b"] * 40})
    new = pd.DataFrame({"source": ["a"] * 20 + ["b"] * 30})
    (row,) = compare_inputs(train, new).to_frame().to_dict("records")
    p, q = 60.5 / 101, 20.5 / 51
    assert row["psi"] == pytest.approx((q - p) * log(q / p) + (p - q) * log((1 - q) / (1 - p)))
    # scipy.stats.chi2.isf(0.05, 1) = 3.841459, one field and two bins; 1/100 + 1/50 = 0.03
    assert row["chance"] == pytest.approx(0.03 * 3.841459)
    assert row["verdict"] == "moved"
    assert row["how"] == "b 40\xa0% → 60\xa0%, a 60\xa0% → 40\xa0%"


def test_index_of_a_number_by_hand():
    # Deciles of 1 to 10, each ten times, put one value into each bin; the new rows have 1 and nothing else.
    train = pd.DataFrame({"x": np.repeat(np.arange(1.0, 11.0), 10)})
    new = pd.DataFrame({"x": [1.0] * 100})
    (row,) = compare_inputs(train, new).to_frame().to_dict("records")
    p, one, none = 10.5 / 105, 100.5 / 105, 0.5 / 105
    assert row["psi"] == pytest.approx((one - p) * log(one / p) + 9 * (none - p) * log(none / p))
    assert (row["verdict"], row["how"]) == ("moved much", "median 5.5 → 1")


def test_what_moved_is_found_and_told():
    rng = np.random.default_rng(4)
    train, new = honest(3_000, rng), honest(800, rng)
    new["amount"] = new["amount"].where(np.arange(800) >= 300)
    new["source"] = rng.choice(np.array(["Ads", "抖音"], dtype=object), 800)
    drift = compare_inputs(train, new)
    assert drift.table.set_index("field")["verdict"].to_dict() == {
        "source": "moved much",
        "amount": "moved much",
        "pushes": "steady",
    }
    told = drift.to_frame().set_index("field")["how"]
    assert told["source"].startswith("others 0\xa0% → 5") and "转介绍 3" in told["source"]
    assert told["amount"].endswith("empty 10\xa0% → 44\xa0%")
    assert "2 of 3 fields of 800 new records moved away from the 3,000 learned from" in drift.summary()
    assert "3 个字段中有 2 个发生偏移：source（其他 0\xa0% → 5" in drift.summary("zh")
    assert drift.moved["field"].tolist() == ["source", "amount"]


def test_a_field_that_turned_empty():
    rng = np.random.default_rng(5)
    new = honest(500, rng).assign(amount=np.nan, source=None)
    verdicts = compare_inputs(honest(500, rng), new).table.set_index("field")["verdict"]
    assert verdicts["amount"] == verdicts["source"] == "moved much"


def test_chance_alone_rarely_alarms():
    rng = np.random.default_rng(6)
    # By the bound over all fields 5 % of looks are beyond chance: 200 * 0.05 = 10, sd 3.1; an alarm needs a PSI of 0.1.
    beyond = alarms = 0
    for _ in range(200):
        drift = compare_inputs(honest(1_000, rng), honest(150, rng))
        beyond += bool((drift.table["psi"] > drift.table["chance"]).any())
        alarms += len(drift.moved) > 0
    assert 2 <= beyond <= 20 and alarms <= beyond


def test_many_rows_of_one_record_count_once():
    rng = np.random.default_rng(7)
    train, new = honest(1_000, rng), honest(40, rng)
    often = new.loc[new.index.repeat(25)].reset_index(drop=True)
    ids = np.repeat(np.arange(40), 25)
    by_row, by_record = compare_inputs(train, often), compare_inputs(train, often, new_id=ids)
    assert by_record.new_records == 40 and by_row.new_records == 1_000
    assert (by_record.table["chance"] > 10 * by_row.table["chance"]).all()
    assert by_record.moved.empty and "cannot be told from chance: too few records" in by_record.summary()
    assert "无法区分中等偏移" in by_record.summary("zh")


def test_what_many_records_of_a_date_share_is_not_judged():
    train = pd.DataFrame({"weekday": [1.0, 2.0] * 50, "x": [0.0, 1.0] * 50})
    drift = compare_inputs(train, train.assign(weekday=5.0))
    assert drift.not_judged == ("weekday",) and drift.moved.empty
    assert "Not judged, as many records of a date share one value: weekday." in drift.summary()
    assert "以下字段在同一日期由许多记录共用一个值，未作判断：weekday。" in drift.summary("zh")


values = st.lists(st.one_of(st.none(), st.floats(-5, 5), st.sampled_from([0.0, 1.0])), min_size=1, max_size=40)


@given(values, values, st.randoms(use_true_random=False))
def test_index_is_never_negative_and_ignores_the_order_of_rows(train, new, random):
    before, after = (pd.DataFrame({"x": pd.Series(v, dtype="float64")}) for v in (train, new))
    drift = compare_inputs(before, after).table["psi"][0]
    assert drift >= 0
    shuffled = after.sample(frac=1, random_state=random.randint(0, 99))
    assert compare_inputs(before, shuffled).table["psi"][0] == pytest.approx(drift)
    assert compare_inputs(before, before).table["psi"][0] == 0


def test_faults():
    table = pd.DataFrame({"amount": [1.0, 2.0]})
    with pytest.raises(ModelInputError, match=r"lack 1 fields of the training \(amount\) \(did you mean 'Amount'\?\)"):
        compare_inputs(table, table.rename(columns={"amount": "Amount"}))
    with pytest.raises(NotEnoughDataError, match="2 training rows and 0 new ones"):
        compare_inputs(table, table.iloc[:0])
    with pytest.raises(ModelInputError, match="new_id has 1 values for 2 rows"):
        compare_inputs(table, table, new_id=["a"])
    assert compare_inputs(table.drop(columns="amount"), table).to_frame().empty


@pytest.mark.realdata
def test_calls_of_a_bank_before_and_after_the_crisis(real_data):
    table = pd.read_csv(real_data / "bank_marketing.csv.gz", sep=";")
    label = (table.pop("y") == "yes").astype(float)
    first = int(0.7 * len(table))
    drift = compare_inputs(table[:first], table[first:])
    verdicts = drift.table.set_index("field")["verdict"]
    assert (verdicts[["euribor3m", "emp.var.rate", "nr.employed", "poutcome"]] == "moved much").all()
    assert (verdicts[["housing", "loan"]] == "steady").all()
    rates = compare_base_rates(label[:first], label[first:])
    # 5.6 % and 24.6 % by the description of the data
    assert (rates.train_rate, rates.new_rate) == (pytest.approx(0.056, abs=5e-4), pytest.approx(0.246, abs=5e-4))
    shuffled = table[:first].sample(frac=1, random_state=0)
    assert compare_inputs(shuffled[: first // 2], shuffled[first // 2 :]).moved.empty
