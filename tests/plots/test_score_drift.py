"""Picture of drift: bars are the index, ticks the bound of chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from funnelml.plots.scoring.drift import plot_input_drift
from funnelml.plots.theme import MISS
from funnelml.scoring.monitoring.input_drift import InputDrift, compare_inputs
from tests.plots.test_score_grades import texts


def drifted() -> InputDrift:
    rng = np.random.default_rng(1)
    train = pd.DataFrame({"来源": ["广告"] * 600 + ["官网"] * 400, "x": rng.normal(size=1_000)})
    new = pd.DataFrame({"来源": ["广告"] * 40 + ["官网"] * 160, "x": rng.normal(size=200)})
    return compare_inputs(train, new)


def test_bars_and_ticks_are_drawn_where_they_are(ax):
    drift = drifted()
    assert plot_input_drift(drift, ax) is ax
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(drift.table["psi"].tolist())
    assert to_hex(ax.patches[0].get_facecolor()) == MISS
    assert [line.get_xdata()[0] for line in ax.lines[:2]] == pytest.approx(drift.table["chance"].tolist())
    assert "1 of 2 fields moved" in texts(ax) and "官网 40\xa0% → 80\xa0%" in texts(ax) and "来源" in texts(ax)


def test_fields_of_a_crm_are_drawn_in_words():
    rng = np.random.default_rng(2)
    told = compare_inputs(pd.DataFrame({"pushes": rng.normal(size=100)}), pd.DataFrame({"pushes": rng.normal(size=50)}))
    assert "pushes of the close date" in texts(plot_input_drift(told))
    assert "预计成交日推迟次数" in texts(plot_input_drift(told, language="zh"))


def test_a_bar_is_cut_but_its_figure_is_not(ax):
    train = pd.DataFrame({"x": ["a"] * 500 + ["b"] * 10})
    drift = compare_inputs(train, pd.DataFrame({"x": ["b"] * 500}))
    plot_input_drift(drift, ax)
    assert ax.patches[0].get_width() == 1.0 and f"{drift.table['psi'][0]:.2f}" in texts(ax)


def test_chinese_and_nothing_to_draw():
    assert "2 个字段中有 1 个发生偏移" in texts(plot_input_drift(drifted(), language="zh"))
    nothing = compare_inputs(pd.DataFrame(index=[0]), pd.DataFrame(index=[0]))
    assert "0 of 0 fields moved" in texts(plot_input_drift(nothing))
