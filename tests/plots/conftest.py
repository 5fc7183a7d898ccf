"""Small results to draw, built by hand: what they say is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from funnelml.forecast.backtest import Backtest
from funnelml.forecast.components import INDEPENDENT
from funnelml.forecast.revenue import RevenueForecast, TargetForecast
from funnelml.forecast.scores import crps, interval_row
from funnelml.history.dates import Horizon
from funnelml.history.funnel import Funnel
from funnelml.history.snapshot import Snapshot

AS_OF = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def _no_figure_stays() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def ax() -> plt.Axes:
    return plt.figure().subplots()


@pytest.fixture
def snapshot() -> Snapshot:
    records = pd.DataFrame(
        {
            "record_id": ["a", "b", "c", "d"],
            "stage": ["Lead", "Lead", "Proposal", "won"],
            "amount": [1_000_000.0, 250_000.0, 3_750_000.0, 9.0],
            "age_days": [1.0, 2.0, 3.0, 4.0],
            "owner": ["Ann", None, "<b>Bo</b>", None],
        }
    )
    funnel = Funnel(name="sales", stages=("Lead", "Demo", "Proposal"))
    return Snapshot(as_of=AS_OF, funnel=funnel, cut=0, records=records, data_age_days=0)


@pytest.fixture
def forecast(snapshot: Snapshot) -> RevenueForecast:
    bookings = np.random.default_rng(1).normal((400_000.0, 600_000.0), 50_000.0, size=(2_000, 2))
    bookings += (400_000.0, 600_000.0) - bookings.mean(axis=0)
    told = TargetForecast(
        target="open_pipeline",
        period_starts=(date(2026, 4, 1), date(2026, 4, 6)),
        bookings=bookings,
        baselines={"stage_weighted": 1_200_000.0, "win_rate_x_amount": 90_000_000.0},
    )
    return RevenueForecast(
        horizon=Horizon(as_of=AS_OF, end=date(2026, 4, 13)),
        currency="EUR",
        seed=1,
        draws=2_000,
        snapshot=snapshot,
        records=snapshot.open.assign(win_chance=0.5, win_upper=[0.012, 0.6, 0.6], zombie=[True, False, False]),
        targets={"open_pipeline": told},
        without_amount=0,
        components=INDEPENDENT,
        model_weight=0.0,
        shock=None,
    )


@pytest.fixture
def backtest() -> Backtest:
    rng = np.random.default_rng(2)
    rows = []
    for k, actual in enumerate((100_000.0, 101_000.0, 150_000.0)):
        draws = rng.normal(100_000.0, 5_000.0, 4_000)
        origin = date(2026, 1, 4) + timedelta(days=7 * k)
        base = {
            "origin": origin,
            "window_end": origin + timedelta(days=29),
            "target": "open_pipeline",
            "actual": actual,
        }
        ours = {"model": "forecast", "mean": draws.mean(), "crps": crps(draws, actual)} | interval_row(draws, actual)
        rows.append(base | ours)
        for model, mean in (("win_rate_x_amount", 130_000.0), ("stage_weighted", 900_000.0)):
            rows.append(base | {"model": model, "mean": mean, "crps": abs(mean - actual)})
        total = {"target": "total", "model": "run_rate", "mean": 90_000.0, "crps": actual - 90_000.0}
        rows.append(base | total)
    return Backtest(rows=pd.DataFrame(rows), zombies=pd.DataFrame(), skipped={}, currency="EUR")


@pytest.fixture
def chinese(forecast: RevenueForecast) -> RevenueForecast:
    names = {"Lead": "线索", "Proposal": "方案"}
    records = forecast.snapshot.records.replace({"stage": names})
    funnel = Funnel(name="销售", stages=("线索", "演示", "方案"))
    return replace(forecast, currency="人民币", snapshot=replace(forecast.snapshot, funnel=funnel, records=records))
