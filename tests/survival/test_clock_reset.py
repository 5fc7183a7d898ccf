from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from funnelml.cli import main
from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.history.episodes import stage_episodes
from funnelml.runs.workspace import load_workspace
from funnelml.schema import DAY
from funnelml.survival.causes import CAUSES
from funnelml.survival.clock_reset import examine_clock_reset
from funnelml.survival.learning_stays import stays_of_episodes
from funnelml.synthetic import Arrivals, simulate_crm
from funnelml.synthetic.world import plain_world
from tests.survival.stay_worlds import STAGES, stays_from


def paths(n, seed, *, speed_sd, last_day=700.0):
    """Records through three stages: a normal effect on the log of all hazards of a record, and a clock that resets."""
    rng = np.random.default_rng(seed)
    speed = np.exp(speed_sd * rng.normal(size=n))
    start = rng.uniform(0, 600, n)
    now, open_ = start.copy(), np.ones(n, bool)
    stage, days, event, who, entered = [], [], [], [], []
    for place, rates in enumerate(((0.10, 0.0, 0.03), (0.07, 0.0, 0.03), (0.0, 0.06, 0.04))):
        total = sum(rates) * speed
        spent = rng.exponential(1 / total)
        cause = 1 + (rng.random(n)[:, None] > np.cumsum(rates) / sum(rates)).sum(axis=1)
        here = np.flatnonzero(open_ & (now < last_day))
        seen = now[here] + spent[here] < last_day
        stage += [STAGES[place]] * len(here)
        days.append(np.minimum(spent[here], last_day - now[here]))
        event.append(np.where(seen, cause[here], 0))
        who.append(here)
        entered.append(now[here])
        now = now + spent
        open_ &= cause == 1
    who, entered = np.concatenate(who), np.concatenate(entered)
    covariates = {"days_before_stage": entered - start[who]}
    return stays_from(
        stage,
        np.concatenate(days),
        np.concatenate(event),
        covariates,
        record_id=[f"r{i}" for i in who],
        entered_at=np.rint(entered * DAY).astype(np.int64),
    )


@pytest.fixture(scope="module")
def resets():
    return examine_clock_reset(paths(1_200, 1, speed_sd=0.0))


@pytest.fixture(scope="module")
def carries_on():
    return examine_clock_reset(paths(2_500, 1, speed_sd=0.8))


def overall(found):
    return found.to_frame().query("stage == 'all'").set_index("outcome")


def test_a_clock_that_starts_anew_is_left_in_peace(resets):
    rows = overall(resets)
    assert rows["verdict"].tolist() == ["starts_anew", "starts_anew", "starts_anew", "too_few"]
    assert (rows["low"][:3] < 1).all() and (rows["high"][:3] > 1).all()
    assert resets.carries_on == ()
    assert resets.summary().endswith("So the stay in the present stage is all that need be known.")
    assert resets.summary("zh").endswith("因此只需知道在当前阶段的停留。")


def test_records_with_a_speed_of_their_own_are_found(carries_on):
    rows = overall(carries_on)
    assert carries_on.carries_on == ("advanced", "won", "lost")
    assert (rows["high"][:3] < 1).all()
    assert (rows["gain"][:3] > rows["gain_std_err"][:3]).all()
    assert rows["p_holm"][:3].max() < 0.01
    assert carries_on.summary().endswith("So the days before a stage belong among the covariates.")


def test_the_words_carry_the_figures_of_the_table(carries_on):
    row = overall(carries_on).loc["won"]
    limits = f"{row['ratio']:.2f} times as fast per doubling of the days before, {row['low']:.2f} to {row['high']:.2f}"
    assert f"Won: the clock does not start anew ({limits})." in carries_on.summary()
    chinese = f"速度为 {row['ratio']:.2f} 倍，区间 {row['low']:.2f} 至 {row['high']:.2f}"
    assert f"赢单：时钟并不在阶段开始时归零（此前天数每翻一倍，{chinese}）。" in carries_on.summary("zh")
    assert "Too few ends to tell (30 would do): moved back." in carries_on.summary()
    assert "结束次数不足以判断（需 30 次）：回退。" in carries_on.summary("zh")


def test_there_is_a_row_for_every_cause_and_stage(carries_on):
    table = carries_on.to_frame()
    assert len(table) == len(CAUSES) * (1 + len(STAGES))
    first = table[table["stage"] == STAGES[0]]
    # Nothing came before the first stage.
    assert first["p"].isna().all() and first["gain"].isna().all() and (first["verdict"] == "too_few").all()
    last = table.query("stage == @STAGES[2] and outcome == 'won'").iloc[0]
    both = overall(carries_on).loc["won"]
    # Nobody is won before the last stage, so all stages together are this one.
    assert last["ratio"] == pytest.approx(both["ratio"])
    assert last["events"] == both["events"]


