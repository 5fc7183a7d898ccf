"""Early warnings: each rule by hand, its past precision by hand, and no look-ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.diagnostics.early_warnings.precision import measure_precision
from funnelml.diagnostics.early_warnings.rules import (
    DEFAULT_RULES,
    WARNING_RULES,
    AmountCut,
    NoActivity,
    PastCloseDate,
    Pushed,
    SingleContact,
    TermsChanged,
)
from funnelml.diagnostics.early_warnings.settings import make_rule
from funnelml.diagnostics.early_warnings.warn import warn
from funnelml.errors import InputError, NotEnoughDataError, SettingsError
from funnelml.history.funnel import Funnel
from funnelml.history.history import History
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY, empty_table
from funnelml.synthetic.crm import simulate_crm
from funnelml.synthetic.world import SyntheticWorld
from tests.logs import EPOCH, history_of, log_rows, stage_log


def day(n: int) -> date:
    return EPOCH + timedelta(days=n)


def field_changes(rows) -> pd.DataFrame:
    """Rows of (record, field, day, old, new[, day recorded])."""
    full = [(*r[:5], r[5] if len(r) > 5 else r[2]) for r in rows]
    table = pd.DataFrame(full, columns=["record_id", "field", "changed_at", "old", "new", "recorded_at"])
    at = {c: (table[c].astype(float) * DAY).round().astype("int64") for c in ("changed_at", "recorded_at")}
    return table.assign(funnel="f", **at)


def activities(rows) -> pd.DataFrame:
    """Rows of (record, day, contact)."""
    table = pd.DataFrame(rows, columns=["record_id", "day", "contact"])
    at = (table.pop("day").astype(float) * DAY).round().astype("int64")
    return table.assign(kind="call", occurred_at=at, recorded_at=at)


def opportunities(**columns) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"funnel": "f", "created_at": [0] * n, "recorded_at": [0] * n} | columns)


def told(history, rule, as_of=40) -> dict[str, str]:
    frame = warn(history, as_of=day(as_of), rules=[rule]).to_frame()
    return dict(zip(frame["record_id"], frame["reason"], strict=True))


OPEN = [(r, "Lead", 0.5) for r in "abcd"] + [("d", "won", 1.5)]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_silence_is_counted_from_the_last_activity_or_from_creation(engine):
    history = history_of(OPEN).with_tables(activities=activities([("a", 10.5, None), ("b", 20.5, None)]))
    history = on_duckdb(history) if engine == "duckdb" else history
    assert told(history, NoActivity(days=21)) == {
        "a": "no activity for 30 days",
        "c": "no activity for 40 days",
    }
    since = warn(history, as_of=day(40), rules=[NoActivity(days=21)]).warnings.set_index("record_id")["since"]
    assert since.to_dict() == {"a": day(31), "c": day(21)}


def test_pushes_count_towards_later_dates_only():
    dates = ["1970-02-01", "1970-03-01", "1970-02-15", "1970-04-01", "1970-05-01"]
    changes = [("a", "expected_close_date", 3 + k, *dates[k : k + 2]) for k in range(4)]
    history = history_of(OPEN).with_tables(field_changes=field_changes(changes))
    assert told(history, Pushed(times=3)) == {"a": "close date pushed 3 times"}
    assert told(history, Pushed(times=4)) == {}


def test_an_amount_is_cut_within_the_window_from_what_it_was_before():
    changes = [
        ("a", "amount", 15, "100", "90"), ("a", "amount", 39, "90", "75"),
        ("b", "amount", 2, "100", "10"), ("b", "amount", 39, "10", "9"),
        ("c", "amount", 39, "0", "-5"),
    ]  # fmt: skip
    history = history_of(OPEN).with_tables(field_changes=field_changes(changes))
    assert told(history, AmountCut(percent=20, days=30)) == {"a": "amount cut by 25\xa0% within 30 days"}
    assert told(history, AmountCut(percent=10, days=5)) == {
        "a": "amount cut by 17\xa0% within 5 days",
        "b": "amount cut by 10\xa0% within 5 days",
    }


def test_terms_are_the_fields_that_are_named():
    changes = [("a", "terms", 30, "x", "y"), ("a", "discount", 35, "0", "5"), ("b", "付款方式", 36, "月", "季")]
    history = history_of(OPEN).with_tables(field_changes=field_changes(changes))
    assert told(history, TermsChanged()) == {"a": "terms changed 2 times within 30 days"}
    assert told(history, TermsChanged(fields=("付款方式",), times=1)) == {"b": "terms changed 1 times within 30 days"}
    assert told(history, TermsChanged(days=6)) == {}


def test_one_contact_warns_only_in_the_later_half():
    rows = [(r, "Lead", 0) for r in "abcd"] + [("a", "Proposal", 5), ("b", "Closing", 5), ("d", "Closing", 5)]
    calls = [("a", 1, "Li"), ("a", 2, "Li"), ("a", 3, None), ("b", 1, "Li"), ("b", 9, "Wu"), ("c", 1, "Li")]
    history = history_of(rows).with_tables(activities=activities(calls))
    assert told(history, SingleContact()) == {}
    history = history.with_tables(activities=activities([*calls, ("d", 1, "王")]))
    assert told(history, SingleContact()) == {"d": "one contact only, late in the funnel"}
    two = History(tables=history.tables, funnels=(Funnel(name="f", stages=("Lead", "Proposal")),))
    assert set(told(two, SingleContact())) == {"a"}


def test_a_close_date_is_over_from_the_day_after():
    dates = pd.array([38 * DAY, 39 * DAY, None, DAY], dtype="Int64")
    history = history_of(OPEN).with_tables(
        opportunities=opportunities(opportunity_id=list("abcd"), expected_close_date=dates),
        field_changes=field_changes([("c", "expected_close_date", 9, None, "1970-01-31")]),
    )
    assert told(history, PastCloseDate(), as_of=39) == {
        "a": "expected close date 1 day ago",
        "c": "expected close date 9 days ago",
    }
    assert set(told(history, PastCloseDate(days=5), as_of=39)) == {"c"}


def test_what_cannot_be_judged_is_listed():
    result = warn(history_of(OPEN).with_tables(activities=activities([("a", 1, None)])), as_of=day(40))
    words = result.rules_frame().set_index("rule")["verdict"]
    assert words["single_contact"] == "cannot be judged: no contacts in the data"
    assert words["terms_changed"] == "cannot be judged: no changes of terms, discount, payment terms in the data"
    assert words["no_activity"].startswith("too few: 0 past warnings, 20")
    assert result.rules_frame("zh").set_index("rule").loc["single_contact", "verdict"] == "无法判断：数据中没有联系人"
    assert "'one contact only, late in the funnel' (no contacts in the data)" in result.summary()
    assert "（数据中没有联系人）" in result.summary("zh")
    bare = warn(history_of(OPEN), as_of=day(40))
    assert set(bare.not_judged) == set(WARNING_RULES)


def followed(rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["record_id", "date", "rank", "warned", "failed"])
    return table.assign(rule="r", date=pd.to_datetime(table["date"], unit="D"))


def test_precision_counts_a_record_once_and_the_base_has_the_same_stages():
    warned = [(f"w{k}", 1, 0, True, k < 18) for k in range(24)]
    again = [(f"w{k}", 2, 1, True, False) for k in range(24)]
    quiet = [(f"q{k}", 1, 0, False, k < 10) for k in range(20)] + [("q0", 2, 0, False, False)]
    elsewhere = [(f"e{k}", 1, 1, False, True) for k in range(50)]
    row = measure_precision(followed(warned + again + quiet + elsewhere), ["r", "s"]).loc["r"]
    assert row["past_warned"] == 24 and row["precision"] == 0.75
    assert (row["base_records"], row["base_rate"]) == (20, pytest.approx(9.5 / 20))
    assert row["lift"] == pytest.approx(0.75 / 0.475)
    assert (row["low"], row["high"]) == (pytest.approx(0.62324, abs=1e-5), pytest.approx(0.84474, abs=1e-5))
    assert row["verdict"] == "better"
    few = measure_precision(followed([*warned[:19], *quiet]), ["r", "s"])
    assert few["verdict"].tolist() == ["too_few", "too_few"]
    turned = measure_precision(followed([(i, d, r, w, not f) for i, d, r, w, f in warned + quiet]), ["r"])
    assert turned.loc["r", "verdict"] == "worse"
    same = measure_precision(followed(warned + [(f"q{k}", 1, 0, False, k < 15) for k in range(20)]), ["r"])
    assert same.loc["r", "verdict"] == "no_better"


def test_a_warning_was_right_if_the_record_was_lost_or_did_not_go_on_within_the_window():
    # The one past date is day 40; the window ends with day 100, the last known day.
    rows = [(r, "Lead", 0.0) for r in ("won", "lost", "went on", "sat", "came back", "too late", "went on and lost")]
    rows += [
        ("won", "won", 60.0), ("lost", "lost", 60.0), ("went on", "Proposal", 100.5), ("too late", "Proposal", 101.5),
        ("came back", "Proposal", 60.0), ("came back", "Lead", 70.0),
        ("went on and lost", "Proposal", 60.0), ("went on and lost", "lost", 61.0),
    ]  # fmt: skip
    history = history_of(rows).with_tables(activities=activities([("won", 0, None), ("lost", 0, None)]))
    only = [NoActivity(days=30)]
    result = warn(history, as_of=day(100), rules=only, horizon_days=60)
    assert result.dates == (day(12), day(40))
    rule = result.rules.iloc[0]
    assert (rule["past_warned"], rule["precision"]) == (7, pytest.approx(5 / 7))
    longer = warn(history, as_of=day(101), rules=only, horizon_days=61).rules.iloc[0]
    assert longer["precision"] == pytest.approx(4 / 7)


def without_history_of_close_dates(crm) -> History:
    """The history of an export that tells only today's close dates: the day on which a closed record ended."""
    fields, moves = crm.tables["field_changes"], crm.tables["stage_changes"]
    ends = moves[moves["stage"].isin(crm.funnel.won + crm.funnel.lost) | moves["stage"].isin(("won", "lost"))]
    end = ends.groupby("record_id")["entered_at"].max()
    table = crm.tables["opportunities"]
    promised = table["opportunity_id"].map(end).fillna(float(DAY)).astype("int64")
    return crm.history.with_tables(
        field_changes=fields[fields["field"] != "expected_close_date"],
        opportunities=table.assign(expected_close_date=promised),
    )


