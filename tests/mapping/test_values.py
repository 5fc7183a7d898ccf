"""Amounts and times as people write them: reference readings, round trips, and no inference from other rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.mapping.instants import parse_instants
from funnelml.mapping.numbers import parse_numbers

AMOUNTS = [
    ("1234", 1234.0),
    ("1,234.50", 1234.5),
    ("¥1,234", 1234.0),
    ("￥１，２３４", 1234.0),
    ("CNY 500", 500.0),
    ("12.5万", 125_000.0),
    ("1.2亿元", 120_000_000.0),
    ("(99)", -99.0),
    ("99-", -99.0),
    ("$-3.5", -3.5),
]


@pytest.mark.parametrize(("text", "value"), AMOUNTS)
def test_amounts_as_people_write_them(text, value):
    assert parse_numbers(pd.Series([text])).values.tolist() == [pytest.approx(value)]


def test_a_comma_may_be_the_decimal_sign():
    assert parse_numbers(pd.Series(["1.234,50 €"]), decimal=",").values.tolist() == [1234.5]


@given(st.lists(st.sampled_from([*(t for t, _ in AMOUNTS), "", "nonsense", "1,2,3"]), min_size=1))
def test_an_amount_reads_the_same_whatever_stands_beside_it(texts):
    together = parse_numbers(pd.Series(texts, dtype=object)).values
    alone = [parse_numbers(pd.Series([t], dtype=object)).values[0] for t in texts]
    np.testing.assert_array_equal(together, alone)


MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2035, 1, 1))  # noqa: DTZ001 - hypothesis wants them naive
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])


@given(moment=MOMENTS, zone=ZONES)
def test_an_instant_with_its_offset_survives_a_round_trip(moment, zone):
    local = moment.replace(tzinfo=ZoneInfo(zone))
    exact = (local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert parse_instants(pd.Series([local.isoformat()]), time_zone="UTC").values.tolist() == [exact]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05 14:05",
        "2024-03-05T14:05:00",
        "2024-03-05T14:05:00.000000+08:00",
        "2024-03-05T06:05:00Z",
        "2024/3/5 14:05",
        "2024年3月5日 14时05分",
    ],
)
def test_one_moment_in_many_spellings(text):
    expected = int(datetime(2024, 3, 5, 14, 5, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1_000_000
    assert parse_instants(pd.Series([text]), time_zone="Asia/Shanghai").values.tolist() == [expected]


@given(st.lists(st.sampled_from(["2024-03-05", "2024/3/5 14:05", "03/04/2024", "1709618700", "", "?"]), min_size=1))
def test_a_time_reads_the_same_whatever_stands_beside_it(texts):
    together = parse_instants(pd.Series(texts, dtype=object), time_zone="Asia/Shanghai").values.tolist()
    alone = [parse_instants(pd.Series([t], dtype=object), time_zone="Asia/Shanghai").values[0] for t in texts]
    assert together == alone


def test_days_begin_at_local_midnight():
    midnight = int(datetime(2024, 3, 5, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1_000_000
    read = parse_instants(pd.Series(["2024-03-05 23:59"]), time_zone="Asia/Shanghai", grain="day")
    assert read.values.tolist() == [midnight]
