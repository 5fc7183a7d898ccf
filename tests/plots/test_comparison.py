"""Pictures of comparisons: what is drawn is what was found."""

from __future__ import annotations

from datetime import timedelta

import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.diagnostics.comparison.groups import Comparison, compare_groups
from funnelml.diagnostics.comparison.practices import Practices, describe_practices
from funnelml.plots.diagnostics.comparison import MOST_ROWS, plot_comparison, plot_practices, plot_rates_by_volume
from tests.diagnostics.sales import reps, sales_history
from tests.logs import EPOCH

LATE = EPOCH + timedelta(days=300)
RATES = {"Ann": (10, 200), "Bo": (60, 200), "Cy": (62, 200), "Di": (2, 5)}
CHINESE = dict(zip(("王伟", "李娜", "张敏", "刘洋"), RATES.values(), strict=True))


def compare(rates: dict[str, tuple[int, int]] = RATES, **settings: object) -> Comparison:
    history = sales_history(reps(rates))
    return compare_groups(history, as_of=LATE, by="owner", within_days=10, **settings)  # type: ignore[arg-type]


def practices(rates: dict[str, tuple[int, int]] = RATES) -> Practices:
    rows = reps(rates)
    history = sales_history(rows, activities=[(record, "call", start + 1) for record, _, start, _, _ in rows])
    comparison = compare_groups(history, as_of=LATE, by="owner", within_days=10)
    return describe_practices(history, as_of=LATE, comparison=comparison, group=next(iter(rates)))


def texts(ax: plt.Axes) -> str:
    shown = [ax.get_title(loc="left"), ax.get_xlabel(), *(t.get_text() for t in ax.texts)]
    return " ".join([*shown, *(t.get_text() for t in ax.get_yticklabels())]).replace("\n", " ")


def test_estimates_intervals_and_observed_are_drawn(ax: plt.Axes) -> None:
    comparison = compare()
    assert plot_comparison(comparison, ax) is ax
    groups = comparison.to_frame()
    rings, dots = (c.get_offsets()[:, 0] for c in (ax.collections[0], ax.collections[2]))
    np.testing.assert_allclose(rings, groups["raw"])
    np.testing.assert_allclose(dots, groups["estimate"])
    ends = np.array([segment[:, 0] for segment in ax.collections[1].get_segments()])
    np.testing.assert_allclose(ends, groups[["low", "high"]])
    assert "Ann below the rest" in texts(ax) and "Di (5)" in texts(ax) and "hollow" in texts(ax)


def test_adjusted_estimates_are_drawn_where_there_are_any(ax: plt.Axes) -> None:
    comparison = compare(adjust=("month",))
    plot_comparison(comparison, ax)
    np.testing.assert_allclose(ax.collections[2].get_offsets()[:, 0], comparison.to_frame()["adjusted"])
    assert "at equal mix" in texts(ax)


def test_many_groups_are_thinned_out_to_the_largest(ax: plt.Axes) -> None:
    plot_comparison(compare({f"rep {k:02d}": (k // 2, 10 + k) for k in range(30)}), ax)
    assert len(ax.get_yticks()) == MOST_ROWS and "25 of 30 shown" in texts(ax)
    assert "rep 29 (39)" in texts(ax) and "rep 00" not in texts(ax)


def test_volume_and_limits_are_drawn_and_outliers_named(ax: plt.Axes) -> None:
    comparison = compare()
    assert plot_rates_by_volume(comparison, ax) is ax
    groups = comparison.to_frame()
    np.testing.assert_allclose(ax.collections[0].get_offsets(), groups[["records", "raw"]])
    curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
    assert len(curves) == 6
    volume = np.asarray(curves[-1].get_xdata())
    np.testing.assert_allclose(curves[-1].get_ydata(), comparison.limits(volume, 0.998)[1])
    assert [t.get_text() for t in ax.texts[:3]] == ["Cy", "Bo", "Ann"]
    sides = [t.get_ha() for t in ax.texts[:3]]
    assert sides[0] != sides[1], "labels of close neighbours lie on either side"
    assert "1 of 4 owners beyond what chance explains" in texts(ax)


def test_with_the_mix_out_observed_over_expected_is_drawn(ax: plt.Axes) -> None:
    comparison = compare(adjust=("month",))
    plot_rates_by_volume(comparison, ax)
    groups = comparison.to_frame()
    expected = groups["raw"] / groups["expected"] * comparison.overall
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 1], expected)


def test_differences_of_habits_are_drawn(ax: plt.Axes) -> None:
    told = practices()
    assert plot_practices(told, ax) is ax
    shown = told.habits[told.habits["standardised"].notna()]
    np.testing.assert_allclose(np.sort(ax.collections[1].get_offsets()[:, 0]), np.sort(shown["standardised"]))
    assert "Ann works like the rest" in texts(ax) and "stay in Lead" in texts(ax)


@pytest.mark.parametrize("measure", ["amount", "cycle"])
def test_amounts_and_cycles_are_drawn_with_their_units(measure: str) -> None:
    rows = reps(RATES)
    history = sales_history(rows, fields={"amount": np.linspace(100, 900, len(rows))})
    comparison = compare_groups(
        history,
        as_of=LATE,
        by="owner",
        measure=measure,
        currency="EUR",
        within_days=10,  # type: ignore[arg-type]
    )
    for ax in (plot_comparison(comparison), plot_rates_by_volume(comparison)):
        ax.figure.canvas.draw()
        ticks = " ".join(t.get_text() for t in [*ax.get_xticklabels(), *ax.get_yticklabels()])
        assert ("EUR" if measure == "amount" else "day") in ticks


def test_chinese_names_and_words_are_drawn() -> None:
    comparison = compare(CHINESE)
    for ax in (plot_comparison(comparison, language="zh"), plot_rates_by_volume(comparison, language="zh")):
        ax.figure.canvas.draw()
        assert "王伟" in texts(ax)
    told = plot_practices(practices(CHINESE), language="zh")
    told.figure.canvas.draw()
    assert "王伟" in texts(told) and "标准差" in texts(told)


def test_one_group_and_a_habit_without_a_difference_do_not_crash() -> None:
    alone = compare({"Ann": (0, 3)})
    for ax in (
        plot_comparison(alone),
        plot_rates_by_volume(alone),
        plot_practices(practices({"A": (0, 1), "B": (1, 2)})),
    ):
        ax.figure.canvas.draw()
