"""Stage integrity: every finding by hand, owners who stand out, what cannot be judged, and no look-ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.integrity.check import EntryCriterion, IntegrityRules, check_integrity
from funnelml.errors import FunnelError, InputError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY, empty_table
from funnelml.synthetic.crm import simulate_crm
from funnelml.synthetic.parameters import BulkMove, CloseDates
from funnelml.synthetic.world import SyntheticWorld, plain_world
from tests.logs import EPOCH, FUNNEL, history_of, log_rows, stage_log

MINUTE = 1 / 1440
FINDINGS = {
    "bulk_move", "rushed", "late_entry", "skipped", "moved_back", "reopened", "stale", "overstayed",
    "past_close_date", "pushed",
}  # fmt: skip


def day(n: int) -> date:
    return EPOCH + timedelta(days=n)


def opportunities(**columns) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    base = {"funnel": "f", "created_at": [0] * n, "recorded_at": [0] * n}
    return pd.DataFrame(base | columns)


def field_changes(rows) -> pd.DataFrame:
    """Rows of (record, field, day, old, new[, day recorded])."""
    full = [(*r[:5], r[5] if len(r) > 5 else r[2]) for r in rows]
    table = pd.DataFrame(full, columns=["record_id", "field", "changed_at", "old", "new", "recorded_at"])
    at = {c: (table[c].astype(float) * DAY).round().astype("int64") for c in ("changed_at", "recorded_at")}
    return table.assign(funnel="f", **at)


def activities(rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["record_id", "kind", "day"])
    at = (table.pop("day").astype(float) * DAY).round().astype("int64")
    return table.assign(occurred_at=at, recorded_at=at)


def row(result, finding: str) -> dict:
    return result.totals.set_index("finding").loc[finding].to_dict()


def who(result, finding: str) -> list[str]:
    return result.flagged.query("finding == @finding")["record_id"].tolist()


ROWS = [
    ("a", "Lead", 0.5), ("a", "Proposal", 1.5), ("a", "Closing", 1.5 + 9 * MINUTE), ("a", "won", 9.5),
    ("b", "Lead", 0.5), ("b", "Proposal", 0.5 + MINUTE), ("b", "Closing", 0.5 + 20 * MINUTE),
    ("c", "Lead", 0.5), ("c", "Closing", 3.5), ("c", "Lead", 5.5), ("c", "lost", 6.5), ("c", "Lead", 7.5),
    ("d", "Lead", 0.5), ("d", "Proposal", 2.5, 9.6),
    ("e", "Lead", 0.5), ("e", "Proposal", 2.5, 9.4),
]  # fmt: skip


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_moves_betray_haste_lateness_skips_moves_back_and_reopenings(engine):
    result = check_integrity(history_of(ROWS, engine=engine), as_of=day(20))
    assert who(result, "rushed") == ["a"]
    assert who(result, "late_entry") == ["d"]
    assert who(result, "skipped") == ["c"]
    assert who(result, "moved_back") == ["c"]
    assert who(result, "reopened") == ["c"]
    assert (result.records, result.moves) == (5, 11)
    late = row(result, "late_entry")
    assert (late["count"], late["of"], late["times"], late["first_ids"]) == (1, 5, 1, "d")
    assert late["first_at"] == late["last_at"] == 2.5 * DAY
    assert late["low"] < late["share"] == 0.2 < late["high"]


def test_thresholds_are_the_rules():
    rules = IntegrityRules(within_minutes=8, late_days=6.8)
    result = check_integrity(history_of(ROWS), as_of=day(20), rules=rules)
    assert who(result, "rushed") == []
    assert who(result, "late_entry") == ["d", "e"]
    assert result.name("late_entry") == "move recorded over 6.8 days late"


def test_open_records_that_nobody_touched_or_that_were_promised_for_a_day_that_is_over():
    rows = [(r, "Lead", 0.0) for r in "abcdefg"] + [("g", "won", 1.0)]
    history = history_of(rows).with_tables(
        opportunities=opportunities(
            opportunity_id=list("abcdefg"),
            owner=["Ann"] * 7,
            expected_close_date=pd.array([38 * DAY, 39 * DAY, 40 * DAY, None, None, None, DAY], dtype="Int64"),
        ),
        field_changes=field_changes(
            [("e", "amount", 20, None, "5"), ("f", "expected_close_date", 5, None, "1970-02-02")]
        ),
        activities=activities([("d", "call", 15), ("g", "call", 1)]),
    )
    result = check_integrity(history, as_of=day(39))
    assert who(result, "stale") == ["a", "b", "c", "f"]
    assert row(result, "stale")["of"] == 6
    assert who(result, "past_close_date") == ["f", "a"]
    assert row(result, "past_close_date")["of"] == 4
    assert result.why_not("overstayed").endswith("20 ended stays that would be enough")


def test_a_record_overstays_once_it_is_longer_there_than_nine_in_ten_were():
    rows = [(f"r{k}", "Lead", 0) for k in range(20)] + [(f"r{k}", "Proposal", k + 1) for k in range(20)]
    rows += [("short", "Lead", 22), ("long", "Lead", 18)]
    result = check_integrity(history_of(rows), as_of=day(37))
    assert who(result, "overstayed") == ["long"]
    assert row(result, "overstayed")["of"] == 2


def test_pushes_are_counted_whoever_made_them_and_dates_moved_closer_are_none():
    changes = [
        ("a", "expected_close_date", 1, "1970-02-01", "1970-03-01"),
        ("a", "expected_close_date", 2, "1970-03-01", "1970-02-15"),
        ("a", "expected_close_date", 3, None, "1970-04-01"),
        ("a", "owner", 4, "Ann", "Bo"),
        ("a", "expected_close_date", 5, "1970-04-01", "1970-05-01"),
        ("b", "expected_close_date", 1, "1970-02-01", "soon"),
    ]
    history = history_of([("a", "Lead", 0), ("b", "Lead", 0), ("c", "Lead", 0)]).with_tables(
        field_changes=field_changes(changes),
        opportunities=opportunities(opportunity_id=list("abc"), owner=["Ann", "Ann", None]),
    )
    result = check_integrity(history, as_of=day(9))
    pushed = result.owners.query("finding == 'pushed'")
    assert pushed[["owner", "count", "of"]].to_numpy().tolist() == [["Bo", 1, 1]]
    assert row(result, "pushed")["first_at"] == 5 * DAY
    table = result.pushes.set_index("owner")
    assert table.loc["Bo", ["records", "pushes", "pushed_3"]].tolist() == [1, 3, 1]
    assert table.loc["Ann", ["records", "pushes", "pushed_0"]].tolist() == [1, 0, 1]


def test_a_stage_needs_its_field_and_its_activity_at_the_moment_of_entry():
    rows = [(r, "Lead", 0.0) for r in "abcde"] + [(r, "Proposal", 5.0) for r in "abcd"] + [("e", "Closing", 5.0)]
    history = history_of([*rows, ("late", "Proposal", 5.0, 8.0)]).with_tables(
        field_changes=field_changes(
            [
                ("a", "amount", 4, None, "10"),
                ("b", "amount", 6, None, "10"),
                ("c", "amount", 2, None, "10"),
                ("c", "amount", 3, "10", None),
                ("late", "amount", 7, None, "10"),
            ]
        ),
        opportunities=opportunities(opportunity_id=["a", "b", "d", "late"], amount=[9.0, 9.0, np.nan, 9.0]),
        activities=activities([("a", "demo", 6), ("b", "demo", 5), ("c", "演示", 1), ("d", "demo", 1)]),
    )
    criteria = [EntryCriterion(stage="Proposal", field="amount"), EntryCriterion(stage="Proposal", activity="demo")]
    result = check_integrity(history, as_of=day(20), criteria=criteria)
    assert who(result, "entry:Proposal:amount") == ["b", "c", "d"]
    assert who(result, "entry:Proposal:demo") == ["a", "c", "late"]
    assert row(result, "entry:Proposal:demo")["of"] == 5
    assert result.name("entry:Proposal:demo", "zh") == "进入Proposal时缺少demo"


def test_a_criterion_that_cannot_be_judged_says_why_and_what_was_meant():
    history = history_of([("a", "Lead", 0), ("a", "Proposal", 5)]).with_tables(
        activities=activities([("a", "demo", 6)]), opportunities=opportunities(opportunity_id=["a"], amount=[1.0])
    )
    criteria = [
        EntryCriterion(stage="Proposal", field="amuont"),
        EntryCriterion(stage="Proposal", activity="dmeo"),
        EntryCriterion(stage="Closing", field="amount"),
    ]
    result = check_integrity(history, as_of=day(9), criteria=criteria)
    assert result.why_not("entry:Proposal:amuont") == "no field 'amuont' in the data (did you mean 'amount'?)"
    assert result.why_not("entry:Proposal:dmeo") == "no activity of kind 'dmeo' in the data (did you mean 'demo'?)"
    assert result.why_not("entry:Closing:amount", "zh") == "还没有记录进入过该阶段"
    assert "into Proposal without dmeo (no activity of kind 'dmeo'" in result.summary()
    with pytest.raises(FunnelError, match=r"unknown stage 'Propsal' \(did you mean 'Proposal'\?\)"):
        check_integrity(history, as_of=day(9), criteria=[EntryCriterion(stage="Propsal", field="amount")])
    with pytest.raises(InputError, match="give a field or an activity, one of the two"):
        EntryCriterion(stage="Proposal")


def test_what_the_log_cannot_show_is_said():
    assumed = frozenset({"stage_changes"})
    history = history_of([("a", "Lead", 0), ("a", "Proposal", 5)], assumed=assumed, grain="day")
    result = check_integrity(history, as_of=day(9))
    notes = result.to_frame().set_index("finding")["note"]
    assert notes["late_entry"].startswith("the data do not say when a move was entered")
    assert notes["rushed"] == "the log knows days, not times"
    assert row(result, "rushed")["of"] == 0
    assert "move recorded over 7 days late (the data do not say" in result.summary()
    assert "日志只有日期" in result.summary("zh")


def team_log(back: dict[str, int], of: int) -> History:
    """For each owner ``of`` records, so many of which moved back."""
    rows, owners = [], {}
    for owner, moved_back in back.items():
        for k in range(of if owner != "Newcomer" else 1):
            record = f"{owner}{k:03d}"
            owners[record] = owner
            rows += [(record, "Lead", 0.1 + k), (record, "Proposal", 1.2 + k)]
            rows += [(record, "Lead", 2.3 + k)] if k < moved_back else []
    table = opportunities(opportunity_id=list(owners), owner=list(owners.values()))
    return history_of(rows).with_tables(opportunities=table)


def test_only_an_owner_beyond_chance_stands_out_and_one_record_shames_nobody():
    result = check_integrity(team_log({"Ann": 4, "Bo": 6, "王芳": 30, "Newcomer": 1}, 60), as_of=day(99))
    owners = result.owners.query("finding == 'moved_back'").set_index("owner")
    assert owners["stands_out"].to_dict() == {"Ann": False, "Bo": False, "王芳": True, "Newcomer": False}
    assert owners.loc["Newcomer", "share"] == 1.0
    assert owners.loc["Newcomer", "low"] < 0.45
    assert owners.loc["王芳", "rest_share"] == pytest.approx(11 / 121)
    assert result.to_frame().set_index("finding").loc["moved_back", "stands_out"] == "王芳"
    assert "王芳 (moved back: 50\xa0%, others 9\xa0%)" in result.summary()


def test_fisher_is_that_of_scipy_and_holm_that_of_statsmodels():
    from scipy.stats import fisher_exact

    result = check_integrity(team_log({"Ann": 4, "Bo": 14}, 60), as_of=day(99))
    owners = result.owners.dropna(subset="p_value").sort_values("p_value")
    raw = fisher_exact([[14, 46], [4, 56]], alternative="greater").pvalue
    assert owners.iloc[0][["finding", "owner"]].tolist() == ["moved_back", "Bo"]
    assert owners["p_value"].iloc[0] == pytest.approx(raw * len(owners))


def test_a_move_counts_for_who_owned_the_record_then():
    history = history_of([("a", "Lead", 0.1), ("a", "Proposal", 2.1), ("a", "Lead", 8.1)]).with_tables(
        field_changes=field_changes([("a", "owner", 5, "Ann", "Bo"), ("a", "owner", 7, "Bo", "Cy", 12)]),
        opportunities=opportunities(opportunity_id=["a"], owner=["Cy"]),
    )
    result = check_integrity(history, as_of=day(20))
    back = result.owners.query("finding == 'moved_back'").set_index("owner")
    assert back["count"].to_dict() == {"Ann": 0, "Bo": 1}
    assert result.owners.query("finding == 'stale'")["owner"].tolist() == ["Cy"]


def test_the_planted_bulk_move_is_found_and_its_owners_are_not_called_out():
    move = BulkMove(stage="Negotiation", day=date(2024, 9, 27), to="lost", older_than_days=60)
    crm = simulate_crm(SyntheticWorld(days=400, future_days=30, bulk_moves=(move,)), seed=5)
    result = check_integrity(crm.history, as_of=crm.as_of)
    found = result.bulk_moves
    assert found["day"].dt.date.tolist() == [move.day]
    assert found[["from_stage", "to_stage", "at_quarter_end"]].to_numpy().tolist() == [["Negotiation", "lost", True]]
    assert row(result, "bulk_move")["count"] == found["records"].item()
    assert not result.owners.query("finding == 'bulk_move'")["stands_out"].any()
    daily = result.daily.set_index("day")
    assert daily["moves"].sum() == result.moves
    assert daily.loc["2024-09-27", "in_bulk"] == found["records"].item()
    assert "On 2024-09-27" in result.summary()
    assert "从Negotiation移到输单" in result.summary("zh")


def test_the_pull_of_the_quarter_end_is_recovered_on_wins():
    crm = simulate_crm(SyntheticWorld(future_days=30), seed=3)
    ends = check_integrity(crm.history, as_of=crm.as_of, level=0.99).quarter_ends.set_index("moves")
    won = ends.loc["won"]
    assert won["low"] < 1.5 < won["high"]
    assert won["low"] > 1
    assert won["share"] > won["expected_share"]


def test_careless_dates_show_in_the_pushes():
    world = SyntheticWorld(days=365, future_days=30)
    shares = []
    for chance in (0.02, 0.5):
        crm = simulate_crm(replace(world, close_dates=CloseDates(push_chance=chance)), seed=3)
        result = check_integrity(crm.history, as_of=crm.as_of)
        shares.append((row(result, "past_close_date")["share"], row(result, "pushed")["share"]))
    assert shares[0][0] > shares[1][0]
    assert shares[0][1] < shares[1][1]


@given(log_rows(), log_rows(), st.integers(5, 25))
@settings(max_examples=15, deadline=None)
def test_rows_recorded_later_change_nothing(rows, later, as_of):
    after = [(r, s, t, max(rec, as_of + 1.0)) for r, s, t, rec in later]
    fields = [("r0", "expected_close_date", 1, None, "1970-01-05"), ("r1", "owner", 2, "Ann", "Bo")]
    late_fields = [
        ("r0", "owner", 0, "Ann", "Cy", as_of + 1),
        ("r1", "expected_close_date", 0, None, "1970-01-01", as_of + 2),
    ]
    history = history_of(rows).with_tables(
        field_changes=field_changes(fields), activities=activities([("r0", "demo", 3)])
    )
    more = history.with_tables(
        stage_changes=pd.concat([stage_log(rows), stage_log(after)], ignore_index=True),
        field_changes=field_changes(fields + late_fields),
        activities=activities([("r0", "demo", 3), ("r1", "demo", as_of + 1)]),
    )
    criteria = [EntryCriterion(stage="Closing", activity="demo")]
    one, other = (check_integrity(h, as_of=day(as_of), criteria=criteria) for h in (history, more))
    for frame in ("totals", "owners", "flagged", "bulk_moves", "quarter_ends", "pushes", "daily"):
        pd.testing.assert_frame_equal(getattr(one, frame), getattr(other, frame))
    assert one.summary() == other.summary()


@given(log_rows())
@settings(max_examples=15, deadline=None)
def test_counts_add_up(rows):
    result = check_integrity(history_of(rows), as_of=day(30))
    totals = result.totals.set_index("finding")
    assert set(totals.index) == FINDINGS
    assert (totals["count"] <= totals["of"]).all() and (totals["count"] <= totals["times"]).all()
    judged = totals[totals["of"] > 0]
    assert (judged["low"] <= judged["share"]).all() and (judged["share"] <= judged["high"]).all()
    assert set(totals.index[totals["of"] == 0]) == set(result.not_judged)
    assert result.flagged.groupby("finding").size().to_dict() == totals.loc[totals["count"] > 0, "count"].to_dict()
    assert result.summary() and result.summary("zh")


EDGES = {
    "empty table": history_of([]).with_tables(stage_changes=empty_table("stage_changes")),
    "one stage": History(
        tables={"stage_changes": stage_log([("a", "新线索", 0), ("a", "won", 3), ("b", "新线索", 1)])},
        funnels=(Funnel(name="f", stages=("新线索",)),),
    ),
    "nobody closed": history_of([("a", "Lead", 0), ("b", "Lead", 1)]),
    "no wins": history_of([("a", "Lead", 0), ("a", "lost", 1)]),
    "no losses": history_of([("a", "Lead", 0), ("a", "won", 1)]),
    "no owners, no amounts": history_of([("a", "Lead", 0), ("a", "Proposal", 1)]).with_tables(
        opportunities=opportunities(opportunity_id=["a"], amount=[np.nan], owner=[None]),
        field_changes=empty_table("field_changes"),
        activities=empty_table("activities"),
    ),
}


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("grain", ["instant", "day"])
def test_little_or_nothing_is_said_in_words(name, grain):
    history = replace(EDGES[name], grain=grain)
    criteria = [EntryCriterion(stage="won", field="amount")]
    result = check_integrity(history, as_of=day(40), criteria=criteria)
    assert len(result.to_frame()) == len(result.to_frame("zh")) == len(FINDINGS) + 1
    assert result.summary().endswith(".") and result.summary("zh").endswith("。")
    again = check_integrity(on_duckdb(history), as_of=day(40), criteria=criteria)
    assert again.summary() == result.summary()


def test_an_empty_log_says_so():
    result = check_integrity(EDGES["empty table"], as_of=day(3))
    assert (
        result.summary() == f"Nothing was recorded of funnel '{FUNNEL.name}' by 1970-01-04: there is no move to check."
    )


def test_a_log_that_is_filling_up_does_not_look_like_a_quarter_end():
    crm = simulate_crm(plain_world(future_days=30), seed=1)
    ends = check_integrity(crm.history, as_of=crm.as_of, level=0.95).quarter_ends
    assert ((ends["low"] < 1) & (ends["high"] > 1)).all()
    assert ends["of"].iloc[0] < check_integrity(crm.history, as_of=crm.as_of).moves


def test_a_short_log_has_no_ratio():
    ends = check_integrity(history_of(ROWS), as_of=day(20)).quarter_ends
    assert ends["moves"].tolist() == ["all", "won"]
    assert ends[["ratio", "low", "high"]].isna().all(axis=None)
