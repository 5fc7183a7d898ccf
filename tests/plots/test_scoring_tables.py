"""Tables of scores for a person: what is in them is what was measured, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from funnelml.plots.scoring.cells import write_expected
from funnelml.plots.scoring.comparison_tables import (
    table_agreement,
    table_bant,
    table_bant_points,
    table_challenge,
    table_disagreement,
    table_selection,
)
from funnelml.plots.scoring.points_table import table_points
from funnelml.plots.scoring.tables import (
    table_contact_now,
    table_grades,
    table_leaks,
    table_metrics,
    table_scores,
    table_segments,
    table_unused,
)
from funnelml.plots.scoring.watch_tables import table_drift, table_past
from funnelml.scoring.bant.evaluation import evaluate_bant
from funnelml.scoring.bant.points import score_bant
from funnelml.scoring.bant.rules import parse_bant
from funnelml.scoring.bant.scorer import BantScorer
from funnelml.scoring.disagreement import find_disagreement
from funnelml.scoring.evaluation.evaluate import evaluate_scores
from funnelml.scoring.grades import grade_scores
from funnelml.scoring.grading import Grading
from funnelml.scoring.leaks.evidence import Evidence
from funnelml.scoring.leaks.report import LeakReport, Suspect
from funnelml.scoring.models.scorecard import POINT, Scorecard
from funnelml.scoring.monitoring.challenge import challenge
from funnelml.scoring.monitoring.selection_rates import selection_rates
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.trend import trend_of
from funnelml.scoring.why_not import WhyNot
from tests.plots.test_score_drift import drifted
from tests.plots.test_score_grades import followed
from tests.plots.test_scoring_evaluation import model

RULES = Grading(by="probability", borders=(0.5, 0.2))
SCORES = pd.DataFrame(
    {
        "record_id": pd.Series(["a", "<b>"], dtype=object),
        "probability": [0.824, 0.1],
        "low": [0.66, 0.05],
        "high": [0.861, 0.2],
        "grade": ["Hot", "Cold"],
        "reasons_for": ["stage: Closing", ""],
        "reasons_against": [None, "no activity"],
    }
)


def test_whom_to_call():
    table = table_scores(SCORES, most=1).frame
    assert table.to_dict("records") == [
        {"record": "a", "grade": "Hot", "chance": "82\xa0%\xa0(66-86)", "for it": "stage: Closing", "against it": ""}
    ]
    told = table_scores(SCORES, language="zh")
    assert told.frame["概率"].tolist() == ["82\xa0%（66-86）", "10\xa0%（5-20）"]
    assert told.frame["等级"].tolist() == ["热", "冷"]
    assert "&lt;b&gt;" in told._repr_html_()


def test_a_score_that_only_ranks_shows_no_chance():
    assert list(table_scores(SCORES, verdict="ranks only").frame) == ["record", "grade", "for it", "against it"]


def test_who_rose_and_who_is_new_with_their_weeks():
    days = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
    chances = ({"a": 0.1, "c": 0.9}, {"a": 0.1, "c": 0.9}, {"a": 0.8, "<b>": 0.6, "c": 0.1})
    frames = [pd.DataFrame({"record_id": list(p), "probability": list(p.values())}) for p in chances]
    trend = trend_of(dict(zip(days, frames, strict=True)), rules=RULES)
    table = table_contact_now(trend, SCORES).frame
    assert table["record"].tolist() == ["a", "<b>"]
    assert table["now"].tolist() == ["80\xa0%", "60\xa0%"]
    assert table["by week"].tolist() == ["▁▁█", "  ▆"]
    assert table["for it"].tolist() == ["stage: Closing", ""]
    assert list(table_contact_now(trend, SCORES, language="zh").frame) == ["记录", "逐周", "现在", "有利因素"]


def test_grades_with_and_without_a_past():
    past = pd.DataFrame({"grade": ["Hot"], "records": [50], "converted": [20], "expected": [30.0]})
    chances = [0.6] * 10 + [0.24] * 3
    table = table_grades(grade_scores(chances, range(13), RULES, past=past)).frame
    assert table["grade"].tolist() == ["Hot", "Warm", "Cold"]
    assert table["records"].tolist() == ["10", "3", "0"]
    assert table["chance"].tolist() == ["60\xa0% - 60\xa0%", "24\xa0% - 24\xa0%", "-"]
    # Binomial(10, 0.6): 10th and 90th percentile by scipy.stats.binom.ppf
    assert table["expected"].tolist()[0] == "6\xa0(4-8)" and table["expected"].tolist()[1].startswith("0.7\xa0(")
    assert table["converted before"].tolist() == ["40\xa0% of 50", "-", "-"]
    assert table["promised then"].tolist() == ["60\xa0%", "-", "-"]
    assert list(table_grades(grade_scores(chances, range(13), RULES)).frame) == [
        "grade", "records", "chance", "expected",
    ]  # fmt: skip


def test_segments_say_where_chances_are_off():
    rng = np.random.default_rng(1)
    p = np.tile(rng.beta(2, 6, 1_000), 2)
    low = np.arange(2_000) < 1_000
    y = rng.random(2_000) < np.where(low, np.minimum(2 * p, 1), p)
    fields = pd.DataFrame({"source": np.where(low, "展会", "官网")})
    told = evaluate_scores(y, p, segments=fields, resamples=50)
    table = table_segments(told).frame.set_index("who")
    assert table["chances"].to_dict() == {"展会": "too low", "官网": "-"}
    row = told.by_segment.set_index("segment").loc["展会"]
    assert table.loc["展会", "AUC"] == f"{row['auc']:.2f}"
    assert table.loc["展会", "95\xa0% between"] == f"{row['auc_low']:.2f} - {row['auc_high']:.2f}"
    assert set(table_segments(told, language="zh").frame["概率偏差"]) == {"偏低", "-"}
    alone = evaluate_scores(y[:30], p[:30], segments=fields[:30], resamples=20)
    assert table_segments(alone).frame["who"].tolist() == ["(others)"]


def test_leaks_are_named_in_words_and_as_settings_take_them():
    evidence = Evidence(kind="no_history", weight="proof", en="set later", zh="事后填写")
    suspect = Suspect(
        field="stage_age_days", verdict="leave out", kept=True, evidence=(evidence,), auc=0.918, auc_low=0.9, filled=1.0
    )
    lost = replace(suspect, field="loss_reason", kept=False, auc=float("nan"))
    report = LeakReport(suspects=(suspect, lost), fields=9, rows=100)
    table = table_leaks(report).frame
    assert table["field"].tolist() == ["days in its stage (stage_age_days)", "loss_reason"]
    assert table["verdict"].tolist() == ["kept", "leave out"]
    assert table["AUC"].tolist() == ["0.92", "-"]
    assert table["why"].tolist() == [suspect.tell()] * 2
    assert table_leaks(report, language="zh").frame["字段"].tolist()[0] == "当前阶段停留天数（stage_age_days）"


def test_figures_of_the_newest_rows_stand_beside_those_at_random():
    told = model()
    table = table_metrics(told).frame.set_index("figure")
    auc = told.time.scores.estimate("auc")
    assert table.loc["AUC"].tolist() == [
        f"{auc.value:.3f}",
        f"{auc.low:.3f} - {auc.high:.3f}",
        f"{told.random.scores.estimate('auc').value:.3f}",
        "0.500",
    ]
    heads = list(table_metrics(told, language="zh").frame)
    assert heads == ["指标", "取值", "95\xa0% 区间", "随机划分", "没有评分时"]
    undated = table_metrics(model(dated=False)).frame
    assert list(undated) == ["figure", "value", "95\xa0% between", "without a score"]


def test_fields_that_are_not_used_stand_together_where_the_reason_is_the_same():
    short, moves = WhyNot(en="too short", zh="时间太短"), WhyNot(en="it moves", zh="整体变动")
    reasons = {"month": short, "account_won": moves, "weekday": short}
    assert table_unused(reasons).frame.to_dict("list") == {
        "fields": ["month, weekday", "earlier wins with the account (account_won)"],
        "why": ["too short", "it moves"],
    }
    told = table_unused(reasons, language="zh").frame
    assert told["原因"].tolist() == ["时间太短", "整体变动"] and told["字段"][0].endswith("（weekday）")


def test_past_scores_month_by_month():
    past = followed()
    table = table_past(past).frame
    assert table[["month", "grade", "records", "promised then", "converted"]].head(2).to_numpy().tolist() == [
        ["January 2026", "Hot", "40", "60\xa0%", "60\xa0%"],
        ["January 2026", "Cold", "40", "10\xa0%", "0\xa0%"],
    ]
    assert len(table) == 6 and "Warm" not in set(table["grade"]), "a grade without a record has no row"
    told = table_past(past, language="zh").frame
    assert told["月份"][0] == "2026年1月" and told["等级"].tolist()[:2] == ["热", "冷"]


def test_drift_of_fields():
    drift = drifted()
    table = table_drift(drift).frame
    assert table["field"].tolist() == ["来源", "x"] and table["verdict"].tolist() == ["moved much", "steady"]
    assert table["PSI"].tolist() == [f"{psi:.2f}" for psi in drift.table["psi"]]
    told = table_drift(drift, language="zh").frame
    assert told["结论"].tolist() == ["明显偏移", "平稳"] and "官网 40\xa0% → 80\xa0%" in told["变化"][0]


@pytest.fixture(scope="module")
def rows() -> ScoringRows:
    rng = np.random.default_rng(3)
    x = rng.normal(size=2_000)
    source = rng.choice(["广告", "官网", "展会"], 2_000)
    chance = 1 / (1 + np.exp(1.5 - x - 1.2 * (source == "官网")))
    table = pd.DataFrame(
        {"amount": np.exp(9 + x), "source": source.astype(object), "pushes": rng.poisson(1, 2_000) * 1.0, "flat": 1.0}
    )
    table.loc[::7, "amount"] = np.nan
    return ScoringRows(
        features=table, record_id=np.arange(2_000).astype(object), label=(rng.random(2_000) < chance).astype(float)
    )


def test_points_are_those_of_the_card(rows):
    card = Scorecard().fit(rows.features, rows.label)
    told = table_points(card)
    table = told.frame
    named = [name for name in table["field"] if name]
    assert named[:3] in (["(base)", "amount", "source"], ["(base)", "source", "amount"]) and "flat" not in named
    assert (
        "a sum of 0 is a chance of 50 %, 20 more double the odds" in told.folded and "<details>" in told._repr_html_()
    )
    whole = card.points_table().set_index(["column", "bin"])["points"]
    web = table.set_index("value")["points"]["官网"]
    assert web == f"{whole['source', '官网']:+d}"
    # Every bin of the amount lies within what its row says.
    own = table["field"].replace("", None).ffill() == "amount"
    told_ends = [part.replace("\N{MINUS SIGN}", "-").split(" to ") for part in table.loc[own, "points"]]
    ends = sorted(int(end) for part in told_ends for end in part)
    points = card.points_[0][1:]
    assert ends[0] <= min(points) and ends[-1] == max(points)
    assert 3 <= own.sum() <= 7


def test_points_are_stretched_by_the_slope_and_few_are_shown(rows):
    card = Scorecard().fit(rows.features, rows.label)
    one = table_points(card, slope=2.0, most=1, language="zh")
    assert one.frame["字段"].iloc[1] in ("金额", "来源") and (one.frame["字段"].iloc[2:] == "").all()
    plain = table_points(card, language="zh").frame.set_index("取值")["分数"]["官网"]
    doubled = table_points(card, slope=2.0, language="zh").frame.set_index("取值")["分数"]["官网"]
    assert int(doubled) == 2 * int(plain)


def test_base_and_points_add_up_to_the_chance_of_the_scorer(rows):
    scorer = LeadScorer(model="scorecard").fit(rows.features, rows.label)
    scorer.recipe_ = replace(scorer.recipe_, calibration=(1.3, -0.4))
    scorer.shift_ = 0.25
    card, constant = scorer.models_[0], scorer.contributions(rows.features)[0, -1]
    table = table_points(card, slope=1.3, constant=constant).frame
    assert table.iloc[0].tolist()[:2] == ["(base)", "every record"]
    base = int(table["points"][0].replace("\N{MINUS SIGN}", "-"))
    fields = scorer.contributions(rows.features)[:, :-1].sum(axis=1)
    told = expit(base * POINT + fields)
    # half a point of rounding: at most log(2) / 40 / 4 of a chance
    np.testing.assert_allclose(told, scorer.predict_proba(rows.features)[:, 1], atol=np.log(2) / 160)
    alone = table_points(card).frame["points"][0].replace("\N{MINUS SIGN}", "-")
    assert int(alone) == card.points_table()["points"].iloc[-1]


def test_a_card_that_tells_nothing_is_empty():
    flat = pd.DataFrame({"x": [1.0] * 100})
    card = Scorecard().fit(flat, np.tile([0, 1], 50))
    assert table_points(card).frame["field"].tolist() == ["(base)"]
    assert card.constant_ == pytest.approx(0.0, abs=POINT)


def test_bands_of_points(rows):
    rules = parse_bant([{"part": "budget", "field": "amount", "at_least": 8_000, "points": 20}])
    scorer = BantScorer(rules).fit(rows.features, rows.label)
    told = evaluate_bant(scorer, rows)
    table = table_bant(told).frame
    assert table["points"].tolist() == ["0-5", "15-20", "unknown"]
    assert sum(int(n.replace(",", "")) for n in table["rows"]) == len(rows)
    assert table_bant(told, language="zh").frame["分数"].tolist()[-1] == "未知"


def test_points_of_every_record_the_most_first():
    rules = parse_bant(
        [
            {"part": "budget", "field": "amount", "at_least": 8, "points": 20},
            {"part": "need", "field": "calls", "at_least": 1, "points": 10},
        ]
    )
    fields = pd.DataFrame({"amount": [9.0, 9.0, np.nan], "calls": [0.0, 2.0, 1.0]})
    told = score_bant(fields, rules, record_id=["a", "b", "c"])
    assert table_bant_points(told).frame.to_numpy().tolist() == [
        ["b", "20", "10", "30", "30"],
        ["a", "20", "0", "20", "20"],
        ["c", "-", "10", "10", "30"],
    ]
    assert list(table_bant_points(told, language="zh").frame) == ["记录", "预算", "需求", "总分", "至多"]


def test_agreement_and_disagreement():
    ids = [f"r{k}" for k in range(6)]
    model = grade_scores([0.9, 0.8, 0.3, 0.1, 0.1, 0.05], ids, RULES)
    rules = grade_scores([0.1, 0.7, 0.3, 0.1, 0.6, 0.1], ids, RULES)
    told = find_disagreement(model, rules)
    table = table_agreement(told).frame.set_index("by the model")
    assert table.loc["Hot"].tolist() == ["1", "0", "1"] and table.loc["Cold"].tolist() == ["1", "0", "2"]
    assert list(table) == ["Hot by the rules", "Warm by the rules", "Cold by the rules"]
    assert list(table_agreement(told, language="zh").frame) == ["模型", "规则：热", "规则：温", "规则：冷"]
    apart = table_disagreement(told).frame
    assert apart.to_dict("records") == [
        {"record": "r0", "by the model": "Hot, 90\xa0%", "by the rules": "Cold, 10\xa0%"},
        {"record": "r4", "by the model": "Cold, 10\xa0%", "by the rules": "Hot, 60\xa0%"},
    ]


def test_selection_rates():
    chances = [0.9] * 30 + [0.1] * 10 + [0.9] * 5 + [0.1] * 35 + [0.9] * 3
    graded = grade_scores(chances, range(83), RULES)
    told = selection_rates(graded, pd.Series(["A"] * 40 + ["B"] * 40 + [None] * 3), field="source")
    table = table_selection(told).frame.set_index("who")
    assert table["verdict"].to_dict() == {"(unknown)": "too few", "A": "the highest", "B": "under four fifths"}
    assert table.loc["B", "share"] == "12\xa0%" and table.loc["B", "ratio"] == "0.17"
    assert table.loc["(unknown)", "ratio"] == "-"
    assert "低于五分之四" in table_selection(told, language="zh").frame["结论"].tolist()


def test_two_models_side_by_side():
    rng = np.random.default_rng(4)
    p = rng.beta(1, 3, 800)
    told = challenge(np.full(800, 0.25), p, rng.random(800) < p)
    table = table_challenge(told).frame.set_index("figure")
    loss = told.comparison.advantage("log_loss")
    assert table.loc["log loss", "advantage"] == f"{loss.value:+.3f}"
    assert table.loc["log loss", "95\xa0% between"] == f"{loss.low:+.3f} to {loss.high:+.3f}"
    assert table.loc["AUC", "in use"] == "0.500"
    assert "对数损失" in table_challenge(told, language="zh").frame["指标"].tolist()


@pytest.mark.parametrize(("number", "told"), [(0.0, "0"), (9.96, "10"), (3.0, "3"), (3.26, "3.3"), (1234.5, "1,234")])
def test_expected_numbers(number, told):
    assert write_expected(number) == told
