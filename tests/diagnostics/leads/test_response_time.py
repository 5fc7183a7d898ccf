"""Response times: the landmark by hand, a planted difference recovered, a confounded one seen through, as-of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.leads.response_comparison import compare_adjusted
from funnelml.diagnostics.leads.response_time import ResponseTime, measure_response_time
from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY
from funnelml.synthetic import Arrivals, LeadCare, SyntheticWorld, simulate_crm
from funnelml.synthetic.parameters import EVERY_DAY
from tests.diagnostics.lead_log import lead_history
from tests.logs import EPOCH

DAY_60 = EPOCH + timedelta(days=60)
# Leads come on every day of the week, so that source is the only thing that could confound.
WORLD = SyntheticWorld(
    days=500,
    future_days=60,
    arrivals=Arrivals(per_day=10.0, weekday=EVERY_DAY),
    activities_per_day=0.02,
)


def call(lead: str, day: float, direction: str | None = "outbound") -> dict:
    return {"record_id": lead, "occurred_at": day, "kind": "call", "direction": direction}


LEADS = [{"lead_id": i, "created_at": 0, "source": "Web", "owner": "Ann"} for i in "abcdefg"]
CALLS = [
    call("a", 0.5),
    call("b", 1.0),  # on the deadline: in time
    call("c", 1.5),
    call("d", 0.2, "inbound"),
    call("e", 0.1),
    call("g", 0.1),
]
OPENED = [
    {"opportunity_id": "o1", "created_at": 5, "lead_id": "a"},
    {"opportunity_id": "o2", "created_at": 31, "lead_id": "b"},  # one day of 30 after the deadline has passed
    {"opportunity_id": "o3", "created_at": 3, "lead_id": "c"},
    {"opportunity_id": "o4", "created_at": 0.5, "lead_id": "e"},  # decided before the deadline
]


def comparison(result: ResponseTime) -> pd.DataFrame:
    return result.comparison.set_index("comparison")


def test_the_landmark_by_hand() -> None:
    history = lead_history(LEADS, opportunities=OPENED, activities=CALLS)
    result = measure_response_time(history, as_of=DAY_60)
    whole = result.groups.iloc[0]
    assert whole[["leads", "in_time"]].tolist() == [7, 4]
    # Half of seven leads: a, b, e and g are answered, c after half have been.
    assert whole["median_hours"] == 24.0
    naive, landmark = comparison(result).loc["naive"], comparison(result).loc["landmark"]
    assert naive[["in_time", "late", "share_in_time", "share_late"]].tolist() == [4, 3, 0.75, pytest.approx(1 / 3)]
    assert landmark[["in_time", "late", "share_in_time", "share_late"]].tolist() == [
        3,
        3,
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
    ]
    assert landmark["low"] < 0 < landmark["high"]
    assert np.isnan(comparison(result).loc["adjusted", "difference"]) and result.adjusted_for == ()
    assert "the smaller group has 3; 50 in each would do" in result.summary()
    assert "较小一组只有 3 条" in result.summary("zh")


def test_leads_whose_window_has_not_passed_are_not_followed() -> None:
    history = lead_history(LEADS, opportunities=OPENED, activities=CALLS)
    late = [comparison(measure_response_time(history, as_of=EPOCH + timedelta(days=d))) for d in (29, 30)]
    assert late[0].loc["landmark", "in_time"] == 0 and late[1].loc["landmark", "in_time"] == 3


def test_directions_in_chinese_and_none_at_all() -> None:
    chinese = lead_history(LEADS, activities=[call("a", 0.5, "呼出"), call("b", 0.5, "呼入")])
    assert measure_response_time(chinese, as_of=DAY_60).groups.iloc[0]["in_time"] == 1
    untold = lead_history(LEADS, activities=[call("a", 0.5, None), call("b", 0.5, None)])
    assert measure_response_time(untold, as_of=DAY_60).groups.iloc[0]["in_time"] == 2


@pytest.fixture(scope="module")
def crm():
    return simulate_crm(WORLD, seed=1)


def test_a_planted_difference_is_recovered_and_the_naive_one_is_too_rosy(crm) -> None:
    result = measure_response_time(crm.history, as_of=crm.as_of)
    by, lift = comparison(result), WORLD.lead_care.lift
    for name in ("landmark", "adjusted"):
        row = by.loc[name]
        error = (row["high"] - row["low"]) / 2 / 1.2816
        assert abs(row["difference"] - lift) < 3.5 * error, name
    assert by.at["naive", "difference"] > by.at["adjusted", "high"]
    assert result.adjusted_for == ("source", "owner", "weekday", "hour")
    assert "An association, not an effect" in result.summary() and "这是相关，不是因果" in result.summary("zh")
    assert result.groups.iloc[0]["share"] == pytest.approx(crm.truth.leads["fast"].mean(), abs=0.02)


def test_hot_sources_answered_sooner_are_seen_through() -> None:
    crm = simulate_crm(replace(WORLD, lead_care=LeadCare(lift=0.0, hot_first=1.5)), seed=1)
    result = measure_response_time(crm.history, as_of=crm.as_of)
    by = comparison(result)
    # There is nothing but that sources that convert anyway are answered sooner.
    assert by.at["landmark", "low"] > 0.05
    row = by.loc["adjusted"]
    assert abs(row["difference"]) < 3.5 * (row["high"] - row["low"]) / 2 / 1.2816


def test_every_group_of_leads_is_counted_once(crm) -> None:
    groups = measure_response_time(crm.history, as_of=crm.as_of).groups
    for by in ("owner", "source"):
        own, whole = groups[groups["by"] == by], groups.iloc[0]
        assert own[["leads", "in_time"]].sum().tolist() == whole[["leads", "in_time"]].tolist()


def test_standardisation_by_hand() -> None:
    # Two sources with shares 0.8 and 0.4 of success in time, 0.6 and 0.2 late: a difference of 0.2 in each.
    cells = [("A", True, 400, 320), ("A", False, 100, 60), ("B", True, 100, 40), ("B", False, 400, 80)]
    rows = [
        {"source": s, "owner": "x", "in_time": t, "became": k < hits, "created_at": 4 * DAY + 10 * DAY // 24}
        for s, t, n, hits in cells
        for k in range(n)
    ]
    told, names = compare_adjusted(pd.DataFrame(rows), "UTC", 0.8)
    assert names == ("source",)
    # The crude difference is 0.72 - 0.28; the odds ratio is not the same in both, so a little is left to the model.
    assert told["difference"] == pytest.approx(0.2, abs=0.01)
    assert told["low"] < 0.2 < told["high"]


CALL_ROWS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 20)), min_size=1, max_size=15)


@settings(max_examples=40)
@given(calls=CALL_ROWS, later=CALL_ROWS, day=st.integers(2, 20))
def test_rows_recorded_later_change_nothing(calls, later, day) -> None:
    as_of = EPOCH + timedelta(days=day)
    leads = [{"lead_id": i, "created_at": k / 3, "source": "展会", "owner": "王伟"} for k, i in enumerate("abcdef")]
    rows = [call(i, d) for i, d in calls]
    opened = [{"opportunity_id": "o1", "created_at": 4, "lead_id": "a"}]
    base = lead_history(leads, opportunities=opened, activities=rows)
    more = lead_history(
        [*leads, {"lead_id": "z", "created_at": 0, "recorded_at": day + 1}],
        opportunities=[*opened, {"opportunity_id": "o2", "created_at": 1, "recorded_at": day + 1, "lead_id": "b"}],
        activities=[*rows, *({**call(i, d), "recorded_at": max(d, day + 1)} for i, d in later)],
    )
    try:
        known = measure_response_time(base, as_of=as_of, horizon_days=2)
    except NotEnoughDataError:
        with pytest.raises(NotEnoughDataError):
            measure_response_time(more, as_of=as_of, horizon_days=2)
        return
    told = measure_response_time(more, as_of=as_of, horizon_days=2)
    pd.testing.assert_frame_equal(known.groups, told.groups)
    pd.testing.assert_frame_equal(known.comparison, told.comparison)
    assert known.summary() == told.summary() and known.summary("zh") == told.summary("zh")


def test_duckdb_gives_the_same() -> None:
    history = lead_history(LEADS, opportunities=OPENED, activities=CALLS)
    here, there = (measure_response_time(h, as_of=DAY_60) for h in (history, on_duckdb(history)))
    pd.testing.assert_frame_equal(here.groups, there.groups)
    pd.testing.assert_frame_equal(here.comparison, there.comparison)


def test_one_lead_without_owner_or_source() -> None:
    history = lead_history([{"lead_id": "a", "created_at": 0}], activities=[call("a", 5)])
    result = measure_response_time(history, as_of=DAY_60)
    assert result.groups["group"].tolist() == ["all", "unknown", "unknown"]
    assert "0\xa0% of 1 leads are answered within 24 hours, half of all leads within 120.0 hours" in result.summary()
    never = lead_history([{"lead_id": "a", "created_at": 0}], activities=[call("a", 5, "inbound")])
    result = measure_response_time(never, as_of=DAY_60)
    assert "; at least half are not answered yet." in result.summary()
    assert "至少一半尚未得到回应" in result.summary("zh")


@pytest.mark.parametrize(
    ("history", "changes", "error", "said"),
    [
        (lead_history(LEADS), {}, NotEnoughDataError, "none of 7 leads has an activity"),
        (lead_history([]), {}, NotEnoughDataError, "no lead had been recorded"),
        (
            lead_history(LEADS, activities=CALLS),
            {"hours": 24 * 90},
            NotEnoughDataError,
            "has passed for none of 7 leads",
        ),
        (lead_history(LEADS, activities=CALLS), {"hours": 0}, ModelInputError, "must be positive"),
    ],
)
def test_questions_that_cannot_be_answered(history, changes, error, said) -> None:
    with pytest.raises(error, match=said):
        measure_response_time(history, as_of=DAY_60, **changes)
