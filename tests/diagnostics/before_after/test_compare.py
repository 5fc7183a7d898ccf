"""Before and after a change: it recovers what was planted, says so honestly, and says when it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.before_after.compare import BeforeAfter, ProcessChange, compare_before_after
from funnelml.diagnostics.before_after.weekly_cells import count_cells
from funnelml.errors import AsOfError, FunnelError, InputError
from funnelml.history.episodes import stage_episodes
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.schema import DAY, empty_table
from funnelml.synthetic import Gap, PileUp, SyntheticWorld, plain_world, simulate_crm
from funnelml.synthetic.market import share_going_on, tilt_for_share
from tests.logs import EPOCH, history_of, log_rows, stage_log

BEGINS = date(2024, 9, 2)
CHANGE = ProcessChange(name="New template", date=BEGINS, stage="Proposal")
ONE_STAGE = Funnel(name="f", stages=("商机",))


def bare(world: SyntheticWorld, seed: int) -> History:
    tables = simulate_crm(world, seed=seed).tables
    return History(
        tables={name: tables[name] for name in ("stage_changes", "opportunities")},
        funnels=(world.funnel,),
        time_zone=world.time_zone,
    )


def planted(world: SyntheticWorld, fall: float) -> tuple[SyntheticWorld, dict[str, float]]:
    """Plant a fall of the share that goes on in every stage; return the log odds ratio of each."""
    gaps, true = [], {}
    for stage, law in zip(world.funnel.stages, world.laws, strict=True):
        share = share_going_on(law, 0.0)
        gaps.append(Gap(stage=stage, begins=BEGINS, before=share, after=share - fall))
        true[stage] = tilt_for_share(law, share - fall)
    return replace(world, gaps=tuple(gaps)), true


def count_hits(world: SyntheticWorld, true: dict[str, float], change: ProcessChange, *, seeds: int) -> int:
    held = 0
    for seed in range(seeds):
        history = bare(world, seed)
        for stage, log_ratio in true.items():
            of_stage = replace(change, stage=stage)
            _, low, high = compare_before_after(history, as_of=world.as_of, change=of_stage).ratio
            held += low <= np.exp(log_ratio) <= high
    return held


# Of 18 intervals at 80 %, 9 or fewer hold the truth with a chance of 4 in 1,000.
@pytest.mark.parametrize(
    ("make", "fall"), [(plain_world, 0.0), (SyntheticWorld, 0.15)], ids=["plain, nothing changed", "shocks, a fall"]
)
def test_intervals_hold_the_planted_odds_ratio(make, fall):
    world, true = planted(make(days=440, future_days=30), fall)
    assert count_hits(world, true, CHANGE, seeds=3) >= 10


def test_intervals_hold_the_planted_rate_of_leaving():
    stages = plain_world().funnel.stages
    piles = tuple(PileUp(stage=stage, begins=BEGINS, ends=date(2030, 1, 1), factor=0.7) for stage in stages)
    world = plain_world(days=440, future_days=30, pile_ups=piles)
    true = dict.fromkeys(stages, np.log(0.7))
    assert count_hits(world, true, replace(CHANGE, measure="dwell"), seeds=3) >= 10


def test_a_gap_is_seen_with_its_size():
    world, true = planted(SyntheticWorld(days=440, future_days=30), 0.2)
    result = compare_before_after(bare(world, 3), as_of=world.as_of, change=CHANGE)
    assert result.clear
    assert abs(np.log(result.ratio[0]) - true["Proposal"]) < 0.45
    points = result.to_frame().set_index("quantity").loc["points"]
    assert points["low"] < points["estimate"] < points["high"] < 0
    after = result.counts.query("after").iloc[0]
    told = result.summary()
    assert told.startswith(f"'New template' (2024-09-02): it did harm. {after['share']:.0%}".replace("%", "\xa0%"))
    assert f"{after['ended']:,} after." in told
    assert "The trend before would have gone on as a straight line." in told
    chinese = result.summary("zh")
    assert "变差了" in chinese
    assert "个百分点" in chinese
    assert "若无变更，之前的趋势会按直线延续。" in chinese
    without = after["share"] - points["estimate"]
    lines = result.weekly[result.weekly["after"]]
    assert abs(np.average(lines["without_change"], weights=lines["base"]) - without) < 0.03


def one_stage_history(seed: int, effect: float, *, per_week: int = 20, weeks: int = 60) -> History:
    """Stays of one stage that end a day after they began; half of them Ann's, whose odds change in the middle."""
    rng = np.random.default_rng(seed)
    week = np.repeat(np.arange(weeks), per_week)
    ann = rng.random(len(week)) < 0.4
    shock = np.cumsum(rng.normal(0, 0.2, weeks)) * 0.5
    odds = 0.3 + shock[week] - 0.4 * ann + effect * (ann & (week >= weeks // 2))
    won = rng.random(len(week)) < 1 / (1 + np.exp(-odds))
    ids = [f"r{i:05d}" for i in range(len(week))]
    day = week * 7 + rng.integers(0, 6, len(week)) + 0.25
    ends = np.where(won, "won", "lost")
    begun = list(zip(ids, ["商机"] * len(ids), day, strict=True))
    ended = list(zip(ids, ends, day + rng.exponential(0.4, len(ids)), strict=True))
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": ids,
            "created_at": (day * DAY).astype("int64"),
            "recorded_at": (day * DAY).astype("int64"),
            "owner": np.where(ann, "王芳", "Bo"),
        }
    )
    tables = {"stage_changes": stage_log(begun + ended), "opportunities": opportunities}
    return History(tables=tables, funnels=(ONE_STAGE,))


