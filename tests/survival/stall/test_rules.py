"""Rules of verdicts, of next steps and of days per stage."""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.errors import FunnelError, ModelInputError
from funnelml.survival.stall.days_rule import DaysRule, learn_days_rule
from funnelml.survival.stall.next_steps import choose_steps
from funnelml.survival.stall.verdict_rules import describe_rules, judge_stays
from tests.logs import history_of
from tests.survival.stall.small_log import episodes_of, rows_at


def verdict(**changes):
    one = {
        "percentile": 0.6,
        "move": 0.1,
        "fresh_move": 0.5,
        "won_upper": 0.3,
        "won_observed": True,
        "fresh_won": 0.2,
    } | changes
    return judge_stays(**{name: np.array([value]) for name, value in one.items()}, floor=0.02)[0]


def test_each_verdict_at_its_border():
    assert verdict() == "stalled"
    assert verdict(percentile=0.5) == "healthy"
    assert verdict(move=0.25) == "healthy"
    assert verdict(move=0.2, fresh_move=0.4) == "healthy"
    assert verdict(percentile=0.75, move=0.4) == "healthy"
    assert verdict(percentile=0.76, move=0.4) == "slow"
    assert verdict(percentile=np.nan) == "unknown"


def test_a_zombie_needs_a_bound_a_horizon_that_was_observed_and_fresh_ones_that_win():
    assert verdict(won_upper=0.019) == "zombie"
    assert verdict(won_upper=0.02) == "stalled"
    assert verdict(won_upper=0.019, won_observed=False) == "stalled"
    assert verdict(won_upper=0.019, fresh_won=0.01) == "stalled"


def test_an_old_record_that_moves_as_likely_as_a_fresh_one_is_slow_and_no_more():
    assert verdict(percentile=0.999, move=0.2, fresh_move=0.2) == "slow"


def test_rules_in_words_have_their_figures():
    for language in ("en", "zh"):
        told = describe_rules(floor=0.02, win_days=45.0, language=language)
        assert all(figure in told for figure in ("75\xa0%", "50\xa0%", "25\xa0%", "2\xa0%", "45", "30"))


def test_next_steps():
    verdicts = np.array(["healthy", "slow", "slow", "stalled", "stalled", "stalled", "zombie", "unknown"], object)
    steps = choose_steps(
        verdict=verdicts,
        percentile=np.array([0.1, 0.8, 0.95, 1.0, 1.0, 1.0, 1.0, np.nan]),
        won=np.array([0.5, 0.5, 0.5, 0.1, 0.1, 0.01, 0.0, 0.5]),
        amount=np.array([1.0, 1.0, 1.0, 900.0, np.nan, 900.0, 900.0, 1.0]),
        floor=0.02,
    )
    wanted = ["on_course", "on_course", "reactivate", "escalate", "reactivate", "nurture", "nurture", "on_course"]
    assert list(steps) == wanted


def test_nothing_is_escalated_where_no_amount_is_known():
    steps = choose_steps(
        verdict=np.array(["stalled"], object),
        percentile=np.array([1.0]),
        won=np.array([0.1]),
        amount=np.array([np.nan]),
        floor=0.02,
    )
    assert list(steps) == ["reactivate"]


WON = [
    ("a", "Lead", 0), ("a", "Proposal", 2), ("a", "won", 3),
    ("b", "Lead", 0), ("b", "Proposal", 4), ("b", "won", 14),
    ("c", "Lead", 0), ("c", "Proposal", 12), ("c", "won", 13),
    # Lost after long: of no account to a rule made of won records.
    ("d", "Lead", 0), ("d", "lost", 19),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "lead", "proposal"), [("median", 4.0, 1.0), ("average", 6.0, 4.0), ("ninth_tenth", 10.4, 8.2)]
)
def test_days_of_won_records(limit, lead, proposal):
    episodes = episodes_of(history_of(WON), day=20)
    rule = learn_days_rule(episodes, limit)
    assert rule.limit_days["Lead"] == pytest.approx(lead) and rule.limit_days["Proposal"] == pytest.approx(proposal)
    assert np.isnan(rule.limit_days["Closing"])
    assert not rule.flags(rows_at(episodes, stage="Closing", ages=[1_000.0])).any()
    assert list(rule.flags(rows_at(episodes, stage="Lead", ages=[lead, lead + 0.1]))) == [False, True]
    assert "Closing" not in rule.describe() and "Lead" in rule.describe("zh")


def test_faults_of_the_days_rule():
    episodes = episodes_of(history_of(WON), day=20)
    with pytest.raises(ModelInputError, match=r"limit is median, average, ninth_tenth, not 'avrage' \(did you mean"):
        learn_days_rule(episodes, "avrage")
    with pytest.raises(FunnelError, match=r"no stage 'Propsal' \(did you mean 'Proposal'\?\)"):
        DaysRule(name="own", limit_days={"Propsal": 3.0}).limits(rows_at(episodes, stage="Lead", ages=[1.0]))
    with pytest.raises(ModelInputError, match="days of stage 'Lead' are -1"):
        DaysRule(name="own", limit_days={"Lead": -1.0})
