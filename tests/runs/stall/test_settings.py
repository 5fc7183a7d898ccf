"""What funnelml.toml says of stalled records, and every mistake in it as one clear line."""

from __future__ import annotations

import pytest

from funnelml.errors import SettingsError
from funnelml.runs.settings import read_settings
from funnelml.runs.stall.settings import StallSettings

PLAIN = """
version = 1
[[funnel]]
name = "销售"
stages = ["线索", "方案"]
[[funnel]]
name = "续约"
stages = ["到期", "报价"]
[[source]]
table = "event_log"
funnel = "销售"
file = "log.csv"
"""


def read(root, more):
    (root / "funnelml.toml").write_text(f"{PLAIN}\n{more}", encoding="utf-8")
    return read_settings(root).stall


def test_nothing_said_is_the_default(tmp_path):
    settings = read(tmp_path, "")
    assert settings == StallSettings()
    assert (settings.win_days, settings.floor, settings.days_rule("销售", "销售")) == (90.0, 0.02, None)


def test_all_that_can_be_said(tmp_path):
    settings = read(
        tmp_path,
        '[stall]\nfunnel = "续约"\nwin_days = 30\nfloor = 0.05\ndays = { "报价" = 14 }\ncompare_by = "owner"',
    )
    assert settings == StallSettings(funnel="续约", win_days=30.0, floor=0.05, days={"报价": 14.0}, compare_by="owner")
    rule = settings.days_rule("续约", "销售")
    assert (rule.name, rule.limit_days) == ("own", {"报价": 14.0})
    # Days of one funnel say nothing of another.
    assert settings.days_rule("销售", "销售") is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("win_day = 30", r"\[stall\] unknown key 'win_day' \(did you mean 'win_days'"),
        ('funnel = "续"', r"\[stall\] names an unknown funnel '续'"),
        ("win_days = 0", r"\[stall\] win_days is 0; write the days"),
        ("win_days = inf", r"\[stall\] win_days is inf; write the days"),
        ("floor = 1.0", r"\[stall\] floor is 1.0; write a chance between 0 and 1"),
        ("floor = true", r"\[stall\] 'floor' must be int or float, not True"),
        ('days = { "方案2" = 7 }', r"\[stall\] days: no stage '方案2' in funnel '销售' \(did you mean '方案'"),
        ('days = { "方案" = -1 }', r"\[stall\] days: '方案' is -1; write a number of days from 0 on"),
        ('days = { "方案" = "a week" }', r"\[stall\] days: '方案' is 'a week'"),
        ('days = { "报价" = 7 }', r"\[stall\] days: no stage '报价' in funnel '销售'"),
    ],
)
def test_a_mistake_is_named(tmp_path, entry, said):
    with pytest.raises(SettingsError, match=said):
        read(tmp_path, f"[stall]\n{entry}")
