"""Pictures of loss reasons: what is drawn, on which axes, in both languages, and with nothing to draw."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from funnelml.diagnostics.losses.reasons import LossReasons, measure_loss_reasons
from funnelml.plots.diagnostics.reasons import plot_loss_reasons, plot_reason_groups, plot_reason_trend
from tests.diagnostics.losses.test_reasons import DAY_9, HAND, losses

PLOTS = [plot_loss_reasons, plot_reason_trend, plot_reason_groups]


def texts(ax: plt.Axes) -> list[str]:
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


@pytest.fixture
def result() -> LossReasons:
    return measure_loss_reasons(losses(HAND), as_of=DAY_9, currency="EUR")


@pytest.fixture
def changing() -> LossReasons:
    rows, moves = [], []
    for k in range(240):
        day = 10 + k
        rows.append((f"r{k}", None, 5, "price" if k < 120 else "competitor"))
        moves += [(f"r{k}", "Lead", day), (f"r{k}", "lost", day + 1)]
    return measure_loss_reasons(losses(rows, moves), as_of=DAY_9.replace(year=1971))


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_draws_on_the_given_axes_and_names_the_finding(plot, language, result, ax) -> None:
    others = plt.get_fignums()
    assert plot(result, ax, language=language) is ax
    assert ax.get_title(loc="left") and plt.get_fignums() == others
    ax.figure.canvas.draw()
    wanted = "4 of 5 losses" if language == "en" else "5 条输单中 4 条有原因"
    assert any(wanted in text for text in texts(ax))


def test_bars_are_the_shares_and_labels_the_counts(result) -> None:
    ax = plot_loss_reasons(result)
    assert [bar.get_width() for bar in ax.patches] == [0.5, 0.25, 0.25, 0, 0, 0]
    assert "50\xa0%, 2, 400" in texts(ax)
    assert ax.get_title(loc="left") == "50\xa0% of losses are for price or budget"


def test_a_change_stands_out(changing) -> None:
    ax = plot_reason_trend(changing)
    assert ax.get_title(loc="left").startswith(("Price or budget: from", "Competitor: from"))
    assert len(ax.collections) == 2  # the bands of the two reasons that changed
    lines = {tuple(line.get_ydata()) for line in ax.lines}
    share = changing.periods.set_index("reason")["share"]
    assert tuple(share["budget"]) in lines


def test_groups_name_their_size_and_may_be_chinese(ax) -> None:
    moves = [(r, s, d) for r in "abc" for s, d in (("Lead", 1), ("lost", 3))]
    owners = [("a", "王伟", 1, "价格"), ("b", "王伟", 1, "竞品"), ("c", "李娜", 1, "价格")]
    result = measure_loss_reasons(losses(owners, moves), as_of=DAY_9)
    plot_reason_groups(result, ax, by="owner", language="zh")
    ax.figure.canvas.draw()
    assert {"王伟 (2)", "李娜 (1)"} <= set(texts(ax))
    assert texts(ax).count("50\xa0%") == 2


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("moves", [[("a", "Lead", 0)], [("a", "Lead", 0), ("a", "lost", 1)]], ids=["none", "untold"])
def test_nothing_to_draw_says_so(plot, language, moves, ax) -> None:
    plot(measure_loss_reasons(losses([], moves), as_of=DAY_9), ax, language=language)
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left")
