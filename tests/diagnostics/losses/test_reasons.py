"""Reasons of losses: counts by hand, the recovery of a planted change, as-of, and logs that say little."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.losses.reasons import measure_loss_reasons
from funnelml.diagnostics.losses.rules import UNKNOWN, ReasonRules
from funnelml.errors import AsOfError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY, empty_table
from funnelml.synthetic import Arrivals, Gap, Losses, SyntheticWorld, simulate_crm
from funnelml.synthetic.loss_reasons import EARLY_MIX
from funnelml.synthetic.loss_reasons import REASONS as TRUE_REASONS
from tests.logs import EPOCH, FUNNEL, log_rows, stage_log

WORLD = SyntheticWorld(days=500, future_days=30, arrivals=Arrivals(per_day=6.0), activities_per_day=0.0)


def reasons_log(rows: list[tuple]) -> pd.DataFrame:
    """Rows of (record, field, day, new[, day recorded]) as canonical field changes."""
    table = pd.DataFrame([(*row, row[2])[:5] for row in rows], columns=["record_id", "field", "day", "new", "known"])
    times = {
        name: (table[day].astype(float) * DAY).round().astype("int64")
        for name, day in (("changed_at", "day"), ("recorded_at", "known"))
    }
    return table[["record_id", "field", "new"]].assign(funnel="f", old=None, **times)


def losses(rows: list[tuple], moves: list[tuple] | None = None) -> History:
    """Records lost in Proposal on day 3, but where moves are given; rows are (record, owner, amount, text)."""
    if moves is None:
        moves = [(r[0], stage, day) for r in rows for stage, day in (("Lead", 1), ("Proposal", 2), ("lost", 3))]
    changes = []
    for record, owner, amount, text in rows:
        told = {"owner": owner, "amount": None if amount is None else str(amount), "loss_reason": text}
        changes += [(record, field, 3, value) for field, value in told.items() if value is not None]
    tables = {"stage_changes": stage_log(moves)}
    if changes:
        tables["field_changes"] = reasons_log(changes)
    return History(tables=tables, funnels=(FUNNEL,))


DAY_9 = EPOCH + timedelta(days=9)
HAND = [
    ("a", "Ann", 100, "too expensive"),
    ("b", "Ann", 300, "价格"),
    ("c", "Bo", None, "friend of the boss"),
    ("d", "Bo", 50, None),
    ("e", None, 50, "competitor"),
]


def test_counts_amounts_and_intervals_by_hand() -> None:
    result = measure_loss_reasons(losses(HAND), as_of=DAY_9, currency="EUR")
    table = result.reasons.set_index("reason")
    none = ["need_mismatch", "decision_delayed", "no_response"]
    assert list(table.index) == ["budget", "competitor", "other", *none, UNKNOWN]
    assert table["lost"].tolist() == [2, 1, 1, 0, 0, 0, 1]
    assert table.at["budget", "share"] == 0.5 and np.isnan(table.at[UNKNOWN, "share"])
    # Wilson: (p + z^2/2n -+ z sqrt(pq/n + z^2/4n^2)) / (1 + z^2/n), p = q = 1/2, n = 4, z = 1.2816
    assert table.loc["budget", ["low", "high"]].tolist() == pytest.approx([0.2302, 0.7698], abs=1e-4)
    assert table["amount"].to_dict()["budget"] == 400 and table.at["budget", "amount_share"] == 0.8
    assert result.filled_share == 0.8 and not result.is_biased
    filled = result.filled.set_index("owner")[["lost", "filled"]]
    assert filled.loc["Bo"].tolist() == [2, 1] and filled.loc[UNKNOWN].tolist() == [1, 1]
    assert result.other_texts.to_dict("records") == [{"text": "friend of the boss", "lost": 1}]
    stage = result.groups[(result.groups["by"] == "stage") & (result.groups["reason"] == "budget")]
    assert stage[["group", "lost", "of"]].to_numpy().tolist() == [["Proposal", 2, 4]]


def test_the_words_of_the_user_change_the_counts() -> None:
    rules = ReasonRules(words={"need_mismatch": ["friend"]})
    table = measure_loss_reasons(losses(HAND), as_of=DAY_9, rules=rules).reasons.set_index("reason")
    assert table.at["need_mismatch", "lost"] == 1 and table.at["other", "lost"] == 0


def test_sentences_in_both_languages() -> None:
    result = measure_loss_reasons(losses(HAND), as_of=DAY_9, currency="EUR")
    assert result.summary().startswith("Of 5 lost records 80\xa0% have a reason; the most frequent is price or budget")
    assert "These are only 4; 20 would be enough" in result.summary()
    assert "5 条输单记录中 80\xa0% 填写了原因" in result.summary("zh") and "价格预算" in result.summary("zh")
    few = measure_loss_reasons(
        losses([(f"r{i}", "Ann", 1, "price" if i < 4 else None) for i in range(10)]), as_of=DAY_9
    )
    assert few.is_biased
    assert "Only 40\xa0% are filled in: the picture may be biased." in few.summary()
    assert "结论可能有偏差" in few.summary("zh")


def test_the_owner_who_hardly_gives_reasons_is_named_and_the_others_are_not() -> None:
    rows = [
        (f"{o}{i}", o, 1, "price" if o != "王伟" or i < 8 else None) for o in ("Ann", "Bo", "王伟") for i in range(30)
    ]
    result = measure_loss_reasons(losses(rows), as_of=DAY_9)
    assert "王伟 gives a reason least often, in 27\xa0% of 30 losses" in result.summary()
    assert "王伟填写最少" in result.summary("zh")
    even = measure_loss_reasons(losses([(f"r{i}", "AB"[i % 2], 1, "price") for i in range(60)]), as_of=DAY_9)
    assert "least often" not in even.summary()


def test_a_planted_change_is_found_and_its_stage_shown() -> None:
    gap = Gap(stage="Proposal", begins=date(2024, 9, 1), before=0.8, after=0.4)
    world = replace(WORLD, gaps=(gap,), losses=Losses(gap_share=0.8), arrivals=Arrivals(per_day=10.0))
    crm = simulate_crm(world, seed=0)
    result = measure_loss_reasons(crm.history, as_of=crm.as_of)
    trends = result.trends.set_index("reason")
    assert trends.at["competitor", "changed"]
    assert trends.at["competitor", "share_late"] > trends.at["competitor", "share_early"] + 0.05
    assert "competitor went from" in result.summary() and "竞品从" in result.summary("zh")
    assert abs(result.filled_share - 0.85) < 4 * np.sqrt(0.85 * 0.15 / len(result.records))
    lead = result.groups[(result.groups["by"] == "stage") & (result.groups["group"] == "Lead")].set_index("reason")
    mix = pd.Series(EARLY_MIX, index=list(TRUE_REASONS))
    n = int(lead["of"].iloc[0])
    assert ((lead["share"] - mix).abs() < 4 * np.sqrt(mix * (1 - mix) / n)).all()
    assert list(dict.fromkeys(result.groups.loc[result.groups["by"] == "stage", "group"])) == list(crm.funnel.stages)


def test_what_was_not_tested_is_not_said_to_be_unchanged() -> None:
    rows = [(f"r{i}", "Ann", 1, "price" if i < 12 else "competitor") for i in range(24)]
    one = measure_loss_reasons(losses(rows), as_of=DAY_9)
    assert "All losses with a reason are of one period: too few to tell whether reasons change" in one.summary()
    assert "都在同一个时段内，无法判断原因是否变化" in one.summary("zh")

    def over_days(days: list[int]) -> History:
        texts = zip(rows, days, strict=True)
        return losses(rows, [(r[0], s, d) for r, day in texts for s, d in (("Lead", 0), ("lost", day))])

    later = EPOCH + timedelta(days=200)
    same = measure_loss_reasons(over_days([5 + 120 * (i % 5 < 2) for i in range(24)]), as_of=later)
    assert "No reason has clearly become more or less frequent." in same.summary()
    assert "没有哪个原因的占比出现明确变化" in same.summary("zh")
    alike = [(record, owner, amount, "price") for record, owner, amount, _ in rows]
    moves = [(r[0], s, d) for i, r in enumerate(alike) for s, d in (("Lead", 0), ("lost", 5 + 120 * (i % 5 < 2)))]
    untold = measure_loss_reasons(losses(alike, moves), as_of=later)
    assert "Too few losses to tell whether reasons change" in untold.summary()
    assert "输单太少，无法判断原因是否变化" in untold.summary("zh")


def test_without_a_change_the_young_log_alone_raises_no_alarm() -> None:
    # Early losses come first, so the raw shares drift; of 24 tests at most 5 in 100 may be called a change.
    worlds = [simulate_crm(WORLD, seed=seed) for seed in range(4)]
    changed = [measure_loss_reasons(crm.history, as_of=crm.as_of).trends["changed"].sum() for crm in worlds]
    assert sum(changed) <= 1


@settings(max_examples=40)
@given(rows=log_rows(), later=log_rows(most=8), day=st.integers(3, 15))
def test_rows_recorded_later_change_nothing(rows, later, day) -> None:
    as_of = EPOCH + timedelta(days=day)
    texts = [("r0", "loss_reason", 2, "price"), ("r1", "loss_reason", 3, "ghost")]
    after = [("r0", "loss_reason", 1, "competitor", day + 1), ("r1", "owner", 2, "Zoe", day + 3)]
    base = History(tables={"stage_changes": stage_log(rows), "field_changes": reasons_log(texts)}, funnels=(FUNNEL,))
    backdated = stage_log([(r, s, min(d, day), day + 1 + k) for k, (r, s, d, _) in enumerate(later)])
    more = base.with_tables(
        stage_changes=pd.concat([base.tables["stage_changes"], backdated], ignore_index=True),
        field_changes=pd.concat([base.tables["field_changes"], reasons_log(after)], ignore_index=True),
    )
    try:
        known = measure_loss_reasons(base, as_of=as_of)
    except AsOfError:
        with pytest.raises(AsOfError):
            measure_loss_reasons(more, as_of=as_of)
        return
    told = measure_loss_reasons(more, as_of=as_of)
    for name in ("records", "reasons", "groups", "periods", "trends", "filled"):
        pd.testing.assert_frame_equal(getattr(told, name), getattr(known, name))
    assert told.summary() == known.summary() and told.summary("zh") == known.summary("zh")
    table = known.reasons
    assert table["lost"].sum() == len(known.records)
    assert np.nansum(table["share"]) == pytest.approx(1.0 if (known.records["reason"] != UNKNOWN).any() else 0.0)


def test_duckdb_gives_the_same() -> None:
    history = losses(HAND)
    here, there = (measure_loss_reasons(h, as_of=DAY_9) for h in (history, on_duckdb(history)))
    pd.testing.assert_frame_equal(here.reasons, there.reasons)
    pd.testing.assert_frame_equal(here.records, there.records)


@pytest.mark.parametrize(
    ("moves", "rows", "said"),
    [
        ([("a", "Lead", 0), ("a", "won", 2)], [], "No record stands as lost"),
        ([("a", "Lead", 0), ("a", "lost", 2)], [], "None of the 1 lost records has a reason; from 20 on"),
        ([("a", "lost", 2)], [("a", None, None, "price")], "the most frequent is price or budget, 100\xa0% of them"),
        ([("a", "Lead", 0)], [], "No record stands as lost"),
    ],
    ids=["zero losses", "no reasons, owners, amounts", "lost without a stage", "zero closings"],
)
def test_logs_that_say_little(moves, rows, said) -> None:
    result = measure_loss_reasons(losses(rows, moves), as_of=DAY_9)
    assert said in result.summary()
    assert result.summary("zh")
    assert len(result.to_frame()) == 7


def test_a_funnel_of_one_stage() -> None:
    history = History(
        tables={"stage_changes": stage_log([("a", "Only", 0), ("a", "lost", 1)])},
        funnels=(Funnel(name="f", stages=("Only",)),),
    )
    result = measure_loss_reasons(history, as_of=DAY_9)
    assert result.records["stage"].tolist() == ["Only"]


def test_an_empty_log_says_so() -> None:
    history = History(tables={"stage_changes": empty_table("stage_changes")}, funnels=(FUNNEL,))
    with pytest.raises(AsOfError, match="the log is empty"):
        measure_loss_reasons(history, as_of=DAY_9)


def test_shares_that_are_the_same_in_all_periods_are_no_trouble() -> None:
    rows, moves = [], []
    for quarter in range(3):
        for k in range(40):
            record, day = f"r{quarter}-{k}", 92 * quarter + 5 + k
            rows.append((record, "Ann", 1.0, "price" if k % 4 == 0 else "competitor"))
            moves += [(record, "Lead", day), (record, "lost", day + 3)]
    found = measure_loss_reasons(losses(rows, moves), as_of=EPOCH + timedelta(days=300))
    assert not found.trends["changed"].any()
