"""Pictures of scores over time: one record's way, and who crossed a border."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from funnelml.errors import ModelInputError
from funnelml.plots.scoring.trend import plot_crossings, plot_trend
from funnelml.plots.theme import MISS, OURS
from funnelml.scoring.grading import Grading
from funnelml.scoring.trend import ScoreTrend, trend_of
from tests.plots.test_score_grades import texts

MONDAYS = [date(2026, 3, 2) + timedelta(days=7 * k) for k in range(3)]


def followed() -> ScoreTrend:
    chances = ({"客户A": 0.1, "b": 0.7}, {"b": 0.6}, {"客户A": 0.8, "b": 0.1})
    frames = [pd.DataFrame({"record_id": list(p), "probability": list(p.values())}) for p in chances]
    rules = Grading(by="probability", borders=(0.5, 0.2))
    return trend_of(dict(zip(MONDAYS, frames, strict=True)), rules=rules, since=MONDAYS[0])


def test_the_way_of_one_record_between_the_borders(ax):
    assert plot_trend(followed(), "客户A", ax) is ax
    hot, warm, chance = ax.lines
    assert list(hot.get_ydata()) == [0.5] * 3 and list(warm.get_ydata()) == [0.2] * 3
    assert list(chance.get_ydata()) == pytest.approx([0.1, np.nan, 0.8], nan_ok=True)
    assert "客户A: 10\xa0% → 80\xa0%, Hot" in texts(ax)
    assert "客户A：10\xa0% → 80\xa0%，热" in texts(plot_trend(followed(), "客户A", language="zh"))


def test_a_record_that_was_never_scored():
    with pytest.raises(ModelInputError, match=r"record 'B' has no score on any of the 3 dates \(did you mean 'b'\?\)"):
        plot_trend(followed(), "B")


def test_crossings_are_drawn_from_the_old_to_the_new_chance(ax):
    assert plot_crossings(followed(), ax) is ax
    rose, fell = [line for line in ax.lines if len(line.get_xdata()) == 2]
    assert list(rose.get_xdata()) == pytest.approx([0.1, 0.8]) and to_hex(rose.get_color()) == OURS
    assert list(fell.get_xdata()) == pytest.approx([0.7, 0.1]) and to_hex(fell.get_color()) == MISS
    assert "Contact now: 1; losing: 1" in texts(ax) and "Cold → Hot" in texts(ax)
    assert "立即联系：1 条；正在流失：1 条" in texts(plot_crossings(followed(), language="zh"))


def test_new_records_and_none(ax):
    frames = {MONDAYS[0]: {}, MONDAYS[1]: {"a": 0.9}}
    told = {d: pd.DataFrame({"record_id": list(p), "probability": list(p.values())}) for d, p in frames.items()}
    trend = trend_of(told, rules=Grading(by="probability", borders=(0.5, 0.2)))
    assert "new → Hot" in texts(plot_crossings(trend, ax))
    calm = trend_of({MONDAYS[0]: told[MONDAYS[1]], MONDAYS[1]: told[MONDAYS[1]]}, rules=trend.rules)
    assert "Contact now: 0; losing: 0" in texts(plot_crossings(calm))
