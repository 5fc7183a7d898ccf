"""What funnelml.toml says of diagnostics, and every mistake in it as one clear line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from funnelml.diagnostics.before_after.compare import ProcessChange
from funnelml.diagnostics.changes.benchmarks import Benchmark
from funnelml.diagnostics.early_warnings.rules import DEFAULT_RULES
from funnelml.diagnostics.integrity.entry_criteria import EntryCriterion
from funnelml.diagnostics.losses.rules import classify_reasons
from funnelml.errors import SettingsError
from funnelml.runs.settings import Settings, read_settings

PLAIN = """
version = 1
language = "zh"
[[funnel]]
name = "销售"
stages = ["线索", "方案"]
[[funnel]]
name = "续约"
stages = ["到期", "报价"]
won = ["续约成功"]
lost = ["流失"]
[[source]]
table = "event_log"
funnel = "销售"
file = "log.csv"
"""
FULL = """
[[benchmark]]
stage = "方案"
conversion = 0.55
kind = "industry"
[[benchmark]]
funnel = "续约"
stage = "报价"
conversion = 0.8
[[entry_criterion]]
stage = "方案"
field = "amount"
[[entry_criterion]]
stage = "won"
activity = "demo"
[loss_reasons]
competitor = ["友商甲"]
[[warning]]
rule = "no_activity"
days = 7
[[process_change]]
name = "新流程"
date = 2025-10-01
stage = "方案"
treated_by = "owner"
treated = ["王伟"]
"""


def settings_from(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "funnelml.toml").write_text(PLAIN + text, encoding="utf-8")
    return read_settings(tmp_path)


def test_everything_is_read(tmp_path):
    settings = settings_from(tmp_path, FULL)
    told = settings.diagnostics
    assert settings.language == "zh"
    assert told.benchmarks == {
        "销售": (Benchmark(stage="方案", conversion=0.55, kind="industry"),),
        "续约": (Benchmark(stage="报价", conversion=0.8),),
    }
    wanted = (EntryCriterion(stage="方案", field="amount"), EntryCriterion(stage="won", activity="demo"))
    assert told.criteria == {"销售": wanted}
    change = ProcessChange(name="新流程", date=date(2025, 10, 1), stage="方案", treated_by="owner", treated=("王伟",))
    assert told.changes == {"销售": (change,)}
    assert classify_reasons(["输给友商甲"], told.reasons).tolist() == ["competitor"]
    days = {rule.name: getattr(rule, "days", None) for rule in told.warnings}
    assert days["no_activity"] == 7 and list(days) == [rule.name for rule in DEFAULT_RULES]


def test_nothing_said_means_the_defaults(tmp_path):
    told = settings_from(tmp_path, "").diagnostics
    assert (told.benchmarks, told.criteria, told.changes, told.warnings) == ({}, {}, {}, DEFAULT_RULES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('language = "fr"', "language = 'fr' is not one of en, zh"),
        ('[[benchmark]]\nstage = "方案"', r"\[\[benchmark\]\] 1: 'conversion' is missing"),
        ('[[benchmark]]\nstage = "方案价"\nconversion = 0.5', r"no stage '方案价' \(did you mean '方案'\?\)"),
        ('[[benchmark]]\nstage = "方案"\nconversion = 55', "conversion is a share between 0 and 1"),
        ('[[benchmark]]\nstage = "方案"\nconversion = 0.5\nkind = "guess"', "kind is industry or target"),
        ('[[benchmark]]\nfunnel = "续"\nstage = "方案"\nconversion = 0.5', "there is no funnel '续'"),
        ('[[entry_criterion]]\nstage = "方案"', "give a field or an activity"),
        ('[[entry_criterion]]\nstage = "方案"\nfeild = "amount"', r"unknown key 'feild' \(did you mean 'field'\?\)"),
        ('[loss_reasons]\ncompetitors = ["x"]', r"no reason 'competitors' \(did you mean 'competitor'\?\)"),
        ('[[warning]]\nrule = "no_activty"', r"no rule 'no_activty' \(did you mean 'no_activity'\?\)"),
        ('[[warning]]\nrule = "no_activity"\ndays = "7"', "write a number from 0 on"),
        ('[[warning]]\nrule = "pushed"\n[[warning]]\nrule = "pushed"', "rule 'pushed' is there twice"),
        ('[[process_change]]\nname = "x"\nstage = "方案"', "'date' is missing"),
        ('[[process_change]]\nname = "x"\ndate = 2025-01-01\nstage = "方案"\ntreated_by = "owner"', "give both"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, text, words):
    if text.startswith("language"):
        (tmp_path / "funnelml.toml").write_text(PLAIN.replace('language = "zh"', text), encoding="utf-8")
    else:
        (tmp_path / "funnelml.toml").write_text(PLAIN + text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words):
        read_settings(tmp_path)
