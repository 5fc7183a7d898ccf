"""Calendar periods: consecutive, local, and none lost."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelml.errors import AsOfError
from funnelml.history.dates import instant_of
from funnelml.history.periods import calendar_periods

DATES = st.dates(date(1999, 1, 1), date(2035, 12, 31))


@given(
    first=DATES, length=st.integers(0, 900), by=st.sampled_from(["week", "month", "quarter"]), start=st.integers(1, 12)
)
def test_periods_are_consecutive_and_hold_both_ends(first, length, by, start):
    last = first + timedelta(days=length)
    p = calendar_periods(first, last, by=by, time_zone="Asia/Shanghai", fiscal_year_start=start)
    assert p.starts[0] <= first < p.ends[0] and p.starts[-1] <= last < p.ends[-1]
    assert p.ends[:-1] == p.starts[1:]
    inside = np.array([instant_of(day, "Asia/Shanghai") for day in (first, last)])
    assert p.of(inside).tolist() == [0, len(p) - 1]


def test_an_instant_before_midnight_belongs_to_the_period_before():
    p = calendar_periods(date(2025, 1, 6), date(2025, 1, 19), by="week", time_zone="Europe/Berlin")
    monday = instant_of(date(2025, 1, 13), "Europe/Berlin")
    assert p.of(np.array([monday - 1, monday])).tolist() == [0, 1]
    assert p.of(np.array([0, p.bounds[-1]])).tolist() == [-1, 2]


def test_fiscal_quarters_begin_where_the_year_does():
    p = calendar_periods(date(2025, 1, 15), date(2025, 3, 31), by="quarter", time_zone="UTC", fiscal_year_start=2)
    assert p.starts == (date(2024, 11, 1), date(2025, 2, 1))


def test_an_unknown_length_is_refused():
    with pytest.raises(AsOfError, match="write week, month or quarter"):
        calendar_periods(date(2025, 1, 1), date(2025, 2, 1), by="fortnight", time_zone="UTC")
    with pytest.raises(AsOfError, match="the end comes before the beginning"):
        calendar_periods(date(2025, 2, 1), date(2025, 1, 1), by="week", time_zone="UTC")
