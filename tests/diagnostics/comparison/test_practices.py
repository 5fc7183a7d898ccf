"""Practices: habits by hand, the same mix of stages, and no look-ahead."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from funnelml.diagnostics.comparison.groups import compare_groups
from funnelml.diagnostics.comparison.habits import measure_habits
from funnelml.diagnostics.comparison.practices import Practices, describe_practices
from funnelml.errors import AsOfError, FunnelError, NotEnoughDataError
from funnelml.history.history import History
from funnelml.schema import DAY
from tests.diagnostics.sales import Row, reps, sales_history
from tests.logs import EPOCH

LATE = EPOCH + timedelta(days=300)


def habits_of(history: History, within: float = 50.0) -> pd.DataFrame:
    starts = history.tables["opportunities"]
    members = pd.DataFrame({"record_id": starts["opportunity_id"], "start": starts["created_at"], "succeeded": True})
    return measure_habits(history, members, as_of=LATE, funnel="f", within_days=within)


def describe(history: History, group: str = "Ann") -> Practices:
    comparison = compare_groups(history, as_of=LATE, by="owner", within_days=40, currency="EUR")
    return describe_practices(history, as_of=LATE, comparison=comparison, group=group)


def test_habits_by_hand() -> None:
    history = sales_history(
        [("a", "Ann", 0, "won", 21), ("b", "Ann", 0, "lost", 14)],
        through=[("Lead", "Closing"), ("Lead",)],
        fields={"amount": [80.0, 40.0]},
        changes=[
            ("a", "amount", 5, "100", "80"),
            ("a", "expected_close_date", 6, "1970-01-20", "1970-02-20"),
            ("a", "expected_close_date", 7, "1970-02-20", "1970-02-10"),
            ("a", "expected_close_date", 70, "1970-02-10", "1970-06-01"),
        ],
        activities=[("a", "call", 2), ("a", "demo", 3), ("b", "call", 7), ("a", "call", 60), ("z", "call", 1)],
    )
    told = habits_of(history)
    assert told["amount"].tolist() == [100.0, 40.0]
    assert told["amount_change"].tolist() == [pytest.approx(-0.2), 0.0]
    assert told["pushes"].tolist() == [1.0, 0.0]
    assert told["first_response"].tolist() == [2.0, 7.0]
    assert told["skipped"].tolist() == [1.0, 0.0]
    assert told["stay:Lead"].tolist() == [1.0, 14.0]
    # One call in 15 days of Lead, and a call and a demo in 20 of Closing; 2 in 3 weeks, 1 in 2 weeks.
    usual = np.array([7 * 1 / 15 * (1 / 7) + 2, 14 / 15])
    expected = (2 / 3 + 1 / 2) / 2 + (np.array([2.0, 1.0]) - usual) / np.array([3.0, 2.0])
    np.testing.assert_allclose(told["activities"], expected)


def test_late_stages_are_no_habit() -> None:
    """Both have a demo in every Closing and none before; only Ann's records get there often."""
    rows, through, activities = [], [], []
    for owner, deep in (("Ann", 60), ("Bo", 20)):
        for k in range(80):
            rows.append((f"{owner}{k}", owner, float(k), "won" if k < deep else "lost", 14.0))
            through.append(("Lead", "Closing") if k < deep else ("Lead",))
            activities += [(f"{owner}{k}", "demo", k + 2.0)] if k < deep else []
    table = describe(sales_history(rows, through=through, activities=activities)).to_frame().set_index("habit")
    assert abs(table.loc["activities:demo", "standardised"]) < 1e-6
    assert not table.loc["activities:demo", "differs"]


def busy(n: int = 60, shown: str = "demo") -> tuple[list[Row], list[tuple[str, str, float]]]:
    """Ann is twice as busy as the others, whose wins are fewer."""
    rows = reps({"Ann": (40, n), "Bo": (10, n), "Cy": (11, n)}, days=21.0)
    rng = np.random.default_rng(1)
    activities = [
        (record, shown if k % 3 else "call", start + 20 * float(rng.random()))
        for record, owner, start, _, _ in rows
        for k in range(rng.poisson(6 if owner == "Ann" else 3))
    ]
    return rows, activities