def test_a_field_without_history_warns_today_but_has_no_past():
    crm = simulate_crm(SyntheticWorld(days=300, future_days=30), seed=4)
    history = without_history_of_close_dates(crm)
    result = warn(history, as_of=crm.as_of, rules=[PastCloseDate(), NoActivity()])
    rule = result.rules.set_index("rule").loc["past_close_date"]
    assert rule["warned_now"] > 20 and rule["past_warned"] == 0
    assert rule["verdict"] == "not_judged" and pd.isna(rule["precision"])
    assert result.rules.set_index("rule").loc["no_activity", "past_warned"] > 20
    why = "no history of expected close date: today's value is not what was known then"
    assert result.rules_frame().set_index("rule").at["past_close_date", "verdict"] == f"cannot be judged: {why}"
    assert why in result.summary() and "没有预计成交日期的变更历史" in result.summary("zh")
    # With a history of the field the past is measured.
    assert warn(crm.history, as_of=crm.as_of, rules=[PastCloseDate()]).rules.iloc[0]["past_warned"] > 20


def test_what_an_export_says_today_of_records_that_changed_later_is_no_past_warning():
    # All dates were put to day 5 only on day 150: nobody was past its date before.
    rows = [(f"r{k}", "Lead", 0.5) for k in range(25)]
    changes = [(r, "expected_close_date", 150, "1970-12-31", "1970-01-06") for r, *_ in rows]
    history = history_of(rows).with_tables(
        field_changes=field_changes(changes),
        opportunities=opportunities(opportunity_id=[r for r, *_ in rows], expected_close_date=[5 * DAY] * 25),
    )
    rule = warn(history, as_of=day(160), rules=[PastCloseDate()], horizon_days=30).rules.iloc[0]
    assert (rule["warned_now"], rule["past_warned"]) == (25, 0)