COACHING = ProcessChange(
    name="辅导", date=EPOCH + timedelta(weeks=30), stage="商机", treated_by="owner", treated=("王芳",)
)
END = EPOCH + timedelta(weeks=60)


@pytest.mark.parametrize("effect", [0.0, 0.8])
def test_difference_in_differences_takes_out_what_both_groups_share(effect):
    held = 0
    for seed in range(20):
        result = compare_before_after(one_stage_history(seed, effect), as_of=END, change=COACHING)
        _, low, high = result.ratio
        held += low <= np.exp(effect) <= high
    assert held >= 12
    assert result.design == "difference_in_differences"
    assert set(result.checks["check"]) == {"treated_trend", "placebo"}
    assert len(result.counts) == 4
    assert "Without the change both groups would have moved alike." in result.summary()
    assert "若无变更，两组的走势会相同。" in result.summary("zh")


def test_the_verdict_takes_more_than_the_interval_that_is_shown():
    results = [compare_before_after(one_stage_history(s, 0.0), as_of=END, change=COACHING) for s in range(20)]
    apart = [r for r in results if r.ratio[1] > 1 or r.ratio[2] < 1]
    # Nothing changed: of 20 intervals at 95 %, four or more miss with a chance of 2 in 100.
    assert sum(r.clear for r in results) <= 3
    doubtful = [r for r in apart if not r.clear]
    assert doubtful
    assert all("no clear change yet; chance may explain it (less than 95\xa0% sure)" in r.summary() for r in doubtful)
    assert all("尚看不出明确变化" in r.summary("zh") and "80%" in r.summary("zh") for r in doubtful)
    for seed, effect in ((0, 0.0), (1, 0.8)):
        shown, wide = (
            compare_before_after(one_stage_history(seed, effect), as_of=END, change=COACHING, level=level)
            for level in (0.8, 0.95)
        )
        assert shown.clear == wide.clear == (wide.ratio[1] > 1 or wide.ratio[2] < 1)


def test_an_early_change_of_one_group_is_told_by_the_checks():
    moved = replace(COACHING, date=COACHING.date + timedelta(weeks=14))
    result = compare_before_after(one_stage_history(1, 2.0), as_of=END, change=moved)
    assert result.checks.set_index("check").loc["placebo", "p_value"] < 0.05
    assert "Beware: " in result.summary()
    assert "请注意：" in result.summary("zh")


def test_it_names_everything_that_is_missing_and_how_much_would_do():
    rows = [(f"r{i}", "Lead", float(i)) for i in range(12)] + [(f"r{i}", "lost", i + 1.0) for i in range(12)]
    change = ProcessChange(name="Script", date=EPOCH + timedelta(days=7), stage="Lead")
    result = compare_before_after(history_of(rows), as_of=EPOCH + timedelta(days=20), change=change)
    assert result.summary() == (
        "'Script' (1970-01-08): not enough data to tell: weeks before the change 1 (8 needed), ended stays before the "
        "change 6 (30 needed), ended stays before the change that went on 0 (5 needed), weeks after the change 2 "
        "(4 needed), ended stays after the change 6 (30 needed), ended stays after the change that went on 0 "
        "(5 needed). Ended stays in Lead: 6 before, 6 after."
    )
    assert "数据不足，无法判断：变更前的周数 1（需要 8）、变更前结束的停留 6（需要 30）" in result.summary("zh")
    assert result.effect["estimate"].isna().all()
    assert result.checks.empty
    assert not result.clear
    assert result.weekly[["fitted", "without_change"]].isna().all(axis=None)


@pytest.mark.parametrize("measure", ["conversion", "dwell"])
@pytest.mark.parametrize(
    "rows",
    [
        [("a", "Lead", 0.0)],
        [("a", "Proposal", 0.0)],
        [(f"r{i}", s, i / 2 + d) for i in range(200) for s, d in (("Lead", 0.0), ("won", 1.0))],
        [(f"r{i}", s, i / 2 + d) for i in range(200) for s, d in (("Lead", 0.0), ("lost", 0.0))],
    ],
    ids=["one open", "a stage nobody entered", "zero losses", "zero wins and stays of no length"],
)
def test_edges_have_words(rows, measure):
    change = ProcessChange(name="x", date=EPOCH + timedelta(days=60), stage="Lead", measure=measure)
    result = compare_before_after(history_of(rows), as_of=EPOCH + timedelta(days=110), change=change)
    for language in ("en", "zh"):
        assert result.summary(language)
    if measure == "conversion" or len(rows) < 10:
        assert "not enough data to tell" in result.summary()
    else:
        assert abs(np.log(result.ratio[0])) < 0.3
    result.to_frame()