def test_a_habit_that_differs_is_told_as_an_association() -> None:
    rows, activities = busy()
    told = describe(sales_history(rows, activities=activities))
    table = told.to_frame().set_index("habit")
    assert told.stands_out == "above"
    assert table.loc["activities", "differs"] and table.loc["activities", "standardised"] > 0.8
    assert table.loc["activities", "group_mean"] == pytest.approx(2.0, abs=0.3)
    assert table.loc["activities", "low"] < table.loc["activities", "standardised"] < table.loc["activities", "high"]
    judged = table[table["missing"] == 0]
    assert (judged["p_adjusted"] >= judged["p_value"]).all()
    assert table.loc["skipped", "missing"] > 0 or table.loc["skipped", "standardised"] == 0
    assert "activities per open week" in told.summary() and "only a trial can say" in told.summary()
    assert "每周活动数" in told.summary("zh") and "需试验验证" in told.summary("zh")


def test_equal_habits_are_not_named() -> None:
    rows, _ = busy()
    activities = [(record, "call", start + 1) for record, _, start, _, _ in rows]
    told = describe(sales_history(rows, activities=activities))
    assert not told.to_frame()["differs"].any()
    assert told.summary().startswith("Nothing that Ann does differs surely from the rest")
    assert "未发现 Ann 与其余有确定的差别" in told.summary("zh")


def test_holm_holds_false_alarms_over_all_habits() -> None:
    """15 worlds without any difference, 10 or so habits each, at 5 %: more than three alarms have a chance of 1 %."""
    alarms = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        rows = reps({"Ann": (20, 60), "Bo": (20, 60)}, days=21.0)
        kinds = ("call", "email", "demo", "meeting")
        activities = [
            (record, kinds[int(rng.integers(4))], start + 20 * float(rng.random()))
            for record, _, start, _, _ in rows
            for _ in range(rng.poisson(4))
        ]
        alarms += bool(describe(sales_history(rows, activities=activities)).to_frame()["differs"].any())
    assert alarms <= 3


def test_what_is_recorded_later_changes_nothing() -> None:
    rows, activities = busy()
    history = sales_history(rows, activities=activities, changes=[("Ann0", "amount", 3, "10", "20")])
    later = {}
    for name, time in (("activities", "occurred_at"), ("field_changes", "changed_at")):
        more = history.tables[name].copy()
        more[time] = 5 * DAY
        more["recorded_at"] = 301 * DAY
        later[name] = pd.concat([history.tables[name], more], ignore_index=True)
    one, other = (describe(h).to_frame() for h in (history, history.with_tables(**later)))
    pd.testing.assert_frame_equal(one, other)


def test_without_activities_or_changes_stays_are_still_compared() -> None:
    told = describe(sales_history(reps({"Ann": (40, 60), "Bo": (10, 60)})))
    assert told.to_frame()["habit"].tolist() == ["stay:Lead", "skipped"]
    assert told.summary() and told.summary("zh")


def test_few_records_are_told_with_the_number_that_is_missing() -> None:
    told = describe(sales_history(reps({"Ann": (1, 1), "Bo": (10, 60)})))
    row = told.to_frame().set_index("habit").loc["stay:Lead"]
    assert row["missing"] == 29 and np.isnan(row["standardised"]) and not row["differs"]


def test_what_cannot_be_described_is_refused() -> None:
    history = sales_history(reps({"Ann": (10, 40), "Bo": (10, 40)}))
    comparison = compare_groups(history, as_of=LATE, by="owner")
    with pytest.raises(AsOfError, match="was made as of 1970-10-28, not 1970-10-29"):
        describe_practices(history, as_of=LATE + timedelta(days=1), comparison=comparison, group="Ann")
    with pytest.raises(FunnelError, match=r"no owner 'Anne' with counted records.*did you mean 'Ann'"):
        describe_practices(history, as_of=LATE, comparison=comparison, group="Anne")
    alone = sales_history(reps({"Ann": (10, 40)}))
    with pytest.raises(NotEnoughDataError, match="at least two are needed"):
        describe(alone)
