"""The forecast of the open pipeline: known answers, no look-ahead, refusals."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import NotEnoughDataError
from funnelml.forecast.backtest import backtest_revenue
from funnelml.forecast.components import INDEPENDENT, Components
from funnelml.forecast.open_pipeline import forecast_revenue
from funnelml.forecast.track_record import measure_track_record
from funnelml.history.dates import horizon_from
from funnelml.history.history import History
from tests.logs import EPOCH, FUNNEL, STAGES, amount_log, history_of, stage_log


def day(n: int):
    return EPOCH + timedelta(days=n)


def coin_flips(n: int = 40):
    """Records that enter one a day, half of them won and half of them lost after five days."""
    rows, amounts = [], []
    for i in range(n):
        rows += [(f"r{i}", "Lead", i), (f"r{i}", "won" if i % 2 else "lost", i + 5)]
        amounts.append((f"r{i}", i, 100.0))
    return rows, amounts


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_a_known_process_is_forecast_as_it_is(engine):
    history = history_of(*coin_flips(), engine=engine)
    forecast = forecast_revenue(history, horizon=horizon_from("10d", day(30)), draws=4_000, seed=3)
    target = forecast.targets["open_pipeline"]
    # Five are open, each won with the share of the 26 closed that were won; all end within the horizon.
    assert len(forecast.records) == 5
    np.testing.assert_allclose(forecast.records["win_chance"], 0.5, atol=0.08)
    assert target.mean == pytest.approx(forecast.records["win_chance"].sum() * 100, rel=0.03)
    assert target.quantiles()["0.5"] in (200.0, 300.0)
    assert target.to_frame()["mean"].sum() == pytest.approx(target.mean)
    assert target.chance_of(0) == 1.0 and target.chance_of(501) == 0.0
    assert target.baselines["stage_weighted"] == pytest.approx(5 * 100 * 13 / 26, abs=60)


def test_the_json_object_has_what_was_promised():
    history = history_of(*coin_flips())
    told = forecast_revenue(history, horizon=horizon_from("10d", day(30)), draws=50).to_dict()
    assert {"schema_version", "as_of", "horizon_end", "currency", "seed", "draws", "data_age_days"} < set(told)
    assert {"open_opportunities", "zombies", "open_pipeline"} < set(told)
    assert (told["as_of"], told["horizon_end"]) == ("1970-01-31", "1970-02-11")
    target = told["open_pipeline"]
    assert list(target["quantiles"]) == ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]
    assert [p["period_start"] for p in target["by_period"]] == ["1970-02-01", "1970-02-02", "1970-02-09"]


@given(
    later=st.lists(
        st.tuples(
            st.sampled_from(["r3", "r31", "r33", "new"]),
            st.sampled_from(STAGES),
            st.integers(0, 60),
            st.integers(0, 9),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=5)
def test_rows_recorded_later_change_nothing(later):
    rows, amounts = coin_flips(30)
    horizon = horizon_from("7d", day(30))
    before = forecast_revenue(history_of(rows, amounts), horizon=horizon, draws=200)
    record = measure_track_record(history_of(rows, amounts), horizon=horizon, draws=50)
    appended = history_of([*rows, *((r, s, e, 31 + lag) for r, s, e, lag in later)], amounts)
    after = forecast_revenue(appended, horizon=horizon, draws=200)
    assert before.to_dict() == after.to_dict()
    assert record.to_dict() == measure_track_record(appended, horizon=horizon, draws=50).to_dict()


def test_records_without_an_amount_count_with_the_mean_of_the_others():
    rows, amounts = coin_flips()
    history = history_of(rows, [a for a in amounts if a[0] != "r30"])
    forecast = forecast_revenue(history, horizon=horizon_from("10d", day(30)), draws=50)
    assert forecast.without_amount == 1
    assert forecast.records["amount"].tolist() == [100.0] * 5


@pytest.mark.parametrize(
    ("rows", "amounts", "said"),
    [
        ([("a", "Lead", 0), ("b", "Lead", 1)], [("a", 0, 1.0)], "all 2 records are still open on 1970-02-10"),
        ([("a", "Lead", 0)], [("a", 0, 1.0)], "all 1 records are still open"),
        (
            [("a", "Lead", 0), ("a", "lost", 1), ("b", "Lead", 1)],
            [("b", 1, 1.0)],
            "none of 1 closed records was won",
        ),
        ([("a", "Lead", 0), ("a", "won", 1)], [("a", 0, 1.0)], "no record is open"),
        (
            [("a", "Lead", 0), ("a", "won", 1), ("b", "Lead", 1)],
            [("a", 0, 1.0)],
            "none of 1 open records has an amount",
        ),
    ],
)
def test_a_log_that_cannot_teach_is_refused_with_the_next_step(rows, amounts, said):
    with pytest.raises(NotEnoughDataError, match=said):
        forecast_revenue(history_of(rows, amounts), horizon=horizon_from("7d", day(40)))


def test_zombies_are_the_old_ones_that_enough_others_outlived_without_winning():
    rows, amounts = [], []
    for i in range(200):
        rows += [(f"w{i:03}", "Lead", i / 10), (f"w{i:03}", "won", i / 10 + 5)]
        rows.append((f"z{i:03}", "Lead", i / 10))
        amounts.append((f"z{i:03}", i / 10, 10.0))
    rows.append(("fresh", "Lead", 199))
    amounts.append(("fresh", 199, 10.0))
    history = history_of(rows, amounts)
    forecast = forecast_revenue(history, horizon=horizon_from("14d", day(200)), draws=100)
    # Half of all are won after five days; none of the 200 that sat longer ever was: 1 - 0.05 ** (1 / 200) < 2 %.
    assert sorted(forecast.zombies["record_id"]) == [f"z{i:03}" for i in range(200)]
    assert (forecast.zombies["win_upper"] < 0.02).all()
    # A month after the start nobody was followed for long enough to say so.
    early = forecast_revenue(history, horizon=horizon_from("14d", day(30)), draws=100)
    assert early.zombies.empty and "None of them is a zombie." in early.summary()


def test_a_backtest_scores_against_what_really_happened():
    rows, amounts = coin_flips(60)
    history = history_of(rows, amounts)
    backtest = backtest_revenue(history, origins=[day(20), day(27), day(34), day(63)], horizon="7d", draws=400)
    assert backtest.rows["origin"].nunique() == 3  # the window of the last has not ended
    ours = backtest.rows[backtest.rows["model"] == "forecast"].set_index("origin")
    # Open at the end of day 20: entered on days 16 to 20; the odd ones (17, 19) are won five days later.
    assert ours.loc[day(20), "actual"] == 200.0
    totals = backtest.rows[(backtest.rows["target"] == "total")].set_index("origin")
    assert totals.loc[day(20), "actual"] == 400.0 or totals.loc[day(20), "actual"] == 300.0
    assert backtest.disjoint_windows == 3
    assert set(backtest.league()["model"]) >= {
        "forecast",
        "landmark",
        "win_rate_x_amount",
        "stage_weighted",
        "run_rate",
    }


def history_with_sources(rows, amounts, sources):
    log = amount_log(amounts)
    told = log.assign(field="source", new=log["record_id"].map(sources))
    tables = {"stage_changes": stage_log(rows), "field_changes": pd.concat((log, told), ignore_index=True)}
    return History(tables=tables, funnels=(FUNNEL,))


def drifting(seed: int = 2, n: int = 1_200):
    """Records of two sources that enter over 120 days: what wins is told by the source, and falls on day 60."""
    rng = np.random.default_rng(seed)
    rows, amounts, sources = [], [], {}
    for i in range(n):
        start, good = rng.uniform(0, 120), rng.random() < 0.5
        rate = (0.95 if good else 0.05) * (1.0 if start < 60 else 0.75)
        rows += [(f"r{i}", "Lead", start)]
        rows += [(f"r{i}", "won" if rng.random() < rate else "lost", start + 1 + rng.exponential(8))]
        amounts.append((f"r{i}", start, 100.0))
        sources[f"r{i}"] = "referral" if good else "cold call"
    return history_with_sources(rows, amounts, sources)


def test_each_part_does_what_it_is_for():
    history, horizon = drifting(), horizon_from("14d", day(119))
    asked = {"horizon": horizon, "draws": 4_000, "seed": 1, "trusted": ("source",)}
    alone = forecast_revenue(history, components=INDEPENDENT, **asked)
    parts = {
        "parameters": Components(covariates=False, recency=False, shock=False),
        "recency": Components(covariates=False, shock=False),
        "shock": Components(covariates=False),
        "all": Components(),
    }
    told = {name: forecast_revenue(history, components=on, **asked) for name, on in parts.items()}
    sd = {name: forecast.targets["open_pipeline"].totals.std() for name, forecast in told.items()}
    assert alone.shock is None and alone.model_weight == 0
    assert alone.targets["open_pipeline"].totals.std() < sd["parameters"] < sd["shock"]
    mean = {name: forecast.targets["open_pipeline"].mean for name, forecast in told.items()}
    assert mean["recency"] < mean["parameters"]
    # Seven windows of 14 days have ended, the first of them on less than a horizon of history.
    assert told["all"].shock.misses == 7
    assert told["all"].model_weight > 0.5
    worth = told["all"].records.set_index("record_id")["win_chance"]
    said = history.tables["field_changes"].query("field == 'source'").set_index("record_id")["new"]
    good = (said[worth.index] == "referral").to_numpy()
    assert worth[good].mean() > 2 * worth[~good].mean()
    assert told["all"].to_dict()["shock"]["past_windows"] == 7
    assert "shock of all records together" in told["all"].summary()


def test_a_backtest_shows_what_each_part_earns():
    alone = {"without shock": Components(covariates=False, shock=False), "with": Components(covariates=False)}
    variants = {"landmark": INDEPENDENT} | alone
    asked = {"origins": [day(80), day(100)], "horizon": "14d", "draws": 500, "variants": variants}
    league = backtest_revenue(drifting(), **asked).league().set_index("model")
    assert league.loc["with", "width 80%"] > league.loc["without shock", "width 80%"]
    assert league.loc["without shock", "width 80%"] > league.loc["landmark", "width 80%"]
