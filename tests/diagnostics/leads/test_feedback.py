"""Feedback: words in two languages, counts by hand, verdicts held against what came, as-of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.leads.feedback import measure_feedback
from funnelml.diagnostics.leads.feedback_words import normalise_feedback
from funnelml.diagnostics.losses.rules import ReasonRules
from funnelml.errors import NotEnoughDataError
from funnelml.io.engine import on_duckdb
from funnelml.synthetic import Arrivals, SyntheticWorld, simulate_crm
from funnelml.synthetic.feedback import ACCEPTS, SATISFIED
from tests.diagnostics.lead_log import lead_history
from tests.diagnostics.losses.test_reasons import reasons_log
from tests.logs import EPOCH

DAY_90 = EPOCH + timedelta(days=90)
LEADS = [
    {"lead_id": "a", "created_at": 0, "source": "Web", "owner": "Ann"},
    {"lead_id": "b", "created_at": 0, "source": "Web", "owner": "Bo"},
    {"lead_id": "c", "created_at": 0, "source": "展会", "owner": "Bo"},
    {"lead_id": "d", "created_at": 80, "source": "展会", "owner": None},
]
OPENED = [
    {"opportunity_id": "o1", "created_at": 4, "lead_id": "a"},
    {"opportunity_id": "o2", "created_at": 3, "lead_id": "c"},
]
MOVES = [("o1", "Lead", 4), ("o1", "won", 9), ("o2", "Lead", 3), ("o2", "lost", 9)]


def said(
    record: str, day: float, verdict: str | None, reason: str | None = None, kind: str = "lead acceptance"
) -> dict:
    return {"record_id": record, "given_at": day, "kind": kind, "verdict": verdict, "reason": reason}


FEEDBACK = [
    said("a", 1, "rejected", "no budget"),
    said("a", 2, "accepted"),  # the later verdict stands
    said("b", 1, "拒绝", "需求不符", "线索接收"),
    said("c", 4, "Rejected", None),  # it had already become an opportunity
    said("d", 81, "accepted"),  # its horizon has not passed
    said("o1", 12, "满意", None, "客户调研"),
    said("o2", 12, "dissatisfied", "price", "Exit interview"),
    said("o2", 13, "???", None, "survey"),
    said("a", 1, "accepted", None, "horoscope"),
]


def test_counts_by_hand() -> None:
    history = lead_history(LEADS, opportunities=OPENED, moves=MOVES, feedback=FEEDBACK)
    history = history.with_tables(field_changes=reasons_log([("o2", "loss_reason", 9, "too expensive")]))
    result = measure_feedback(history, as_of=DAY_90)
    table = result.acceptance.set_index(["by", "group"])[["reviewed", "accepted"]]
    assert table.loc[("all", "all")].tolist() == [4, 2]
    assert table.loc[("source", "Web")].tolist() == [2, 1]
    assert table.loc[("owner", "Bo")].tolist() == [2, 0] and table.loc[("owner", "unknown")].tolist() == [1, 1]
    rejections = result.rejections.set_index("reason")["rejected"]
    assert rejections["need_mismatch"] == 1 and rejections["unknown"] == 1 and rejections.sum() == 2
    verdicts = result.verdicts.set_index("verdict")[["leads", "became"]]
    assert verdicts.loc["accepted"].tolist() == [1, 1] and verdicts.loc["rejected"].tolist() == [1, 0]
    assert result.difference == 1.0 and result.difference_low < 1.0
    of_leads = lead_history(
        LEADS, opportunities=OPENED, moves=MOVES, feedback=FEEDBACK, lead_moves=[("a", "New", 0), ("a", "won", 4)]
    )
    told_of_leads = measure_feedback(of_leads, as_of=DAY_90, funnel="leads")
    pd.testing.assert_frame_equal(told_of_leads.customers, result.customers)
    customers = result.customers[result.customers["said"] > 0].set_index(["kind", "outcome"])["verdict"]
    assert customers.to_dict() == {("survey", "won"): "satisfied", ("interview", "lost"): "dissatisfied"}
    assert (result.interviews, result.interviews_agree) == (1, 1)
    assert result.not_understood == 2
    told = result.summary()
    assert told.startswith("Reps accept 50\xa0% of 4 reviewed leads.")
    assert "the largest has 2 reviewed leads, 30 would do" in told
    assert "Whether the verdicts hold cannot be said yet: the smaller group has 1 leads" in told
    assert "In 1 of 1 interviews the customer names the CRM's reason." in told
    assert "2 rows have a kind or verdict that is not understood." in told
    assert "销售接受了 4 条已评审线索中的 50\xa0%" in result.summary("zh")


def test_the_users_words_for_reasons_are_used() -> None:
    history = lead_history(LEADS, feedback=[said("a", 1, "rejected", "spam")])
    rules = ReasonRules(words={"no_response": ["spam"]})
    assert measure_feedback(history, as_of=DAY_90, rules=rules).rejections["reason"].iloc[0] == "no_response"


@pytest.mark.parametrize(
    ("kind", "verdict", "kinds"),
    [
        ("Lead qualification", "Not accepted", ("acceptance", "rejected")),
        ("线索验收", "不接受", ("acceptance", "rejected")),
        ("线索", "已接受", ("acceptance", "accepted")),
        ("线索审核", "退回", ("acceptance", "rejected")),
        ("满意度调查", "非常不满意", ("survey", "dissatisfied")),
        ("NPS survey", "Promoter", ("survey", "satisfied")),
        ("客户访谈", "一般", ("interview", "neutral")),
        ("survey", "unsatisfied", ("survey", "dissatisfied")),
        ("survey", None, ("survey", None)),
        ("birthday card", "happy", (None, None)),
        (None, "accepted", (None, None)),
    ],
)
def test_words_for_kinds_and_verdicts(kind, verdict, kinds) -> None:
    frame = pd.DataFrame({"kind": [kind], "verdict": [verdict]}, dtype=object)
    assert tuple(normalise_feedback(frame).iloc[0]) == kinds


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_reps_and_customers_know_is_recovered(language) -> None:
    zone = "Europe/Berlin" if language == "en" else "Asia/Shanghai"
    world = SyntheticWorld(
        days=400,
        future_days=60,
        arrivals=Arrivals(per_day=8.0),
        language=language,
        time_zone=zone,
        activities_per_day=0.0,
    )
    crm = simulate_crm(world, seed=4)
    result = measure_feedback(crm.history, as_of=crm.as_of)
    assert result.not_understood == 0
    table = result.acceptance.set_index(["by", "group"])
    for source in world.sources:
        true = source.converts * ACCEPTS[1] + (1 - source.converts) * ACCEPTS[0]
        row = table.loc[("source", source.name)]
        assert abs(row["share"] - true) < 4 * np.sqrt(true * (1 - true) / row["reviewed"]) + 0.01
    assert result.difference_low > 0.4
    surveys = result.customers[(result.customers["kind"] == "survey") & (result.customers["outcome"] != "open")]
    for row in surveys.to_dict("records"):
        true = SATISFIED[row["outcome"]][("satisfied", "neutral", "dissatisfied").index(row["verdict"])]
        assert abs(row["share"] - true) < 4 * np.sqrt(true * (1 - true) / row["of"])
    assert result.interviews == result.interviews_agree > 10
    best, worst = (world.sources[k].name for k in (2, 1))
    told = result.summary() if language == "en" else result.summary("zh")
    assert f"Fewest from {worst}" in told or f"接受率最低的来源是{worst}" in told
    assert f"most from {best}" in told or f"最高的是{best}" in told
    wide = replace(result, acceptance=result.acceptance.assign(low=0.0, high=1.0))
    assert " by source; the differences may be chance." in wide.summary() and "Fewest from" not in wide.summary()
    assert "差异可能只是偶然。" in wide.summary("zh") and "接受率最低" not in wide.summary("zh")
    assert "the verdicts hold" in result.summary() and "评审有效" in result.summary("zh")


ROWS = st.lists(
    st.tuples(st.sampled_from("abcdo"), st.integers(0, 30), st.sampled_from(["accepted", "拒绝", "满意", "?"])),
    max_size=12,
)


@settings(max_examples=40)
@given(rows=ROWS, later=ROWS, day=st.integers(3, 30))
def test_rows_recorded_later_change_nothing(rows, later, day) -> None:
    as_of = EPOCH + timedelta(days=day)
    own = [said(r if r != "o" else "o1", d, v, "price") for r, d, v in rows] + [said("o1", 2, "满意", None, "调研")]
    base = lead_history(LEADS, opportunities=OPENED, moves=MOVES, feedback=own)
    more = lead_history(
        LEADS,
        opportunities=[*OPENED, {"opportunity_id": "o9", "created_at": 2, "recorded_at": day + 1, "lead_id": "b"}],
        moves=MOVES,
        feedback=[*own, *({**said(r, d, v), "recorded_at": max(d, day + 1)} for r, d, v in later)],
    )
    known, told = (measure_feedback(h, as_of=as_of, horizon_days=5) for h in (base, more))
    for name in ("acceptance", "rejections", "verdicts", "customers"):
        pd.testing.assert_frame_equal(getattr(known, name), getattr(told, name))
    assert known.summary() == told.summary() and known.summary("zh") == told.summary("zh")


def test_duckdb_gives_the_same() -> None:
    history = lead_history(LEADS, opportunities=OPENED, moves=MOVES, feedback=FEEDBACK)
    here, there = (measure_feedback(h, as_of=DAY_90) for h in (history, on_duckdb(history)))
    pd.testing.assert_frame_equal(here.acceptance, there.acceptance)
    pd.testing.assert_frame_equal(here.customers, there.customers)
    assert here.summary() == there.summary()


@pytest.mark.parametrize(
    "feedback",
    [
        [said("a", 1, "accepted")],
        [said("nobody", 1, "rejected")],
        [said("o1", 12, "satisfied", None, "survey")],
        [said("a", 1, None)],
    ],
    ids=["one lead", "a lead that is not known", "no lead", "no verdict"],
)
def test_a_single_row(feedback) -> None:
    for leads in (LEADS, []):
        result = measure_feedback(lead_history(leads, moves=MOVES, feedback=feedback), as_of=DAY_90)
        assert result.summary() and result.summary("zh")
    no_moves = measure_feedback(lead_history(LEADS, feedback=feedback), as_of=DAY_90)
    assert no_moves.customers.empty


def test_no_feedback_says_what_to_load() -> None:
    with pytest.raises(NotEnoughDataError, match="map a source to the table 'feedback'"):
        measure_feedback(lead_history(LEADS), as_of=DAY_90)