def test_a_rule_about_stages_is_measured_like_the_others():
    crm = simulate_crm(SyntheticWorld(days=300, future_days=30), seed=4)

    def slow_start(history, *, as_of, funnel):
        if as_of < date(2024, 6, 1):
            raise NotEnoughDataError("too early")
        return pd.DataFrame({"subject": ["Lead"], "reason": ["piles up"], "reason_zh": ["积压"]})

    def unknown(history, *, as_of, funnel):
        raise NotEnoughDataError("no stage has 30 stays; 30 would be enough")

    rules = {"pile_up": slow_start, "drop": unknown}
    result = warn(crm.history, as_of=crm.as_of, rules=[Pushed()], stage_rules=rules)
    row = result.rules.set_index("rule").loc["pile_up"]
    assert row["past_warned"] > 100 and 0 < row["precision"] < 1
    own = result.to_frame("zh").query("rule == 'pile_up'")
    assert own[["record_id", "stage", "reason"]].to_numpy().tolist() == [[None, "Lead", "积压"]]
    assert "Stages warned of: Lead (piles up)." in result.summary()
    assert "预警的阶段：Lead（积压）。" in result.summary("zh")
    assert result.rules_frame().set_index("rule").loc["drop", "verdict"].endswith("30 would be enough")


def test_silence_of_sleepers_is_found_to_be_a_warning_and_the_words_say_so():
    crm = simulate_crm(SyntheticWorld(days=400, future_days=30), seed=3)
    result = warn(crm.history, as_of=crm.as_of, currency="EUR")
    rules = result.rules.set_index("rule")
    assert rules.loc["no_activity", "verdict"] == rules.loc["past_close_date", "verdict"] == "better"
    assert (rules["low"] <= rules["precision"]).sum() >= 4
    frame = result.to_frame()
    assert list(frame.columns) == ["record_id", "stage", "owner", "amount", "rule", "reason", "since"]
    assert (frame["since"] <= crm.as_of).all()
    assert frame["amount"].is_monotonic_decreasing
    assert rules["warned_now"].sum() == len(frame)
    assert "EUR, carry a warning. Trust '" in result.summary()
    assert "最可信的是“" in result.summary("zh")
    verdicts = ["no_better", "worse"] + ["too_few"] * (len(result.rules) - 2)
    weak = replace(result, rules=result.rules.assign(verdict=verdicts), not_judged={})
    first, second = (weak.name(rule) for rule in weak.rules["rule"].iloc[:2])
    assert weak.summary().endswith(
        f"Not shown to be better than without the warning: '{first}'. "
        f"Right less often than without the warning: '{second}'."
    )
    assert "未能证明命中率高于未预警的记录：“" in weak.summary("zh")
    assert "命中率低于未预警的记录：“" in weak.summary("zh")


