"""The life of leads: steps by hand, against the exact incidence, recovery, as-of, and thin data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.leads.lifecycle import measure_lead_lifecycle
from funnelml.diagnostics.leads.records import find_lead_funnel, take_leads
from funnelml.errors import FunnelError, ModelInputError, NotEnoughDataError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY
from funnelml.synthetic import Arrivals, LeadCare, SyntheticWorld, simulate_crm
from tests.diagnostics.lead_log import LEADS, lead_history
from tests.logs import EPOCH, FUNNEL

DAY_20 = EPOCH + timedelta(days=20)
FOUR = [
    {"lead_id": "a", "created_at": 0, "source": "Web", "owner": "Ann"},
    {"lead_id": "b", "created_at": 0, "source": "Web", "owner": "Bo"},
    {"lead_id": "c", "created_at": 1, "source": "展会", "owner": None},
    {"lead_id": "d", "created_at": 2, "source": None, "owner": "Ann"},
]
MOVES = [
    *(("a", "New", 0), ("a", "Qualified", 2), ("a", "won", 6)),
    *(("b", "New", 0), ("b", "lost", 3)),
    *(("c", "New", 1), ("c", "won", 5)),
    ("d", "New", 2),
]
OPENED = [
    {"opportunity_id": "o1", "created_at": 6, "lead_id": "a"},
    {"opportunity_id": "o2", "created_at": 5, "lead_id": "c"},
]


def test_steps_by_hand() -> None:
    history = lead_history(FOUR, opportunities=OPENED, lead_moves=MOVES)
    result = measure_lead_lifecycle(history, as_of=DAY_20, horizon_days=10)
    steps = result.steps[result.steps["source"] == "all"].set_index(["from_stage", "to_stage"])
    counts = ["leads", "went_on", "lost", "still_open"]
    # c skipped Qualified: it has passed it when it became an opportunity.
    assert steps.loc[("New", "Qualified"), counts].tolist() == [4, 2, 1, 1]
    assert steps.loc[("Qualified", "opportunity"), counts].tolist() == [2, 2, 0, 0]
    whole = steps.loc[("New", "opportunity")]
    assert whole[counts].tolist() == [4, 2, 1, 1]
    assert whole["conversion"] == 0.5 and whole["median_days"] == 4.0 and whole["followed_days"] == 10
    assert steps.loc[("Qualified", "opportunity"), "median_days"] == 0.0
    assert 0 < whole["low"] < 0.5 < whole["high"] < 1
    web = result.whole.set_index("source").loc["Web"]
    assert web[counts].tolist() == [2, 1, 1, 0]
    assert result.whole["source"].iloc[0] == "all" and result.without_stages == 0


def test_without_a_funnel_of_leads_only_the_dates_speak() -> None:
    history = lead_history(FOUR, opportunities=OPENED, funnels=(FUNNEL,))
    result = measure_lead_lifecycle(history, as_of=DAY_20)
    assert result.funnel is None
    row = result.steps.iloc[0]
    assert (row["from_stage"], row["to_stage"]) == ("created", "opportunity")
    assert [row[c] for c in ("leads", "went_on", "lost", "still_open")] == [4, 2, 0, 2]
    assert "Of 4 leads 50\xa0% become an opportunity" in result.summary()


def test_leads_that_name_their_opportunity_count_the_same() -> None:
    leads = [{**lead, "opportunity_id": {"a": "o1", "c": "o2"}.get(lead["lead_id"])} for lead in FOUR]
    opened = [{k: v for k, v in row.items() if k != "lead_id"} for row in OPENED]
    theirs, ours = (
        measure_lead_lifecycle(lead_history(rows, opportunities=o, funnels=(FUNNEL,)), as_of=DAY_20).steps
        for rows, o in ((leads, opened), (FOUR, OPENED))
    )
    pd.testing.assert_frame_equal(theirs, ours)


def test_the_funnel_of_leads_is_found_by_its_records() -> None:
    history = lead_history(FOUR, lead_moves=MOVES, moves=[("o1", "Lead", 6)])
    assert find_lead_funnel(history, as_of=DAY_20) == LEADS
    assert find_lead_funnel(history, as_of=EPOCH - timedelta(days=1)) is None
    assert find_lead_funnel(lead_history(FOUR, moves=[("o1", "Lead", 6)]), as_of=DAY_20) is None
    with pytest.raises(FunnelError, match="did you mean 'leads'"):
        measure_lead_lifecycle(history, as_of=DAY_20, funnel="lead")


@pytest.fixture(scope="module")
def crm():
    return simulate_crm(SyntheticWorld(days=400, future_days=60, arrivals=Arrivals(per_day=6.0)), seed=2)


def test_conversion_of_the_sources_is_recovered(crm) -> None:
    result = measure_lead_lifecycle(crm.history, as_of=crm.as_of)
    whole = result.whole.set_index("source")
    for source in crm.world.sources:
        row = whole.loc[source.name]
        assert abs(row["conversion"] - source.converts) < 4 * np.sqrt(0.25 / row["leads"]) + 0.01, source
    # A lead goes on by steps, so the whole is the product of the steps where all have been followed long enough.
    steps = result.steps[result.steps["source"] == "all"]
    assert steps["conversion"].iloc[:3].prod() == pytest.approx(steps["conversion"].iloc[3], abs=0.02)
    assert "Referral converts best" in result.summary() and "Outbound worst" in result.summary()
    assert "最弱的一步是从Acquired到" in result.summary("zh")


def test_sources_that_chance_may_explain_are_not_named(crm) -> None:
    result = measure_lead_lifecycle(crm.history, as_of=crm.as_of)
    wide = replace(result, steps=result.steps.assign(low=0.0, high=1.0))
    assert "converts best" not in wide.summary() and "转化最好" not in wide.summary("zh")
    least, most = (f"{end(result.whole['conversion'].iloc[1:]):.0%}".replace("%", "\xa0%") for end in (min, max))
    assert f"By source it is from {least} to {most}; the differences may be chance." in wide.summary()
    assert f"各来源为 {least} 至 {most}，差异可能只是偶然。" in wide.summary("zh")


def test_where_none_went_on_no_time_is_told() -> None:
    told = [measure_lead_lifecycle(lead_history(FOUR), as_of=DAY_20).summary(language) for language in ("en", "zh")]
    assert "half of those" not in told[0] and "一半" not in told[1]
    assert "0\xa0% become an opportunity" in told[0]


def test_dates_alone_find_the_same_conversion(crm) -> None:
    alone = measure_lead_lifecycle(
        History(tables=crm.tables, funnels=(crm.funnel,), time_zone=crm.world.time_zone), as_of=crm.as_of
    )
    both = measure_lead_lifecycle(crm.history, as_of=crm.as_of)
    # Disqualified leads count as open there, which barely matters: they do not come back.
    assert alone.whole["conversion"].iloc[0] == pytest.approx(both.whole["conversion"].iloc[0], abs=0.03)


def test_leads_older_than_their_log_are_told() -> None:
    world = SyntheticWorld(days=300, future_days=60, language="zh", time_zone="Asia/Shanghai")
    crm = simulate_crm(replace(world, lead_care=LeadCare(stages_from=world.start + timedelta(days=200))), seed=1)
    result = measure_lead_lifecycle(crm.history, as_of=crm.as_of)
    assert result.without_stages > 500
    assert "further leads have no stage recorded" in result.summary() and "没有阶段记录" in result.summary("zh")


def test_duckdb_gives_the_same() -> None:
    history = lead_history(FOUR, opportunities=OPENED, lead_moves=MOVES)
    here, there = (measure_lead_lifecycle(h, as_of=DAY_20).steps for h in (history, on_duckdb(history)))
    pd.testing.assert_frame_equal(here, there)


LEAD_ROWS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["New", "Qualified", "won", "lost"]), st.integers(0, 12)),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40)
@given(rows=LEAD_ROWS, later=LEAD_ROWS, day=st.integers(0, 12))
def test_rows_recorded_later_change_nothing(rows, later, day) -> None:
    as_of = EPOCH + timedelta(days=day)
    leads = [{"lead_id": i, "created_at": k, "source": "Web" if k % 2 else "展会"} for k, i in enumerate("abcdef")]
    base = lead_history(leads, lead_moves=rows, opportunities=OPENED)
    more = lead_history(
        [*leads, {"lead_id": "z", "created_at": 0, "recorded_at": 40, "source": "Web"}],
        lead_moves=rows,
        opportunities=[*OPENED, {"opportunity_id": "o9", "created_at": 1, "recorded_at": 30, "lead_id": "b"}],
    )
    log = more.tables["stage_changes"]
    backdated = lead_history([], lead_moves=later).tables["stage_changes"].assign(recorded_at=(day + 1) * DAY)
    more = more.with_tables(stage_changes=pd.concat([log, backdated], ignore_index=True))
    known, told = (measure_lead_lifecycle(h, as_of=as_of) for h in (base, more))
    pd.testing.assert_frame_equal(known.steps, told.steps)
    pd.testing.assert_frame_equal(take_leads(base, as_of=as_of), take_leads(more, as_of=as_of))
    assert known.summary() == told.summary() and known.summary("zh") == told.summary("zh")
    steps = known.steps
    assert (steps["went_on"] + steps["lost"] + steps["still_open"] == steps["leads"]).all()
    assert (steps["conversion"].isna() == (steps["leads"] == 0)).all()


@pytest.mark.parametrize(
    ("moves", "funnels"),
    [
        ([("a", "New", 0)], (FUNNEL, LEADS)),
        ([("a", "lost", 0)], (FUNNEL, LEADS)),
        ([("a", "New", 0), ("a", "won", 1)], (FUNNEL, Funnel(name="leads", stages=("New",)))),
        ([], (FUNNEL,)),
    ],
    ids=["nobody went on", "lost at once", "one stage", "no funnel"],
)
def test_thin_data_say_so(moves, funnels) -> None:
    history = lead_history(FOUR, lead_moves=moves, funnels=funnels)
    result = measure_lead_lifecycle(history, as_of=DAY_20)
    assert result.summary() and result.summary("zh")
    if not moves:
        assert "the largest has 2 leads; 30 each would do" in result.summary()


def test_no_leads_at_all_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(NotEnoughDataError, match="map a source to the table 'leads'"):
        measure_lead_lifecycle(lead_history([]), as_of=DAY_20)
    with pytest.raises(ModelInputError, match="at least one day"):
        measure_lead_lifecycle(lead_history(FOUR), as_of=DAY_20, horizon_days=0)
