"""Every field has its words in both languages, and they say what the value is."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.scoring.reasons.field_words import other_words
from funnelml.scoring.reasons.tell import FieldTeller
from funnelml.scoring.reasons.topics import TOPICS

KINDS = ("call", "email", "meeting", "demo", "quote", "web_visit", "download", "event", "other")
TEXTS = ("stage", "source", "segment", "product", "account", "owner", "team")
NUMBERS = (
    "amount", "amount_change", "amount_changes", "age_days", "stage_age_days", "visit", "moves", "moves_back",
    "stages_skipped", "days_to_expected_close", "pushes", "pushed_days", "activities_total", "activities_7d",
    "activities_30d", "days_since_activity", "inbound_30d", "days_since_inbound", "contacts", "response_hours",
    "waiting_hours", "owner_win_rate", "owner_open_records", "source_win_rate", "account_won", "account_lost",
    "account_open", "created_hour", "created_weekday", "created_month", "weekday", "month", "days_to_quarter_end",
    "owner_win_lift", "source_win_lift", "account_win_lift",
    "lead_age_days", *(name for kind in KINDS for name in (f"{kind}_30d", f"{kind}_total", f"days_since_{kind}")),
)  # fmt: skip
CHINESE = re.compile("[一-鿿]")


def tell(field, value, language="en", **beside):
    kinds = {name: float if isinstance(v, float) else object for name, v in {field: value, **beside}.items()}
    features = pd.DataFrame({field: [value]} | {name: [v] for name, v in beside.items()}).astype(kinds)
    return FieldTeller(features, currency="EUR").tell(0, np.zeros(1, dtype=np.intp), language)[0]


def both(field, value, **beside):
    return tell(field, value, **beside), tell(field, value, "zh", **beside)


@pytest.mark.parametrize("field", TEXTS)
def test_every_text_has_words(field):
    assert both(field, "Referral") == (f"{field}: Referral", tell(field, "Referral", "zh"))
    assert CHINESE.search(tell(field, "Referral", "zh"))
    assert tell(field, "Referral", "zh").endswith("：Referral")
    assert tell(field, None) == f"{field} unknown"
    assert tell(field, None, "zh").endswith("未知")


@pytest.mark.parametrize("field", NUMBERS)
def test_every_number_has_words_of_its_own(field):
    features = pd.DataFrame({field: [1.0, 3.0, np.nan]})
    teller = FieldTeller(features)
    every = np.arange(3)
    english, chinese = teller.tell(0, every), teller.tell(0, every, "zh")
    generic = {said for value in (1.0, 3.0, None) for said in other_words(field, number=True).tell(value)}
    for said in (*english, *chinese):
        assert said not in generic and "{" not in said and "nan" not in said and "_" not in said
    assert not any(map(CHINESE.search, english)) and all(map(CHINESE.search, chinese))
    assert len({*english}) == 3 and len({*chinese}) == 3
    assert "_" not in teller.name(0) and CHINESE.search(teller.name(0, "zh"))


@pytest.mark.parametrize(
    ("field", "value", "english", "chinese"),
    [
        ("response_hours", 1.3, "answered within 2 hours", "2 小时内已回复"),
        ("response_hours", 0.0, "answered within 5 minutes", "5 分钟内已回复"),
        ("response_hours", 0.26, "answered within 30 minutes", "30 分钟内已回复"),
        ("response_hours", 1.0, "answered within 1 hour", "1 小时内已回复"),
        ("response_hours", 2.01, "first answer took 3 hours", "首次回复用了 3 小时"),
        ("response_hours", 50.0, "first answer took 2 days", "首次回复用了 2 天"),
        ("response_hours", np.nan, "not answered yet", "尚未回复"),
        ("waiting_hours", 0.0, "answered already", "已回复"),
        ("waiting_hours", 0.2, "waiting 1 hour for an answer", "等待回复 1 小时"),
        ("waiting_hours", 77.0, "waiting 3 days for an answer", "等待回复 3 天"),
        ("days_since_activity", 21.9, "no activity for 21 days", "21 天没有跟进"),
        ("days_since_activity", 2.5, "last activity 2 days ago", "2 天前跟进过"),
        ("days_since_activity", 0.2, "last activity less than a day ago", "1 天内有跟进"),
        ("days_since_activity", np.nan, "no activity so far", "尚无任何跟进"),
        ("meeting_30d", 3.0, "3 meetings in 30 days", "30 天内会议 3 次"),
        ("meeting_30d", 1.0, "1 meeting in 30 days", "30 天内会议 1 次"),
        ("meeting_30d", 0.0, "no meeting in 30 days", "30 天内没有会议"),
        ("other_total", 2.0, "2 other activities so far", "累计其他活动 2 次"),
        ("days_since_call", 1.1, "last call 1 day ago", "上次电话在 1 天前"),
        ("inbound_30d", 2.0, "customer reached out 2 times in 30 days", "30 天内客户主动联系 2 次"),
        ("pushes", 3.0, "close date pushed 3 times", "预计成交日推迟过 3 次"),
        ("pushes", 0.0, "close date never pushed", "预计成交日从未推迟"),
        ("pushed_days", 45.0, "close date pushed by 45 days in all", "预计成交日累计推迟 45 天"),
        ("days_to_expected_close", 12.0, "expected to close in 12 days", "预计 12 天后成交"),
        ("days_to_expected_close", -5.0, "expected close date passed 5 days ago", "预计成交日已过 5 天"),
        ("days_to_expected_close", 0.0, "expected to close about now", "预计当日成交"),
        ("amount", 123_456.0, "amount 123k EUR", "金额 12.3万 EUR"),
        ("amount_change", -0.101, "amount down 10\xa0%", "金额较最初下降 10\xa0%"),
        ("amount_change", 0.0, "amount as it was first known", "金额与最初一致"),
        ("stage_age_days", 45.99, "in its stage for 45 days", "在当前阶段已停留 45 天"),
        ("visit", 2.0, "in its stage again (time 2)", "第 2 次进入当前阶段"),
        ("created_weekday", 6.0, "created on a Saturday", "周六创建"),
        ("created_month", 12.0, "created in December", "12 月创建"),
        ("month", 3.0, "it is March", "当前为 3 月"),
        ("weekday", 7.0, "it is Sunday", "当前为周日"),
        ("owner_win_rate", 0.317, "its owner wins about 32\xa0%", "负责人赢单率约 32\xa0%"),
        ("owner_win_lift", 0.04, "its owner wins 4 points above the average", "负责人赢单率比平均高 4 个百分点"),
        ("account_win_lift", -0.01, "this account wins 1 point below the average", "该客户赢单率比平均低 1 个百分点"),
        ("account_won", 2.0, "2 earlier wins with this account", "该客户此前赢单 2 次"),
        (
            "Total Time Spent on Website",
            1532.0,
            "Total Time Spent on Website: 1,532",
            "Total Time Spent on Website：1,532",
        ),
        ("occupation", "Unemployed", "occupation: Unemployed", "occupation：Unemployed"),
        ("occupation", None, "occupation is empty", "occupation 为空"),
        ("field:budget", None, "budget unknown", "budget 未知"),
        ("field:budget_confirmed", "yes", "budget confirmed: yes", "budget confirmed：yes"),
        ("field:预算", None, "预算 unknown", "预算未知"),
        ("职业", "经理", "职业: 经理", "职业：经理"),
        ("年收入", np.nan, "年收入 is empty", "年收入为空"),
        ("score", 0.0123456, "score: 0.0123", "score：0.0123"),
        ("score", -0.0, "score: 0", "score：0"),
    ],
)
def test_a_phrase_is_the_fact(field, value, english, chinese):
    assert both(field, value) == (english, chinese)


def test_a_phrase_may_tell_a_second_field():
    assert both("stage_age_days", 45.0, stage="Proposal") == ("in Proposal for 45 days", "在“Proposal”已停留 45 天")
    assert both("visit", 1.0, stage="方案") == ("in 方案 for the first time", "首次进入“方案”")
    assert both("amount", 120_000.0, amount_change=0.2) == (
        "amount 120k EUR, up 20\xa0%",
        "金额 12万 EUR，较最初上涨 20\xa0%",
    )
    assert both("amount", 120_000.0, amount_change=0.001) == ("amount 120k EUR", "金额 12万 EUR")
    assert both("amount", np.nan, amount_change=0.2) == ("amount unknown", "金额未知")
    assert tell("source_win_rate", 0.3, source="Referral") == "about 30\xa0% of records from Referral are won"


def test_a_column_of_another_kind_is_any_column():
    """``month`` of a table of calls holds texts: it is no calendar of ours."""
    assert both("month", "may") == ("month: may", "month：may")
    assert FieldTeller(pd.DataFrame({"month": ["may"]})).topics == ("month",)
    assert FieldTeller(pd.DataFrame({"month": [5.0]})).topics == ("time of year",)


@pytest.mark.parametrize("value", [True, pd.Timestamp("2026-01-05"), "two\n lines"])
def test_values_of_any_kind_are_written_on_one_line(value):
    said = FieldTeller(pd.DataFrame({"x": pd.Series([value, "text"], dtype=object)})).tell(
        0, np.zeros(1, dtype=np.intp)
    )
    assert said[0].startswith("x: ") and "\n" not in said[0]


def test_a_long_text_is_cut_short():
    assert tell("note", "长" * 500) == "note: " + "长" * 59 + "…"


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20), st.sampled_from(NUMBERS))
def test_no_number_breaks_a_phrase(values, field):
    teller = FieldTeller(pd.DataFrame({field: values}))
    for language in ("en", "zh"):
        said = teller.tell(0, np.arange(len(values)), language)
        assert all(isinstance(text, str) and text for text in said)


@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.4, 30.0, np.nan]), min_size=1, max_size=30), st.randoms(use_true_random=False)
)
@settings(max_examples=30)
def test_what_is_said_of_a_row_does_not_depend_on_the_others(values, shuffle):
    stages = [shuffle.choice(["方案", "Lead", None]) for _ in values]
    features = pd.DataFrame({"stage_age_days": values, "stage": pd.Series(stages, dtype=object)})
    whole = FieldTeller(features).tell(0, np.arange(len(values)))
    alone = [FieldTeller(features.iloc[[i]]).tell(0, np.zeros(1, dtype=np.intp))[0] for i in range(len(values))]
    assert list(whole) == alone


def test_no_field_is_in_two_topics_and_each_is_known():
    fields = [field for members in TOPICS.values() for field in members]
    assert len(fields) == len(set(fields))
    assert set(fields) <= {*TEXTS, *NUMBERS}
