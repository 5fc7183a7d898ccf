"""Reasons drawn: bars that add up to the chance of a record, and the fields that matter."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from funnelml.plots.scoring.reasons import plot_field_importance, plot_score_breakdown
from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.breakdown import ScoreBreakdown, break_down_score
from funnelml.scoring.reasons.importance import measure_importance

FIELDS = pd.DataFrame(
    {
        "stage": pd.Series(["方案"], dtype=object),
        "meeting_30d": [3.0],
        "pushes": [2.0],
        "month": [12.0],
        "amount": [50_000.0],
        "职业": pd.Series(["经理"], dtype=object),
    }
)


def texts(ax: plt.Axes) -> list[str]:
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


@pytest.fixture
def result() -> ScoreBreakdown:
    added = np.array([[10.0, 30.0, -20.0, 4.0, 0.2, -0.1]]) * POINT
    return break_down_score(np.column_stack((added, [-2.0])), FIELDS, record_id="O-7", currency="EUR")


def test_each_bar_begins_where_the_last_ended(result, ax):
    assert plot_score_breakdown(result, ax) is ax
    ax.figure.canvas.draw()
    starts = np.array([bar.get_x() for bar in ax.patches])
    widths = np.array([bar.get_width() for bar in ax.patches])
    np.testing.assert_allclose(widths / POINT, [30, -20, 10, 4, 0.1])
    np.testing.assert_allclose(starts, result.average + np.concatenate(([0], np.cumsum(widths)[:-1])))
    assert starts[-1] + widths[-1] == pytest.approx(result.log_odds)
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == [
        "average record",
        "3 meetings in 30 days",
        "close date pushed 2 times",
        "stage: 方案",
        "time of year",
        "2 other reasons",
        "this record",
    ]
    chance = f"{100 * result.probability:.1f}\xa0%"
    assert ax.get_title(loc="left") == f"O-7: chance {chance}"
    assert {"+30", "\N{MINUS SIGN}20", "+10", "+4", "0", chance, "11.9\xa0%"} <= set(texts(ax))


def test_the_scale_is_labelled_with_chances(result, ax):
    plot_score_breakdown(result, ax)
    for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
        assert logit(float(label.get_text().rstrip("%")) / 100) == pytest.approx(tick)
    assert 2 <= len(ax.get_xticks()) <= 7


def test_a_breakdown_in_chinese(result, ax):
    plot_score_breakdown(result, ax, most=1, language="zh")
    ax.figure.canvas.draw()
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == ["平均记录", "30 天内会议 3 次", "日历时段", "其他 4 项因素", "本记录"]
    assert ax.get_title(loc="left").startswith("O-7：概率 ")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("constant", [-30.0, 0.0, 12.0])
def test_a_record_with_nothing_special_is_drawn(ax, language, constant):
    nothing = break_down_score(np.array([[0.0] * 6 + [constant]]), FIELDS)
    plot_score_breakdown(nothing, ax, language=language)
    ax.figure.canvas.draw()
    assert not ax.patches
    assert len(ax.get_yticks()) == 2


def test_fields_are_drawn_most_important_first(ax):
    importance = measure_importance(np.array([[10.0, -30, 20, 0, 2, 0, 99]]) * POINT, FIELDS)
    assert plot_field_importance(importance, ax, most=3) is ax
    ax.figure.canvas.draw()
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [30, 20, 10])
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "meetings in 30 days",
        "pushes of the close date",
        "stage",
    ]
    assert {"48\xa0%", "3 of 6 fields, over 1 rows; shares of all moves"} <= set(texts(ax))
    assert ax.get_title(loc="left") == "Most important: meetings in 30 days"


def test_fields_that_move_nothing_have_no_bar(ax):
    importance = measure_importance(np.array([[10.0, 0, 0, 0, 2, 0, 99]]) * POINT, FIELDS)
    plot_field_importance(importance, ax, language="zh")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["阶段", "金额"]
    assert ax.get_title(loc="left") == "最重要的字段：阶段"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("columns", [0, 6])
def test_nothing_that_matters_says_so(ax, language, columns):
    plot_field_importance(
        measure_importance(np.zeros((1, columns + 1)), FIELDS.iloc[:, :columns]), ax, language=language
    )
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") == ("No field moves a score" if language == "en" else "没有字段影响评分")
