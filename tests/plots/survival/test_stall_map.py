"""The stall map: every open record where it is, in the colour of its verdict."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.plots.survival.stall_map import plot_stall_map
from tests.survival.stall.small_log import judged


def texts(ax):
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_draws_on_the_given_axes_in_both_languages(ax, language):
    verdicts, _, _ = judged("zh")
    others, before = plt.get_fignums(), dict(mpl.rcParams)
    assert plot_stall_map(verdicts, ax, language=language) is ax
    ax.figure.canvas.draw()
    assert plt.get_fignums() == others and dict(mpl.rcParams) == before
    assert ("days in the stage" in ax.get_xlabel()) == (language == "en")
    bad = int(verdicts.table["verdict"].isin(["stalled", "zombie"]).sum())
    assert f"{bad:,}" in ax.get_title(loc="left")


def test_every_record_is_drawn_where_it_is(ax):
    verdicts, _, _ = judged()
    plot_stall_map(verdicts, ax)
    counts = verdicts.table["verdict"].value_counts()
    drawn = {text.get_text() for text in ax.get_legend().get_texts()}
    assert drawn == {f"{name} {n:,}" for name, n in counts.items()}
    points = np.concatenate([np.asarray(c.get_offsets()) for c in ax.collections if len(c.get_offsets()) > 1])
    assert np.sort(points[:, 0] ** 2) == pytest.approx(np.sort(verdicts.table["age_days"]))
    # The band of a stage holds all of its records.
    names = [t.get_text() for t in ax.get_yticklabels()]
    places = np.round(points[:, 1]).astype(int)
    assert np.bincount(places, minlength=len(names)).tolist() == [
        int((verdicts.table["stage"] == name).sum()) for name in names
    ]


def test_the_largest_stalled_records_are_named(ax):
    verdicts, _, _ = judged()
    plot_stall_map(verdicts, ax)
    stalled = verdicts.table[verdicts.table["verdict"] == "stalled"]
    assert stalled.loc[stalled["amount"].idxmax(), "record_id"] in texts(ax)


def test_without_amounts_and_without_records(ax):
    verdicts, _, _ = judged()
    blank = replace(verdicts, table=verdicts.table.assign(amount=np.nan))
    plot_stall_map(blank, ax)
    assert "worth" not in ax.get_title(loc="left")
    none = plot_stall_map(replace(verdicts, table=verdicts.table.iloc[:0]), language="zh")
    none.figure.canvas.draw()
    assert none.get_title(loc="left") == "没有停滞的未结记录"
