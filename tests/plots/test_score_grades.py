"""Pictures of grades: what is drawn is what is expected and what happened."""

from __future__ import annotations

from datetime import date, timedelta

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from funnelml.plots.scoring.grades import plot_grades, plot_past_grades
from funnelml.scoring.grades import Grades, grade_scores
from funnelml.scoring.grading import Grading
from funnelml.scoring.monitoring.past_scores import PastScores, score_past

RULES = Grading(by="probability", borders=(0.5, 0.2))
PAST = pd.DataFrame({"grade": ["Hot"], "records": [50], "converted": [20], "expected": [30.0]})


def graded(past: pd.DataFrame | None = None) -> Grades:
    return grade_scores([0.6] * 10 + [0.3] * 20, range(30), RULES, past=past)


def followed() -> PastScores:
    """Three months of 40 records with 0.6 and 40 with 0.1; in the last one nobody converts."""
    days = [date(2026, 1 + k, 5) for k in range(3) for _ in range(80)]
    ids = [f"r{k}" for k in range(240)]
    chance = np.tile([0.6] * 40 + [0.1] * 40, 3)
    scores = pd.DataFrame({"record_id": ids, "as_of": days, "probability": chance})
    scores["grade"] = np.where(scores["probability"] > 0.5, "Hot", "Cold")
    won = scores[(scores.index % 80 < 24) & (scores.index < 160)]
    conversions = pd.DataFrame({"record_id": won["record_id"], "converted_on": won["as_of"] + timedelta(days=2)})
    return score_past(scores, conversions, as_of=date(2026, 6, 1), horizon_days=28)


def texts(ax: plt.Axes) -> str:
    shown = [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *(t.get_text() for t in ax.texts)]
    return " ".join([*shown, *(t.get_text() for t in ax.get_yticklabels())]).replace("\n", " ")


def test_expected_and_past_conversion_are_drawn_where_they_are(ax):
    told = graded(PAST)
    assert plot_grades(told, ax) is ax
    points = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert points == pytest.approx([0.6, 0.4, 0.3])
    spans = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    hot = told.by_grade.iloc[0]
    assert spans[0] == (hot["expected_low"] / 10, hot["expected_high"] / 10)
    assert spans[1] == (hot["past_low"], hot["past_high"])
    assert "Of 10 Hot records 6 are expected to convert" in texts(ax) and "0 of 0" in texts(ax)
    assert "hollow: past records" in texts(ax)


def test_without_a_past_nothing_is_said_of_it(ax):
    plot_grades(graded(), ax)
    assert "hollow" not in texts(ax)
    assert "10 条“热”记录预计转化 6 条" in texts(plot_grades(graded(), language="zh"))
    assert "Of 0 Hot records" in texts(plot_grades(grade_scores([], [], RULES)))


def test_months_are_drawn_and_the_one_beyond_chance_is_marked(ax):
    past = followed()
    assert plot_past_grades(past, ax) is ax
    hot = next(line for line in ax.lines if line.get_linestyle() == "-")
    assert list(hot.get_ydata()) == pytest.approx([0.6, 0.6, 0.0])
    promised = next(line for line in ax.lines if line.get_linestyle() == "--")
    assert promised.get_marker() == "_"
    assert list(promised.get_ydata()) == pytest.approx([0.6] * 3)
    crosses = next(line for line in ax.lines if line.get_marker() == "x")
    assert list(crosses.get_xdata()) == [date(2026, 3, 1).toordinal()]
    assert "Chances held in 2 of 3 months" in texts(ax) and "Warm" not in texts(ax)


def test_months_in_chinese():
    ax = plot_past_grades(followed(), language="zh")
    told = texts(ax)
    assert "3 个月中有 2 个月概率准确" in told and "热" in told and "28 天内转化比例" in told
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1月\n2026", "2月", "3月"]


def test_names_of_lines_that_end_alike_do_not_overlap_and_the_best_is_on_top(ax):
    plot_past_grades(followed(), ax)
    heights = {text.get_text(): text.xy[1] for text in ax.texts if text.get_text() in ("Hot", "Cold")}
    assert heights["Cold"] == 0.0 and heights["Hot"] - heights["Cold"] >= 0.05 * ax.get_ylim()[1]


def test_no_tick_lies_above_a_hundred_percent(ax):
    plot_grades(grade_scores([0.97] * 30 + [0.3] * 5, range(35), RULES), ax)
    assert ax.get_xlim()[1] > 1.2 and max(ax.get_xticks()) == pytest.approx(1.0)


def test_few_expected_records_have_a_decimal():
    assert "Of 3 Hot records 1.7 are expected" in texts(plot_grades(grade_scores([0.57] * 3, range(3), RULES)))
