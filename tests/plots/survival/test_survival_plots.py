"""Pictures of stays: what is drawn, on which axes, in both languages, and with little to draw."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.errors import InputError
from funnelml.plots.survival.hazard import plot_hazards
from funnelml.plots.survival.incidence import plot_stage_incidence
from funnelml.plots.survival.segments import plot_group_incidence
from funnelml.survival.nonparametric.binned_hazards import bin_hazards
from funnelml.survival.nonparametric.stage_incidence import stage_incidence
from tests.survival.nonparametric.stage_log import drawn_episodes, episodes_of


@pytest.fixture(scope="module")
def incidence():
    return stage_incidence(drawn_episodes(300, 1)[0])


@pytest.fixture(scope="module")
def grouped():
    episodes, group = drawn_episodes(300, 1, faster=2.0)
    return stage_incidence(episodes, by=group)


@pytest.fixture(params=["outcomes", "groups", "hazards"])
def draw(request, incidence, grouped):
    return {
        "outcomes": lambda ax=None, **k: plot_stage_incidence(incidence, "方案", ax, **k),
        "groups": lambda ax=None, **k: plot_group_incidence(grouped, "方案", "won", ax, **k),
        "hazards": lambda ax=None, **k: plot_hazards(bin_hazards(incidence), "方案", ax, **k),
    }[request.param]


def texts(ax):
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_draws_on_the_given_axes_in_both_languages(draw, ax, language):
    others, before = plt.get_fignums(), dict(mpl.rcParams)
    assert draw(ax, language=language) is ax
    ax.figure.canvas.draw()
    assert plt.get_fignums() == others and dict(mpl.rcParams) == before
    assert ("days" in ax.get_xlabel()) == (language == "en") and ax.get_title(loc="left") and ax.get_ylabel()


def test_the_areas_are_the_curves(incidence, ax):
    plot_stage_incidence(incidence, "方案", ax)
    of = incidence.of("方案")
    # Advanced never happens: won is the second of five areas, from 0 up to its incidence.
    won = ax.collections[1].get_paths()[0].vertices
    np.testing.assert_allclose(won[:, 1].max(), of.curve(ax.get_xlim()[1])[2], atol=1e-9)
    end = of.curve(of.told_until)
    assert f"{end[2]:.0%} won".replace("%", "\xa0%") in texts(ax)
    assert f"{end[0]:.0%} still in the stage".replace("%", "\xa0%") in texts(ax)


def test_numbers_at_risk_stand_below_each_group(grouped, ax):
    plot_group_incidence(grouped, "方案", "won", ax)
    for group in ("甲", "乙"):
        at_risk = grouped.of("方案", group).stays.at_risk_on(np.array([0.0, 20.0]))
        assert f"{at_risk[0]:.0f}" in texts(ax) and group in texts(ax)
    solid = [line for line in ax.lines if line.get_linestyle() == "-"]
    for line, group in zip(solid, ("乙", "甲"), strict=True):
        of = grouped.of("方案", group)
        np.testing.assert_allclose(line.get_ydata()[-1], of.curve(of.told_until)[2])


def test_hazards_of_few_ends_are_hollow(incidence, ax):
    hazards = bin_hazards(incidence)
    plot_hazards(hazards, "方案", ax)
    rows = hazards.table[(hazards.table["stage"] == "方案") & (hazards.table["outcome"] == "moved_back")]
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert sum(len(line.get_xdata()) for line in hollow) >= (rows["events"] < 5).sum() > 0


def test_with_next_to_nothing_it_still_says_so():
    quiet = stage_incidence(episodes_of([(f"r{i}", "方案", 5, "open") for i in range(3)]))
    assert plot_stage_incidence(quiet, "方案").get_title(loc="left") == "Nobody was seen to leave 方案"
    assert plot_hazards(bin_hazards(quiet), "方案", language="zh").get_title(loc="left") == "未观察到有记录离开方案"
    assert plot_group_incidence(quiet, "方案", "lost").get_title(loc="left") == "方案: 0\xa0% lost within 5 days"


def test_the_largest_five_groups_are_drawn_and_the_others_counted():
    rows = [(f"r{i}", "方案", 1 + i % 9, "lost" if i % 2 else "won") for i in range(80)]
    ax = plot_group_incidence(stage_incidence(episodes_of(rows), by=[i % 7 for i in range(80)]), "方案", "lost")
    assert len([line for line in ax.lines if line.get_linestyle() == "-"]) == 5
    assert any("2 smaller groups left out" in text for text in texts(ax))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda i: plot_stage_incidence(i, "方"), "no stay in stage '方' is known"),
        (lambda i: plot_group_incidence(i, "方案", "win"), r"no outcome 'win' \(did you mean 'won'\?\)"),
        (lambda i: plot_group_incidence(i, "?", "won"), "there are 线索, 方案"),
        (lambda i: plot_hazards(bin_hazards(i), "?"), "there are 线索, 方案"),
        (
            lambda i: plot_hazards(bin_hazards(i), "方案", group="x"),
            "no stay of group 'x' in stage '方案'; choose one of all",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_words(incidence, ask, message):
    with pytest.raises(InputError, match=message):
        ask(incidence)
