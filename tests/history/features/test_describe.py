"""Features of the past: computed by hand, equal to a snapshot, the same on both engines, blind to what came later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import AsOfError, FunnelError, ModelInputError
from funnelml.history.features.describe import describe_records
from funnelml.history.history import History
from funnelml.schema import DAY
from tests.history.features.small_crm import MICROSECOND, day, field_log, moments_at, small_crm
from tests.logs import FUNNEL, history_of, stage_log


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
