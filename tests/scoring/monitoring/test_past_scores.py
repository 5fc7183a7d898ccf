"""Past scores against what happened, counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.grades import grade_scores
from funnelml.scoring.grading import Grading
from funnelml.scoring.monitoring.past_scores import score_past

JAN, FEB, LAST = date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 31)


def scored(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["record_id", "as_of", "probability", "grade"])


def won(**on) -> pd.DataFrame:
    return pd.DataFrame({"record_id": list(on), "converted_on": list(on.values())})


SCORES = scored(
    ("a", JAN, 0.6, "Hot"),
    ("b", JAN, 0.5, "Hot"),
    ("c", JAN, 0.1, "Cold"),
    ("a", JAN + timedelta(days=7), 0.7, "Hot"),
    ("b", FEB, 0.4, "Warm"),
    ("c", FEB, 0.2, "Cold"),
    ("c", LAST, 0.9, "Hot"),
)
WON = won(a=date(2026, 2, 2), b=date(2026, 3, 3), c=date(2026, 2, 2))


def test_conversions_by_hand():
    # Windows of 28 days: a converts on day 28 after 5 January, c too; b on day 29 after 2 February.
    past = score_past(SCORES, WON, as_of=LAST, horizon_days=28)
    table = past.by_month.set_index(["month", "grade"])
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    assert table.loc[(january, "Hot"), ["records", "expected", "converted"]].tolist() == [2, pytest.approx(1.1), 1]
    assert table.loc[(january, "Cold"), ["records", "converted"]].tolist() == [1, 1]
    assert table.loc[(january, "Warm"), "records"] == 0 and np.isnan(table.loc[(january, "Warm"), "rate"])
    # c converted on 2 February: not after it.
    assert table.loc[(february, "Warm"), "converted"] == table.loc[(february, "Cold"), "converted"] == 0
    assert past.waiting == 1
    grades = past.by_grade.set_index("grade")
    assert grades.loc[["Hot", "Warm", "Cold"], "records"].tolist() == [2, 1, 1]
    assert grades.loc[["Hot", "Warm", "Cold"], "converted"].tolist() == [1, 0, 1]
    assert grades["expected"].tolist() == pytest.approx([1.1, 0.4, 0.1])
    assert "Hot 50\xa0% (expected 55\xa0%) of 2" in past.summary() and "1 scores still wait" in past.summary()
    assert "热 2 条转化 50\xa0%（预计 55\xa0%）" in past.summary("zh")


def test_scores_that_never_went_out_are_not_told_as_though_they_had():
    past = score_past(SCORES, WON, as_of=LAST, horizon_days=28, went_out=False)
    assert "scored before" not in past.summary() and "过去评分的记录" not in past.summary("zh")
    assert past.summary().startswith("No score that went out has come due. As the method would have scored records on")
    assert past.summary("zh").startswith("尚无已发出的评分到期。若按同一方法仅用当时所知在过去评分，记录在 28 天")
    assert score_past(SCORES, WON, as_of=LAST, horizon_days=28).summary().startswith("Of records scored before, these")


def test_lag_makes_younger_scores_wait():
    past = score_past(SCORES, WON, as_of=LAST, horizon_days=28, lag_days=30)
    assert past.waiting == 3 and len(past.months) == 1


def test_past_grades_feed_the_grades_of_today():
    past = score_past(SCORES, WON, as_of=LAST, horizon_days=28)
    rules = Grading(by="probability", borders=(0.5, 0.3))
    graded = grade_scores([0.6], ["z"], rules, past=past.by_grade)
    assert graded.by_grade["past_rate"].tolist() == [0.5, 0.0, 1.0]


def simulated(shift: float) -> pd.DataFrame:
    """Forty months of 200 records each whose true odds are ``exp(shift)`` times those of their scores."""
    rng = np.random.default_rng(8)
    n = 8_000
    p = rng.beta(1, 4, n)
    days = [date(2022 + k // 12, k % 12 + 1, 1) for k in np.repeat(np.arange(40), 200)]
    odds = p / (1 - p) * np.exp(shift)
    came = rng.random(n) < odds / (1 + odds)
    ids = [f"r{k}" for k in range(n)]
    scores = pd.DataFrame({"record_id": ids, "as_of": days, "probability": p, "grade": "B"})
    conversions = pd.DataFrame({"record_id": ids, "converted_on": [d + timedelta(days=3) for d in days]})[came]
    return score_past(scores, conversions, as_of=date(2026, 1, 1), horizon_days=14).months


def test_right_chances_are_seldom_off_and_wrong_ones_often():
    # With right chances 5 % of 40 months are off: 2, sd 1.4.
    assert simulated(0.0)["off"].sum() <= 6
    assert simulated(0.8)["off"].sum() >= 30


@settings(max_examples=25)
@given(st.dates(LAST + timedelta(days=1), date(2027, 1, 1)), st.sampled_from(["a", "b", "c"]))
def test_conversions_after_as_of_change_nothing(day, record):
    late = pd.concat([WON, won(**{record: day})])
    known, also_late = (score_past(SCORES, w, as_of=LAST, horizon_days=28) for w in (WON, late))
    pd.testing.assert_frame_equal(known.to_frame(), also_late.to_frame())
    pd.testing.assert_frame_equal(known.by_grade, also_late.by_grade)


def test_months_without_conversions_and_no_conversions_at_all():
    past = score_past(SCORES, won(a=None).iloc[:0], as_of=LAST, horizon_days=28)
    assert past.by_grade["converted"].sum() == 0
    assert score_past(SCORES, won(a=None), as_of=LAST, horizon_days=28).by_grade["converted"].sum() == 0


@pytest.mark.parametrize(
    ("scores", "text"),
    [
        (SCORES.drop(columns="grade"), "past scores have no column 'grade'"),
        (SCORES.assign(grade="Hott"), "past scores have grades Hott; they are Hot/Warm/Cold or A/B/C/D"),
        (SCORES.assign(as_of="soon"), r"7 as_of dates cannot be read \(a, b, c and 4 more\)"),
        (SCORES.assign(probability=2), "not between 0 and 1"),
        (SCORES.assign(as_of=pd.Timestamp(JAN, tz="Asia/Shanghai")), "records are scored twice on a date"),
    ],
)
def test_scores_that_cannot_be_used(scores, text):
    with pytest.raises(ModelInputError, match=text):
        score_past(scores, WON, as_of=LAST, horizon_days=28)


def test_other_faults():
    with pytest.raises(ModelInputError, match="horizon_days is 0"):
        score_past(SCORES, WON, as_of=LAST, horizon_days=0)
    with pytest.raises(ModelInputError, match="conversions have no column 'converted_on'"):
        score_past(SCORES, WON[["record_id"]], as_of=LAST, horizon_days=28)
    with pytest.raises(NotEnoughDataError, match="none of 7 past scores is old enough: a window of 28 days"):
        score_past(SCORES, WON, as_of=date(2026, 1, 20), horizon_days=28)
