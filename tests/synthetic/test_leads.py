"""When a lead arrives tells nothing of what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, chi2_contingency

from funnelml.schema import DAY
from funnelml.synthetic import Arrivals, SyntheticWorld, simulate_crm

# Opportunities open on business days only. Without dispersion arrivals are independent, as the test supposes.
WORLD = SyntheticWorld(
    days=400, future_days=60, arrivals=Arrivals(per_day=12.0, dispersion=0.0), activities_per_day=0.0, accounts=50
)
SEEDS = range(4)


@pytest.fixture(scope="module")
def arrivals() -> pd.DataFrame:
    """All leads of all seeds: source, converts, weekday, hour, month and owner."""
    parts = []
    for seed in SEEDS:
        crm = simulate_crm(WORLD, seed=seed)
        leads = crm.truth.leads
        at = pd.to_datetime(leads["created_at"], unit="us", utc=True).dt.tz_convert(WORLD.time_zone)
        owner = crm.tables["leads"].set_index("lead_id")["owner"].reindex(leads["lead_id"])
        parts.append(
            pd.DataFrame(
                {
                    "seed": seed,
                    "source": leads["source"],
                    "converts": leads["record_id"].notna(),
                    "weekday": at.dt.dayofweek,
                    "hour": at.dt.hour,
                    "month": at.dt.strftime("%Y-%m"),
                    "owner": owner.to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("what", ["weekday", "hour", "month", "owner"])
def test_arrival_and_conversion_are_independent_given_the_source(arrivals: pd.DataFrame, what: str) -> None:
    statistic, freedom = 0.0, 0
    for _, own in arrivals.groupby(["seed", "source"]):
        table = pd.crosstab(own[what], own["converts"])
        result = chi2_contingency(table[table.sum(axis=1) >= 10], correction=False)
        statistic, freedom = statistic + result.statistic, freedom + result.dof
    # Right in 999 of 1,000 worlds in which arrival tells nothing.
    assert statistic < chi2.ppf(0.999, freedom)


def test_leads_come_on_weekends_too_and_convert_as_often_as_stated(arrivals: pd.DataFrame) -> None:
    weekend = arrivals["weekday"] >= 5
    assert 0.2 < weekend.mean() < 0.35
    for source in WORLD.sources:
        own = arrivals[weekend & (arrivals["source"] == source.name)]["converts"]
        error = np.sqrt(source.converts * (1 - source.converts) / len(own))
        assert abs(own.mean() - source.converts) < 4 * error, source.name


def test_every_lead_comes_one_to_21_days_before_its_opportunity() -> None:
    crm = simulate_crm(replace(WORLD, days=200), seed=1)
    leads = crm.truth.leads.dropna(subset=["record_id"])
    opened = crm.tables["opportunities"].set_index("opportunity_id")["created_at"].reindex(leads["record_id"])
    ahead = (opened.to_numpy() - leads["created_at"].to_numpy()) / DAY
    ahead = ahead[~np.isnan(ahead)]
    assert ahead.min() > 0 and ahead.max() < 22
