"""Features of the past: computed by hand, equal to a snapshot, the same on both engines, blind to what came later."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import AsOfError, FunnelError, ModelInputError
from funnelml.history.features.describe import describe_records
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY
from tests.logs import EPOCH, FUNNEL, STAGES, history_of, log_rows, stage_log

MICROSECOND = 1 / DAY


def day(n: int):
    return EPOCH + timedelta(days=n)


def field_log(rows):
    """Rows of (record, field, day, day recorded, old, new)."""
    table = pd.DataFrame(rows, columns=["record_id", "field", "changed_at", "recorded_at", "old", "new"])
    times = {c: (table[c].astype("float64") * DAY).astype("int64") for c in ("changed_at", "recorded_at")}
    return table.assign(funnel="f", **times).astype({"old": object, "new": object})


def activity_log(rows):
    """Rows of (record, kind, day, day recorded, direction, contact)."""
    table = pd.DataFrame(rows, columns=["record_id", "kind", "occurred_at", "recorded_at", "direction", "contact"])
    times = {c: (table[c].astype("float64") * DAY).astype("int64") for c in ("occurred_at", "recorded_at")}
    return table.assign(**times).astype({"direction": object, "contact": object})


def moments_at(cut, *ids):
    return pd.DataFrame({"record_id": list(ids), "cut": int(cut * DAY)})


def small_crm(engine="pandas"):
    """Five opportunities in ten days; what a is known for at the end of day 9 is computed by hand below."""
    stages = [
        ("a", "Lead", 2.375),
        ("a", "Closing", 4),
        ("a", "Proposal", 6),
        ("a", "won", 9, 11),
        ("b", "Lead", 0),
        ("b", "won", 3),
        ("c", "Lead", 1),
        ("c", "lost", 5),
        ("d", "Lead", 8),
        ("e", "Lead", 9),
    ]
    fields = [
        ("a", "amount", 4, 4, "100", "150"),
        ("a", "amount", 7, 7, "150", "120"),
        ("a", "amount", 8, 12, "120", "500"),
        ("a", "expected_close_date", 5, 5, "1970-01-09", "1970-01-13"),
        ("a", "expected_close_date", 9, 9, "1970-01-13", "1970-01-11"),
        ("b", "owner", 0, 0, "Zoe", "Ann"),
        ("d", "owner", 9, 9, "Ann", "Bob"),
        ("a", "competitors", 3, 3, None, "2"),
        ("a", "next step", 3, 3, None, "寄样"),
        ("d", "next step", 9, 11, None, "call"),
        ("d", "competitors", 9, 9, "1", None),
    ]
    activities = [
        ("a", "call", 2.875, 2.875, "outbound", "p"),
        ("a", "website visit", 5, 5, None, None),
        ("a", "电话", 6, 11, "outbound", "r"),
        ("a", "email", 8, 8, "inbound", "q"),
        ("a", "meeting", 9.25, 9.25, "outbound", "p"),
        ("z", "call", 1, 1, "outbound", "p"),
    ]
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": list("abcde"),
            "created_at": 0,
            "recorded_at": 0,
            "amount": [100.0, 10.0, np.nan, 50.0, 5.0],
            "expected_close_date": pd.array([8 * DAY, None, None, 20 * DAY, None], dtype="Int64"),
            "owner": ["Ann", "Ann", "Bob", "Ann", "Ann"],
            "source": ["Web", "Web", "展会", "展会", None],
            "segment": ["SMB", "SMB", None, None, None],
            "account": ["X", "X", "X", "Y", "Y"],
            "team": ["North"] * 5,
            "probability": [0.5] * 5,
            "lead_id": ["l1", None, None, "l2", None],
        }
    )
    leads = pd.DataFrame(
        {
            "lead_id": ["l1", "l2"],
            "created_at": [DAY // 2, 5 * DAY],
            "recorded_at": [DAY // 2, 12 * DAY],
            "opportunity_id": ["a", "d"],
        }
    )
    tables = {
        "stage_changes": stage_log(stages),
        "field_changes": field_log(fields),
        "activities": activity_log(activities),
        "opportunities": opportunities,
        "leads": leads,
    }
    history = History(tables=tables, funnels=(FUNNEL,))
    return on_duckdb(history) if engine == "duckdb" else history


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_every_feature_of_a_small_crm(engine):
    told = describe_records(small_crm(engine), moments_at(10, "a"))
    (row,) = told.features.to_dict("records")
    wanted = {
        "stage": "Proposal",
        "source": "Web",
        "segment": "SMB",
        "account": "X",
        "owner": "Ann",
        "field:next step": "寄样",
        "field:competitors": 2,
        # 120 of 100; the change to 500 was recorded on day 12.
        "amount": 120,
        "amount_change": 0.2,
        "amount_changes": 2,
        "age_days": 7.625 - MICROSECOND,
        "stage_age_days": 4 - MICROSECOND,
        "visit": 1,
        "moves": 2,
        "moves_back": 1,
        "stages_skipped": 1,
        # Expected on day 10, from the last known day, 9; put off once, by four days, and taken back by two.
        "days_to_expected_close": 1,
        "pushes": 1,
        "pushed_days": 4,
        "activities_total": 4,
        "activities_7d": 3,
        "activities_30d": 4,
        "days_since_activity": 0.75 - MICROSECOND,
        "call_30d": 1,
        "call_total": 1,
        "days_since_call": 7.125 - MICROSECOND,
        "email_30d": 1,
        "email_total": 1,
        "days_since_email": 2 - MICROSECOND,
        "meeting_30d": 1,
        "meeting_total": 1,
        "days_since_meeting": 0.75 - MICROSECOND,
        "web_visit_30d": 1,
        "web_visit_total": 1,
        "days_since_web_visit": 5 - MICROSECOND,
        # The email, and the visit of the website, which is the customer's doing whoever logged it.
        "inbound_30d": 2,
        "days_since_inbound": 2 - MICROSECOND,
        "contacts": 2,
        "response_hours": 12,
        "waiting_hours": 0,
        # b was won by Ann, c lost by Bob: half of all that closed.
        "owner_win_rate": (1 + 20 * 0.5) / (1 + 20),
        "owner_open_records": 1,
        "source_win_rate": (1 + 20 * 0.5) / (1 + 20),
        "owner_win_lift": (1 + 20 * 0.5) / (1 + 20) - 0.5,
        "source_win_lift": (1 + 20 * 0.5) / (1 + 20) - 0.5,
        # one won and one lost, as all that closed
        "account_win_lift": (1 + 5 * 0.5) / (2 + 5) - 0.5,
        "account_won": 1,
        "account_lost": 1,
        "account_open": 0,
        # Created at 09:00 on Saturday the 3rd of January; the last known day is Saturday the 10th.
        "created_hour": 9,
        "created_weekday": 6,
        "created_month": 1,
        "weekday": 6,
        "month": 1,
        "days_to_quarter_end": 80,
        "lead_age_days": 1.875,
    }
    for kind in ("demo", "quote", "download", "event", "other"):
        wanted |= {f"{kind}_30d": 0, f"{kind}_total": 0, f"days_since_{kind}": np.nan}
    assert list(row) == list(told.features) and set(row) == set(wanted)
    for name, value in wanted.items():
        assert row[name] == (value if isinstance(value, str) else pytest.approx(value, abs=1e-9, nan_ok=True)), name


def test_what_is_not_known_is_missing():
    row = describe_records(small_crm(), moments_at(10, "d", "e")).features.iloc[0]
    assert row["owner"] == "Bob" and row["segment"] is None and row["field:next step"] is None
    assert row[["response_hours", "days_since_activity", "lead_age_days", "field:competitors"]].isna().all()
    # The lead was recorded on day 12. Nobody has called for two days; the dates have not moved.
    assert row[["waiting_hours", "contacts", "pushes", "amount_changes"]].tolist() == [48, 0, 0, 0]
    assert (row["amount"], row["amount_change"], row["days_to_expected_close"]) == (50, 0, 11)
    # c was Bob's and came from a trade fair as well; of account Y there is only e, which is open.
    assert row["owner_win_rate"] == row["source_win_rate"] == pytest.approx((0 + 20 * 0.5) / (1 + 20))
    assert row[["account_won", "account_lost", "account_open"]].tolist() == [0, 0, 1]
    row = describe_records(small_crm(), moments_at(10, "d", "e")).features.iloc[1]
    assert row["source"] is None and np.isnan(row["source_win_rate"])


def test_a_record_that_has_closed_does_not_count_for_itself():
    row = describe_records(small_crm(), moments_at(10, "b")).features.iloc[0]
    assert row["stage"] == "won"
    # Only c has closed beside it, and was lost: the base is 0.
    assert (row["owner_win_rate"], row["account_won"], row["account_lost"]) == (0, 0, 1)


def test_before_anything_has_closed_there_is_no_track_record():
    row = describe_records(small_crm(), moments_at(2.5, "a"), as_of=day(9)).features.iloc[0]
    assert row[["owner_win_rate", "source_win_rate"]].isna().all() and row["owner_open_records"] == 1


def test_fields_without_history_are_left_out_unless_trusted():
    told = describe_records(small_crm(), moments_at(10, "a"))
    assert list(told.left_out) == ["probability", "team"]
    assert told.assumed == ("source", "segment", "account", "lead_id")
    assert not {"team", "probability", "lead_id", "product"} & set(told.features)
    insisted = describe_records(small_crm(), moments_at(10, "a"), trusted=("team", "probability"))
    assert insisted.features.loc[0, ["team", "probability"]].tolist() == ["North", 0.5]
    with pytest.raises(FunnelError, match="no field 'teem' to be trusted \\(did you mean 'team'"):
        describe_records(small_crm(), moments_at(10, "a"), trusted=("teem",))


def test_whether_a_field_has_a_history_is_told_by_the_log_until_the_given_day():
    early = moments_at(4.5, "a")
    assert "expected_close_date" in describe_records(small_crm(), early).left_out
    assert "expected_close_date" not in describe_records(small_crm(), early, as_of=day(9)).left_out


def test_a_field_is_known_from_the_first_change_of_any_record_on():
    # The date of b is the one that the table has. The first change of a date was recorded on day 5.
    table = small_crm().tables["opportunities"]
    dates = pd.array([8 * DAY, 30 * DAY, None, 20 * DAY, None], dtype="Int64")
    history = small_crm().with_tables(opportunities=table.assign(expected_close_date=dates))
    moments = pd.concat([moments_at(cut, "a", "b") for cut in (4.5, 5, 5 + MICROSECOND)])
    told = describe_records(history, moments, as_of=day(9)).features["days_to_expected_close"]
    assert told.tolist()[4:] == [7, 25] and told[:4].isna().all()
    # Those that are born with a record, and who is trusted, need no such log.
    rows = [("a", "segment", 9, 9, "SMB", "Key account"), ("a", "team", 9, 9, "North", "South")]
    history = small_crm().with_tables(field_changes=field_log(rows))
    told = describe_records(history, moments_at(4.5, "a"), as_of=day(9)).features
    assert told.loc[0, ["segment", "team"]].tolist() == ["SMB", None]
    told = describe_records(history, moments_at(4.5, "a"), as_of=day(9), trusted=("team",)).features
    assert told.loc[0, "team"] == "North"


def test_owners_count_from_when_owners_were_logged():
    rows = [("d", "owner", 9, 9, "Ann", "Bob")]
    told = describe_records(small_crm().with_tables(field_changes=field_log(rows)), moments_at(10, "a")).features
    # The owner of b, won on day 3, is not known of that day; e is Ann's today.
    assert told.loc[0, ["owner_win_rate", "owner_open_records"]].tolist() == [0.5, 1]


def test_what_an_event_log_repeats_in_every_row_is_no_history():
    stages = stage_log([("a", "Lead", 0), ("a", "Proposal", 4), ("b", "Lead", 2)])
    rows = [(r, f, at, at, None, "7") for f in ("amount", "final check", "source") for r, at in (("a", 0), ("b", 2))]
    rows += [("a", "contacts", 4, 4, None, "3")]
    history = History(tables={"stage_changes": stages, "field_changes": field_log(rows)}, funnels=(FUNNEL,))
    told = describe_records(history, moments_at(5, "a", "b"))
    assert list(told.left_out) == ["amount"] and told.assumed == ("source", "field:final check")
    assert "each record shows one value" in told.left_out["amount"] and "field:contacts" in told.fields.known
    assert "amount" not in told.features
    trusted = describe_records(history, moments_at(5, "a", "b"), trusted=("amount",))
    assert trusted.features["amount"].tolist() == trusted.features["field:final check"].tolist() == [7, 7]
    assert trusted.assumed == ("amount", "source", "field:final check")
    # One record that shows a second value makes it a history.
    again = field_log([*rows, ("b", "amount", 3, 3, None, "8")])
    assert "amount" in describe_records(history.with_tables(field_changes=again), moments_at(5, "b")).features


def test_amounts_too_far_apart_for_a_ratio_have_none():
    rows = [("a", "amount", 3, 3, "1e-300", "1e300"), ("d", "amount", 9, 9, "50", "100")]
    told = describe_records(small_crm().with_tables(field_changes=field_log(rows)), moments_at(10, "a", "d"))
    assert np.isnan(told.features.loc[0, "amount_change"]) and told.features.loc[1, "amount_change"] == 1


def test_a_table_that_an_export_wrote_over_does_not_tell_the_future():
    opportunities = small_crm().tables["opportunities"].assign(owner=["Ann", "Ann", "Bob", "Bob", "Ann"])
    history = small_crm().with_tables(opportunities=opportunities)
    told = describe_records(history, moments_at(8.5, "d"), as_of=day(9))
    assert told.features.loc[0, "owner"] == "Ann"


def test_without_activities_there_are_no_features_of_them():
    tables = {k: v for k, v in small_crm().tables.items() if k not in ("activities", "opportunities", "leads")}
    told = describe_records(History(tables=tables, funnels=(FUNNEL,)), moments_at(10, "a")).features
    assert not [c for c in told if "activit" in c or c.endswith(("_30d", "_total", "_hours"))]
    assert not {"contacts", "lead_age_days", "source", "account_open"} & set(told)
    # Amounts still have their log.
    assert told.loc[0, ["amount", "amount_changes"]].tolist() == [120, 2]


def test_contacts_are_left_out_where_no_activity_names_one():
    nameless = small_crm().tables["activities"].drop(columns="contact")
    assert (
        "contacts" not in describe_records(small_crm().with_tables(activities=nameless), moments_at(10, "a")).features
    )


def test_moments_must_speak_of_known_records():
    with pytest.raises(AsOfError, match=r"nothing was known of 2 of 3 records at their instant \(d, nobody\)"):
        describe_records(small_crm(), moments_at(7, "a", "d", "nobody"))
    with pytest.raises(ModelInputError, match="no column 'record_id' \\(did you mean 'record'"):
        describe_records(small_crm(), pd.DataFrame({"record": ["a"], "cut": [0]}))
    with pytest.raises(ModelInputError, match="1 moments have no cut"):
        describe_records(small_crm(), pd.DataFrame({"record_id": ["a"], "cut": [None]}))


def test_no_moments_give_no_rows_but_all_columns():
    none = moments_at(10, "a").iloc[:0]
    told = describe_records(small_crm(), none, as_of=day(9)).features
    assert told.shape == (0, len(describe_records(small_crm(), moments_at(10, "a")).features.columns))


def test_a_lead_funnel_reads_source_and_owner_of_the_leads():
    leads = pd.DataFrame({"lead_id": ["a"], "created_at": 0, "recorded_at": 0, "source": ["官网"], "owner": ["Ann"]})
    told = describe_records(history_of([("a", "Lead", 0)]).with_tables(leads=leads), moments_at(3, "a"))
    assert told.features.loc[0, "source"] == "官网" and list(told.left_out) == ["owner"]


def test_days_of_a_log_that_knows_only_days_are_whole():
    zone = {"time_zone": "Europe/Berlin", "grain": "day"}
    rows = stage_log([("a", "Lead", 0)])
    # Midnight in Berlin before and after the clocks changed on the 6th of April 1980.
    rows[["entered_at", "recorded_at"]] = 323737200000000
    history = History(tables={"stage_changes": rows}, funnels=(FUNNEL,), **zone)
    told = describe_records(history, pd.DataFrame({"record_id": ["a"], "cut": [323906400000000]})).features
    assert told.loc[0, ["age_days", "stage_age_days"]].tolist() == [2 - MICROSECOND] * 2
    assert "created_hour" not in told


FIELDS = st.lists(
    st.tuples(
        st.sampled_from([f"r{i}" for i in range(4)]),
        st.sampled_from(["amount", "owner", "expected_close_date"]),
        st.integers(0, 20),
        st.integers(0, 5),
        st.integers(0, 3),
    ),
    max_size=15,
)
NEW = {
    "amount": ["10", "20.5", None, "7"],
    "owner": ["Ann", "王芳", None, "Bob"],
    "expected_close_date": ["1970-01-09", "1970-02-01", None, "1970-01-20"],
}
ACTIVITIES = st.lists(
    st.tuples(
        st.sampled_from([f"r{i}" for i in range(4)]),
        st.sampled_from(["call", "email", "web visit"]),
        st.integers(0, 20),
        st.integers(0, 5),
        st.sampled_from(["in", "out", None]),
        st.sampled_from(["p", "q", None]),
    ),
    max_size=15,
)


def history_with(rows, changes, activities):
    fields = [(r, f, at, at + lag, None, NEW[f][k]) for r, f, at, lag, k in changes]
    acts = [(r, kind, at, at + lag, way, who) for r, kind, at, lag, way, who in activities]
    ids = sorted({row[0] for row in rows})
    opportunities = pd.DataFrame(
        {
            "funnel": "f",
            "opportunity_id": ids,
            "created_at": 0,
            "recorded_at": [(i % 3) * DAY for i in range(len(ids))],
            "amount": [float(i) for i in range(len(ids))],
            "owner": "Cy",
            "source": [["Web", None, "展会"][i % 3] for i in range(len(ids))],
            "account": [["X", "Y", None][i % 3] for i in range(len(ids))],
            "expected_close_date": 5 * DAY,
        }
    )
    return history_of(rows).with_tables(
        field_changes=field_log(fields), activities=activity_log(acts), opportunities=opportunities
    )


@given(rows=log_rows(), changes=FIELDS, activities=ACTIVITIES, as_of=st.integers(0, 26))
@settings(max_examples=25)
def test_at_the_end_of_a_day_the_values_are_those_of_the_snapshot(rows, changes, activities, as_of):
    rows = [("r0", "Lead", 0.0, 0.0), *rows]
    history = history_with(rows, changes, activities)
    records = take_snapshot(history, as_of=day(as_of)).records
    told = describe_records(history, moments_at(as_of + 1, *records["record_id"])).features
    pairs = {"stage": "stage", "visit": "visit", "stage_age_days": "age_days", "source": "source", "account": "account"}
    pairs |= {name: name for name in ("amount", "owner") if name in told}
    for name, own in pairs.items():
        pd.testing.assert_series_equal(told[name], records[own], check_names=False, check_dtype=False)
    if "days_to_expected_close" in told:
        days = records["expected_close_date"] / DAY - as_of
        pd.testing.assert_series_equal(told["days_to_expected_close"], days, check_names=False)


@given(
    rows=log_rows(),
    changes=FIELDS,
    activities=ACTIVITIES,
    cut=st.integers(1, 20),
    later=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(STAGES), st.integers(0, 30), st.integers(0, 9))),
)
@settings(max_examples=25)
def test_rows_recorded_at_a_cut_or_later_change_nothing(rows, changes, activities, cut, later):
    rows = [("r0", "Lead", 0.0, 0.0), *rows]
    known = sorted({row[0] for row in rows if max(row[2:]) < cut})
    before = describe_records(history_with(rows, changes, activities), moments_at(cut, *known))
    names = [f"r{n}" if n < 4 else "new" for n, *_ in later]
    moved = [(r, stage, float(at), float(cut + lag)) for r, (_, stage, at, lag) in zip(names, later, strict=True)]
    fields = [
        (r, field, at, cut + lag, "before", NEW[field][lag % 4])
        for r, (_, _, at, lag) in zip(names, later, strict=True)
        for field in NEW
    ]
    acts = [(r, "call", at, cut + lag, "out", "s") for r, (_, _, at, lag) in zip(names, later, strict=True)]
    history = history_with(rows, changes, activities)
    appended = {
        "stage_changes": stage_log(moved),
        "field_changes": field_log(fields),
        "activities": activity_log(acts),
    }
    both = {name: pd.concat([history.tables[name], rows], ignore_index=True) for name, rows in appended.items()}
    after = describe_records(history.with_tables(**both), moments_at(cut, *known))
    pd.testing.assert_frame_equal(before.features, after.features)
    assert before.fields == after.fields


@given(rows=log_rows(), changes=FIELDS, activities=ACTIVITIES, cut=st.integers(1, 26))
@settings(max_examples=10)
def test_engines_agree(rows, changes, activities, cut):
    history = history_with([("r0", "Lead", 0.0, 0.0), *rows], changes, activities)
    told = [describe_records(h, moments_at(cut, "r0")).features for h in (history, on_duckdb(history))]
    pd.testing.assert_frame_equal(told[0], told[1], check_exact=True)


@given(
    rows=log_rows(), changes=FIELDS, activities=ACTIVITIES, cuts=st.lists(st.integers(1, 26), min_size=2, max_size=4)
)
@settings(max_examples=12)
def test_many_moments_at_once_are_each_one_alone(rows, changes, activities, cuts):
    history = history_with([("r0", "Lead", 0.0, 0.0), *rows], changes, activities)
    together = describe_records(history, pd.concat([moments_at(c, "r0") for c in cuts]), as_of=day(30)).features
    alone = [describe_records(history, moments_at(c, "r0"), as_of=day(30)).features for c in cuts]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))


def test_the_result_speaks_both_languages():
    told = describe_records(small_crm(), moments_at(10, "a", "e"))
    assert told.to_frame() is told.features
    n = len(told.features.columns)
    assert told.summary().startswith(
        f"{n} features of 2 records at an instant. Left out, since their past is not known:"
    )
    assert told.summary("zh").startswith(
        f"2 个时点记录，共 {n} 个特征。历史取值未知、已剔除的字段：probability、team。"
    )
