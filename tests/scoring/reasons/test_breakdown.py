"""One record taken apart: steps add up to its chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from funnelml.errors import ModelInputError
from funnelml.scoring.reasons.breakdown import break_down_score

FEATURES = pd.DataFrame(
    {
        "days_since_activity": [30.0],
        "activities_7d": [0.0],
        "source": pd.Series(["转介绍"], dtype=object),
        "month": [3.0],
        "amount": [120_000.0],
    }
)


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=6))
def test_the_steps_lead_from_the_average_to_the_record(added):
    told = break_down_score([added], FEATURES)
    assert told.log_odds == pytest.approx(sum(added), abs=1e-12)
    assert told.probability == pytest.approx(expit(sum(added)), abs=1e-12)
    assert told.average == added[-1]
    sizes = told.steps["contribution"].abs().to_numpy()
    assert told.steps["topic"].iloc[-1] == "time of year"
    assert np.all(np.diff(sizes[:-1]) <= 0)


def test_a_record_in_words():
    told = break_down_score([[-0.5, -0.4, 0.7, 0.1, 0.01, -1.0]], FEATURES, record_id="O-1", currency="元")
    frame = told.to_frame("zh")
    assert list(frame["reason"]) == ["30 天没有跟进", "来源：转介绍", "金额 12万元", "日历时段"]
    assert list(told.to_frame()["reason"])[-1] == "time of year"
    assert list(frame["points"]) == [-26, 20, 0, 3]
    np.testing.assert_allclose(frame["odds"], np.exp([-0.9, 0.7, 0.01, 0.1]))
    assert told.summary() == (
        "O-1: chance 25.2\xa0%, the average record 26.9\xa0%. For it: source: 转介绍. "
        "Against it: no activity for 30 days."
    )
    assert told.summary("zh") == "O-1：概率 25.2\xa0%，平均记录 26.9\xa0%。有利：来源：转介绍。不利：30 天没有跟进。"


def test_what_contradicts_everyone_keeps_its_bar_and_is_no_reason():
    features = pd.DataFrame({"response_hours": [0.2], "account_win_lift": [0.04], "x": [3.0]})
    told = break_down_score([[-0.5, -0.4, 0.7, -1.0]], features, record_id="O-1")
    assert told.log_odds == pytest.approx(-1.2)
    assert list(told.to_frame()["reason"]) == [
        "x: 3",
        "hours to the first answer",
        "wins of this account against the average",
    ]
    assert list(told.to_frame("zh")["reason"])[1:] == ["首次回复用时（小时）", "该客户相对平均的赢单率"]
    assert told.summary().endswith("For it: x: 3.") and "不利" not in told.summary("zh")
    as_expected = break_down_score([[0.5, 0.4, 0.7, -1.0]], features, record_id="O-1")
    assert "answered within 15 minutes, this account wins 4 points above the average." in as_expected.summary()


def test_it_takes_one_record():
    two = pd.concat([FEATURES, FEATURES])
    with pytest.raises(ModelInputError, match="1 record ids for 2 rows"):
        break_down_score(np.zeros((2, 6)), two)
    with pytest.raises(ModelInputError, match=r"1 rows of 5 fields need \(1, 6\)"):
        break_down_score(np.zeros(6), FEATURES)


def test_a_record_without_fields_is_the_average():
    told = break_down_score([[-1.0]], pd.DataFrame(index=[0]), record_id="x")
    assert len(told.to_frame()) == 0
    assert told.probability == pytest.approx(expit(-1.0))
