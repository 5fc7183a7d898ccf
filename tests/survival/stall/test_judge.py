"""Verdicts on the open records of a simulated CRM, their words, and what must not move them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.schema import DAY
from funnelml.survival.learning_stays import learn_stays, open_stays
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.days_rule import DaysRule
from funnelml.survival.stall.future import foresee_record
from funnelml.survival.stall.judge import judge_stalls
from tests.survival.stall.small_log import judged, sleepy_crm


def test_chances_are_chances_and_agree_with_the_model():
    verdicts, rows, model = judged()
    table = verdicts.table
    assert list(table["record_id"]) == list(rows.record_id)
    moves = table[["move_14", "move_30", "move_60"]].to_numpy()
    assert (np.diff(moves, axis=1) >= 0).all() and (moves >= 0).all()
    assert (moves <= table[["leave_14", "leave_30", "leave_60"]].to_numpy() + 1e-12).all()
    assert (table["move_60"] + table["lost_60"] <= table["leave_60"] + 1e-12).all()
    assert (table["won"] <= table["won_upper"]).all()
    seen = table["observed"].to_numpy()
    told = model.predict_cumulative_incidence(rows, [30.0])[seen, :, 0]
    assert moves[seen, 1] == pytest.approx(told[:, 1] + told[:, 2])
    assert (table.loc[~seen, "read_at_days"] < table.loc[~seen, "age_days"]).all()


def test_sleepers_are_found_and_live_ones_are_not_called_zombies():
    verdicts, _, _ = judged()
    table = verdicts.table
    old = table["age_days"] > 120
    assert table.loc[old, "verdict"].isin(["stalled", "zombie"]).all() and old.sum() > 100
    assert (table["verdict"] == "zombie").sum() > 50
    assert (table.loc[table["verdict"] == "zombie", "won_upper"] < 0.02).all()
    assert set(table.loc[table["verdict"] == "zombie", "next_step"]) == {"nurture"}
    young = table["age_days"] < 2
    assert (table.loc[young, "verdict"] == "healthy").mean() > 0.95


def test_expected_days_left_of_those_who_leave_for_sure():
    verdicts, rows, model = judged()
    table = verdicts.table
    asked = replace(rows, age=np.where(rows.age < 0, rows.age, table["read_at_days"]))
    # The mean of the days until it leaves, those who stay counted with the last day: by hand on a fine grid.
    grid = np.arange(0.0, 181.0)
    still = model.predict_cumulative_incidence(asked, grid)[:, 0]
    until = np.minimum(np.floor(model.days_observed(asked)), 180).astype(int)
    k = int(np.argmax(until))
    area = float(np.trapezoid(still[k, : until[k] + 1], grid[: until[k] + 1]))
    assert table["days_left"].iloc[k] == pytest.approx(area)
    assert (table["days_left"] <= 180).all() and table["days_left_at_least"].any()


def test_the_day_under_the_floor_is_where_the_model_says_so():
    verdicts, rows, model = judged()
    table = verdicts.table
    later = np.flatnonzero(table["floor_in_days"].to_numpy() > 0)
    assert len(later) > 20
    ahead = table["floor_in_days"].to_numpy()[later]
    then = replace(rows.take(later), age=rows.age[later] + ahead)
    before = replace(rows.take(later), age=rows.age[later] + ahead - 7)
    assert (model.predict_won_by(then, [60.0])[:, 0] < 0.02).all()
    assert (model.predict_won_by(before, [60.0])[:, 0] >= 0.02).all()
    frame = verdicts.to_frame()
    on_day = frame["win_floor_date"]
    now = (table["floor_in_days"] == 0).to_numpy()
    assert set(on_day[now]) == {verdicts.as_of}
    assert on_day[table["floor_in_days"].isna()].isna().all()
    # 7 days on means: nothing of it by the end of the day 7 days later, which is known on the morning after.
    assert on_day.iloc[later[0]] == verdicts.as_of + timedelta(days=int(ahead[0]) + 1)


def test_words_in_both_languages_have_the_same_figures():
    verdicts, _, _ = judged("zh")
    english, chinese = verdicts.summary(), verdicts.summary("zh")
    counts = verdicts.table["verdict"].value_counts()
    for n in counts:
        assert f"{n:,}" in english and f"{n:,} 条" in chinese
    over = int(verdicts.table["over_days_limit"].sum())
    assert f"flags {over:,}" in english and f"标出 {over:,} 条" in chinese
    for verdict in counts.index:
        record = verdicts.table.loc[verdicts.table["verdict"] == verdict, "record_id"].iloc[0]
        row = verdicts.row(record)
        told = verdicts.explain(record), verdicts.explain(record, "zh")
        assert record in told[0] and str(row["stage"]) in told[1] and f"{row['move_30']:.0%}".rstrip("%") in told[1]
    assert "Next step" in told[0] and "下一步" in told[1]
    assert len(verdicts.to_frame("zh")) == len(verdicts) and "nurture pool" in verdicts.rules()


def test_nothing_recorded_later_has_any_effect():
    world, history = sleepy_crm()
    as_of = world.as_of - timedelta(days=60)

    def judge(of):
        rows = open_stays(of, as_of=as_of)
        model = StageModel(ratios="none").fit(learn_stays(of, as_of=as_of))
        return judge_stalls(model, rows, history=of, as_of=as_of, win_days=30.0).to_frame()

    cut = history.cut(as_of)
    tables = {
        name: table[table["recorded_at"] < cut] if "recorded_at" in table else table
        for name, table in history.tables.items()
    }
    pd.testing.assert_frame_equal(judge(history), judge(replace(history, tables=tables)))


def test_a_short_log_names_no_zombie_and_says_so():
    world, history = sleepy_crm()
    as_of = world.start + timedelta(days=45)
    rows = open_stays(history, as_of=as_of)
    model = StageModel(ratios="none").fit(learn_stays(history, as_of=as_of))
    verdicts = judge_stalls(model, rows, history=history, as_of=as_of, win_days=90.0)
    assert (verdicts.table["verdict"] != "zombie").all()
    assert "too short to follow any of them for 90 days" in verdicts.summary()
    assert "日志太短" in verdicts.summary("zh")


def test_days_of_our_own_stand_beside_the_verdict():
    world, history = sleepy_crm()
    _, rows, model = judged()
    own = DaysRule(name="own", limit_days={"Lead": 5.0})
    verdicts = judge_stalls(model, rows, history=history, as_of=world.as_of, days_rule=own)
    table = verdicts.table
    assert (table["over_days_limit"] == ((table["stage"] == "Lead") & (table["age_days"] > 5))).all()
    assert "days of our own (Lead 5 days)" in verdicts.summary()


def test_what_lies_ahead_of_one_record():
    verdicts, rows, model = judged()
    record = verdicts.table.loc[verdicts.table["verdict"] == "healthy", "record_id"].iloc[0]
    future = foresee_record(model, rows, verdicts, record, days=60, draws=20, seed=1)
    assert future.incidence.sum(axis=0) == pytest.approx(np.ones(61))
    row = verdicts.row(record)
    assert future.incidence[1:3, 30].sum() == pytest.approx(row["move_30"])
    assert future.won_by[60] == pytest.approx(row["won"])
    assert (future.won_low <= future.won_high).all() and future.won_high[60] > future.won_low[60]
    again = foresee_record(model, rows, verdicts, record, days=60, draws=20, seed=1)
    assert (again.won_low == future.won_low).all()
    assert record in future.summary() and record in future.summary("zh") and len(future.to_frame()) == 61


def test_faults():
    world, history = sleepy_crm()
    verdicts, rows, model = judged()
    ask = {"history": history, "as_of": world.as_of}
    with pytest.raises(ModelInputError, match="win_days is 0; write the number of days"):
        judge_stalls(model, rows, **ask, win_days=0)
    with pytest.raises(ModelInputError, match=r"floor is 1\.5; write a chance between 0 and 1"):
        judge_stalls(model, rows, **ask, floor=1.5)
    with pytest.raises(
        ModelInputError, match=r"rows are of records that were not open on .*; take the rows from open_stay"
    ):
        judge_stalls(model, rows, history=history, as_of=world.as_of - timedelta(days=100))
    yesterday = replace(rows, at=rows.at - DAY)
    with pytest.raises(ModelInputError, match=r"rows were not seen at the end of .*; take the rows from open_stays"):
        judge_stalls(model, yesterday, **ask)
    with pytest.raises(ModelInputError, match=r"record 'O-x' is not open on "):
        verdicts.explain("O-x")
    with pytest.raises(ModelInputError, match=r"at least 1 day, 2 draws and a level .* not 0, 50 and 0\.8"):
        foresee_record(model, rows, verdicts, str(rows.record_id[0]), days=0)
    record = str(rows.record_id[0])
    with pytest.raises(ModelInputError, match="has a verdict and no row"):
        foresee_record(model, rows.take(np.arange(1, 3)), verdicts, record)


def test_no_open_record():
    _, rows, model = judged()
    world, history = sleepy_crm()
    none = judge_stalls(model, rows.take(np.zeros(0, dtype=np.intp)), history=history, as_of=world.as_of)
    assert len(none) == 0 and none.to_frame().empty
    assert none.summary().startswith("No record of funnel") and "没有未结记录" in none.summary("zh")


def test_a_log_of_days_with_chinese_stages():
    world, history = sleepy_crm("zh")
    whole = {name: table.copy() for name, table in history.tables.items()}
    moves = whole["stage_changes"]
    moves["entered_at"] = moves["entered_at"] // DAY * DAY
    daily = replace(history, tables=whole, grain="day", time_zone="UTC")
    as_of = world.as_of
    rows = open_stays(daily, as_of=as_of)
    model = StageModel(ratios="none").fit(learn_stays(daily, as_of=as_of))
    verdicts = judge_stalls(model, rows, history=daily, as_of=as_of, win_days=60.0)
    assert set(verdicts.table["stage"]) <= set(world.funnel.stages)
    assert (verdicts.table["verdict"] == "stalled").any() and verdicts.table["move_30"].between(0, 1).all()
    assert str(verdicts.table["stage"].iloc[0]) in verdicts.to_frame("zh")["reason"].iloc[0]