def test_a_stay_counts_in_the_week_and_the_ages_that_it_spans():
    rows = [("a", "Lead", 0.0), ("a", "Proposal", 10.0), ("b", "Lead", 5.0)]
    history = history_of(rows)
    episodes = stage_episodes(history, as_of=EPOCH + timedelta(days=16))
    cells = count_cells(
        episodes, stage="Lead", change_date=EPOCH + timedelta(days=14), measure="dwell", time_zone="UTC"
    )
    by_week = cells.table.groupby("week")[["hits", "base"]].sum()
    # Both from day 5 on; the oldest age that is compared is 10 days, so b's last day of 12 is left out.
    assert by_week["hits"].to_dict() == {-1: 1.0, 0: 0.0}
    np.testing.assert_allclose(by_week.loc[[-1, 0], "base"], [3.0 + 7.0, 1.0], rtol=0, atol=1e-9)


def test_a_source_of_days_keeps_its_weeks_across_a_change_of_clocks():
    rows = pd.DataFrame({"record_id": ["a", "a"], "stage": ["Lead", "Proposal"]})
    local = pd.DatetimeIndex(["2024-03-25", "2024-04-01"]).tz_localize("Europe/Berlin").as_unit("us").asi8
    log = rows.assign(funnel="f", entered_at=local, recorded_at=local)
    history = History(
        tables={"stage_changes": log},
        funnels=history_of([("a", "Lead", 0)]).funnels,
        time_zone="Europe/Berlin",
        grain="day",
    )
    episodes = stage_episodes(history, as_of=date(2024, 4, 30))
    settings_ = {"stage": "Lead", "measure": "conversion", "time_zone": "Europe/Berlin"}
    for first_day, week in ((date(2024, 4, 1), 0), (date(2024, 4, 2), -1)):
        assert count_cells(episodes, change_date=first_day, **settings_).ended["week"].tolist() == [week]


@given(
    rows=log_rows(most=40),
    later=st.lists(st.tuples(st.sampled_from(["r0", "n"]), st.sampled_from(["Lead", "lost"]), st.integers(0, 20))),
    measure=st.sampled_from(["conversion", "dwell"]),
)
@settings(max_examples=20, deadline=None)
def test_what_is_recorded_later_changes_nothing(rows, later, measure):
    as_of = EPOCH + timedelta(days=18)
    change = ProcessChange(name="x", date=EPOCH + timedelta(days=8), stage="Lead", measure=measure)
    rows = [("r0", "Lead", 0.0, 0.0), *rows]
    before = compare_before_after(history_of(rows), as_of=as_of, change=change)
    added = [(record, stage, float(day), 19.0 + day) for record, stage, day in later]
    after = compare_before_after(history_of([*rows, *added]), as_of=as_of, change=change)
    pd.testing.assert_frame_equal(before.weekly, after.weekly)
    assert before.summary() == after.summary()


def test_what_is_recorded_later_moves_no_effect():
    history = one_stage_history(2, 0.5)
    as_of = END - timedelta(weeks=15)
    known = history.tables["stage_changes"]
    cut = history.cut(as_of)
    short = history.with_tables(stage_changes=known[known["recorded_at"] < cut])
    results: list[BeforeAfter] = [compare_before_after(h, as_of=as_of, change=COACHING) for h in (history, short)]
    pd.testing.assert_frame_equal(results[0].to_frame(), results[1].to_frame())
    assert not results[0].missing


def test_errors_say_what_to_do():
    history = one_stage_history(1, 0.0, weeks=20)
    with pytest.raises(FunnelError, match="has no stage '商机x'"):
        compare_before_after(history, as_of=END, change=replace(COACHING, stage="商机x"))
    with pytest.raises(AsOfError, match=r"'辅导' of 1970-07-30 is later than 1970-03-01; choose a later"):
        compare_before_after(history, as_of=date(1970, 3, 1), change=COACHING)
    with pytest.raises(InputError, match=r"no record has owner 'Boo' \(did you mean 'Bo'\?\); 2 are known: Bo, 王芳"):
        compare_before_after(history, as_of=END, change=replace(COACHING, treated=("Boo",)))
    with pytest.raises(InputError, match="level is 80; it must lie between 0 and 1"):
        compare_before_after(history, as_of=END, change=COACHING, level=80)
    with pytest.raises(InputError, match=r"no field 'ownr' \(did you mean 'owner'\?\)"):
        replace(COACHING, treated_by="ownr")
    with pytest.raises(InputError, match="give both treated_by and treated, or neither"):
        replace(COACHING, treated=())
    with pytest.raises(InputError, match="measure 'speed' is neither"):
        replace(COACHING, measure="speed")


def test_an_empty_log_is_told_as_too_little():
    empty = history_of([("a", "Lead", 0)]).with_tables(stage_changes=empty_table("stage_changes"))
    change = ProcessChange(name="x", date=date(1970, 2, 1), stage="Lead")
    result = compare_before_after(empty, as_of=date(1970, 3, 1), change=change)
    assert "Ended stays in Lead: 0 before, 0 after." in result.summary()
