"""The picture of suspected leaks: what is drawn, how it is coloured, in both languages, and with nothing to draw."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from funnelml.plots.scoring.field_names import name_field
from funnelml.plots.scoring.leaks import plot_leaks
from funnelml.plots.theme import MISS, OURS
from funnelml.scoring.leaks.find import find_leaks
from funnelml.scoring.leaks.report import LeakReport
from tests.scoring.leaks.tables import PLANTED, honest_table, rows_of


def texts(ax: plt.Axes) -> str:
    shown = [ax.get_title(loc="left"), ax.get_xlabel(), *(t.get_text() for t in ax.texts)]
    return " ".join([*shown, *(t.get_text() for t in ax.get_yticklabels())]).replace("\n", " ")


@pytest.fixture(scope="module")
def report() -> LeakReport:
    features, y, rng = honest_table(1, n=1_000)
    planted = dict(PLANTED[k](y, rng) for k in ("flag after the fact", "reason of the lost"))
    rows = replace(rows_of(features.assign(**planted), y), left_out={"owner": "no history"})
    return find_leaks(rows, keep=["why"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_draws_on_the_given_axes_and_names_the_finding(language, report, ax) -> None:
    others = plt.get_fignums()
    assert plot_leaks(report, ax, language=language) is ax
    assert plt.get_fignums() == others
    ax.figure.canvas.draw()
    left, looked = len(report.left_out), len(report.to_look_at)
    wanted = {
        "en": (f"{left} of 19 fields left out, {looked} to be looked at", "kept all the same (1)", "1 more not drawn"),
        "zh": (f"19 个字段中剔除 {left} 个，需核查 {looked} 个", "按要求保留（1 个）", "另有 1 个未画出"),
    }
    assert all(words in texts(ax) for words in wanted[language])


def test_points_are_the_aucs_and_colours_the_verdicts(report) -> None:
    ax = plot_leaks(report)
    points = [line for line in ax.lines if line.get_marker() == "o"]
    columns = [s for s in report.suspects if np.isfinite(s.auc)]
    assert [p.get_xdata()[0] for p in points] == [max(s.auc, 0.5) for s in columns]
    colours = [to_hex(p.get_color()) for p in points]
    assert colours == [OURS if s.verdict == "look at" else MISS for s in columns]
    hollow = [s.field for p, s in zip(points, columns, strict=True) if to_hex(p.get_markerfacecolor()) == "#ffffff"]
    assert hollow == ["why"]
    assert [t.get_text() for t in ax.get_yticklabels()] == [name_field(s.field) for s in columns]


def test_many_suspects_are_cut_and_counted(report) -> None:
    many = replace(report, suspects=report.suspects * 5)
    ax = plot_leaks(many)
    assert len(ax.get_yticklabels()) == 20
    assert f"{len(many.suspects) - 20} more not drawn" in texts(ax)


def test_nothing_to_draw() -> None:
    ax = plot_leaks(LeakReport(suspects=(), fields=5, rows=100))
    assert "0 of 5 fields left out" in texts(ax)
    ax.figure.canvas.draw()
