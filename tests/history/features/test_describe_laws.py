"""Laws of the features: those of the snapshot, nothing of later, the same on every engine."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.history.features.describe import describe_records
from funnelml.history.snapshot import take_snapshot
from funnelml.io.engine import on_duckdb
from funnelml.schema import DAY
from tests.history.features.small_crm import activity_log, day, field_log, moments_at, small_crm
from tests.logs import STAGES, history_of, log_rows, stage_log

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
