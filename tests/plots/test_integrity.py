"""Plots of integrity and early warnings: what is drawn is what was found, in both languages, also of nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.diagnostics.early_warnings.warn import EarlyWarnings, warn
from funnelml.diagnostics.integrity.check import EntryCriterion, Integrity, check_integrity
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.plots.diagnostics.early_warnings import plot_warning_precision
from funnelml.plots.diagnostics.integrity import plot_integrity, plot_moves_per_day
from funnelml.plots.fonts import CJK_FAMILIES
from funnelml.schema import empty_table
from funnelml.synthetic.crm import SyntheticCRM, simulate_crm
from funnelml.synthetic.parameters import Arrivals, BulkMove
from funnelml.synthetic.world import SyntheticWorld

BULK = date(2024, 9, 20)


def texts(ax: plt.Axes) -> list[str]:
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


def simulate(language: str) -> SyntheticCRM:
    world = SyntheticWorld(days=330, future_days=30, language=language, arrivals=Arrivals(per_day=8, yearly_growth=0))
    move = BulkMove(stage=world.funnel.stages[0], day=BULK, to="lost", older_than_days=60)
    return simulate_crm(replace(world, bulk_moves=(move,)), seed=3)


@pytest.fixture(scope="module", params=["en", "zh"])
def told(request) -> tuple[str, Integrity, EarlyWarnings]:
    crm = simulate(request.param)
    criteria = [EntryCriterion(stage=crm.funnel.stages[3], field="budget")]
    result = check_integrity(crm.history, as_of=crm.as_of, criteria=criteria)
    return request.param, result, warn(crm.history, as_of=crm.as_of)


@pytest.fixture(scope="module")
def nothing() -> tuple[Integrity, EarlyWarnings]:
    history = History(
        tables={"stage_changes": empty_table("stage_changes")}, funnels=(Funnel(name="f", stages=("A",)),)
    )
    return check_integrity(history, as_of=date(2025, 1, 1)), warn(history, as_of=date(2025, 1, 1))


def test_bars_are_the_shares_of_the_findings_from_the_largest(told, ax):
    language, result, _ = told
    others = plt.get_fignums()
    assert plot_integrity(result, ax, language=language) is ax
    assert plt.get_fignums() == others
    shares = result.totals["share"].fillna(0.0).sort_values(ascending=False)
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], shares)
    assert any("budget" in text and ("no field" in text or "没有字段" in text) for text in texts(ax))


def test_owners_who_stand_out_are_points_at_their_share_and_are_named(told):
    language, result, _ = told
    owners = result.owners.copy()
    first = owners.index[(owners["finding"] == "pushed") & owners["owner"].notna()][0]
    owners["stands_out"] = owners.index == first
    ax = plot_integrity(replace(result, owners=owners), language=language)
    diamonds = [line for line in ax.lines if line.get_marker() == "D"]
    assert [line.get_xdata().tolist() for line in diamonds] == [[owners.loc[first, "share"]]]
    assert any(owners.loc[first, "owner"] in text for text in texts(ax))
    title = ax.get_title(loc="left")
    assert title == ("1 owner stands out from the others" if language == "en" else "有 1 位负责人明显异于他人")


def test_the_day_of_the_bulk_move_is_marked_with_its_records(told, ax):
    language, result, _ = told
    assert plot_moves_per_day(result, ax, language=language) is ax
    points = [line for line in ax.lines if line.get_marker() == "o"]
    marked = result.daily[result.daily["in_bulk"] > 0]
    assert points[0].get_xdata().tolist() == [BULK.toordinal()]
    assert points[0].get_ydata().tolist() == marked["moves"].tolist()
    records = result.bulk_moves["records"].item()
    when = {"en": f"20 Sep 2024: {records}\n", "zh": f"2024年9月20日: {records}\n"}[language]
    end = {"en": "→ lost", "zh": "→ 输单"}[language]
    assert any(text.startswith(when) and text.endswith(end) for text in texts(ax))


def test_points_are_precisions_and_base_rates(told, ax):
    language, _, result = told
    assert plot_warning_precision(result, ax, language=language) is ax
    judged = result.rules[~result.rules["verdict"].isin(("not_judged", "too_few"))]
    judged = judged.sort_values("lift", ascending=False)
    drawn = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    expected = np.column_stack((judged["base_rate"], judged["precision"])).ravel()
    np.testing.assert_allclose(drawn, expected)
    assert len(judged) >= 3
    why = {"en": "no changes of terms", "zh": "数据中没有 terms"}[language]
    assert any(text.startswith(why) for text in texts(ax))


def test_chinese_names_are_drawn_in_a_font_that_has_them(told):
    language, result, warnings = told
    for ax in (plot_integrity(result, language=language), plot_warning_precision(warnings, language=language)):
        families = {family for label in ax.get_yticklabels() for family in label.get_fontfamily()}
        assert bool(families & set(CJK_FAMILIES)) == (language == "zh")
        ax.figure.canvas.draw()


def test_of_nothing_there_is_a_picture_that_says_so(nothing):
    result, warnings = nothing
    for language, none in (("en", "No bulk move found"), ("zh", "未发现批量移动")):
        assert plot_moves_per_day(result, language=language).get_title(loc="left") == none
        for ax in (plot_integrity(result, language=language), plot_warning_precision(warnings, language=language)):
            ax.figure.canvas.draw()
            assert ax.get_title(loc="left")
