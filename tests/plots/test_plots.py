"""All plots: they draw on the axes they were given, say what they found, and leave nothing behind."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from funnelml.language import short_amount
from funnelml.plots.backtest import plot_backtest, plot_league
from funnelml.plots.funnel import plot_funnel
from funnelml.plots.labels import name_model
from funnelml.plots.revenue import plot_revenue_distribution, plot_revenue_fan


def texts(ax: plt.Axes) -> list[str]:
    return [t.get_text() for t in ax.findobj(mpl.text.Text) if t.get_text()]


@pytest.fixture(params=["funnel", "fan", "distribution", "backtest", "league"])
def draw(request, forecast, backtest):
    return {
        "funnel": lambda ax=None: plot_funnel(forecast.snapshot, ax),
        "fan": lambda ax=None: plot_revenue_fan(forecast, ax),
        "distribution": lambda ax=None: plot_revenue_distribution(forecast, ax),
        "backtest": lambda ax=None: plot_backtest(backtest, ax),
        "league": lambda ax=None: plot_league(backtest, ax),
    }[request.param]


def test_it_draws_on_the_given_axes_only(draw, ax):
    others = plt.get_fignums()
    assert draw(ax) is ax
    assert ax.has_data()
    assert ax.get_title(loc="left")
    assert plt.get_fignums() == others


def test_it_makes_one_figure_where_none_is_given(draw):
    drawn = draw()
    assert plt.get_fignums() == [drawn.figure.number]
    drawn.figure.canvas.draw()


def test_it_changes_no_setting(draw, ax):
    before = dict(mpl.rcParams)
    draw(ax)
    assert dict(mpl.rcParams) == before


def test_a_backend_that_loads_with_the_first_figure_keeps_its_settings(draw, monkeypatch):
    # The inline backend of Jupyter switches to interactive mode then; were that undone, later figures would not show.
    make = plt.figure

    def load(*args, **kwargs):
        mpl.rcParams["toolbar"] = "None"
        return make(*args, **kwargs)

    monkeypatch.setattr(plt, "figure", load)
    with mpl.rc_context():
        draw()
        assert mpl.rcParams["toolbar"] == "None"


def test_nothing_is_sampled(draw, ax):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    draw(ax)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_funnel_names_the_fullest_stage_and_labels_every_bar(snapshot, ax):
    plot_funnel(snapshot, ax, currency="EUR")
    assert ax.get_title(loc="left") == "75\xa0% of the open 5M EUR is in Proposal"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Lead", "Demo", "Proposal"]
    assert ax.yaxis_inverted()
    told = texts(ax)
    assert {"1.25M in 2 records", "0 in 0 records", "3.75M in 1 records"} <= set(told)
    assert "amount of the open records (EUR)" in told


def test_funnel_counts_where_no_amount_is_known(snapshot, ax):
    plot_funnel(replace(snapshot, records=snapshot.records.assign(amount=float("nan"))), ax)
    assert ax.get_title(loc="left") == "67\xa0% of the open 3 records is in Lead"
    assert ax.get_xlabel() == "open records"


def test_funnel_takes_a_dollar_in_a_stage_name_for_money(snapshot, ax):
    funnel = replace(snapshot.funnel, stages=("Lead", "$5k$", "Proposal"))
    plot_funnel(replace(snapshot, funnel=funnel), ax)
    label = ax.get_yticklabels()[1]
    assert label.get_text() == "$5k$"
    assert not label.get_parse_math()


def test_a_long_stage_name_leaves_room_for_the_bars(snapshot):
    name = "Technical review by the customer's committee"
    funnel = replace(snapshot.funnel, stages=("Lead", "Demo", name))
    ax = plot_funnel(replace(snapshot, funnel=funnel, records=snapshot.records.replace("Proposal", name)))
    ax.figure.canvas.draw()
    assert ax.get_position().width > 0.5
    assert ax.get_title(loc="left").count("\n") == 1


def test_fan_ends_in_the_mean_and_its_interval(forecast, ax):
    plot_revenue_fan(forecast, ax)
    told = forecast.targets["open_pipeline"]
    q = told.quantiles()
    assert ax.get_title(loc="left") == "1M EUR expected by 2026-04-12"
    assert f"mean 1M\n80 %: {short_amount(q['0.1'])}\nto {short_amount(q['0.9'])}" in texts(ax)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1 Apr", "6 Apr", "13 Apr"]
    (median,) = ax.lines
    assert median.get_ydata() == pytest.approx([0.0, np.median(told.bookings[:, 0]), np.median(told.totals)])
    assert len(ax.collections) == 3


def test_distribution_names_every_baseline_and_points_at_those_far_off(forecast, ax):
    plot_revenue_distribution(forecast, ax, quota=1_050_000)
    chance = forecast.targets["open_pipeline"].chance_of(1_050_000)
    assert ax.get_title(loc="left") == f"{chance:.0%} chance to book 1.05M EUR".replace("%", "\xa0%")
    assert {"stage-weighted 1.2M", "quota 1.05M", "win rate × amount 90M →"} <= set(texts(ax))
    assert ax.get_xlim()[1] < 2_000_000


def test_distribution_of_a_certain_total(forecast, ax):
    told = forecast.targets["open_pipeline"]
    sure = replace(told, bookings=np.zeros_like(told.bookings), baselines={"stage_weighted": 0.0})
    plot_revenue_distribution(replace(forecast, targets={"open_pipeline": sure}), ax)
    ax.figure.canvas.draw()
    assert "this forecast 0" in texts(ax)


def test_backtest_tells_hits_from_misses_by_their_shape(backtest, ax):
    plot_backtest(backtest, ax)
    assert ax.get_title(loc="left") == "The 80 % interval held the truth 2 of 3 times"
    inside, outside = (c for c in ax.collections if c.get_label().startswith("booked"))
    assert inside.get_offsets()[:, 1].tolist() == [100_000.0, 101_000.0]
    assert outside.get_offsets()[:, 1].tolist() == [150_000.0]
    assert inside.get_paths()[0].vertices.shape != outside.get_paths()[0].vertices.shape
    assert {"win rate × amount", "stage-weighted ↑", "forecast made on (2026)"} <= set(texts(ax))
    assert ax.get_ylim()[1] < 400_000


def test_backtest_of_one_origin_without_a_hit(backtest, ax):
    rows = backtest.rows[backtest.rows["origin"] == backtest.rows["origin"].max()]
    plot_backtest(replace(backtest, rows=rows), ax)
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") == "The 80 % interval held the truth 0 of 1 times"


def test_league_puts_the_best_first(backtest, ax):
    plot_league(backtest, ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["this forecast", "win rate × amount", "stage-weighted"]
    assert ax.get_title(loc="left") == "This forecast was closest"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999.4, "999"),
        (999_600, "1M"),
        (1_234_567_890, "1.23bn"),
        (-2_500, "-2.5k"),
        (float("nan"), "unknown"),
    ],
)
def test_amounts_are_short(value, text):
    assert short_amount(value) == text


def test_an_unknown_model_keeps_its_words():
    assert name_model("my_own_rule") == "my own rule"