def test_holm_is_over_the_causes_and_over_the_stages_apart(carries_on):
    rows = overall(carries_on).dropna(subset=["p"])
    p = np.sort(rows["p"].to_numpy())
    assert np.sort(rows["p_holm"].to_numpy()) == pytest.approx(np.maximum.accumulate(p * [3, 2, 1]).clip(max=1))


def test_the_order_of_rows_and_second_sights_change_nothing():
    rows = paths(250, 3, speed_sd=0.8)
    again = rows.take(np.concatenate((np.arange(len(rows)), np.flatnonzero(rows.duration > 2))))
    again = replace(again, age=np.where(np.arange(len(again)) < len(rows), again.age, 2.0))
    mixed = again.take(np.random.default_rng(0).permutation(len(again)))
    one, other = (overall(examine_clock_reset(r)) for r in (rows, mixed))
    for column in ("stays", "events", "log_ratio", "std_err", "gain", "later_events"):
        assert one[column].to_numpy(float) == pytest.approx(other[column].to_numpy(float), abs=1e-6, nan_ok=True)


def test_the_gain_is_learned_from_nothing_that_came_later():
    rows = paths(400, 4, speed_sd=0.8)
    found = examine_clock_reset(rows)
    ended = rows.entered_at + np.rint(rows.duration * DAY)
    before = ((ended < found.split_at) & (rows.event > 0)).sum()
    assert before / (rows.event > 0).sum() == pytest.approx(0.6, abs=0.01)
    won_later = (rows.event == 2) & (ended >= found.split_at)
    assert overall(found).loc["won", "later_events"] == won_later.sum()


def test_hardly_any_data_get_an_answer():
    rows = paths(12, 5, speed_sd=0.0)
    found = examine_clock_reset(rows)
    assert (found.to_frame()["verdict"] == "too_few").all()
    assert found.summary() == "Too few ends to tell (30 would do): went on, won, lost, moved back."
    still = examine_clock_reset(replace(rows, event=np.zeros(len(rows), np.int64)))
    assert (still.to_frame()["events"] == 0).all()


def test_faults_are_named():
    rows = paths(12, 5, speed_sd=0.0)
    with pytest.raises(ModelInputError, match="have no end to learn from; take them from learn_stays"):
        examine_clock_reset(replace(rows, duration=None))
    with pytest.raises(ModelInputError, match="do not tell 'days_before_stage'; take them from learn_stays"):
        examine_clock_reset(replace(rows, covariates=rows.covariates.iloc[:, :0]))
    unknown = rows.covariates.assign(days_before_stage=np.nan)
    with pytest.raises(NotEnoughDataError, match="no stay tells the days before its stage"):
        examine_clock_reset(replace(rows, covariates=unknown))


@pytest.mark.parametrize("speed_sd", [0.0, 0.8])
def test_the_synthetic_crm(speed_sd):
    """Its laws depend on the age in the stage, and records move back; only their own speed makes the clock carry on."""
    world = plain_world(days=400, future_days=30, arrivals=Arrivals(per_day=6.0, yearly_growth=0.0), speed_sd=speed_sd)
    crm = simulate_crm(world, seed=1)
    stays = stays_of_episodes(stage_episodes(crm.history, as_of=world.start + timedelta(days=399)))
    verdicts = overall(examine_clock_reset(stays))["verdict"]
    told = set(verdicts) - {"too_few"}
    assert (
        told == {"starts_anew"} if not speed_sd else "carries_on" in told and "starts_anew" not in verdicts[:3].tolist()
    )


@pytest.mark.realdata
def test_the_clock_of_the_loans_does_not_start_anew(real_data, tmp_path):
    """Slow to the offer, slow to be approved: the days before foretell being won; being lost they do not."""
    root = tmp_path / "loans"
    columns = ["--case", "case:concept:name", "--stage", "concept:name", "--time", "time:timestamp"]
    ends = ["--won", "A_APPROVED,A_REGISTERED,A_ACTIVATED", "--lost", "A_DECLINED,A_CANCELLED"]
    log = real_data / "loan_applications_2012_A.csv.gz"
    zone = ["--time-zone", "Europe/Amsterdam"]
    assert main(["init", str(root), "--event-log", str(log), *columns, *zone, *ends]) == 0
    history = load_workspace(root).history
    found = examine_clock_reset(stays_of_episodes(stage_episodes(history, as_of=date(2012, 1, 15))))
    rows = overall(found)
    assert found.carries_on == ("advanced", "won")
    assert rows.loc["won", "ratio"] == pytest.approx(0.754, abs=0.01)
    assert rows.loc["won", "gain"] > 3 * rows.loc["won", "gain_std_err"]
    assert rows.loc["lost", "verdict"] == "starts_anew"
