"""What funnelml.toml says of scores, and every mistake in it as one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from funnelml.errors import SettingsError
from funnelml.runs.scoring.settings import ScoringSettings
from funnelml.runs.settings import Settings, read_settings
from funnelml.scoring.grading import Grading

PLAIN = """
version = 1
[[funnel]]
name = "销售"
stages = ["线索", "方案"]
[[funnel]]
name = "续约"
stages = ["到期", "报价"]
won = ["续约成功"]
[[source]]
table = "event_log"
funnel = "销售"
file = "log.csv"
"""
FULL = """
[scoring]
funnel = "续约"
outcome = "报价"
horizon_days = 90
trusted = ["segment"]
keep = ["field:评分", "stage_age_days"]
leave_out = ["owner"]
compare_by = "segment"
directions = { amount = -1, activities_30d = 1, visit = 0 }
[grades]
scale = "letters"
capacity = 50
[[bant]]
part = "预算"
field = "amount"
at_least = 50000
points = 25
[[bant]]
part = "authority"
field = "field:决策人"
filled = true
points = 10
"""


def settings_from(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "funnelml.toml").write_text(PLAIN + text, encoding="utf-8")
    return read_settings(tmp_path)


def test_everything_is_read(tmp_path):
    told = settings_from(tmp_path, FULL).scoring
    assert (told.funnel, told.outcome, told.horizon_days) == ("续约", "报价", 90)
    assert (told.trusted, told.compare_by) == (("segment",), "segment")
    assert (told.keep, told.leave_out) == (("field:评分", "stage_age_days"), ("owner",))
    assert told.directions == {"amount": -1, "activities_30d": 1, "visit": 0}
    assert told.grading == Grading(scale="letters", by="capacity", borders=(50.0, 50.0, 100.0))
    assert told.bant is not None and not told.bant.default
    assert [(rule.part, rule.field, rule.points) for rule in told.bant.rules] == [
        ("budget", "amount", 25.0),
        ("authority", "field:决策人", 10.0),
    ]


def test_nothing_said_means_the_defaults(tmp_path):
    told = settings_from(tmp_path, "").scoring
    assert told == ScoringSettings()
    assert (told.funnel, told.outcome, told.horizon_days, told.compare_by) == (None, "won", 28, "source")
    assert told.grading == Grading() and told.bant is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[scorin]", r"unknown key 'scorin' \(did you mean 'scoring'\?\)"),
        ("scoring = 1", "'scoring' must be dict, not 1"),
        ("[scoring]\nhorizon = 28", r"\[scoring\] unknown key 'horizon' \(did you mean 'horizon_days'\?\)"),
        ("[scoring]\nleaveout = []", r"\[scoring\] unknown key 'leaveout' \(did you mean 'leave_out'\?\)"),
        ('[scoring]\nfunnel = "续"', r"\[scoring\] names an unknown funnel '续' \(did you mean '续约'\?\)"),
        ("[scoring]\nhorizon_days = 0", r"\[scoring\] horizon_days is 0; it must be at least 1"),
        ("[scoring]\nhorizon_days = 28.5", r"\[scoring\] 'horizon_days' must be int, not 28.5"),
        ("[scoring]\nhorizon_days = true", r"\[scoring\] 'horizon_days' must be int, not True"),
        ('[scoring]\nkeep = "amount"', r"\[scoring\] 'keep' must be list, not 'amount'"),
        ('[scoring]\ncompare_by = ["source"]', r"\[scoring\] 'compare_by' must be str"),
        ("[scoring]\ndirections = { amount = 2 }", r"directions: 'amount' is 2; 1 rises, -1 falls, 0 is free"),
        ('[scoring]\ndirections = { amount = "up" }', "directions: 'amount' is 'up'"),
        ("[scoring]\ndirections = { amount = true }", "directions: 'amount' is True"),
        ("[scoring]\ndirections = { amount = [1] }", r"directions: 'amount' is \[1\]"),
        ('[grades]\nscale = "letter"', r"\[grades\] scale is 'letter' \(did you mean 'letters'\?\)"),
        ("[grades]\ncapcity = 50", r"\[grades\] has no key 'capcity' \(did you mean 'capacity'\?\)"),
        ("[grades]\ncapacity = 0", r"\[grades\] capacity is 0; it is a whole number of records, 1 or more"),
        ("[grades]\ncapacity = 5\nmultiples = [2, 1]", "states capacity and multiples; keep one of them"),
        ("[grades]\nprobabilities = [0.2, 0.5]", "borders fall from Hot on, but these do not: 0.2, 0.5"),
        ("[[grades]]\ncapacity = 5", "'grades' must be dict"),
        ('[bant]\npart = "budget"', "'bant' must be list"),
        ('[[bant]]\npart = "budget"\nfield = "amount"\npoints = 5', r"\[\[bant\]\] 1: no condition; write at_least"),
        (
            f'{FULL}[[bant]]\npart = "budgt"\nfield = "amount"\npoints = 5\nfilled = true',
            r"\[\[bant\]\] 3: no part 'budgt' \(did you mean 'budget'\?\)",
        ),
        ("bant = [5]", r"\[\[bant\]\] 1: write it as a table of its own"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, text, words):
    # A key outside of any table must come before the tables.
    told = text + PLAIN if text.startswith(("scoring =", "bant =")) else PLAIN + text
    (tmp_path / "funnelml.toml").write_text(told, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as caught:
        read_settings(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'funnelml.toml'}: ") and "\n" not in str(caught.value)
