"""Gaps and strengths: planted ones are found, dated and sized; noise, too little and later rows raise none."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from funnelml.diagnostics.changes.gap_report import COLUMNS
from funnelml.diagnostics.changes.gap_size import TYPICAL_SHIFT, Worth, size_change
from funnelml.diagnostics.changes.gaps import find_gaps
from funnelml.errors import InputError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.synthetic import Arrivals, Gap, Rhythm, SyntheticWorld, simulate_crm
from tests.logs import EPOCH, history_of, log_rows, stage_log

BEGINS = date(2025, 6, 2)


def day(n: int) -> date:
    return EPOCH + timedelta(days=n)


@pytest.fixture(scope="module")
def gap():
    """A gap at Proposal, 60 % to 45 %, in 10,000 opportunities over two years."""
    world = SyntheticWorld(gaps=(Gap(stage="Proposal", begins=BEGINS, before=0.6, after=0.45),))
    crm = simulate_crm(world, seed=3)
    return find_gaps(crm.history, as_of=crm.as_of, currency="EUR")


def test_a_planted_gap_is_found_dated_and_told_once(gap):
    assert len(gap.table) == 1
    row = gap.gaps.iloc[0]
    assert (row["stage"], row["group"]) == ("Proposal", "")
    assert abs((row["began_on"] - BEGINS).days) <= 14
    assert row["began_first"] <= row["began_on"] <= row["began_last"]
    # The log odds of 45 % against 60 % differ by 0.606; frailty dulls that a little.
    assert row["shift"] == pytest.approx(-0.606, abs=2.5 * row["error"])
    assert row["amount_low"] < row["amount"] < row["amount_high"] < 0
    assert row["records"] < row["wins"] < 0


def test_a_gap_is_told_in_both_languages(gap):
    told = gap.summary()
    assert told.startswith("Gap at Proposal: since the week of 2025-")
    assert "M EUR a quarter" in told and "raises a false one with a chance of 5% at most" in told
    assert gap.summary("zh").startswith("缺口：Proposal。自 2025-")


def test_a_lasting_shift_of_all_stages_is_told_as_such():
    world = SyntheticWorld(rhythm=Rhythm(shifts=((BEGINS, 0.4),)))
    crm = simulate_crm(world, seed=2)
    best = find_gaps(crm.history, as_of=crm.as_of).strengths.iloc[0]
    assert (best["stage"], best["group"]) == ("", "")
    assert abs((best["began_on"] - BEGINS).days) <= 31


def test_rates_that_do_not_change_raise_nothing():
    crm = simulate_crm(SyntheticWorld(), seed=21)
    found = find_gaps(crm.history, as_of=crm.as_of)
    assert found.table.empty and found.series > 40
    assert found.summary().startswith("No gaps in ")
    assert "没有发现缺口" in found.summary("zh")
    assert list(found.to_frame()) == list(COLUMNS)


def test_a_clean_up_of_a_list_is_no_gap():
    """One Friday evening two hundred old records are closed as lost at one moment."""
    rows = []
    for k in range(1200):
        rows += [(f"r{k}", "Lead", k * 0.5), (f"r{k}", "won" if k % 2 else "lost", k * 0.5 + 5 + k % 7)]
    rows += [(f"old{k}", s, d) for k in range(200) for s, d in (("Lead", 582 + k / 50), ("lost", 590.75))]
    assert find_gaps(history_of(rows), as_of=day(604)).table.empty
    minutes_apart = [(r, s, d + int(r[3:]) / 144 if s == "lost" and r.startswith("old") else d) for r, s, d in rows]
    assert len(find_gaps(history_of(minutes_apart), as_of=day(604)).gaps) == 1


def test_losses_entered_late_are_no_gap():
    """Half of the records go on; losses are entered up to five weeks after the fact, advances at once."""
    rng = np.random.default_rng(8)
    rows = []
    for k in range(1600):
        end = "won" if rng.random() < 0.5 else "lost"
        late = rng.exponential(14.0) if end == "lost" else 0.0
        rows += [(f"r{k}", "Lead", k / 3, k / 3), (f"r{k}", end, k / 3 + 4, k / 3 + 4 + late)]
    history = history_of(rows)
    for weeks in range(4):
        assert find_gaps(history, as_of=day(500 - 7 * weeks)).table.empty


@settings(max_examples=40)
@given(rows=log_rows(most=40))
def test_rows_recorded_later_change_nothing(rows):
    known = [row for row in rows if row[3] <= 15 and row[2] <= 15]
    if not known:
        return
    before = find_gaps(history_of(known), as_of=day(15))
    after = find_gaps(history_of([*known, *(r for r in rows if r[3] > 15)]), as_of=day(15))
    pd.testing.assert_frame_equal(before.table, after.table)
    assert before.weeks.equals(after.weeks) and before.threshold == after.threshold


def test_backdated_rows_recorded_later_change_nothing():
    crm = simulate_crm(SyntheticWorld(days=400, arrivals=Arrivals(per_day=6.0)), seed=1)
    as_of = crm.as_of - timedelta(days=60)
    log = crm.tables["stage_changes"]
    cut = crm.history.cut(as_of)
    early = crm.history.with_tables(stage_changes=log[log["recorded_at"] < cut].reset_index(drop=True))
    a, b = (find_gaps(h, as_of=as_of) for h in (crm.history, early))
    pd.testing.assert_frame_equal(a.table, b.table)
    pd.testing.assert_frame_equal(a.weeks, b.weeks)


ODD = {
    "one record": [("a", "Lead", 0)],
    "one closed": [("a", "Lead", 0), ("a", "won", 3)],
    "all lost": [(f"r{k}", s, k + d) for k in range(300) for s, d in (("Lead", 0), ("lost", 3))],
    "all won": [(f"r{k}", s, k + d) for k in range(300) for s, d in (("Lead", 0), ("won", 3))],
}


def test_a_gap_of_one_segment_is_told_of_that_segment():
    ends = ["won" if k % 10 < (7 if k < 1000 or k % 4 else 2) else "lost" for k in range(1600)]
    rows = [(f"r{k}", s, k * 0.375 + d) for k, end in enumerate(ends) for s, d in (("Lead", 0), (end, 4))]
    told = {
        "opportunity_id": [f"r{k}" for k in range(1600)],
        "segment": ["A" if k % 4 == 0 else "B" for k in range(1600)],
    }
    opportunities = pd.DataFrame(told).assign(funnel="f", created_at=0, recorded_at=0)
    found = find_gaps(history_of(rows).with_tables(opportunities=opportunities), as_of=day(604), by=("segment",))
    assert found.gaps[["stage", "group"]].iloc[0].tolist() in (["Lead", "A"], ["", "A"])
    weeks = found.weeks[found.weeks["group"] == "A"]
    assert weeks["exits"].sum() * 3 == pytest.approx(
        found.weeks.loc[found.weeks["group"] == "", "exits"].sum() * 0.75, rel=0.1
    )


def test_an_unknown_attribute_is_refused():
    with pytest.raises(InputError, match=r"no 'regin'"):
        find_gaps(history_of(ODD["one closed"]), as_of=day(9), by=("regin",))
    with pytest.raises(InputError, match=r"must lie between 0 and 0\.2"):
        find_gaps(history_of(ODD["one closed"]), as_of=day(9), rate=0.5)


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD)
def test_odd_logs_raise_nothing(rows):
    found = find_gaps(history_of(rows), as_of=day(320))
    assert found.table.empty
    assert found.summary() and found.summary("zh")


def test_a_funnel_of_one_stage_without_amounts():
    funnel = Funnel(name="f", stages=("Only",))
    ends = [("won" if k % 10 < (7 if k < 500 else 2) else "lost") for k in range(800)]
    rows = [(f"r{k}", s, k * 0.75 + d) for k, end in enumerate(ends) for s, d in (("Only", 0), (end, 4))]
    history = History(tables={"stage_changes": stage_log(rows)}, funnels=(funnel,))
    found = find_gaps(history, as_of=day(604))
    row = found.gaps.iloc[0]
    assert row["stage"] == "Only" and np.isnan(row["amount"])
    assert row["share_before"] == pytest.approx(0.7, abs=0.01)
    assert 0.2 < row["share_now"] < 0.35
    assert "EUR" not in found.summary() and "wins a quarter" in found.summary()


def test_size_is_drawn_towards_nothing_as_the_prior_asks():
    worth = Worth(wins=np.array([50.0]), tries=np.array([100.0]), amount=np.array([10.0]), amount_error=np.zeros(1))
    told = size_change(
        shift=-1.0,
        error=TYPICAL_SHIFT,
        went_on=np.array([500_000.0]),
        ended=np.array([1_000_000.0]),
        per_quarter=np.array([100.0]),
        worth=worth,
        level=0.8,
        seed=0,
    )
    # Half of the shift remains where error and prior are alike: 1 / (1 + exp(0.5)) = 0.3775.
    assert told["share_now"] == pytest.approx(0.3775, abs=0.006)
    assert told["wins"] == pytest.approx(-100 * (0.5 - 0.3775) / 2, rel=0.06)
    assert told["amount"] == pytest.approx(10 * told["wins"], rel=1e-9)