@given(log_rows(), log_rows(), st.integers(20, 30))
@settings(max_examples=15, deadline=None)
def test_rows_recorded_later_change_nothing(rows, later, as_of):
    after = [(r, s, t, max(rec, as_of + 1.0)) for r, s, t, rec in later]
    fields = [("r0", "expected_close_date", 1, None, "1970-01-05"), ("r1", "amount", 2, "9", "4")]
    late = [("r0", "amount", 3, "9", "1", as_of + 1), ("r1", "expected_close_date", 0, None, "1970-01-01", as_of + 2)]
    calls = [("r0", 1, "Li"), ("r1", 2, None)]
    exported = opportunities(opportunity_id=["r0", "r2"], expected_close_date=[DAY, 3 * DAY])
    history = history_of(rows).with_tables(
        field_changes=field_changes(fields), activities=activities(calls), opportunities=exported
    )
    told_later = opportunities(opportunity_id=["r1"], expected_close_date=[DAY]).assign(recorded_at=(as_of + 1) * DAY)
    more = history.with_tables(
        stage_changes=pd.concat([stage_log(rows), stage_log(after)], ignore_index=True),
        field_changes=field_changes(fields + late),
        activities=activities([*calls, ("r0", as_of + 1, "Wu")]),
        opportunities=pd.concat([exported, told_later], ignore_index=True),
    )
    rules = [*DEFAULT_RULES[1:], NoActivity(days=3)]
    one, other = (warn(h, as_of=day(as_of), rules=rules, horizon_days=5) for h in (history, more))
    pd.testing.assert_frame_equal(one.warnings, other.warnings)
    pd.testing.assert_frame_equal(one.rules, other.rules)
    assert one.summary() == other.summary()


