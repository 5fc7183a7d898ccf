"""Conversion against benchmarks: verdicts that a year of looks supports, and words for both."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from funnelml.diagnostics.changes.benchmarks import COLUMNS, Benchmark, compare_benchmarks
from funnelml.errors import FunnelError
from tests.logs import EPOCH, history_of

AS_OF = EPOCH + timedelta(days=400)


@pytest.fixture(scope="module")
def history():
    ends = ["won" if k % 2 else "lost" for k in range(1600)]
    rows = [(f"r{k}", s, k / 4 + d) for k, end in enumerate(ends) for s, d in (("Lead", 0), (end, 3.0))]
    return history_of(rows, [(f"r{k}", k / 4, 1000.0) for k in range(1600)])


def compare(history, *marks, as_of: date = AS_OF, **settings):
    return compare_benchmarks(history, as_of=as_of, benchmarks=marks, currency="EUR", **settings)


def test_verdicts(history):
    marks = [Benchmark(stage="Lead", conversion=c, kind="industry") for c in (0.75, 0.5, 0.25)]
    table = compare(history, *marks).table
    assert table["verdict"].tolist() == ["below", "in line", "above"]
    assert (table["low"] < 0.5).all() and (table["high"] > 0.5).all()


def test_cost_of_a_short_log_counts_its_own_weeks():
    """Six weeks of 25 exits each, 40 % of them won where 60 % are asked for: 65 wins a quarter are missing."""
    ends = ["won" if k % 5 < 2 else "lost" for k in range(150)]
    rows = [(f"r{k}", s, k * 0.28 + d) for k, end in enumerate(ends) for s, d in (("Lead", 0), (end, 0.0))]
    told = compare(history_of(rows), Benchmark(stage="Lead", conversion=0.6), as_of=EPOCH + timedelta(days=41))
    assert told.table["records"].iloc[0] == pytest.approx(-0.2 * 25 * 13, rel=0.03)


def test_cost_is_what_the_benchmark_would_have_brought(history):
    """In 26 weeks, the last of them short of four days of arrivals, about 728 stays ended, half of them won."""
    row = compare(history, Benchmark(stage="Lead", conversion=0.75)).table.iloc[0]
    assert row["exits"] == pytest.approx(728, abs=4)
    assert row["records"] == pytest.approx(-0.25 * row["exits"] / 2, rel=0.01)
    assert row["amount"] == pytest.approx(1000 * row["wins"])


def test_words(history):
    told = compare(history, Benchmark(stage="Lead", conversion=0.75, kind="industry"))
    assert told.summary().startswith("Below the benchmark: Lead at 50\xa0% (industry 75\xa0%, 9")
    assert told.summary().endswith("k EUR a quarter).")
    assert told.summary("zh").startswith("低于基准：Lead 50\xa0%（行业 75\xa0%")
    assert compare(history, Benchmark(stage="Lead", conversion=0.5)).summary().startswith("Below none of 1 benchmarks")


def test_a_stage_that_few_left_is_not_judged(history):
    table = compare(history, Benchmark(stage="Closing", conversion=0.5)).table
    assert table["verdict"].tolist() == ["too few"] and table["exits"].tolist() == [0]


def test_no_benchmarks(history):
    told = compare(history)
    assert list(told.to_frame()) == list(COLUMNS) and told.table.empty
    assert (told.summary(), told.summary("zh")) == ("No benchmarks are set.", "未设置转化率基准。")


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Benchmark(stage="Laed", conversion=0.5), r"unknown stage 'Laed' \(did you mean 'Lead'\?\)"),
        (Benchmark(stage="Lead", conversion=55.0), "is 55.0; it must lie between 0 and 1"),
    ],
)
def test_faulty_benchmarks_are_refused(history, mark, words):
    with pytest.raises(FunnelError, match=words):
        compare(history, mark)
