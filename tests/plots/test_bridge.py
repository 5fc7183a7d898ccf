"""What changed, drawn: bars that hang together, lines with and without the change, and nothing to draw."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.diagnostics.before_after.compare import BeforeAfter, ProcessChange, compare_before_after
from funnelml.diagnostics.bridge.pipeline import PipelineBridge, build_bridge
from funnelml.plots.diagnostics.bridge import plot_before_after, plot_bridge
from tests.logs import EPOCH, history_of

ROWS = [("a", "Lead", 0), ("b", "Lead", 0), ("c", "Lead", 12), ("b", "won", 14), ("a", "Proposal", 13)]
AMOUNTS = [("a", 0, 2_000_000.0), ("b", 0, 500_000.0), ("c", 12, 1_000_000.0), ("a", 13, 1_900_000.0)]


def texts(ax: plt.Axes) -> list[str]:
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


def bridge_of(rows=ROWS, amounts=AMOUNTS, **settings) -> PipelineBridge:
    return build_bridge(history_of(rows, amounts), since=date(1970, 1, 11), as_of=date(1970, 1, 21), **settings)


def test_each_bar_begins_where_the_last_ended(ax):
    assert plot_bridge(bridge_of(currency="EUR"), ax) is ax
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    # start, new, amount down, won, end
    assert np.allclose(
        np.array(bars) / 1e6, [(0, 2.5), (2.5, 3.5), (3.5, 3.4), (3.4, 2.9), (0, 2.9)], rtol=0, atol=1e-9
    )
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["start", "new", "amount down", "won", "end"]
    assert {"2.5M in 2", "+1M in 1", "\N{MINUS SIGN}100k in 1", "\N{MINUS SIGN}500k in 1", "2.9M in 2"} <= set(
        texts(ax)
    )
    assert ax.get_title(loc="left") == "The open pipeline grew by 400k EUR"
    assert ax.get_xlabel() == "open amount (EUR), in so many records"


def test_in_chinese(ax):
    plot_bridge(bridge_of(currency="元"), ax, language="zh")
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") == "在途商机增加 40万元"
    assert "新增" in texts(ax)
    assert "+100万，1 条" in texts(ax)


def test_what_is_expected_by_a_day_has_its_own_title():
    bridge = bridge_of(period_end=date(1970, 2, 1)).expected
    assert plot_bridge(bridge).get_title(loc="left") == "What is due by 1970-02-01 stayed the same"
    assert plot_bridge(bridge, language="zh").get_title(loc="left") == "不晚于 1970-02-01 成交的商机没有变化"


def test_without_amounts_bars_are_records(ax):
    plot_bridge(bridge_of(rows=ROWS[:2], amounts=()), ax)
    assert [bar.get_width() for bar in ax.patches] == [2, 2]
    assert ax.get_xlabel() == "open records"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_open_on_either_day_is_drawn_as_nothing(ax, language):
    plot_bridge(bridge_of(rows=[("a", "Lead", 0), ("a", "lost", 1)]), ax, language=language)
    ax.figure.canvas.draw()
    assert [bar.get_width() for bar in ax.patches] == [0, 0]
    assert plt.get_fignums() == [ax.figure.number]


@pytest.fixture(scope="module")
def result() -> BeforeAfter:
    """Twenty weeks in which two of three go on, then twenty in which one of three does."""
    ends = [("Proposal" if (i % 3 < 2) == (i < 300) else "lost") for i in range(600)]
    rows = [(f"r{i}", "Lead", i * 280 / 600) for i in range(600)]
    rows += [(f"r{i}", end, i * 280 / 600 + 0.2) for i, end in enumerate(ends)]
    change = ProcessChange(name="New script", date=EPOCH + timedelta(days=140), stage="Lead")
    return compare_before_after(history_of(rows), as_of=EPOCH + timedelta(days=279), change=change)


def test_weeks_are_dots_beside_lines_with_and_without_the_change(result, ax):
    assert plot_before_after(result, ax) is ax
    (dots,) = ax.collections
    offsets = np.asarray(dots.get_offsets())
    np.testing.assert_allclose(offsets[:, 1], result.weekly["observed"])
    assert offsets[0, 0] == date(1970, 1, 4).toordinal() + 0.5
    before, after, without, _ = ax.lines
    side = result.weekly["after"]
    np.testing.assert_allclose(before.get_ydata(), result.weekly.loc[~side, "fitted"])
    np.testing.assert_allclose(after.get_ydata(), result.weekly.loc[side, "fitted"])
    np.testing.assert_allclose(without.get_ydata(), result.weekly.loc[side, "without_change"])
    title = ax.get_title(loc="left").replace("\n", " ")
    assert title.startswith("New script: -3")
    assert "80% interval in brackets" in " ".join(texts(ax))


def test_before_and_after_in_chinese(result, ax):
    chinese = replace(result, change=replace(result.change, name="新话术", stage="线索"))
    plot_before_after(chinese, ax, language="zh")
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left").startswith("新话术：-3")
    assert {"若无变更", "结束的停留中继续推进的占比"} <= set(texts(ax))


@pytest.mark.parametrize("measure", ["conversion", "dwell"])
@pytest.mark.parametrize("rows", [[("a", "Lead", 0)], [("a", "Lead", 0), ("a", "won", 3)]])
def test_too_few_data_are_drawn_without_lines(ax, measure, rows):
    change = ProcessChange(name="x", date=EPOCH + timedelta(days=10), stage="Lead", measure=measure)
    few = compare_before_after(history_of(rows), as_of=EPOCH + timedelta(days=20), change=change)
    plot_before_after(few, ax)
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") == "x: not enough data to tell"
    assert len(ax.lines) == 1  # the date
