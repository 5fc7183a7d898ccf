"""Tables for a person: what stands in them, and that a name from a CRM is never markup."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from funnelml.plots.tables import table_baselines, table_findings, table_league, table_periods, table_zombies


def test_periods_end_in_the_whole_horizon(forecast):
    frame = table_periods(forecast).frame
    assert list(frame) == ["from", "expected (EUR)", "80\xa0% between", "and"]
    assert frame["from"].tolist() == ["2026-04-01", "2026-04-06", "all"]
    q = forecast.targets["open_pipeline"].quantiles()
    assert frame.iloc[-1].tolist()[2:] == [f"{q['0.1']:,.0f}", f"{q['0.9']:,.0f}"]


def test_one_period_needs_no_last_row(forecast):
    told = forecast.targets["open_pipeline"]
    one = replace(told, period_starts=told.period_starts[:1], bookings=told.bookings[:, :1])
    assert len(table_periods(replace(forecast, targets={"open_pipeline": one})).frame) == 1


def test_baselines_say_how_far_and_why(forecast):
    frame = table_baselines(forecast).frame
    assert frame["rule"].tolist() == ["this forecast", "stage-weighted", "win rate × amount"]
    assert frame["against it"].tolist() == ["", "+20\xa0%", "+8,900\xa0%"]
    assert "how long a record has sat" in frame["because"][1]


def test_zombies_are_listed_with_escaped_names(forecast):
    records = forecast.records.assign(zombie=True, stage="<script>alert(1)</script>")
    table = table_zombies(replace(forecast, records=records))
    assert table.frame["record"].tolist() == ["c", "a", "b"]
    assert table.frame["chance at most"].tolist() == ["60.0\xa0%", "1.2\xa0%", "60.0\xa0%"]
    html = table._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;Bo&lt;/b&gt;" in html
    assert len(table_zombies(replace(forecast, records=records), most=1).frame) == 1


def test_owners_are_left_out_where_nobody_owns_anything(forecast):
    assert "owner" in table_zombies(forecast).frame
    assert "owner" not in table_zombies(replace(forecast, records=forecast.records.assign(owner=None))).frame


def test_league_counts_hits_of_models_with_intervals(backtest):
    frame = table_league(backtest).frame
    assert frame["rule"].tolist() == ["this forecast", "win rate × amount", "stage-weighted"]
    assert frame["in 80\xa0%"].tolist() == ["2", "-", "-"]
    assert frame["n"].tolist() == ["3", "3", "3"]
    assert frame["bias"].tolist()[2] == "+669\xa0%"
    assert list(table_league(backtest, target="total").frame) == ["rule", "n", "off by", "bias", "CRPS (EUR)"]


def test_findings_are_folded_with_most_rows_first():
    found = {"finding": ["skipped", "moved back"], "rows": [2, 7_100], "action": ["kept", "kept"]}
    table = table_findings(pd.DataFrame(found))
    assert table.frame["rows"].tolist() == ["7,100", "2"]
    assert "<details><summary>2 findings in the data</summary>" in table._repr_html_()
    assert "moved back" in repr(table)
