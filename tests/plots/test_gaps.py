"""Pictures of gaps, pile-ups and benchmarks: what is drawn is what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from matplotlib.axes import Axes

from funnelml.diagnostics.changes.benchmarks import BenchmarkComparison
from funnelml.diagnostics.changes.gap_report import COLUMNS, Gaps
from funnelml.diagnostics.changes.pile_ups import COLUMNS as PILE_COLUMNS
from funnelml.diagnostics.changes.pile_ups import PileUps
from funnelml.plots.diagnostics.gaps import plot_benchmarks, plot_gap, plot_pile_up

MONDAYS = [date(2025, 1, 6) + timedelta(days=7 * k) for k in range(60)]


def texts(ax: Axes) -> str:
    return " ".join(t.get_text() for t in ax.texts) + ax.get_title(loc="left")


def gaps_of(stage: str) -> Gaps:
    row = dict.fromkeys(COLUMNS, 0.0) | {"kind": "gap", "stage": stage, "group_by": "", "group": "", "z": -6.0}
    row |= {"share_before": 0.6, "share_now": 0.45, "share_now_low": 0.4, "share_now_high": 0.5, "amount": -1.2e6}
    row |= {"began_on": MONDAYS[40], "began_first": MONDAYS[38], "began_last": MONDAYS[41]}
    weeks = pd.DataFrame(
        {
            "group": "",
            "stage": stage,
            "week_start": MONDAYS,
            "exits": 10,
            "went_on": [6] * 40 + [4] * 20,
            "expected": 5.5,
        }
    )
    return Gaps(
        as_of=MONDAYS[-1],
        table=pd.DataFrame([row]),
        rate=0.05,
        series=9,
        threshold=4.0,
        shared_sd=0.1,
        weeks=weeks,
        level=0.8,
        currency="EUR",
    )


def piled_of(stage: str) -> PileUps:
    row = dict.fromkeys(PILE_COLUMNS, 0.0) | {"stage": stage, "pace": 0.5, "open_before": 20, "open_now": 44}
    row |= {"began_on": MONDAYS[40], "began_first": MONDAYS[39], "began_last": MONDAYS[41]}
    weeks = pd.DataFrame({"stage": stage, "week_start": MONDAYS, "open": range(60), "exits": 1.0, "expected": 1.0})
    return PileUps(
        as_of=MONDAYS[-1], table=pd.DataFrame([row]), weeks=weeks, rate=0.05, threshold=4.0, series=3, level=0.8
    )


def test_dots_are_four_weeks_each(ax):
    assert plot_gap(gaps_of("Proposal"), ax) is ax
    (dots,) = ax.collections[:1]
    at = dots.get_offsets()
    assert len(at) == 15
    assert at[:10, 1].tolist() == [0.6] * 10 and at[10:, 1].tolist() == [0.4] * 5
    assert "Proposal: 60\xa0% → 45\xa0%, 1.2M EUR a" in texts(ax).replace("\n", " ")


def test_the_band_holds_the_weeks_in_which_it_may_have_begun(ax):
    plot_gap(gaps_of("Proposal"), ax)
    (band,) = ax.patches
    assert band.get_x() == MONDAYS[38].toordinal()
    assert band.get_x() + band.get_width() == MONDAYS[42].toordinal()


def test_pile_up_draws_the_records_of_its_stage(ax):
    plot_pile_up(piled_of("Discovery"), ax)
    assert list(ax.lines[0].get_ydata()) == list(range(60))
    assert "Discovery piles up: 44 records, 20 before" in texts(ax).replace("\n", " ")


@pytest.mark.parametrize(("plot", "result"), [(plot_gap, gaps_of("方案")), (plot_pile_up, piled_of("方案"))])
def test_chinese(plot, result):
    assert "方案" in texts(plot(result, language="zh"))


def test_nothing_found_is_said():
    gaps, piled = gaps_of("Proposal"), piled_of("Proposal")
    told = texts(plot_gap(replace(gaps, table=gaps.table.iloc[:0])))
    assert "No gap in conversion" in told
    assert "Proposal does not pile up" in texts(plot_pile_up(replace(piled, table=piled.table.iloc[:0])))
    empty = {"table": gaps.table.iloc[:0], "weeks": gaps.weeks.iloc[:0]}
    assert "没有转化缺口" in texts(plot_gap(replace(gaps, **empty), language="zh"))
    assert "does not pile up" in texts(
        plot_pile_up(replace(piled, table=piled.table.iloc[:0], weeks=piled.weeks.iloc[:0]))
    )


def test_benchmarks(ax):
    table = pd.DataFrame(
        {
            "stage": ["Lead", "方案"],
            "verdict": ["below", "in line"],
            "share": [0.4, 0.5],
            "low": [0.35, 0.45],
            "high": [0.45, 0.55],
            "benchmark": [0.6, 0.5],
        }
    )
    told = BenchmarkComparison(as_of=MONDAYS[-1], table=table, rate=0.05, level=0.8, currency="EUR")
    plot_benchmarks(told, ax)
    assert "Below 1 of 2 benchmarks" in texts(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Lead", "方案"]
    assert "没有低于基准的阶段" in texts(plot_benchmarks(replace(told, table=table.iloc[:0]), language="zh"))
