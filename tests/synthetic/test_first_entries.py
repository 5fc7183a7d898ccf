"""First values and criteria of qualification: entered at creation, with the stated effects, and off by default."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import InputError
from funnelml.synthetic import Arrivals, Criterion, Recording, SyntheticCRM, SyntheticWorld, plain_world, simulate_crm

CRITERIA = (Criterion(name="预算已确认", share=0.4, effect=1.5), Criterion(name="决策人", share=0.6, effect=-0.5))
WORLD = plain_world(
    language="zh",
    days=300,
    future_days=60,
    arrivals=Arrivals(per_day=6.0),
    recording=Recording(first_values=("owner", "amount")),
    criteria=CRITERIA,
    activities_per_day=0.0,
    accounts=50,
)


@pytest.fixture(scope="module")
def crm() -> SyntheticCRM:
    return simulate_crm(WORLD, seed=1)


def test_first_values_are_those_of_the_opportunities_at_their_creation(crm: SyntheticCRM) -> None:
    table = crm.tables["opportunities"].set_index("opportunity_id")
    changes = crm.tables["field_changes"]
    first = changes[changes["old"].isna()]
    for field in ("owner", "amount"):
        own = first[first["field"] == field].set_index("record_id")
        assert sorted(own.index) == sorted(table.index)
        of = table.loc[own.index]
        assert (own["changed_at"] == of["created_at"]).all() and (own["recorded_at"] == of["created_at"]).all()
        assert (own["new"].astype(of[field].dtype) == of[field]).all()


def test_criteria_are_met_as_often_as_stated_and_make_up_the_quality(crm: SyntheticCRM) -> None:
    changes = crm.tables["field_changes"]
    quality = 0.0
    for criterion in CRITERIA:
        own = changes[changes["field"] == criterion.name].set_index("record_id")
        assert own.index.is_unique and set(own["new"]) == {"是", "否"}
        met = own["new"] == "是"
        n = len(met)
        assert abs(met.mean() - criterion.share) < 4 * np.sqrt(criterion.share * (1 - criterion.share) / n)
        quality = quality + criterion.effect * (met - criterion.share)
    true = crm.truth.records.set_index("record_id")["quality"]
    pd.testing.assert_series_equal(true.loc[quality.index], quality, check_names=False)
    closed = crm.truth.records.query("outcome != 'open' and exported").set_index("record_id")
    won = (closed["outcome"] == "won").groupby(quality.loc[closed.index].round(6)).mean()
    assert won.is_monotonic_increasing and won.iloc[-1] > 2 * won.iloc[0]


def test_a_world_without_them_is_as_it_was(crm: SyntheticCRM) -> None:
    plain = replace(WORLD, criteria=(), recording=Recording())
    without = simulate_crm(plain, seed=1)
    known = simulate_crm(replace(plain, criteria=(Criterion(name="x", share=0.5, effect=0.0),)), seed=1)
    assert not without.tables["field_changes"]["field"].isin(["x", "预算已确认"]).any()
    for name, table in without.tables.items():
        other = known.tables[name]
        if name == "field_changes":
            other = other[other["field"] != "x"].reset_index(drop=True)
        pd.testing.assert_frame_equal(table, other)
    pd.testing.assert_frame_equal(without.truth.records, known.truth.records)


def test_first_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match=r"no first value 'ownr' \(did you mean 'owner'\?\); there are amount, owner"):
        SyntheticWorld(recording=Recording(first_values=("ownr",)))