EDGES = {
    "empty table": history_of([]).with_tables(stage_changes=empty_table("stage_changes")),
    "one stage": History(
        tables={
            "stage_changes": stage_log([("a", "新线索", 0), ("a", "won", 3), ("b", "新线索", 1)]),
            "activities": activities([("a", 1, "王")]),
        },
        funnels=(Funnel(name="f", stages=("新线索",)),),
    ),
    "nothing open": history_of([("a", "Lead", 0), ("a", "lost", 1)]),
    "no amounts, no owners": history_of([("a", "Lead", 0), ("b", "Lead", 0)]).with_tables(
        activities=activities([("a", 1, None)]), opportunities=opportunities(opportunity_id=["a"], owner=[None])
    ),
    "empty logs": history_of([("a", "Lead", 0)]).with_tables(
        activities=empty_table("activities"), field_changes=empty_table("field_changes")
    ),
}


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("as_of", [2, 150])
def test_little_or_nothing_is_said_in_words(name, as_of):
    result = warn(EDGES[name], as_of=day(as_of))
    assert len(result.rules_frame()) == len(DEFAULT_RULES)
    assert result.summary().endswith(".") and result.summary("zh").endswith("。")
    assert list(result.to_frame("zh").columns) == list(result.to_frame().columns)
    if name == "nothing open":
        assert "is open on " in result.summary() and ", so none can carry a warning." in result.summary()


def test_rules_are_made_from_settings_and_wrong_ones_are_refused():
    assert make_rule({"rule": "amount_cut", "percent": 15.5}) == AmountCut(percent=15.5)
    assert make_rule({"rule": "terms_changed", "fields": ["条款"]}).threshold == "times = 2, days = 30, fields = [条款]"
    assert make_rule({"rule": "single_contact"}) == SingleContact()
    refused = {
        r"no rule 'no_activty' \(did you mean 'no_activity'\?\); there are no_activity": {"rule": "no_activty"},
        r"warning 'pushed': no threshold 'tmes' \(did you mean 'times'\?\)": {"rule": "pushed", "tmes": 3},
        r"warning 'pushed': 'times' is 2.5; write a whole number from 1 on": {"rule": "pushed", "times": 2.5},
        r"warning 'pushed': 'times' is 0; write": {"rule": "pushed", "times": 0},
        r"'days' is '14'; write a number from 0 on": {"rule": "no_activity", "days": "14"},
        r"'fields' is 'terms'; write a list of field names": {"rule": "terms_changed", "fields": "terms"},
        r"warning 'single_contact': no threshold 'days'; there are none": {"rule": "single_contact", "days": 1},
        r"no rule ''": {"days": 3},
    }
    for message, settings_ in refused.items():
        with pytest.raises(SettingsError, match=message):
            make_rule(settings_)


def test_a_rule_is_given_once_and_a_horizon_has_a_day():
    with pytest.raises(InputError, match="warning rule 'pushed' is given twice"):
        warn(history_of(OPEN), as_of=day(3), rules=[Pushed(), Pushed(times=5)])
    with pytest.raises(InputError, match="horizon_days is 0"):
        warn(history_of(OPEN), as_of=day(3), horizon_days=0)
