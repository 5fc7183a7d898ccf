"""The stage model recovers worlds whose truth is known: chances of open records, effects, and the end of a quarter."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.history.episodes import stage_episodes
from funnelml.survival.learning_stays import learn_stays, open_stays
from funnelml.survival.stage_model import StageModel
from funnelml.synthetic import Arrivals, Rhythm, plain_world, simulate_crm, true_incidence, true_stage_incidence
from funnelml.synthetic.scoring_world import scoring_world

HORIZONS = np.array([14, 30, 60])


def truth(crm, seen):
    """True incidence of each stay's end, and true chance to be won, by 14, 30 and 60 days."""
    day = crm.world.days - 1
    now = crm.truth.open_on(day).set_index("record_id").loc[list(seen.record_id)]
    of = {name: now[name].to_numpy() for name in ("stage", "quality", "speed", "age")}
    ends = true_stage_incidence(crm.truth.market, entered_day=day - of["age"], days=HORIZONS, **of)
    return ends, true_incidence(crm.truth.market, day=day, horizons=HORIZONS, **of)


@pytest.fixture(scope="module")
def visible():
    """A world in which all that decides stands in the CRM, its open records, and what is true of them."""
    crm = simulate_crm(scoring_world(days=300, arrivals=Arrivals(per_day=14.0, yearly_growth=0.0)), seed=1)
    known = {"as_of": crm.as_of, "trusted": ("owner", "amount")}
    seen = open_stays(crm.history, **known)
    return learn_stays(crm.history, **known), seen, *truth(crm, seen)


def test_covariates_bring_the_model_near_the_truth(visible):
    rows, seen, ends, won = visible
    errors = {}
    for ratios in ("none", "linear"):
        model = StageModel(ratios=ratios).fit(rows)
        off = model.predict_cumulative_incidence(seen, HORIZONS) - ends, model.predict_won_by(seen, HORIZONS) - won
        errors[ratios] = [np.abs(off[0][:, 1:]).mean(), *np.abs(off[1]).mean(axis=0)]
        # On average over the pipeline it is neither high nor low.
        assert (np.abs(off[1].mean(axis=0)) < 0.035).all()
    assert errors["linear"][0] < 0.5 * errors["none"][0]
    assert (np.array(errors["linear"][1:]) < 0.5 * np.array(errors["none"][1:])).all()
    assert errors["linear"][3] < 0.05


def test_where_records_are_alike_the_path_alone_is_enough():
    world = plain_world(days=300, future_days=60, arrivals=Arrivals(per_day=14.0, yearly_growth=0.0, dispersion=0.0))
    crm = simulate_crm(world, seed=2)
    seen = open_stays(crm.history, as_of=crm.as_of)
    ends, won = truth(crm, seen)
    model = StageModel(ratios="none").fit(stage_episodes(crm.history, as_of=crm.as_of))
    assert np.abs(model.predict_cumulative_incidence(seen, HORIZONS) - ends).mean() < 0.015
    off = model.predict_won_by(seen, HORIZONS) - won
    assert (np.abs(off).mean(axis=0) < 0.02).all()
    assert (np.abs(off.mean(axis=0)) < 0.02).all()


def test_a_strong_quarter_end_is_seen_coming():
    rhythm = Rhythm(quarter_end_factor=4.0, quarter_end_days=7, shock_sd=0.0)
    # The last known day is 2025-03-20: the end of the quarter lies ahead.
    crm = simulate_crm(plain_world(days=445, future_days=60, rhythm=rhythm), seed=3)
    seen = open_stays(crm.history, as_of=crm.as_of)
    won = truth(crm, seen)[1][:, 0]
    episodes = stage_episodes(crm.history, as_of=crm.as_of)
    plain, dated = (
        StageModel(ratios="none", calendar=c).fit(episodes).predict_won_by(seen, [14.0]) for c in (False, True)
    )
    assert np.abs(dated[:, 0] - won).mean() < 0.7 * np.abs(plain[:, 0] - won).mean()
    assert abs((dated[:, 0] - won).mean()) < abs((plain[:, 0] - won).mean())
