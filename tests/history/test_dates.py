"""Horizons, periods and rolling dates."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import AsOfError
from funnelml.history.dates import (
    Horizon,
    as_of_dates,
    cut_of,
    dates_as_instants,
    day_of,
    horizon_from,
    instant_of,
    parse_date,
)

DATES = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1))
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Amsterdam", "America/Sao_Paulo", "Australia/Lord_Howe"])


@given(day=DATES, zone=ZONES)
def test_the_cut_is_the_first_instant_of_the_next_day(day, zone):
    cut = cut_of(day, zone)
    assert day_of(cut - 1, zone) == day
    assert day_of(cut, zone) == day + timedelta(days=1)


def test_midnight_in_shanghai_is_the_evening_before_in_utc():
    assert instant_of(date(2024, 3, 5), "Asia/Shanghai") == instant_of(date(2024, 3, 5), "UTC") - 8 * 3_600_000_000


@given(as_of=DATES, by=st.sampled_from(["week", "month", None]), days=st.integers(1, 400))
def test_periods_tile_the_horizon(as_of, by, days):
    horizon = horizon_from(f"{days}d", as_of)
    starts = horizon.period_starts(by)
    assert starts[0] == horizon.start and starts[-1] < horizon.end
    assert list(starts) == sorted(set(starts))
    later = starts[1:]
    assert all(s.day == 1 for s in later) or all(s.weekday() == 0 for s in later)


@pytest.mark.parametrize(
    ("text", "as_of", "fiscal", "end"),
    [
        ("28d", date(2011, 12, 11), 1, date(2012, 1, 9)),
        ("4W", date(2011, 12, 11), 1, date(2012, 1, 9)),
        ("month", date(2024, 1, 31), 1, date(2024, 3, 1)),
        ("month", date(2024, 1, 30), 1, date(2024, 2, 1)),
        ("quarter", date(2024, 3, 31), 1, date(2024, 7, 1)),
        ("quarter", date(2024, 3, 30), 1, date(2024, 4, 1)),
        ("quarter", date(2024, 12, 31), 2, date(2025, 2, 1)),
        ("quarter", date(2024, 1, 31), 2, date(2024, 5, 1)),
    ],
)
def test_horizons(text, as_of, fiscal, end):
    assert horizon_from(text, as_of, fiscal_year_start=fiscal) == Horizon(as_of=as_of, end=end)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0d", "is empty"),
        ("-3d", "not understood"),
        ("year", "write 28d, 13w, month"),
        ("9999w", "beyond ten years"),
    ],
)
def test_horizons_that_cannot_be(text, said):
    with pytest.raises(AsOfError, match=said):
        horizon_from(text, date(2024, 1, 1))


def test_monthly_origins_are_month_ends():
    assert as_of_dates(date(2017, 6, 30), date(2017, 9, 29), "month") == (
        date(2017, 6, 30),
        date(2017, 7, 31),
        date(2017, 8, 31),
    )


def test_weekly_origins_keep_their_weekday():
    assert as_of_dates(date(2011, 11, 13), date(2011, 11, 28), "week")[-1] == date(2011, 11, 27)


def test_a_range_without_origins_is_refused():
    with pytest.raises(AsOfError, match="widen the range"):
        as_of_dates(date(2024, 5, 2), date(2024, 5, 20), "month")


def test_a_date_that_is_none_is_refused():
    with pytest.raises(AsOfError, match=r"as-of '2024-13-01' is not a date; write it as YYYY-MM-DD"):
        parse_date("2024-13-01")


def test_dates_are_instants_whether_written_or_counted():
    values = pd.Series(
        ["2024-03-05", "2024-03-05T17:30:00", "soon", None, 7, np.nan], index=list("abcdef"), dtype=object
    )
    midnight = float(instant_of(date(2024, 3, 5), "Asia/Shanghai"))
    told = dates_as_instants(values, "Asia/Shanghai")
    expected = pd.Series([midnight, midnight, np.nan, np.nan, 7.0, np.nan], index=values.index)
    pd.testing.assert_series_equal(told, expected)
    assert dates_as_instants(values[:0], "UTC").dtype == "float64"
