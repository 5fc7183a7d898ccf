"""funnelml.toml: what it means, and every contradiction as one clear line."""

from __future__ import annotations

from datetime import date

import pytest

from funnelml.errors import SettingsError
from funnelml.history.dates import instant_of
from funnelml.runs.settings import Quota, read_settings

PLAIN = """
version = 1
time_zone = "Asia/Shanghai"
currency = "CNY"
[[funnel]]
name = "销售"
stages = ["线索", "方案"]
won = ["赢单", "签约"]
lost = ["输单"]
observed_from = 2025-01-01
[[funnel.rename]]
old = "报价"
new = "方案"
until = 2025-03-01
[[source]]
table = "event_log"
funnel = "销售"
file = "log.csv"
[source.columns]
record_id = "商机编号"
[[quota]]
start = 2025-01-01
end = 2025-03-31
amount = 1_000_000
"""


def settings_from(tmp_path, text):
    (tmp_path / "funnelml.toml").write_text(text, encoding="utf-8")
    return read_settings(tmp_path)


def test_what_it_says_is_what_is_meant(tmp_path):
    settings = settings_from(tmp_path, PLAIN)
    funnel = settings.funnels[0]
    assert funnel.canonical["签约"] == "won"
    assert funnel.observed_from == instant_of(date(2025, 1, 1), "Asia/Shanghai")
    assert funnel.renames[0].until == instant_of(date(2025, 3, 1), "Asia/Shanghai")
    assert settings.quotas == (Quota(start=date(2025, 1, 1), end=date(2025, 3, 31), amount=1_000_000),)
    assert settings.sources[0].columns == {"record_id": "商机编号"}
    assert (settings.engine, settings.max_unreadable, settings.grain) == ("duckdb", 0.05, "instant")


def test_a_template_fills_what_is_not_said(tmp_path):
    text = PLAIN.replace('stages = ["线索", "方案"]\n', 'template = "saas"\nlanguage = "zh"\n')
    funnel = settings_from(tmp_path, text.replace('"方案"', '"试用"')).funnels[0]
    assert funnel.stages[2:4] == ("产品演示", "试用") and funnel.won == ("赢单", "签约")


def test_a_byte_order_mark_does_no_harm(tmp_path):
    assert settings_from(tmp_path, "\ufeff" + PLAIN).currency == "CNY"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version = 1", "version = 2", "this funnelml reads version = 1"),
        ("version = 1", "", "version is None"),
        ('currency = "CNY"', 'curency = "CNY"', r"unknown key 'curency' \(did you mean 'currency'\?\)"),
        ("Asia/Shanghai", "Asia/Shanghigh", "'Asia/Shanghigh' is not an IANA zone"),
        ('currency = "CNY"', 'engine = "spark"', "engine = 'spark' is not one of duckdb, pandas"),
        ('currency = "CNY"', "fiscal_year_start = 13", "fiscal_year_start is 13"),
        ('currency = "CNY"', "max_unreadable = 5", "it is a share, 0 to 1"),
        ('currency = "CNY"', "currency = 3", "'currency' must be str, not 3"),
        ("observed_from = 2025-01-01", "observed_from = 2025-01-01T10:00:00", "is a day, without a time: 2025-01-01"),
        ('funnel = "销售"', 'funnel = "销 售"', "names an unknown funnel '销 售'"),
        ('table = "event_log"', 'table = "event_lag"', r"did you mean 'event_log'"),
        ('table = "event_log"', "", "'table' is missing"),
        ('file = "log.csv"', "", "give either 'file' or 'sql'"),
        ('new = "方案"', 'new = "方按"', "rename to unknown stage '方按'"),
        ("until = 2025-03-01", "", "'until' is missing"),
        ('lost = ["输单"]', 'lost = ["赢单"]', "names '赢单' twice"),
        ("amount = 1_000_000", "", "'amount' is missing"),
        ("[[source]]", "[[funnel]]\nname = '销售'\nstages = ['a']\n[[source]]", "two .* entries are named '销售'"),
        ("version = 1", "version = = 1", "is not valid TOML"),
    ],
)
def test_contradictions_are_named(tmp_path, old, new, said):
    assert old in PLAIN
    with pytest.raises(SettingsError, match=said) as caught:
        settings_from(tmp_path, PLAIN.replace(old, new, 1))
    assert "funnelml.toml: " in str(caught.value) or "is not valid TOML" in str(caught.value)


def test_no_settings_says_how_to_make_some(tmp_path):
    with pytest.raises(SettingsError, match="make a workspace with: funnelml demo DIR, or: funnelml init DIR"):
        read_settings(tmp_path / "nowhere")


@pytest.mark.parametrize("part", ["[[funnel]]", "[[source]]"])
def test_something_must_be_described(tmp_path, part):
    head, _, _ = PLAIN.partition(part)
    with pytest.raises(SettingsError, match="describe at least one"):
        settings_from(tmp_path, head)
