"""Verdicts of past dates against what came: on a simulated CRM whose model is right, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from funnelml.errors import AsOfError
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.evaluate import evaluate_stalls
from tests.survival.stall.small_log import sleepy_crm


@pytest.fixture(scope="module")
def measured():
    world, history = sleepy_crm(never=0.25)
    dates = [world.start + timedelta(days=day) for day in (140, 175, 205)]
    model = StageModel(ratios="none")
    return evaluate_stalls(history, dates, known_until=world.as_of, model=model, win_days=60.0, currency="EUR")


def test_what_was_to_go_on_did_at_that_rate(measured):
    row = measured.calibration.iloc[0]
    assert row["group"] == "all" and row["records"] >= 1_000
    assert abs(row["difference"]) < 0.03
    judged = measured.judged
    assert row["told"] == pytest.approx(judged["move_30"].mean()) and row["came"] == pytest.approx(
        judged["went_on"].mean()
    )
    by_verdict = measured.calibration.set_index("group")["came"]
    assert by_verdict["healthy"] > by_verdict["slow"] > by_verdict["stalled"] > by_verdict["zombie"]


def test_the_chance_is_at_least_as_precise_as_days_per_stage(measured):
    table = measured.precision.set_index("rule")
    assert list(table.index) == ["median", "average", "ninth_tenth", "verdict"]
    against_chance = table[table["against"] == "chance"]
    # Without covariates the chance knows no more than stage and age, as the rule does: it may not be worse.
    assert (against_chance["high"] >= 0).all() and (against_chance["gain"] > -0.01).all()
    # Held the other way round: what the stretched rule gains over the verdict.
    assert table.loc["verdict", "gain"] < 0.01


def test_named_zombies_that_were_won_later_are_counted(measured):
    zombies = measured.zombies
    mine = measured.judged[measured.judged["verdict"] == "zombie"]
    assert zombies["zombies"].sum() == len(mine) > 100
    assert zombies["won"].sum() == mine["won_later"].sum()
    assert zombies["won"].sum() / len(mine) < 0.02
    assert f"Of {len(mine):,} named zombies" in measured.summary()


def test_words_in_both_languages(measured):
    english, chinese = measured.summary(), measured.summary("zh")
    assert "On 3 past dates" in english and "3 个过往时点" in chinese
    for figure in (f"{measured.calibration['told'].iloc[0]:.1%}".rstrip("%"), f"{len(measured.judged):,}"):
        assert figure in english and figure in chinese
    assert "at least" not in english and measured.to_frame() is measured.precision


def test_few_records_are_told_as_few():
    world, history = sleepy_crm()
    told = evaluate_stalls(
        history,
        [world.start + timedelta(days=40)],
        known_until=world.start + timedelta(days=80),
        model=StageModel(ratios="none"),
        win_days=30.0,
    )
    assert "1,000 would be enough" in told.summary() and "1,000 条" in told.summary("zh")
    assert "None was named a zombie." in told.summary()


def test_faults():
    world, history = sleepy_crm()
    start, known = world.start, world.as_of
    with pytest.raises(AsOfError, match="no as-of date to judge on"):
        evaluate_stalls(history, [], known_until=known)
    with pytest.raises(AsOfError, match="are closer than 30 days, so that what came after them overlaps"):
        evaluate_stalls(history, [start + timedelta(days=d) for d in (100, 128)], known_until=known)
    with pytest.raises(AsOfError, match="the 30 days after 2024-08-07 are not all known by 2024-08-27"):
        evaluate_stalls(history, [known - timedelta(days=20)], known_until=known)
    with pytest.raises(AsOfError, match="so that nobody had been followed for 30; choose later as-of dates"):
        evaluate_stalls(history, [start + timedelta(days=20)], known_until=known)
