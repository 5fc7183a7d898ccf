"""What rows cannot tell from drift is left out, with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from funnelml.schema import DAY
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.seasons import leave_out_derived, leave_out_seasons
from funnelml.scoring.why_not import WhyNot

LEFT_OUT = WhyNot(en="which is left out", zh="而该字段已剔除")


def rows(days, **features):
    at = np.linspace(0, days, 5).astype(np.int64) * DAY
    table = pd.DataFrame({"amount": np.arange(5.0), **{k: pd.Series(v, index=range(5)) for k, v in features.items()}})
    ids = np.array(list("abcde"), dtype=object)
    return ScoringRows(features=table, record_id=ids, at=at, known_at=at, assumed=())


def test_a_month_must_have_been_seen_twice():
    assert list(leave_out_seasons(rows(671, month=1.0)).withheld) == ["month"]
    assert list(leave_out_seasons(rows(672, month=1.0)).features) == ["amount", "month"]


def test_counts_that_grow_are_told_against_the_average():
    both = leave_out_seasons(rows(900, account_won=1.0, account_win_lift=0.1))
    assert list(both.features) == ["amount", "account_win_lift"]
    assert "account_win_lift" in both.withheld["account_won"].en
    assert list(leave_out_seasons(rows(900, account_won=1.0)).features) == ["amount", "account_won"]


def test_weekdays_and_names_of_accounts():
    told = leave_out_seasons(rows(900, weekday=7.0, account="X"))
    assert list(told.features) == ["amount"] and set(told.withheld) == {"weekday", "account"}
    assert "weekday" in leave_out_seasons(rows(900, weekday=[1.0, 2, 3, 4, 5])).features


def test_a_plain_table_stays_as_it_is():
    plain = ScoringRows(features=pd.DataFrame({"month": [1.0]}), record_id=np.array(["a"], dtype=object))
    assert leave_out_seasons(plain) is plain


def test_what_is_counted_by_a_leak_leaks_too():
    # An account that is filled late: whoever has one at all is known to be won more often.
    gone = dict.fromkeys(["account", "team"], LEFT_OUT)
    told = leave_out_derived(rows(900, account_won=1.0, account_open=1.0, owner_win_lift=0.1), gone)
    assert list(told.features) == ["amount", "owner_win_lift"]
    assert told.withheld["account_open"] == WhyNot(
        en="it is counted by account, which is left out", zh="按 account 统计，而该字段已剔除"
    )


def test_columns_of_a_plain_table_that_are_named_alike_stay():
    plain = ScoringRows(features=pd.DataFrame({"source_detail": ["x"]}), record_id=np.array(["a"], dtype=object))
    assert leave_out_derived(plain, {"source": LEFT_OUT}) is plain
    dated = replace(rows(30, account="X", account_won=1.0, account_win_lift=0.1, month=1.0), assumed=None)
    assert leave_out_derived(dated, {"account": LEFT_OUT}) is dated
    assert list(leave_out_seasons(dated).withheld) == ["month"]
