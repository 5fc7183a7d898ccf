"""Records in later stages: what moves becomes typical, what is theirs stays, and few are lumped together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.survival.later_stages import FINEST, enter_later, group_kinds
from funnelml.survival.stage_model import StageModel
from tests.survival.small_stays import cyclic_stays, open_rows, rows_of


def test_what_moves_becomes_typical_and_what_is_fixed_stays():
    covariates = pd.DataFrame({"amount": [1.0, 2.0, 4.0], "activities_7d": [0.0, 6.0, np.nan]})
    later = enter_later(rows_of(["Lead"] * 3, [1.0, 2.0, 3.0], [1, 1, 1], covariates=covariates))
    now = open_rows(["Lead", "Lead"], [5.0, 9.0], covariates=covariates.iloc[:2])
    entered = later.rows(now, "方案")
    assert entered.covariates["activities_7d"].tolist() == [3.0, 3.0]
    assert entered.covariates["amount"].tolist() == [1.0, 2.0]
    assert set(entered.stage) == {"方案"}
    assert (entered.age == -1).all()
    assert list(now.covariates["activities_7d"]) == [0.0, 6.0]


def test_all_days_by_now_lie_before_a_later_stage():
    covariates = pd.DataFrame({"days_before_stage": [2.0, 30.0, 0.0]})
    now = open_rows(["Lead"] * 3, [5.0, 9.0, -1.0], covariates=covariates)
    later = enter_later(rows_of(["Lead"] * 3, [1.0, 2.0, 3.0], [1, 1, 1], covariates=covariates))
    assert later.rows(now, "方案").covariates["days_before_stage"].tolist() == [7.0, 39.0, 0.0]
    assert now.covariates["days_before_stage"].tolist() == [2.0, 30.0, 0.0]


def test_what_was_never_known_is_left_as_it_is():
    covariates = pd.DataFrame({"activities_7d": [np.nan, np.nan]})
    later = enter_later(rows_of(["Lead"] * 2, [1.0, 2.0], [1, 1], covariates=covariates))
    assert later.typical == {}


def test_records_of_one_kind_have_the_same_ratios_to_the_finest_step():
    ratios = np.exp(np.random.default_rng(1).normal(0, 0.02, (500, 2, 4)))
    kind, means = group_kinds(ratios)
    assert len(means) == kind.max() + 1
    assert np.abs(np.log(ratios) - np.log(means[kind])).max() <= FINEST
    same, mean = group_kinds(np.repeat(ratios[:1], 30, axis=0))
    assert same.tolist() == [0] * 30
    np.testing.assert_allclose(mean[0], ratios[0])


def test_a_record_is_told_the_same_alone_as_among_others():
    rows = cyclic_stays(500, 2)
    model = StageModel(ratios="linear").fit(rows)
    covariates = rows.covariates.iloc[:150].reset_index(drop=True)
    seen = open_rows(rows.stage[:150], np.linspace(0.1, 20, 150), covariates=covariates)
    times = [14.0, 60.0]
    alone = np.concatenate([model.predict_won_by(seen.take(np.array([i])), times) for i in range(0, 150, 15)])
    # Kinds are made of ratios that differ by one in a hundred at most.
    np.testing.assert_allclose(model.predict_won_by(seen, times)[::15], alone, rtol=0, atol=0.005)
