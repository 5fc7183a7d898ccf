"""The shape of a funnel: planted faults are found, a healthy one is left in peace, and the words say why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from funnelml.diagnostics.dwell.stays import number_stays
from funnelml.diagnostics.record_bootstrap import draw_record_weights
from funnelml.diagnostics.shape.judge import judge_shape
from funnelml.diagnostics.shape.rules import ShapeRules, fire_rules
from funnelml.diagnostics.shape.steady_state import chance_interval, clip_stays, settle_stock
from funnelml.diagnostics.shape.words import tell_shape
from funnelml.errors import NotEnoughDataError
from funnelml.history.episodes import stage_episodes
from funnelml.schema import DAY
from funnelml.synthetic.crm import simulate_crm
from funnelml.synthetic.parameters import Arrivals, Gap, PileUp
from funnelml.synthetic.world import SyntheticWorld
from tests.diagnostics.small_logs import AS_OF, EDGES, NEVER_OPEN, edges, hold_no_look_ahead, moves_of
from tests.logs import history_of, log_rows

WORLD = SyntheticWorld(arrivals=Arrivals(per_day=5.0), activities_per_day=0.0)
TURN = WORLD.as_of - timedelta(days=80)
LATER = WORLD.as_of + timedelta(days=100)


def judge(world, seed=11):
    crm = simulate_crm(world, seed=seed)
    return judge_shape(moves_of(crm), as_of=crm.as_of, draws=60)


@pytest.fixture(scope="module")
def healthy():
    return judge(WORLD)


def test_a_healthy_funnel_fires_no_rule(healthy):
    """Of 120 seeds of two healthy worlds none fired, once (12 and 2 new records a day)."""
    assert healthy.verdict == "healthy" and not healthy.fired
    told = healthy.summary().replace("\xa0", " ")
    assert told.startswith("No fault of the shape large enough to name was found; smaller ones may be there.")
    assert "1.5 times its usual stock or more, new records down to 75 % of before" in told
    assert "没有发现大到需要指出的形状异常" in healthy.summary("zh")


def test_stages_that_could_not_be_judged_are_named(healthy):
    said = [
        tell_shape("healthy", (), healthy.mouth, 0, healthy.rules, language, ["Negotiation", "签约"])
        for language in ("en", "zh")
    ]
    assert "How many go on could not be judged in Negotiation, 签约: fewer than 20 stays ended" in said[0]
    assert "以下阶段无法判断继续前进的比例：Negotiation、签约" in said[1]


def test_a_planted_pile_up_makes_the_middle_bulge():
    shape = judge(replace(WORLD, pile_ups=(PileUp(stage="Discovery", begins=TURN, ends=LATER),)))
    assert shape.verdict == "bulging"
    assert shape.fired == (("bulge", "Discovery"),)
    assert "It bulges in Discovery" in shape.summary() and "Discovery有" in shape.summary("zh")


def test_a_pile_up_in_the_last_third_is_a_broken_bottom():
    shape = judge(replace(WORLD, pile_ups=(PileUp(stage="Negotiation", begins=TURN, ends=LATER),)))
    assert ("bottom_pile", "Negotiation") in shape.fired
    assert shape.verdict == "broken_bottom"


def test_fewer_and_fewer_arrivals_make_a_narrow_mouth():
    shape = judge(replace(WORLD, arrivals=Arrivals(per_day=12.0, yearly_growth=-0.6)))
    assert shape.verdict == "narrow_mouth"
    assert shape.mouth["inflow_recent"] < 0.7 * shape.mouth["inflow_before"]
    assert "bring in more leads" in shape.summary() and "入口变窄" in shape.summary("zh")


def test_a_gap_in_the_last_stage_is_a_broken_bottom():
    shape = judge(replace(WORLD, gaps=(Gap(stage="Closing", begins=TURN, before=0.88, after=0.45),)))
    assert shape.verdict == "broken_bottom"
    assert ("bottom_drop", "Closing") in shape.fired
    assert "broken in Closing" in shape.summary() and "底部断裂" in shape.summary("zh")


def test_growth_alone_is_no_fault():
    assert judge(replace(WORLD, arrivals=Arrivals(per_day=5.0, yearly_growth=0.8))).verdict == "healthy"


def test_the_steady_state_is_littles_law_on_a_clockwork_funnel():
    """One record a day; 4 days in Lead; every other one goes on to Proposal for 6 days: stocks of 4 and 3."""
    rows = []
    for day in range(200):
        rows += [(f"r{day}", "Lead", float(day))]
        on = day % 2 == 0
        rows += [(f"r{day}", "Proposal", day + 4.0), (f"r{day}", "won", day + 10.0)] if on else []
        rows += [] if on else [(f"r{day}", "lost", day + 4.0)]
    history = history_of(rows)
    episodes = stage_episodes(history, as_of=AS_OF.replace(month=7, day=20))
    stays = number_stays(episodes)
    weights = np.ones((1, 200))
    steady = settle_stock(stays, history.funnels[0], start=20 * DAY, end=180 * DAY, oldest_days=50, weights=weights)
    assert steady.per_day == pytest.approx(1.0)
    assert steady.stock[0] == pytest.approx([4.0, 3.0, 0.0], abs=0.02)


def test_stays_are_seen_only_between_two_instants():
    stays = number_stays(stage_episodes(history_of([("a", "Lead", 0.0), ("a", "won", 10.0)]), as_of=AS_OF))
    seen = clip_stays(stays, 2 * DAY, 6 * DAY)
    assert seen[["from_age_days", "event"]].iloc[0].tolist() == [2.0, 0.0]
    assert seen["duration_days"].iloc[0] == pytest.approx(6.0)
    assert clip_stays(stays, 11 * DAY, 12 * DAY).empty
    assert clip_stays(stays, 2 * DAY, 11 * DAY)["event"].tolist() == [2]


def test_chance_is_wider_where_counts_are_overdispersed():
    poisson, wide = chance_interval(40.0, 40.0, 0.8), chance_interval(40.0, 120.0, 0.8)
    assert wide[0] < poisson[0] < 40 < poisson[1] < wide[1]
    assert chance_interval(0.0, 0.0, 0.8) == (0.0, 0.0)


def evidence_row(stage, **changes):
    usual = {"open": 10, "expected_open": 10.0, "high": 20.0, "expected_given_inflow": 10.0, "enough_ended": True}
    usual |= {"share_recent": 0.7, "share_before": 0.7, "share_ratio_high": 1.1, "share_recent_high": 0.8}
    return {"stage": stage, **usual, **changes}


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        ({"open": 30}, [("bulge", "B")]),
        ({"open": 30, "high": 31.0}, []),  # within chance
        ({"open": 14, "high": 12.0}, []),  # too small to matter
        ({"open": 30, "expected_given_inflow": 29.0}, []),  # as many really came in
    ],
)
def test_a_bulge_must_matter_be_beyond_chance_and_not_come_from_inflow(changes, fires):
    mouth = pd.Series({"inflow_recent": 1.0, "inflow_before": 1.0, "arrivals_recent": 91, "arrivals_low": 60})
    evidence = pd.DataFrame([evidence_row("A"), evidence_row("B", **changes), evidence_row("C")])
    assert list(fire_rules(mouth, evidence, ShapeRules())) == fires


@edges
def test_small_logs_are_not_judged_and_say_what_would_do(edge):
    shape = judge_shape(EDGES[edge], as_of=AS_OF, draws=5)
    assert shape.verdict == "not_enough_data"
    assert "50 in 90 days would do" in shape.summary() and "数据不足" in shape.summary("zh")
    assert shape.to_frame()["open"].sum() >= 0


def test_a_stage_that_nobody_entered_is_judged_without_a_warning():
    rows = [(f"r{i}", stage, i / 2 + lag) for i in range(400) for stage, lag in (("Lead", 0.0), ("lost", 5.0))]
    shape = judge_shape(history_of(rows), as_of=AS_OF.replace(month=7, day=20), draws=20)
    assert shape.verdict != "not_enough_data"
    assert shape.evidence.set_index("stage").loc["Closing", "expected_open"] == 0


@settings(max_examples=20)
@given(log_rows())
def test_rows_recorded_later_change_nothing(rows):
    rules = ShapeRules(recent_days=4, least_before_days=2, least_arrivals=1, oldest_days=8)

    def frames(history, as_of):
        shape = judge_shape(history, as_of=as_of, rules=rules, draws=5)
        return [shape.to_frame(), shape.mouth.to_frame()]

    hold_no_look_ahead(rows, frames)


def test_no_stay_at_all_is_refused_with_the_number_that_would_do():
    with pytest.raises(NotEnoughDataError, match="50 new ones in 90 days are enough"):
        judge_shape(NEVER_OPEN, as_of=AS_OF)


def test_weights_are_seeded_and_positive():
    one, same, other = (draw_record_weights(5, draws=3, seed=s) for s in (1, 1, 2))
    assert (one > 0).all() and (one == same).all() and not (one == other).all()
