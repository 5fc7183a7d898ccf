"""Scores over time: crossings by hand, and no crossing for a flicker."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import AsOfError, ModelInputError
from funnelml.scoring.grading import Grading
from funnelml.scoring.trend import trend_of

RULES = Grading(by="probability", borders=(0.5, 0.2))
MONDAYS = [date(2026, 3, 2) + timedelta(days=7 * k) for k in range(8)]


def scores(**chances) -> pd.DataFrame:
    return pd.DataFrame({"record_id": list(chances), "probability": list(chances.values())})


def path(*chances, rules=RULES, **options):
    """The trend of one record, absent where its chance is None."""
    told = {day: scores(**({} if p is None else {"a": p})) for day, p in zip(MONDAYS, chances, strict=False)}
    return trend_of(told, rules=rules, **options)


def grades(trend) -> list[str]:
    return trend.table.sort_values("as_of")["grade"].tolist()


def test_who_rose_fell_and_is_new():
    trend = trend_of(
        {
            MONDAYS[0]: scores(a=0.1, b=0.6, c=0.3, gone=0.9),
            MONDAYS[1]: scores(a=0.7, b=0.1, c=0.31, d=0.8, e=0.3),
        },
        rules=RULES,
    )
    assert trend.contact_now[["record_id", "kind", "old_grade", "new_grade"]].to_numpy().tolist() == [
        ["d", "new", None, "Hot"],
        ["a", "rose", "Cold", "Hot"],
    ]
    (lost,) = trend.losing.to_dict("records")
    assert (lost["record_id"], lost["old_grade"], lost["new_grade"]) == ("b", "Hot", "Cold")
    assert lost["change"] == pytest.approx(-0.5) and lost["crossed_on"] == MONDAYS[1]
    assert trend.summary() == (
        "Since 2026-03-02 1 record rose into a better grade (a 10\xa0% → 70\xa0%), "
        "1 fell into a worse one (b 60\xa0% → 10\xa0%). 1 more, not scored then, now Hot (d 80\xa0%)."
    )
    assert trend.summary("zh") == (
        "自 2026-03-02 以来，1 条记录升级（a 10\xa0% → 70\xa0%），1 条降级（b 60\xa0% → 10\xa0%）。"
        "另有 1 条当时未评分、现为“热”（d 80\xa0%）。"
    )


def test_a_flicker_over_a_border_is_no_crossing():
    flicker = path(0.4999, 0.5001, 0.4999, 0.5001)
    assert grades(flicker) == ["Warm"] * 4
    assert flicker.crossings.empty


def test_a_slow_rise_is_a_crossing_once():
    # odds a tenth above those of 0.5: exp(0.1) / (1 + exp(0.1)) = 0.52498
    slow = path(0.49, 0.51, 0.524, 0.526, 0.51, 0.49)
    assert grades(slow) == ["Warm", "Warm", "Warm", "Hot", "Hot", "Hot"]
    assert path(0.49, 0.51, 0.524, 0.526).contact_now["crossed_on"].tolist() == [MONDAYS[3]]
    # 0.47502 is where the odds are a tenth below
    assert grades(path(0.526, 0.476, 0.474)) == ["Hot", "Hot", "Warm"]


def test_a_leap_over_a_whole_grade_takes_the_margin_of_the_last_border_only():
    assert grades(path(0.1, 0.51)) == ["Cold", "Warm"]
    assert grades(path(0.1, 0.53)) == ["Cold", "Hot"]


def test_without_a_margin_the_grades_are_the_plain_ones():
    assert grades(path(0.4999, 0.5, 0.4999, margin=0)) == ["Warm", "Hot", "Warm"]


def test_a_record_that_comes_back_begins_anew():
    assert grades(path(0.6, None, 0.49)) == ["Hot", "Warm"]
    back = path(0.6, None, 0.55)
    assert back.contact_now["kind"].tolist() == ["new"] and back.contact_now["crossed_on"].tolist() == [MONDAYS[2]]


def test_since_an_earlier_date():
    trend = path(0.1, 0.3, 0.4, 0.6, 0.61, since=MONDAYS[0])
    (row,) = trend.contact_now.to_dict("records")
    assert (row["old_grade"], row["new_grade"], row["crossed_on"]) == ("Cold", "Hot", MONDAYS[3])
    assert path(0.1, 0.3, 0.4, 0.6, 0.61).contact_now.empty


def test_a_capacity_has_its_border_between_the_last_in_and_the_first_out():
    rules = Grading(by="capacity", borders=(1, 1))
    trend = trend_of(
        {
            MONDAYS[0]: scores(a=0.3, b=0.2, c=0.1),
            MONDAYS[1]: scores(a=0.3, b=0.301, c=0.1),
            MONDAYS[2]: scores(a=0.3, b=0.5),
        },
        rules=rules,
    )
    assert trend.borders["Hot"].tolist() == pytest.approx([0.25, 0.3005, 0.4])
    held = trend.table.pivot(index="record_id", columns="as_of", values="grade")
    assert held.loc["b"].tolist() == ["Warm", "Warm", "Hot"]
    assert held.loc["a"].tolist() == ["Hot", "Hot", "Warm"]


def test_sparks():
    told = trend_of(
        {MONDAYS[0]: scores(a=0.8, b=0.0), MONDAYS[1]: scores(b=0.1), MONDAYS[2]: scores(b=0.4, a=0.1)}, rules=RULES
    )
    table = told.to_frame()
    assert table["record_id"].tolist() == ["b", "a"]
    assert table["spark"].tolist() == ["▁▁▄", "█ ▁"]
    assert table["change"].tolist() == pytest.approx([0.3, np.nan], nan_ok=True)


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.floats(0, 1))
def test_held_grades_stay_within_the_margin_of_the_plain_ones(chances, margin):
    trend = path(*chances, margin=margin)
    for p, grade in zip(chances, grades(trend), strict=True):
        low, high = {"Hot": (0.5, 1.0), "Warm": (0.2, 0.5), "Cold": (0.0, 0.2)}[grade]
        odds = np.exp(margin) * (1 + 1e-9)
        # p is no further outside of the range of its grade than the margin in odds
        assert p * (1 - low) * odds >= low * (1 - p)
        assert p * (1 - high) <= high * (1 - p) * odds or high == 1.0


def test_order_of_dates_and_rows_does_not_matter():
    told = {MONDAYS[0]: scores(a=0.1, b=0.6), MONDAYS[1]: scores(a=0.7, b=0.1)}
    turned = {day: told[day].iloc[::-1] for day in reversed(list(told))}
    pd.testing.assert_frame_equal(trend_of(told, rules=RULES).crossings, trend_of(turned, rules=RULES).crossings)


def test_nothing_open():
    nothing = trend_of({MONDAYS[0]: scores(a=0.3), MONDAYS[1]: scores()}, rules=RULES)
    assert nothing.summary() == "No record is open, so none has a trend."
    assert nothing.to_frame().empty and nothing.crossings.empty


def test_faults():
    with pytest.raises(AsOfError, match="two dates or more, not of 1"):
        trend_of({MONDAYS[0]: scores(a=0.3)}, rules=RULES)
    with pytest.raises(AsOfError, match="no scores of 2026-03-09 before 2026-03-09; there are 2026-03-02"):
        path(0.1, 0.2, since=MONDAYS[1])
    with pytest.raises(ModelInputError, match="margin is -1"):
        path(0.1, 0.2, margin=-1)
    with pytest.raises(ModelInputError, match="scores of 2026-03-09 have no column 'probability'"):
        trend_of({MONDAYS[0]: scores(a=0.3), MONDAYS[1]: pd.DataFrame({"record_id": ["a"]})}, rules=RULES)
    with pytest.raises(ModelInputError, match="need a base rate"):
        path(0.1, 0.2, rules=None)
