"""Costs by source: by hand, intervals that cover, spend and leads that do not match, as-of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.leads.cost_intervals import draw_costs
from funnelml.diagnostics.leads.source_costs import measure_source_costs
from funnelml.errors import AsOfError, FunnelError, NotEnoughDataError
from funnelml.io.engine import on_duckdb
from funnelml.synthetic import Arrivals, SyntheticWorld, simulate_crm
from tests.diagnostics.lead_log import lead_history
from tests.logs import EPOCH

DAY_40 = EPOCH + timedelta(days=40)
LEADS = [
    {"lead_id": "a", "created_at": 1, "source": "Web"},
    {"lead_id": "b", "created_at": 2, "source": "Web"},
    {"lead_id": "c", "created_at": 30, "source": "Web"},
    {"lead_id": "d", "created_at": 3, "source": "展会"},
    {"lead_id": "e", "created_at": 35, "source": "Web"},  # after the last month with spend
    {"lead_id": "f", "created_at": 4, "source": None},
]
OPENED = [
    {"opportunity_id": "o1", "created_at": 5, "lead_id": "a", "amount": 400.0, "source": "Web"},
    {"opportunity_id": "o2", "created_at": 6, "lead_id": "b", "amount": 100.0, "source": "Web"},
]
MOVES = [("o1", "Lead", 5), ("o1", "won", 8), ("o2", "Lead", 6)]
SPEND = [
    {"spent_at": 10, "source": "Web", "amount": 90.0},
    {"spent_at": 20, "source": "Web", "amount": 30.0},
    {"spent_at": 20, "source": "Print", "amount": 50.0},
]


def test_costs_by_hand() -> None:
    history = lead_history(LEADS, opportunities=OPENED, moves=MOVES, spend=SPEND)
    result = measure_source_costs(history, as_of=DAY_40, currency="EUR")
    assert (result.start, result.end) == (date(1970, 1, 1), date(1970, 1, 31))
    web = result.table.set_index("source").loc["Web"]
    assert web[["spend", "leads", "opportunities", "wins", "amount_won"]].tolist() == [120, 3, 2, 1, 400]
    costs = web[["per_lead", "per_opportunity", "per_win", "per_amount_won"]].tolist()
    assert costs == [40, 60, 120, 0.3]
    assert result.ripe_days == 7.0
    # b waits for its win but is older than that; c is not.
    assert web["young"] == 0 and not web["is_immature"]
    assert measure_source_costs(history, as_of=date(1970, 2, 2)).table.set_index("source").at["Web", "young"] == 1
    assert result.without_leads == ("Print",) and result.without_spend == ("unknown", "展会")
    said = result.summary()
    assert "From 1970-01-01 to 1970-01-31 170 EUR were spent on 5 leads, of which 1 have been won." in said
    assert "20 wins of each of two paid sources would do" in said
    assert "Spend but no lead: Print." in said and "Leads but no spend: unknown, 展会." in said
    assert "有花费但没有线索：Print。" in result.summary("zh")


def test_a_span_can_be_chosen() -> None:
    history = lead_history(LEADS, opportunities=OPENED, moves=MOVES, spend=SPEND)
    chosen = measure_source_costs(history, as_of=DAY_40, start=date(1970, 1, 15), end=date(1970, 2, 28))
    web = chosen.table.set_index("source").loc["Web"]
    assert web[["spend", "leads"]].tolist() == [30, 2] and chosen.end == DAY_40
    with pytest.raises(AsOfError, match="no day lies between 1970-03-01 and 1970-01-31"):
        measure_source_costs(history, as_of=DAY_40, start=date(1970, 3, 1))


def test_the_seed_decides_and_only_the_intervals() -> None:
    history = lead_history(LEADS, opportunities=OPENED, moves=MOVES, spend=SPEND)
    one, again, other = (measure_source_costs(history, as_of=DAY_40, seed=seed).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, again)
    points = [c for c in one.columns if not c.endswith(("_low", "_high"))]
    pd.testing.assert_frame_equal(one[points], other[points])


def test_the_intervals_cover_the_true_cost_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    hits = np.zeros(2)
    for _ in range(200):
        n = rng.poisson(300)
        won = rng.random(n) < 0.1
        leads = pd.DataFrame({"opened": won, "won": won, "amount": np.where(won, 1.0, 0.0)})
        told = draw_costs(3000.0, leads, rng=rng, draws=300, level=0.8)
        truths = {"per_lead": 10.0, "per_win": 100.0}
        hits += [told[f"{name}_low"] <= truth <= told[f"{name}_high"] for name, truth in truths.items()]
    # 200 of 80 %: 160 with a standard deviation of 5.7.
    assert (np.abs(hits - 160) < 4 * 5.7).all()


def test_the_costs_of_the_world_are_recovered() -> None:
    world = SyntheticWorld(days=456, future_days=60, arrivals=Arrivals(per_day=6.0), activities_per_day=0.0)
    crm = simulate_crm(world, seed=2)
    result = measure_source_costs(crm.history, as_of=crm.as_of, currency="EUR")
    table = result.table.set_index("source")
    for source in world.sources:
        if source.cost:
            assert table.at[source.name, "per_lead"] == pytest.approx(source.cost, rel=0.15)
            low, high = (table.at[source.name, f"per_opportunity_{end}"] for end in ("low", "high"))
            assert low < table.at[source.name, "per_opportunity"] < high
    assert result.without_spend == ("Referral",)
    cheapest = table["per_win"].idxmin()
    assert f"A win costs least from {cheapest}" in result.summary()
    assert f"单个赢单成本最低的是{cheapest}" in result.summary("zh")
    wide = replace(result, table=result.table.assign(per_win_low=0.0, per_win_high=np.inf))
    assert " EUR by source; the differences may be chance." in wide.summary() and "costs least" not in wide.summary()
    assert "各来源单个赢单成本为" in wide.summary("zh") and "最低的是" not in wide.summary("zh")


@settings(max_examples=30)
@given(extra=st.lists(st.integers(0, 45), max_size=5), day=st.integers(12, 45))
def test_rows_recorded_later_change_nothing(extra, day) -> None:
    as_of = EPOCH + timedelta(days=day)
    base = lead_history(LEADS, opportunities=OPENED, moves=MOVES, spend=SPEND)
    more = lead_history(
        [*LEADS, *({"lead_id": f"z{k}", "created_at": d, "recorded_at": day + 1} for k, d in enumerate(extra))],
        opportunities=[*OPENED, {"opportunity_id": "o9", "created_at": 7, "recorded_at": day + 1, "lead_id": "d"}],
        moves=[*MOVES, ("o2", "won", 7, day + 1)],  # type: ignore[list-item]
        spend=[*SPEND, *({"spent_at": d, "recorded_at": day + 1, "source": "Web", "amount": 9.0} for d in extra)],
    )
    known, told = (measure_source_costs(h, as_of=as_of) for h in (base, more))
    pd.testing.assert_frame_equal(known.table, told.table)
    assert known.summary() == told.summary() and known.summary("zh") == told.summary("zh")


def test_a_funnel_of_leads_gives_way_to_that_of_their_opportunities() -> None:
    lead_moves = [("a", "New", 1), ("a", "won", 5), ("d", "New", 3)]
    history = lead_history(LEADS, opportunities=OPENED, moves=MOVES, lead_moves=lead_moves, spend=SPEND)
    expected = measure_source_costs(history, as_of=DAY_40, funnel="f")
    for same in (history, on_duckdb(history)):
        told = measure_source_costs(same, as_of=DAY_40, funnel="leads")
        assert told.table["wins"].sum() == 1
        pd.testing.assert_frame_equal(told.table, expected.table)
    leads_first = lead_history(
        LEADS, opportunities=OPENED, moves=MOVES, lead_moves=lead_moves, spend=SPEND, funnels=history.funnels[::-1]
    )
    pd.testing.assert_frame_equal(measure_source_costs(leads_first, as_of=DAY_40).table, expected.table)
    with pytest.raises(FunnelError):
        measure_source_costs(history, as_of=DAY_40, funnel="nosuch")


def test_duckdb_gives_the_same() -> None:
    history = lead_history(LEADS, opportunities=OPENED, moves=MOVES, spend=SPEND)
    here, there = (measure_source_costs(h, as_of=DAY_40).table for h in (history, on_duckdb(history)))
    pd.testing.assert_frame_equal(here, there)


@pytest.mark.parametrize(
    ("opportunities", "moves"),
    [([], []), (OPENED, []), (OPENED, [("o1", "Lead", 5), ("o1", "lost", 8)])],
    ids=["no opportunities", "no moves", "zero wins"],
)
def test_nothing_won_has_no_cost(opportunities, moves) -> None:
    result = measure_source_costs(
        lead_history(LEADS, opportunities=opportunities, moves=moves, spend=SPEND), as_of=DAY_40
    )
    assert result.table["per_win"].isna().all()
    assert np.isnan(result.ripe_days)
    # What has never been won may all still come.
    assert result.table.set_index("source").at["展会", "is_immature"]
    assert "will still fall" in result.summary() and "成本还会下降" in result.summary("zh")


def test_missing_amounts_cost_nothing_per_amount() -> None:
    opened = [{k: v for k, v in row.items() if k != "amount"} for row in OPENED]
    table = measure_source_costs(
        lead_history(LEADS, opportunities=opened, moves=MOVES, spend=SPEND), as_of=DAY_40
    ).table.set_index("source")
    assert table.at["Web", "per_win"] == 120 and np.isnan(table.at["Web", "per_amount_won"])


def test_what_is_missing_is_named() -> None:
    with pytest.raises(NotEnoughDataError, match="map a source to the table 'spend'"):
        measure_source_costs(lead_history(LEADS), as_of=DAY_40)
    with pytest.raises(NotEnoughDataError, match="map a source to the table 'leads'"):
        measure_source_costs(lead_history([], spend=SPEND), as_of=DAY_40)
