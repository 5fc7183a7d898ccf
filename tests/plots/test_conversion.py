"""Pictures of conversion, dwell and shape: values that are drawn, given axes, Chinese, and next to nothing to draw."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.diagnostics.conversion.rates import measure_conversion
from funnelml.diagnostics.dwell.stays import measure_dwell
from funnelml.diagnostics.shape.judge import ShapeRules, judge_shape
from funnelml.plots.diagnostics.conversion import plot_cohorts, plot_conversion
from funnelml.plots.diagnostics.dwell import plot_cycle, plot_dwell
from funnelml.plots.diagnostics.shape import plot_shape
from funnelml.plots.fonts import font_families
from tests.diagnostics.small_logs import AS_OF, EDGES

KINDS = {
    "conversion": (measure_conversion, plot_conversion),
    "cohorts": (measure_conversion, plot_cohorts),
    "dwell": (measure_dwell, plot_dwell),
    "cycle": (measure_dwell, plot_cycle),
    "shape": (judge_shape, plot_shape),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def draw(kind, edge, ax=None, **options):
    measure, plot = KINDS[kind]
    return plot(measure(EDGES[edge], as_of=AS_OF, draws=20), ax, **options)


def texts(ax):
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


@kinds
def test_it_draws_on_the_given_axes_only_and_changes_no_setting(kind, ax):
    others, before = plt.get_fignums(), dict(mpl.rcParams)
    assert draw(kind, "no losses", ax) is ax
    assert ax.has_data() and ax.get_title(loc="left")
    assert plt.get_fignums() == others
    assert dict(mpl.rcParams) == before


@kinds
@pytest.mark.parametrize("edge", EDGES)
def test_next_to_nothing_is_drawn_without_a_warning(kind, edge):
    if edge == "Chinese" and len(font_families(["线"])) == 1:
        pytest.skip("no font with Chinese characters is installed")
    ax = draw(kind, edge)
    ax.figure.canvas.draw()


@kinds
def test_its_words_are_chinese_where_wished(kind):
    if len(font_families(["线"])) == 1:
        pytest.skip("no font with Chinese characters is installed")
    ax = draw(kind, "Chinese", language="zh")
    ax.figure.canvas.draw()
    assert any("\u4e00" <= character <= "\u9fff" for character in ax.get_title(loc="left"))
    assert any("\u4e00" <= character <= "\u9fff" for character in ax.get_xlabel())


def test_bars_are_the_conversion_and_labels_the_counts():
    conversion = measure_conversion(EDGES["no wins"], as_of=AS_OF, draws=5)
    ax = plot_conversion(conversion)
    rows = conversion.overall.query("definition == 'any' and to == 'next'").set_index("stage")
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx([*rows.loc[["Lead", "Proposal"], "conversion"], 0.0])
    assert any("of 2" in text for text in texts(ax))
    assert "nobody was here" in texts(ax)


def test_a_group_is_named():
    conversion = measure_conversion(EDGES["no wins"], as_of=AS_OF, draws=5, by="owner")
    assert any(text.startswith("unknown: by 1970-02-01") for text in texts(plot_conversion(conversion)))


def test_immature_cohorts_are_hollow():
    ax = plot_cohorts(measure_conversion(EDGES["no wins"], as_of=AS_OF, draws=5, period="week"))
    faded = [line for line in ax.lines if line.get_label().startswith("immature")]
    assert faded and all(line.get_markerfacecolor() == "white" for line in faded)


def test_dots_are_medians():
    dwell = measure_dwell(EDGES["no losses"], as_of=AS_OF, draws=5)
    ax = plot_dwell(dwell)
    row = dwell.stays.query("stage == 'Lead' and outcome == 'advanced'").iloc[0]
    assert np.nanmin(ax.lines[0].get_xdata()) == pytest.approx(row["q50"])


def test_bars_are_shares_of_the_cycle():
    dwell = measure_dwell(EDGES["no losses"], as_of=AS_OF, draws=5)
    ax = plot_cycle(dwell)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(dwell.cycle["share_of_cycle"].tolist())


def test_bars_are_open_records_over_the_band_of_chance():
    rules = ShapeRules(recent_days=5, least_before_days=5, least_arrivals=1, oldest_days=20)
    shape = judge_shape(EDGES["nothing closed"], as_of=AS_OF, rules=rules, draws=5)
    ax = plot_shape(shape)
    assert [bar.get_width() for bar in ax.patches[:3]] == shape.evidence["open"].tolist()
