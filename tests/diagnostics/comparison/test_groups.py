"""Comparison of groups: counts by hand, no look-ahead, a planted effect found, and nobody ranked on noise."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.comparison.groups import MIX, compare_groups
from funnelml.errors import AsOfError, FunnelError, FunnelmlError, InputError, NotEnoughDataError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.schema import DAY
from funnelml.synthetic.crm import simulate_crm
from funnelml.synthetic.parameters import Team
from funnelml.synthetic.world import SyntheticWorld
from tests.diagnostics.sales import reps, sales_history
from tests.logs import EPOCH, log_rows, stage_log

LATE = EPOCH + timedelta(days=300)


def test_counts_by_hand() -> None:
    rows = [
        ("a", "Ann", 0, "won", 3),
        ("b", "Ann", 0, "won", 30),
        ("c", "Ann", 1, None, 0),
        ("d", "Bo", 2, "lost", 1),
        ("e", "Bo", 295, "won", 1),
    ]
    found = compare_groups(sales_history(rows), as_of=LATE, by="owner", within_days=10).to_frame().set_index("group")
    assert found.loc["Ann", ["records", "hits", "young"]].tolist() == [3, 1, 0]
    assert found.loc["Bo", ["records", "hits", "young"]].tolist() == [1, 0, 1]
    assert found.loc["Ann", "raw"] == pytest.approx(1 / 3)
    assert found["rank"].isna().all() and found.loc["Ann", "missing"] == 27


def test_default_days_hold_95_percent_of_the_wins() -> None:
    rows = [(f"r{k}", "Ann", 0.0, "won", float(k)) for k in range(1, 101)]
    assert compare_groups(sales_history(rows), as_of=LATE, by="owner").within_days == 95


def test_a_record_counts_as_it_stood_at_its_age() -> None:
    """Lost, re-opened and won within the days is won; won, and re-opened only later, is won as well."""
    moves = [("a", "Lead", 0), ("a", "lost", 2), ("a", "Lead", 4), ("a", "won", 8)]
    moves += [("b", "Lead", 0), ("b", "won", 3), ("b", "Lead", 50), ("b", "lost", 60)]
    moves += [("c", "Lead", 0), ("c", "lost", 3), ("c", "Lead", 50), ("c", "won", 60)]
    base = sales_history([(i, "Ann", 0, None, 0) for i in "abc"])
    history = base.with_tables(stage_changes=stage_log(moves))
    members = compare_groups(history, as_of=LATE, by="owner", within_days=10).members
    assert members.set_index("record_id")["value"].to_dict() == {"a": 1.0, "b": 1.0, "c": 0.0}


def test_heirs_do_not_get_the_credit_unless_asked() -> None:
    history = sales_history(
        [("a", "Ann", 0, "won", 9), ("b", "Ann", 0, "lost", 2)], changes=[("a", "owner", 5, "Ann", "Bo")]
    )
    first = compare_groups(history, as_of=LATE, by="owner", within_days=20).to_frame()
    last = compare_groups(history, as_of=LATE, by="owner", within_days=20, attribution="last").to_frame()
    assert first[["group", "hits"]].to_numpy().tolist() == [["Ann", 1.0]]
    assert last.set_index("group")["hits"].to_dict() == {"Ann": 0.0, "Bo": 1.0}


def test_a_planted_rep_is_named_and_the_rest_is_not() -> None:
    history = sales_history(reps({"Ann": (20, 200), "Bo": (60, 200), "Cy": (62, 200), "Di": (58, 200)}))
    found = compare_groups(history, as_of=LATE, by="owner", within_days=10)
    table = found.to_frame().set_index("group")
    assert table["stands_out"].to_dict() == {"Cy": "", "Bo": "", "Di": "", "Ann": "below"}
    assert table.loc["Ann", "rank"] == 4 and table.loc["Ann", "rank_low"] == 4
    assert table.loc["Ann", "raw"] < table.loc["Ann", "estimate"] < table.loc["Bo", "estimate"]
    assert "Below the rest: Ann (11" in found.summary().replace("\xa0", " ")
    assert "低于整体：Ann" in found.summary("zh")


def test_the_luckiest_of_few_is_not_named() -> None:
    rows = reps({"Ann": (2, 3), "Bo": (20, 100), "Cy": (22, 100)})
    found = compare_groups(sales_history(rows), as_of=LATE, by="owner", within_days=10)
    ann = found.to_frame().set_index("group").loc["Ann"]
    assert ann["stands_out"] == "" and np.isnan(ann["rank"]) and ann["missing"] == 27
    assert "Too few records to rank, 30 would be enough: Ann (3)." in found.summary()
    assert "记录太少、不参与排名（需 30 条）：Ann (3)" in found.summary("zh")


def test_a_rep_of_hard_accounts_is_not_named_once_the_mix_is_out() -> None:
    """Ann has 180 of 200 large accounts; all win 10 % of the large and 40 % of the small ones."""
    rows, segment = [], []
    for owner, large in (("Ann", 180), ("Bo", 40), ("Cy", 40)):
        for size, n, share in (("large", large, 0.1), ("small", 200 - large, 0.4)):
            for k in range(n):
                win = int((k + 1) * share) > int(k * share)
                rows.append((f"{owner}{size}{k}", owner, 100 * k / n, "won" if win else "lost", 4.0))
                segment.append(size)
    history = sales_history(rows, fields={"segment": segment})
    plain = compare_groups(history, as_of=LATE, by="owner", within_days=10).to_frame().set_index("group")
    fair = compare_groups(history, as_of=LATE, by="owner", within_days=10, adjust=["segment"])
    table = fair.to_frame().set_index("group")
    assert plain.loc["Ann", "stands_out"] == "below"
    assert (table["stands_out"] == "").all()
    assert table.loc["Ann", "raw"] == pytest.approx(0.13)
    assert table.loc["Ann", "expected"] == pytest.approx(0.13, abs=0.02)
    assert np.ptp(table["adjusted"]) < 0.03
    assert "at the same mix of segment" in fair.summary()


def test_amounts_and_cycles_by_hand() -> None:
    rows = [(f"a{k}", "Ann", 0, "won", 4) for k in range(40)] + [(f"b{k}", "Bo", 0, "won", 16) for k in range(40)]
    amounts = [100.0, 400.0] * 20 + [np.nan] + [800.0] * 39
    history = sales_history(rows, fields={"amount": amounts})
    money = compare_groups(history, as_of=LATE, by="owner", measure="amount", within_days=20, currency="EUR")
    table = money.to_frame().set_index("group")
    assert table["records"].to_dict() == {"Ann": 40, "Bo": 39}
    assert table["raw"].to_dict() == {"Ann": pytest.approx(200.0), "Bo": pytest.approx(800.0)}
    assert table["stands_out"].to_dict() == {"Ann": "below", "Bo": "above"}
    assert "EUR" in money.summary()
    cycle = compare_groups(history, as_of=LATE, by="owner", measure="cycle", within_days=20).to_frame()
    assert cycle["group"].tolist() == ["Ann", "Bo"]
    assert cycle["raw"].tolist() == [pytest.approx(4.0), pytest.approx(16.0)]


def test_conversion_counts_first_stays_that_went_on_in_time() -> None:
    moves = [("a", "Lead", 0), ("a", "Proposal", 3), ("a", "lost", 4), ("b", "Lead", 0), ("b", "won", 20)]
    history = sales_history([(i, "Ann", 0, None, 0) for i in "ab"]).with_tables(stage_changes=stage_log(moves))
    found = compare_groups(history, as_of=LATE, by="owner", measure="conversion", stage="Lead", within_days=10)
    assert found.to_frame()[["records", "hits"]].to_numpy().tolist() == [[2, 1.0]]
    assert "from Lead" in found.summary() and "Lead阶段" in found.summary("zh")


def test_periods_are_in_order_and_immature_ones_are_marked() -> None:
    rows = reps({"Ann": (30, 120), "Bo": (30, 120)})
    as_of = EPOCH + timedelta(days=97)
    found = compare_groups(sales_history(rows), as_of=as_of, by="month", within_days=10)
    table = found.to_frame()
    assert table["group"].tolist() == ["1970-01", "1970-02", "1970-03", "1970-04"]
    assert table["mature"].tolist() == [True, True, False, False]
    assert table["records"].iloc[3] == 0 and np.isnan(table["raw"].iloc[3])
    assert "1970-02 against 1970-01" in found.summary()
    assert "Old enough only in part, or not at all: 1970-03, 1970-04." in found.summary()
    assert "仅部分计入：1970-03、1970-04" in found.summary("zh")
    told = found.difference("1970-02", "1970-01")
    assert told.low < told.estimate < told.high and 0 < told.chance < 1
    with pytest.raises(FunnelError, match="no month '1970-04' with counted records"):
        found.difference("1970-04", "1970-01")


def test_quarters_bear_the_months_of_the_fiscal_year() -> None:
    rows = [("a", "Ann", 0, "won", 1), ("b", "Ann", 40, "lost", 1)]
    found = compare_groups(sales_history(rows), as_of=LATE, by="quarter", within_days=5, fiscal_year_start=2)
    assert found.to_frame()["group"].tolist() == ["1969-11–01", "1970-02–04"]


@settings(max_examples=25)
@given(log_rows(), log_rows(most=10), st.integers(min_value=4, max_value=24))
def test_what_is_recorded_later_changes_nothing(
    rows: list[tuple[str, str, float, float]], later: list[tuple[str, str, float, float]], day: int
) -> None:
    as_of = EPOCH + timedelta(days=day)
    owners = [(f"r{k}", f"rep {k % 2}", 0.0, None, 0.0) for k in range(6)]
    base = sales_history(owners).with_tables(stage_changes=stage_log(rows))
    more = [(record, stage, at, recorded + day + 1) for record, stage, at, recorded in later]
    at = [round((day + 1) * DAY)] * 6
    changes = pd.DataFrame(
        {
            "funnel": "f",
            "record_id": [f"r{k}" for k in range(6)],
            "field": "owner",
            "changed_at": 0,
            "recorded_at": at,
            "old": "someone else",
            "new": "another",
        }
    )
    grown = base.with_tables(stage_changes=stage_log([*rows, *more]), field_changes=changes)
    assert _told(base, as_of) == _told(grown, as_of)


def _told(history: History, as_of: date) -> str:
    try:
        found = compare_groups(history, as_of=as_of, by="owner", within_days=3, least=2)
    except FunnelmlError as error:
        return type(error).__name__
    return found.to_frame().to_csv() + found.summary()


def test_order_of_rows_does_not_matter() -> None:
    history = sales_history(reps({"Ann": (20, 90), "Bo": (40, 90)}))
    shuffled = history.with_tables(
        **{name: table.sample(frac=1, random_state=1).reset_index(drop=True) for name, table in history.tables.items()}
    )
    one, other = (compare_groups(h, as_of=LATE, by="owner").to_frame() for h in (history, shuffled))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("ends", ["won", "lost"])
def test_no_losses_or_no_wins_are_told_without_a_warning(ends: str) -> None:
    rows = [(f"{o}{k}", o, float(k), ends, 2.0) for o in ("Ann", "Bo") for k in range(40)]
    found = compare_groups(sales_history(rows), as_of=LATE, by="owner", adjust=("amount", "quarter"))
    assert (found.to_frame()["stands_out"] == "").all()
    assert found.overall == float(ends == "won")
    assert found.summary() and found.summary("zh")


def test_a_funnel_of_one_stage_and_chinese_names() -> None:
    funnel = Funnel(name="f", stages=("线索",), won=("赢单",), lost=("输单",))
    rows = reps({"王伟": (4, 120), "李娜": (60, 120), "张敏": (58, 120)})
    found = compare_groups(sales_history(rows, funnel=funnel), as_of=LATE, by="owner")
    assert "低于整体：王伟" in found.summary("zh")


def test_nothing_to_compare_is_said_with_numbers() -> None:
    nobody = sales_history([("a", None, 0, "won", 1), ("b", None, 0, "lost", 1)])
    with pytest.raises(
        NotEnoughDataError, match="none of the 2 records that could count for win_rate has a known owner"
    ):
        compare_groups(nobody, as_of=LATE, by="owner")
    with pytest.raises(NotEnoughDataError, match="no record was won within 1 days with a known amount"):
        compare_groups(sales_history([("a", "Ann", 0, "won", 1)]), as_of=LATE, by="owner", measure="amount")
    with pytest.raises(NotEnoughDataError, match="none of the 1 records has ended"):
        compare_groups(sales_history([("a", "Ann", 0, None, 1)]), as_of=LATE, by="owner")
    with pytest.raises(NotEnoughDataError, match="followed for 400 days by 1970-10-28: the first will have been on"):
        compare_groups(sales_history([("a", "Ann", 0, "won", 1)]), as_of=LATE, by="owner", within_days=400)
    with pytest.raises(NotEnoughDataError, match="at least one must have begun"):
        compare_groups(
            sales_history([("a", "Ann", 0, "won", 1)]), as_of=LATE, by="owner", measure="conversion", stage="Closing"
        )
    empty = sales_history([("a", "Ann", 0, "won", 1)]).with_tables(stage_changes=stage_log([]))
    with pytest.raises(AsOfError, match="nothing is known"):
        compare_groups(empty, as_of=LATE, by="owner")


def test_records_without_an_owner_are_told() -> None:
    rows = [*reps({"Ann": (9, 40)}), ("x", None, 0, "won", 1)]
    found = compare_groups(sales_history(rows), as_of=LATE, by="owner")
    assert found.without_group == 1
    assert "Left out, as their owner is not known: 1." in found.summary() and "1 条记录的负责人未知" in found.summary(
        "zh"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"by": "ownr"}, "groups by 'ownr' are not known.*did you mean 'owner'"),
        ({"by": "owner", "measure": "speed"}, "measure 'speed' is not one of win_rate"),
        ({"by": "owner", "measure": "conversion"}, "conversion is that of a stage"),
        ({"by": "owner", "stage": "Lead"}, "conversion is that of a stage"),
        ({"by": "owner", "adjust": ["segmnt"]}, "cannot adjust for 'segmnt'.*did you mean 'segment'"),
        ({"by": "month", "adjust": ["quarter"]}, "cannot adjust for 'quarter' in groups by month"),
        ({"by": "owner", "measure": "cycle", "adjust": ["segment"]}, "only rates can be adjusted"),
        ({"by": "owner", "attribution": "present"}, "attribution 'present' is not one of first, last"),
        ({"by": "owner", "within_days": 0}, "within_days is 0"),
        ({"by": "owner", "level": 1.0}, "level is 1.0"),
        ({"by": "owner", "false_calls": 0.0}, "false_calls is 0.0"),
        ({"by": "owner", "least": 0}, "least is 0"),
        ({"by": "owner", "margin": -1.0}, "margin is -1.0"),
    ],
)
def test_what_cannot_be_asked_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        compare_groups(sales_history(reps({"Ann": (9, 40)})), as_of=LATE, **settings)  # type: ignore[arg-type]


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(FunnelError, match=r"no stage 'Propsal' in funnel 'f'.*did you mean 'Proposal'"):
        compare_groups(
            sales_history(reps({"Ann": (9, 40)})), as_of=LATE, by="owner", measure="conversion", stage="Propsal"
        )


def test_shared_luck_of_weeks_widens_the_intervals() -> None:
    """All wins of both reps fall into every other block of weeks."""
    calm = reps({"Ann": (50, 200), "Bo": (50, 200)})
    rough = [(r, o, s, "won" if int(s) // 28 % 2 and int(s) % 2 else "lost", d) for r, o, s, _, d in calm]
    first, second = (
        compare_groups(sales_history(rows), as_of=LATE, by="owner", least=1) for rows in (_long(calm), _long(rough))
    )
    assert first.estimates.dispersion < 1.2 < 3 < second.estimates.dispersion


def _long(rows: list) -> list:
    """Stretch 100 days to 400 blocks' worth: rows again every 112 days, so that there are blocks enough."""
    return [(f"{r}-{k}", o, s + 112 * k, e, d) for k in range(4) for r, o, s, e, d in rows if s + 112 * k < 290]


def test_a_rep_ten_points_below_is_found_in_the_synthetic_world() -> None:
    """An effect of -0.51 on the log odds is 10 points of win rate in this world."""
    team = Team(seats=6, effect_sd=0.0, effects=(-0.51,), turnover_per_year=0.0)
    crm = simulate_crm(SyntheticWorld(days=500, future_days=30, team=team, activities_per_day=0.001), seed=4)
    for adjust in ((), MIX):
        table = compare_groups(crm.history, as_of=crm.as_of, by="owner", adjust=adjust).to_frame()
        named = table.set_index("group")["stands_out"]
        assert named[crm.truth.reps["name"].iloc[0]] == "below"
        assert (named == "below").sum() == 1
