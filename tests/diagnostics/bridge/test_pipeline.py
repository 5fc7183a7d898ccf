"""The pipeline bridge: it adds up to the cent, and each record is where the written rule puts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.bridge.pipeline import PipelineBridge, build_bridge
from funnelml.errors import AsOfError, InputError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY, empty_table
from funnelml.synthetic import SyntheticWorld, simulate_crm
from tests.logs import DAYS, EPOCH, STAGES, history_of, log_rows

Change = tuple[str, str, float, float, str]


def day(n: int) -> date:
    return EPOCH + timedelta(days=n)


def field_log(rows: Sequence[Change]) -> pd.DataFrame:
    """Rows of (record, field, day changed, day recorded, new value)."""
    table = pd.DataFrame(rows, columns=["record_id", "field", "changed_at", "recorded_at", "new"])
    times = {c: (table[c].astype("float64") * DAY).astype("int64") for c in ("changed_at", "recorded_at")}
    return table.assign(funnel="f", old=None, **times)


def history_with(rows, changes: Sequence[Change] = ()) -> History:
    return history_of(rows).with_tables(field_changes=field_log(changes))


def amounts(bridge: PipelineBridge) -> dict[str, float]:
    frame = bridge.to_frame()
    return {s: a for s, a in zip(frame["step"], frame["amount"], strict=True) if a or s in ("start", "end")}


RECORDS = st.sampled_from([f"r{i}" for i in range(6)])
AMOUNT_CHANGE = st.tuples(
    RECORDS, st.just("amount"), DAYS, st.sampled_from([0, 0, 2, 7]), st.floats(-50, 1e6).map(lambda x: f"{x:.3f}")
)
DATE_CHANGE = st.tuples(
    RECORDS,
    st.just("expected_close_date"),
    DAYS,
    st.sampled_from([0, 0, 4]),
    st.integers(0, 40).map(lambda n: str(day(n))),
)
CHANGES = st.lists(st.one_of(AMOUNT_CHANGE, DATE_CHANGE), max_size=20).map(
    lambda rows: [(r, f, float(at), float(at + lag), new) for r, f, at, lag, new in rows]
)


def cents_of(amount: pd.Series) -> int:
    return int(np.rint(amount.fillna(0.0).to_numpy() * 100).astype(int).sum())


@given(rows=log_rows(), changes=CHANGES, days=st.tuples(DAYS, DAYS).map(sorted), due=st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_it_adds_up_to_the_cent_between_any_two_days(rows, changes, days, due):
    since, as_of = days
    history = history_with([("r0", "Lead", 0.0, 0.0), *rows], changes)
    whole = build_bridge(history, since=day(since), as_of=day(as_of), period_end=day(due))
    ends = [take_snapshot(history, as_of=day(n)) for n in days]
    for bridge in (whole, whole.expected):
        for column in ("cents", "net_records"):
            figures = bridge.steps[column].tolist()
            assert sum(figures[:-1]) == figures[-1]
            assert (
                bridge.records.groupby("step")[column].sum().reindex(bridge.steps["step"], fill_value=0).tolist()
                == figures
            )
        for row, snapshot in zip((0, -1), ends, strict=True):
            still = snapshot.open
            if bridge.period_end is not None:
                still = still[still["expected_close_date"] < history.cut(day(due))]
            assert bridge.steps["cents"].iloc[row] == cents_of(still["amount"])
            assert bridge.steps["net_records"].iloc[row] == len(still)
        per_record = bridge.records.assign(
            signed=np.where(bridge.records["step"] == "end", -bridge.records["cents"], bridge.records["cents"])
        )
        assert (per_record.groupby("record_id")["signed"].sum() == 0).all()
    booked = ends[1].won_between(history.cut(day(since)), history.cut(day(as_of)))
    assert sorted(whole.records.query("step == 'won'")["record_id"]) == sorted(booked["record_id"])
    assert whole.bookings == cents_of(booked["amount"]) / 100


@given(
    rows=log_rows(),
    changes=CHANGES,
    later=st.lists(st.tuples(st.sampled_from(["r0", "r1", "n"]), st.sampled_from(STAGES), DAYS, st.integers(1, 9))),
    days=st.tuples(DAYS, DAYS).map(sorted),
)
@settings(max_examples=20, deadline=None)
def test_what_is_recorded_later_changes_nothing(rows, changes, later, days):
    since, as_of = days
    rows = [("r0", "Lead", 0.0, 0.0), *rows]
    before = build_bridge(history_with(rows, changes), since=day(since), as_of=day(as_of), period_end=day(25))
    added = [(record, stage, float(at), float(as_of + lag)) for record, stage, at, lag in later]
    fields = [(record, "amount", float(at), float(as_of + lag), "7") for record, _, at, lag in later]
    history = history_with([*rows, *added], [*changes, *fields])
    after = build_bridge(history, since=day(since), as_of=day(as_of), period_end=day(25))
    for one, other in ((before, after), (before.expected, after.expected)):
        pd.testing.assert_frame_equal(one.records, other.records)
        pd.testing.assert_frame_equal(one.moved, other.moved)
        assert one.summary() == other.summary()


ROWS = [
    ("stays", "Lead", 0),
    ("up", "Lead", 0),
    ("up", "Proposal", 12),
    ("down", "Proposal", 0),
    ("down", "Lead", 12),
    ("won", "Lead", 0),
    ("won", "won", 15),
    ("lost", "Lead", 0),
    ("lost", "lost", 15),
    ("again", "Lead", 0),
    ("again", "lost", 5),
    ("again", "Lead", 14),
    ("new", "Lead", 13),
    ("quick", "Lead", 13),
    ("quick", "won", 14),
    ("late", "Lead", 4, 11),
    ("gone", "Lead", 0),
    ("gone", "lost", 8, 12),
    ("old", "Lead", 0),
    ("old", "won", 3),
]
AMOUNTS = [
    *((r, "amount", 0.0, 0.0, v) for r, v in (("stays", "100"), ("up", "200"), ("down", "300"), ("won", "400"))),
    *((r, "amount", 0.0, 0.0, v) for r, v in (("lost", "500"), ("again", "600"), ("gone", "700"), ("old", "9000"))),
    *((r, "amount", 13.0, 13.0, v) for r, v in (("new", "10.006"), ("quick", "20"))),
    ("late", "amount", 4.0, 11.0, "30"),
    ("up", "amount", 12.0, 12.0, "250.10"),
    ("down", "amount", 12.0, 12.0, "299.90"),
    ("won", "amount", 15.0, 15.0, "360"),
]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_each_record_is_where_the_rule_puts_it(engine):
    history = history_with(ROWS, AMOUNTS)
    history = on_duckdb(history) if engine == "duckdb" else history
    bridge = build_bridge(history, since=day(10), as_of=day(20), currency="EUR")
    assert amounts(bridge) == {
        "start": 2200.0,
        "corrected": 30.0 - 700.0,
        "new": 30.01,
        "reopened": 600.0,
        "amount_up": 50.1,
        "amount_down": -40.1,
        "won": -380.0,
        "lost": -500.0,
        "end": 1290.01,
    }
    assert bridge.bookings == 380.0
    assert bridge.movements.to_dict("list") == {
        "movement": ["advanced", "fell_back", "pulled_in", "pushed_out"],
        "records": [1, 1, 0, 0],
        "amount": [250.1, 299.9, 0.0, 0.0],
    }
    assert bridge.records.query("step == 'corrected'")["record_id"].tolist() == ["gone", "late"]
    assert bridge.to_frame()["net_records"].tolist() == [6, 0, 2, 1, 0, 0, -2, -1, 6]
    minus = "\N{MINUS SIGN}"
    assert bridge.summary() == (
        f"Open pipeline went from 2.2k EUR on 1970-01-11 to 1.29k EUR on 1970-01-21: {minus}670 corrected, +30 new, "
        f"+600 re-opened, +50.1 amount up, {minus}40.1 amount down, {minus}380 won, {minus}500 lost. Of the records "
        "open on both days 1 advanced and 1 fell back; 0 expected close dates were pushed out and 0 pulled in."
    )
    assert "在途商机从 1970-01-11 的 2200 EUR 变为 1970-01-21 的 1290 EUR：事后更正 −670、新增 +30" in bridge.summary(
        "zh"
    )


def test_dates_that_move_are_steps_of_what_is_expected():
    rows = [(r, "Lead", 0) for r in ("in", "out", "kept", "undated", "never", "won")] + [("won", "won", 15)]
    changes = [(r, "amount", 0.0, 0.0, "100") for r in ("in", "out", "kept", "undated", "never", "won")]
    due = {"in": 60, "out": 20, "kept": 20, "never": 60, "won": 60}
    changes += [(r, "expected_close_date", 0.0, 0.0, str(day(n))) for r, n in due.items()]
    changes += [("in", "expected_close_date", 12.0, 12.0, str(day(30))), ("in", "amount", 12.0, 12.0, "110")]
    changes += [("out", "expected_close_date", 12.0, 12.0, str(day(31))), ("out", "amount", 12.0, 12.0, "90")]
    changes += [("won", "expected_close_date", 15.0, 15.0, str(day(15)))]
    bridge = build_bridge(history_with(rows, changes), since=day(10), as_of=day(20), period_end=day(30))
    assert amounts(bridge.expected) == {
        "start": 200.0,
        "amount_down": -10.0,
        "pulled_in": 110.0 + 100.0,
        "pushed_out": -90.0,
        "won": -100.0,
        "end": 210.0,
    }
    assert bridge.movements["records"].tolist() == [0, 0, 1, 1]
    assert bridge.summary().endswith(
        "Open pipeline expected to close by 1970-01-31 went from 200 on 1970-01-11 to 210 on 1970-01-21: "
        "\N{MINUS SIGN}10 amount down, +210 pulled in, \N{MINUS SIGN}90 pushed out, \N{MINUS SIGN}100 won."
    )
    assert "预计不晚于 1970-01-31 成交的在途商机" in bridge.summary("zh")


def test_without_any_amount_it_is_told_in_records():
    history = history_of([("a", "Lead", 0), ("b", "Lead", 12), ("a", "lost", 13)])
    bridge = build_bridge(history, since=day(10), as_of=day(20), currency="EUR")
    assert not bridge.priced
    assert bridge.without_amount == 2
    assert bridge.summary() == (
        "Open pipeline went from 1 record on 1970-01-11 to 1 record on 1970-01-21: +1 new, \N{MINUS SIGN}1 lost. "
        "Records without an amount, which count as 0: 2."
    )
    assert "没有金额的记录有 2 条，按 0 计" in bridge.summary("zh")


def test_a_first_amount_is_an_amount_up():
    history = history_with([("a", "Lead", 0)], [("a", "amount", 12.0, 12.0, "5")])
    bridge = build_bridge(history, since=day(10), as_of=day(20))
    assert amounts(bridge) == {"start": 0.0, "amount_up": 5.0, "end": 5.0}
    assert bridge.without_amount == 1


def test_a_bridge_may_begin_before_anything_was_known_and_may_be_still():
    history = history_with([("a", "Lead", 5)], [("a", "amount", 5.0, 5.0, "8")])
    assert amounts(build_bridge(history, since=day(1), as_of=day(9))) == {"start": 0.0, "new": 8.0, "end": 8.0}
    still = build_bridge(history, since=day(9), as_of=day(9))
    assert amounts(still) == {"start": 8.0, "end": 8.0}
    assert "nothing changed" in still.summary()
    assert "没有变化" in still.summary("zh")


def test_a_funnel_of_one_stage_with_chinese_names():
    funnel = Funnel(name="f", stages=("商机",))
    history = history_of([("a", "商机", 0), ("b", "商机", 0), ("b", "won", 12)], [("b", 0, 50.0)], funnels=(funnel,))
    bridge = build_bridge(history, since=day(10), as_of=day(20), currency="元")
    assert amounts(bridge) == {"start": 50.0, "won": -50.0, "end": 0.0}
    assert "赢单 −50" in bridge.summary("zh")


def test_all_records_closed_and_nothing_open():
    history = history_of([("a", "Lead", 0), ("a", "lost", 1)], [("a", 0, 50.0)])
    bridge = build_bridge(history, since=day(10), as_of=day(20), period_end=day(25))
    assert amounts(bridge) == amounts(bridge.expected) == {"start": 0.0, "end": 0.0}
    assert len(bridge.records) == len(bridge.moved) == 0
    assert bridge.summary().startswith("Open pipeline went from 0 records on")


def test_days_in_the_wrong_order_and_an_empty_log_are_refused():
    with pytest.raises(AsOfError, match=r"from 1970-01-10 to 1970-01-06, which is earlier; swap"):
        build_bridge(history_of([("a", "Lead", 0)]), since=day(9), as_of=day(5))
    empty = history_of([("a", "Lead", 0)]).with_tables(stage_changes=empty_table("stage_changes"))
    with pytest.raises(AsOfError, match="the log is empty"):
        build_bridge(empty, since=day(1), as_of=day(5))


def test_amounts_beyond_the_cent_are_refused_by_id():
    history = history_of([("a", "Lead", 0), ("b", "Lead", 0)], [("a", 0, 1.0), ("b", 0, 1e17)])
    with pytest.raises(
        InputError, match=r"add up to 1e\+17, too much to count to the cent; check the largest \(b, a\)"
    ):
        build_bridge(history, since=day(1), as_of=day(5))


def test_the_bookings_of_a_synthetic_crm_are_those_of_its_snapshot():
    crm = simulate_crm(SyntheticWorld(days=240, future_days=30), seed=1)
    since = crm.as_of - timedelta(days=60)
    bridge = build_bridge(crm.history, since=since, as_of=crm.as_of)
    snapshot = take_snapshot(crm.history, as_of=crm.as_of)
    booked = snapshot.won_between(crm.history.cut(since), crm.history.cut(crm.as_of))
    assert len(booked) > 50
    assert bridge.bookings == booked["amount"].sum()
    # Late entries are the only corrections that this world makes: nothing opens late, closings do.
    corrected = bridge.records.query("step == 'corrected'")
    assert len(corrected)
    assert (corrected["stage_known_then"] != corrected["stage_start"]).all()
