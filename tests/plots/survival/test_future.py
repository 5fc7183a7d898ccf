"""One record's future: layers that add up, marks that agree with the chances, and where observation ends."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.plots.survival.future import plot_future
from funnelml.survival.stall.future import foresee_record
from tests.survival.stall.small_log import judged


@cache
def future():
    verdicts, rows, model = judged("zh")
    table = verdicts.table
    record = table.loc[(table["verdict"] == "healthy") & (table["floor_in_days"] > 0), "record_id"].iloc[0]
    return foresee_record(model, rows, verdicts, record, draws=10)


def texts(ax):
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_draws_on_the_given_axes_in_both_languages(ax, language):
    others, before = plt.get_fignums(), dict(mpl.rcParams)
    assert plot_future(future(), ax, language=language) is ax
    ax.figure.canvas.draw()
    assert plt.get_fignums() == others and dict(mpl.rcParams) == before
    assert (ax.get_ylabel() == "chance") == (language == "en")
    assert future().record_id in ax.get_title(loc="left") and any(future().stage in text for text in texts(ax))


def test_layers_fill_the_picture_and_marks_are_the_chances(ax):
    told = future()
    plot_future(told, ax)
    line = next(line for line in ax.lines if len(line.get_xdata()) == len(told.days))
    assert line.get_ydata() == pytest.approx(told.won_by)
    on = told.incidence[1] + told.incidence[2]
    marks = {line.get_xdata()[0]: line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 1}
    assert marks == pytest.approx({day: on[int(day)] for day in (14.0, 30.0, 60.0)})
    assert max(c.get_paths()[0].vertices[:, 1].max() for c in ax.collections[:5]) == pytest.approx(1.0)
    assert any("if still here on" in text for text in texts(ax))


def test_what_was_not_observed_is_marked(ax):
    short = replace(future(), observed_days=45.5, floor_in_days=np.nan)
    plot_future(short, ax, language="zh")
    assert "未观察到" in texts(ax) and not any("仍在此" in text for text in texts(ax))
    assert any("45 天内赢单" in text for text in texts(ax))
    ax.figure.canvas.draw()


def test_a_short_look_ahead(ax):
    k = 21
    told = future()
    near = replace(
        told,
        days=told.days[:k],
        incidence=told.incidence[:, :k],
        won_by=told.won_by[:k],
        won_low=told.won_low[:k],
        won_high=told.won_high[:k],
    )
    plot_future(near, ax)
    assert "within 20 days" in ax.get_title(loc="left").replace("\n", " ")
    assert sum(len(line.get_xdata()) == 1 for line in ax.lines) == 1
