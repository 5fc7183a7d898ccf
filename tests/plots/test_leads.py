"""Pictures of leads: what is drawn, on which axes, in both languages, and with little to draw."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.diagnostics.leads.feedback import measure_feedback
from funnelml.diagnostics.leads.lifecycle import measure_lead_lifecycle
from funnelml.diagnostics.leads.response_time import measure_response_time
from funnelml.diagnostics.leads.source_costs import measure_source_costs
from funnelml.plots.diagnostics.leads import (
    plot_acceptance,
    plot_lead_lifecycle,
    plot_response_comparison,
    plot_response_time,
    plot_source_costs,
)
from tests.diagnostics.lead_log import lead_history
from tests.diagnostics.leads import test_feedback as feedback
from tests.diagnostics.leads import test_lifecycle as lifecycle
from tests.diagnostics.leads import test_response_time as response
from tests.diagnostics.leads import test_source_costs as costs


def texts(ax: plt.Axes) -> list[str]:
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


def points(ax: plt.Axes) -> list[float]:
    (scatter,) = [c for c in ax.collections if isinstance(c, mpl.collections.PathCollection)]
    return np.asarray(scatter.get_offsets())[:, 0].tolist()


@pytest.fixture
def steps():
    history = lead_history(lifecycle.FOUR, opportunities=lifecycle.OPENED, lead_moves=lifecycle.MOVES)
    return measure_lead_lifecycle(history, as_of=lifecycle.DAY_20)


@pytest.fixture
def answered():
    history = lead_history(response.LEADS, opportunities=response.OPENED, activities=response.CALLS)
    return measure_response_time(history, as_of=response.DAY_60)


@pytest.fixture
def reviewed():
    history = lead_history(feedback.LEADS, moves=feedback.MOVES, feedback=feedback.FEEDBACK)
    return measure_feedback(history, as_of=feedback.DAY_90)


@pytest.fixture
def spent():
    history = lead_history(costs.LEADS, opportunities=costs.OPENED, moves=costs.MOVES, spend=costs.SPEND)
    return measure_source_costs(history, as_of=costs.DAY_40, currency="EUR")


@pytest.fixture(params=["life", "sources", "response", "comparison", "acceptance", "costs"])
def draw(request, steps, answered, reviewed, spent):
    return {
        "life": lambda ax=None, **k: plot_lead_lifecycle(steps, ax, **k),
        "sources": lambda ax=None, **k: plot_lead_lifecycle(steps, ax, by_source=True, **k),
        "response": lambda ax=None, **k: plot_response_time(answered, ax, by="source", **k),
        "comparison": lambda ax=None, **k: plot_response_comparison(answered, ax, **k),
        "acceptance": lambda ax=None, **k: plot_acceptance(reviewed, ax, **k),
        "costs": lambda ax=None, **k: plot_source_costs(spent, ax, **k),
    }[request.param]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_draws_on_the_given_axes_in_both_languages(draw, ax, language) -> None:
    others, before = plt.get_fignums(), dict(mpl.rcParams)
    assert draw(ax, language=language) is ax
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") and ax.get_xlabel()
    assert plt.get_fignums() == others and dict(mpl.rcParams) == before
    assert any("\u4e00" <= c <= "\u9fff" for c in ax.get_title(loc="left")) == (language == "zh")


def test_it_makes_one_figure_where_none_is_given(draw) -> None:
    drawn = draw()
    assert plt.get_fignums() == [drawn.figure.number]


def test_points_are_the_values(steps, answered, reviewed, spent) -> None:
    assert points(plot_lead_lifecycle(steps)) == steps.steps["conversion"].head(3).tolist()
    named = plot_lead_lifecycle(steps, by_source=True)
    assert points(named) == steps.whole["conversion"].iloc[1:].tolist()
    assert {"Web", "展会", "unknown"} <= set(texts(named))
    assert points(plot_response_time(answered)) == [4 / 7]
    assert points(plot_response_comparison(answered)) == answered.comparison["difference"].head(2).tolist()
    assert points(plot_acceptance(reviewed, by="owner")) == [0.0, 1.0, 1.0]
    assert points(plot_source_costs(spent)) == [120.0]
    assert points(plot_source_costs(spent, per="per_lead")) == [40.0]


def test_an_interval_without_end_is_drawn_to_an_end(spent) -> None:
    high = spent.table.set_index("source").at["Web", "per_win_high"]
    assert np.isinf(high)  # one win: many draws hold none
    ax = plot_source_costs(spent)
    ax.figure.canvas.draw()
    assert np.isfinite(ax.get_xlim()).all()


def test_little_to_draw_says_so(ax) -> None:
    nothing = [feedback.said("o1", 12, "satisfied", None, "survey")]
    plot_acceptance(measure_feedback(lead_history([], feedback=nothing), as_of=feedback.DAY_90), ax)
    assert ax.get_title(loc="left") == "No lead has been reviewed"
    free = measure_source_costs(lead_history(costs.LEADS, spend=[costs.SPEND[2]]), as_of=costs.DAY_40)
    drawn = plot_source_costs(free)
    drawn.figure.canvas.draw()
    assert drawn.get_title(loc="left") == "No cost of a win is known"
    alone = measure_response_time(
        lead_history(response.LEADS[:1], activities=response.CALLS[:1]), as_of=response.DAY_60
    )
    lonely = plot_response_comparison(alone, language="zh")
    lonely.figure.canvas.draw()
    assert lonely.get_title(loc="left") == "线索太少，无法比较"
