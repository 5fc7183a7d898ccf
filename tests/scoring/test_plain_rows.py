"""Plain tables: labels in words, columns that say nothing of a new lead, and errors that say what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import MappingError, ModelInputError
from funnelml.scoring.plain_rows import plain_rows, plain_rows_to_score

N = 60


def leads(**columns):
    """Sixty leads with a number, a text and a label; more columns on demand."""
    rng = np.random.default_rng(0)
    table = {
        "visits": rng.poisson(3, N).astype(float),
        "来源": rng.choice(["官网", "展会", "Referral"], N),
        "converted": np.tile([1, 0, 0], N // 3),
    }
    return pd.DataFrame(table | columns)


@pytest.mark.parametrize(
    ("yes", "no", "outcome"),
    [
        (1, 0, "converted"),
        (1.0, 0.0, "converted"),
        (True, False, "converted"),
        ("1", "0", "converted"),
        ("Yes", "no", "converted"),
        (" Y ", "N", "converted"),
        ("是", "否", "converted"),
        ("有", "无", "converted"),
        ("Won", "Lost", "Won"),
        ("赢单", "输单", "赢单"),
        ("已成交", "流失", "已成交"),
        ("won", "no decision", "won"),
    ],
)
def test_a_label_is_told_by_its_words(yes, no, outcome):
    rows = plain_rows(leads(converted=[yes, no, no] * (N // 3)), label="converted")
    assert rows.label.tolist() == [1, 0, 0] * (N // 3) and rows.outcome == outcome
    assert rows.record_id[:3].tolist() == ["1", "2", "3"] and rows.at is None and rows.assumed is None


def test_any_two_values_will_do_if_one_is_said_to_count():
    table = leads(converted=["Kunde", "abgelehnt", "abgelehnt"] * (N // 3))
    rows = plain_rows(table, label="converted", positive="kunde")
    assert rows.positives == N // 3 and rows.outcome == "Kunde"
    with pytest.raises(
        ModelInputError, match=r"which value of label 'converted' counts is not clear from Kunde, abgeleh"
    ):
        plain_rows(table, label="converted")
    with pytest.raises(ModelInputError, match=r"never 'Kunden' \(did you mean 'Kunde'\?\); it is Kunde, abgelehnt"):
        plain_rows(table, label="converted", positive="Kunden")
    turned = plain_rows(leads(), label="converted", positive=0)
    assert turned.positives == 2 * N // 3 and turned.outcome == "converted = 0"


def test_a_label_that_is_none_is_refused_in_words():
    with pytest.raises(
        ModelInputError, match=r"has 3 values \(lost, open, won\); it needs two\. Leave out rows that are"
    ):
        plain_rows(leads(converted=["won", "lost", "open"] * (N // 3)), label="converted")
    with pytest.raises(ModelInputError, match="is 'no' in all 60 rows that have one; rows of both kinds are needed"):
        plain_rows(leads(converted="no"), label="converted")
    with pytest.raises(ModelInputError, match="label 'converted' is 'maybe' in all 60 rows"):
        plain_rows(leads(converted="maybe"), label="converted")
    with pytest.raises(ModelInputError, match="label 'converted' is empty in all 60 rows"):
        plain_rows(leads(converted=None), label="converted")


def test_rows_without_a_label_are_dropped_and_counted():
    rows = plain_rows(leads(converted=["yes", "no", None] * 10 + ["yes", "no", "未知"] * 10), label="converted")
    assert len(rows) == 40 and rows.dropped == {"no label": 20} and rows.positives == 20
    assert rows.record_id[:3].tolist() == ["1", "2", "4"] and rows.features.index.tolist() == list(range(40))


def test_the_same_row_again_is_dropped_and_both_outcomes_of_one_id_are_refused():
    once = leads(id=[f"L{k}" for k in range(N)])
    rows = plain_rows(pd.concat([once, once.iloc[[3, 3, 7]]], ignore_index=True), label="converted", record_id="id")
    assert len(rows) == N and rows.dropped == {"the same row again": 3} and "id" not in rows.features
    both = pd.concat([once, once.iloc[[3, 7]].assign(converted=lambda t: 1 - t["converted"])], ignore_index=True)
    with pytest.raises(ModelInputError, match=r"2 ids have both values of label 'converted' \(L3, L7\); keep one row"):
        plain_rows(both, label="converted", record_id="id")


def test_with_dates_one_lead_may_have_several_rows():
    once = leads(id=[f"L{k}" for k in range(N)], seen="2024-03-05")
    later = once.iloc[[3]].assign(converted=1 - once.loc[3, "converted"], seen="2024-03-06")
    rows = plain_rows(pd.concat([once, later], ignore_index=True), label="converted", record_id="id", at="seen")
    assert rows.at[[0, -1]].tolist() == [1_709_596_800_000_000, 1_709_683_200_000_000]
    assert rows.record_id[[3, -1]].tolist() == ["L3", "L3"]
    clash = pd.concat([once, later.assign(seen="2024-03-05")], ignore_index=True)
    with pytest.raises(ModelInputError, match="1 ids have both values"):
        plain_rows(clash, label="converted", record_id="id", at="seen")
    with pytest.raises(ModelInputError, match=r"column 'seen' holds no date in 60 rows \(soon\)"):
        plain_rows(leads(seen="soon"), label="converted", at="seen")


MARCH_5, DAY = 1_709_596_800_000_000, 86_400_000_000


def test_outcomes_are_known_right_after_the_date_that_says_so():
    table = leads(seen="2024-03-05 15:30", closed=["2024-03-05", "2024-03-09", "2024-04-01 08:00"] * 20)
    rows = plain_rows(table, label="converted", at="seen", known_at="closed")
    at = MARCH_5 + 15.5 * DAY / 24
    # A closing of the same day is no earlier than its row; none is known to a row of its own instant.
    assert rows.known_at[:3].tolist() == [at + 1, MARCH_5 + 4 * DAY + 1, MARCH_5 + (27 + 8 / 24) * DAY + 1]
    assert list(rows.features) == ["visits", "来源"] and not rows.known_at_assumed
    assert len(rows.known_by(MARCH_5 + 4 * DAY)) == 20 and len(rows.known_by(MARCH_5 + 4 * DAY + 1)) == 40


def test_without_such_dates_an_outcome_is_known_no_earlier_than_the_last_row_of_its_lead():
    first = leads(id=[f"L{k}" for k in range(N)], seen="2024-03-05")
    second = first.iloc[:20].assign(seen="2024-03-20", visits=9.0)
    rows = plain_rows(pd.concat([first, second], ignore_index=True), label="converted", record_id="id", at="seen")
    expected = np.r_[np.full(20, 15), np.zeros(40), np.full(20, 15)] * DAY + MARCH_5 + 1
    assert rows.known_at.tolist() == expected.tolist() and rows.known_at_assumed
    assert rows.take(np.arange(3)).known_at_assumed
    # What is learned before the second row of a lead knows nothing of its outcome.
    assert not set(rows.known_by(rows.at.max()).record_id) & {f"L{k}" for k in range(20)}
    plain = plain_rows(first, label="converted", record_id="id")
    assert plain.known_at is None and not plain.known_at_assumed


def test_dates_of_outcomes_are_checked_where_there_is_an_outcome():
    late = {"seen": "2024-03-05", "closed": "2024-03-09"}
    table = leads(**late, id=[f"L{k}" for k in range(N)]).astype({"converted": object})
    asked = {"label": "converted", "record_id": "id", "known_at": "closed"}
    table.loc[2, ["converted", "closed"]] = None
    assert len(plain_rows(table, at="seen", **asked)) == N - 1
    with pytest.raises(ModelInputError, match=r"column 'closed' holds no date in 2 rows \(empty\)"):
        plain_rows(table.assign(closed=table["closed"].where(table.index > 2)), at="seen", **asked)
    table.loc[[4, 7], "closed"] = "2024-03-04"
    with pytest.raises(
        ModelInputError, match=r"'closed' is before the date of its row in 2 rows \(L4, L7\); .* leave those rows out"
    ):
        plain_rows(table, at="seen", **asked)
    with pytest.raises(ModelInputError, match="known_at names 'closed' and at names no column; name the dates on whi"):
        plain_rows(table, **asked)
    with pytest.raises(MappingError, match=r"no column 'close' \(did you mean 'closed'\?\)"):
        plain_rows(table, at="seen", **(asked | {"known_at": "close"}))


def test_missing_values_are_known_by_their_words():
    table = leads(city=["Select", "北京", "未知"] * 20, other=["N/A", "x", "y"] * 20, no=["none", "no", "-"] * 20)
    rows = plain_rows(table, label="converted")
    assert rows.features["city"].tolist() == [None, "北京", None] * 20
    assert rows.features["other"].tolist() == [None, "x", "y"] * 20
    assert rows.features["no"].tolist() == ["none", "no", None] * 20
    own = plain_rows(table, label="converted", missing=("北京",))
    assert own.features["city"].tolist() == ["Select", None, "未知"] * 20


def test_numbers_in_text_are_numbers():
    mostly = ["1,200.50"] * 57 + ["12", "many", None]
    table = leads(revenue=mostly, yuan=["1.5万元", "¥300", "(20)"] * 20, flag=[True, False, True] * 20)
    table["whole"] = pd.array([1, 2, None] * 20, dtype="Int64")
    rows = plain_rows(table, label="converted")
    assert rows.features.dtypes.astype(str).to_dict() == dict.fromkeys(
        ["visits", "revenue", "yuan", "flag", "whole"], "float64"
    ) | {"来源": "object"}
    assert rows.features["revenue"].tolist()[-4:-2] == [1200.5, 12] and rows.features["revenue"].isna().sum() == 2
    assert rows.features["yuan"].tolist()[:3] == [15_000, 300, -20]
    assert rows.features["flag"].tolist()[:3] == [1, 0, 1]
    assert rows.features["whole"].isna().sum() == 20


def test_codes_and_mixtures_stay_texts():
    table = leads(zip=["01067", "10115", "20095"] * 20, mixed=["3", "4", "many"] * 20)
    table["kind"] = pd.Categorical(["a", "b", None] * 20)
    table["objects"] = pd.Series([1, "x", None] * 20, dtype=object)
    rows = plain_rows(table, label="converted")
    assert rows.features["zip"].tolist()[:3] == ["01067", "10115", "20095"]
    assert rows.features["mixed"].tolist()[:3] == ["3", "4", "many"]
    assert rows.features["kind"].tolist()[:3] == ["a", "b", None]
    assert rows.features["objects"].tolist()[:3] == ["1", "x", None]


def test_infinite_numbers_are_missing():
    rows = plain_rows(leads(ratio=[np.inf, 1.0, -np.inf] * 20), label="converted")
    assert rows.features["ratio"].isna().sum() == 40


def useless_columns():
    rng = np.random.default_rng(1)
    return leads(
        running=range(1001, 1001 + N),
        phone=rng.choice(10**9, N, replace=False) + 13_000_000_000,
        uuid=[f"{v:032x}" for v in rng.integers(0, 2**62, N)],
        remark=[f"Customer number {k % 40} asked for a call next week about prices" for k in range(N)],
        created=pd.date_range("2024-01-01", periods=N).strftime("%Y/%m/%d"),
        changed=pd.date_range("2024-01-01", periods=N),
        one="yes",
        nothing=["Select", None] * (N // 2),
        zero=0.0,
        void=np.nan,
    )


def test_columns_that_say_nothing_of_a_new_lead_are_set_aside_by_name():
    rows = plain_rows(useless_columns(), label="converted")
    number = "an id: another whole number in every row"
    constant = "the same value in all rows"
    assert rows.set_aside == {
        "running": number,
        "phone": number,
        "uuid": "an id or a name: another text in nearly every row",
        "remark": "free text",
        "created": "dates",
        "changed": "dates",
        "one": constant,
        "nothing": "empty",
        "zero": constant,
        "void": "empty",
    }
    assert list(rows.features) == ["visits", "来源"]
    kept = plain_rows(useless_columns(), label="converted", keep=("running", "uuid"))
    assert list(kept.features) == ["visits", "来源", "running", "uuid"] and "running" not in kept.set_aside
    assert rows.take(np.arange(5)).set_aside == rows.set_aside


def test_honest_columns_are_kept():
    rng = np.random.default_rng(2)
    table = leads(
        amount=np.round(np.exp(rng.normal(9, 1.5, N))) + np.arange(N) * 0.0,
        seconds=rng.choice(100_000, N, replace=False),
        share=rng.random(N),
        company=[f"Firm {k % 45}" for k in range(N)],
        sometimes=["yes", None] * (N // 2),
    )
    assert plain_rows(table, label="converted").set_aside == {}


def test_a_column_of_very_many_levels_is_read():
    n = 200_000
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"key": [f"k{v}" for v in rng.integers(0, n, n)], "label": np.arange(n) % 2})
    rows = plain_rows(table, label="label")
    assert rows.features["key"].nunique() > 100_000 and len(rows) == n


def test_what_a_table_lacks_is_said():
    with pytest.raises(
        MappingError, match=r"no column 'Converted' \(did you mean 'converted'\?\); it has visits, 来源, con"
    ):
        plain_rows(leads(), label="Converted")
    with pytest.raises(MappingError, match="no column 'id'"):
        plain_rows(leads(), label="converted", record_id="id")
    with pytest.raises(MappingError, match="no column 'kept'"):
        plain_rows(leads(), label="converted", keep=("kept",))
    with pytest.raises(ModelInputError, match="the table has no rows; give it leads"):
        plain_rows(leads().iloc[:0], label="converted")
    with pytest.raises(ModelInputError, match="no column is left to learn from \\(one: the same value in all rows\\)"):
        plain_rows(leads(one="x")[["one", "converted"]], label="converted")
    with pytest.raises(ModelInputError, match="no column is left to learn from \\(the table has no other column\\)"):
        plain_rows(leads()[["converted"]], label="converted")
    with pytest.raises(ModelInputError, match=r"column 'id' is empty in 2 rows \(row 1, 2\); ids are needed"):
        plain_rows(leads(id=[None, " ", *range(N - 2)]), label="converted", record_id="id")
    twice = leads().rename(columns={"来源": "visits"})
    with pytest.raises(MappingError, match="column 'visits' stands in the table twice; rename one"):
        plain_rows(twice, label="converted")


def test_a_table_of_another_kind_is_refused_and_odd_cells_are_read():
    with pytest.raises(ModelInputError, match="the table is a list; hand over a pandas frame"):
        plain_rows([[1, 2]], label="converted")
    odd = {"lists": [[1], [2]] * 30, "complex": np.tile([1j, 2j], 30), "spans": pd.to_timedelta([1, 2] * 30, unit="D")}
    rows = plain_rows(leads(**odd), label="converted")
    assert rows.features.dtypes.loc[list(odd)].tolist() == [object] * 3
    with pytest.raises(ModelInputError, match=r"column 'lists' holds no date in 60 rows \(\[1\], \[2\]\)"):
        plain_rows(leads(**odd), label="converted", at="lists")
    numbered = leads().set_axis([0, 1, "converted"], axis=1)
    assert list(plain_rows(numbered, label="converted").features) == ["0", "1"]


def test_leads_to_score_are_read_like_those_learned_from():
    learned = plain_rows(leads(revenue=["1,200", "12", None] * 20), label="converted", record_id=None)
    new = pd.DataFrame(
        {"来源": ["Select", "展会"], "revenue": [7, "8.5"], "visits": [None, "3"], "more": 1, "id": [9, 8]}
    )
    rows = plain_rows_to_score(new, like=learned, record_id="id")
    assert list(rows.features) == list(learned.features) and rows.label is None
    assert rows.features.dtypes.tolist() == learned.features.dtypes.tolist()
    assert rows.features["来源"].tolist() == [None, "展会"] and rows.features["revenue"].tolist() == [7, 8.5]
    assert rows.record_id.tolist() == ["9", "8"] and rows.outcome == learned.outcome
    with pytest.raises(MappingError, match=r"no column 'revenue' \(did you mean 'Revenue'\?\)"):
        plain_rows_to_score(new.rename(columns={"revenue": "Revenue"}), like=learned)
    with pytest.raises(ModelInputError, match="column 'revenue' was one of numbers and now holds high, low; check"):
        plain_rows_to_score(new.assign(revenue=["high", "low"]), like=learned)


def test_rows_read_twice_are_the_same():
    table = useless_columns()
    first, second = (plain_rows(table, label="converted") for _ in range(2))
    pd.testing.assert_frame_equal(first.features, second.features)
    shuffled = plain_rows(table.sample(frac=1, random_state=5), label="converted")
    assert shuffled.set_aside == first.set_aside
    scored = plain_rows_to_score(table, like=first)
    pd.testing.assert_frame_equal(scored.features, first.features)


@pytest.mark.realdata
def test_the_leads_of_x_education(real_data):
    table = pd.read_csv(real_data / "x_education_leads.csv")
    rows = plain_rows(table, label="Converted", record_id="Prospect ID")
    # Counted with value_counts in pandas: 3,561 of 9,240; five columns have one value, the last has none.
    assert (len(rows), rows.positives, rows.dropped) == (9_240, 3_561, {})
    assert rows.set_aside["Lead Number"].startswith("an id") and rows.set_aside["Unnamed: 37"] == "empty"
    assert sum(reason == "the same value in all rows" for reason in rows.set_aside.values()) == 5
    missing = table["Specialization"].isna() | (table["Specialization"] == "Select")
    assert rows.features["Specialization"].isna().tolist() == missing.tolist()
    assert rows.features["TotalVisits"].equals(table["TotalVisits"])
