"""The ledger of scores: what was told comes back as it was, day by day, and nothing else gets in."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelml.errors import AsOfError, InputError, SourceError
from funnelml.io.score_ledger import LEDGER_COLUMNS
from funnelml.runs.scoring.ledger import MADE_LATER, ledger_dates, made_later, read_ledger, read_past, write_ledger
from funnelml.scoring.monitoring.past_scores import score_past

DAY = date(2026, 6, 29)
FILE = Path("data/processed/scores/lead_score/2026-06-29.parquet")


def scores(**columns: object) -> pd.DataFrame:
    """Three scored records, with these columns in the place of the usual ones."""
    usual: dict[str, object] = {
        "record_id": ["0012", "客户-7", "L-4"],
        "probability": [0.8123456, 0.25, 0.00004],
        "low": [0.7, 0.2, 0.0],
        "high": [0.9, 0.3, 0.01],
        "grade": ["Hot", "Warm", "Cold"],
        "reasons_for": ["3 meetings in 30 days", "近期来电", None],
        "reasons_against": ["", None, "no reply for 40 days"],
        "model_id": "lead_score-2026-06-29-1a2b3c4d",
        "verdict": "publish",
        "outcome": "won within 28 days",
    }
    return pd.DataFrame(usual | columns)


def test_a_day_comes_back_as_it_was(tmp_path):
    path = write_ledger(tmp_path, name="lead_score", as_of=DAY, scores=scores(rank=[1, 2, 3]))
    assert path == tmp_path / FILE
    back = read_ledger(tmp_path, "lead_score")
    assert tuple(back.columns) == LEDGER_COLUMNS
    given_ = scores()
    # At full precision: a chance of 0.00004 is not 0 to the log odds of a trend.
    for column in ("probability", "low", "high"):
        np.testing.assert_array_equal(back[column], given_[column])
    assert list(back["record_id"]) == ["0012", "客户-7", "L-4"]
    assert list(back["reasons_for"]) == ["3 meetings in 30 days", "近期来电", ""]
    assert list(back["as_of"]) == [DAY] * 3 and set(back["outcome"]) == {"won within 28 days"}


def test_the_same_scores_have_the_same_bytes_and_read_scores_can_be_written_again(tmp_path):
    path = write_ledger(tmp_path, as_of=DAY, scores=scores())
    before = path.read_bytes()
    write_ledger(tmp_path, as_of=DAY, scores=read_ledger(tmp_path))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_grades_and_verdicts_in_chinese_are_kept_by_their_english_names(tmp_path):
    write_ledger(
        tmp_path, as_of=DAY, scores=scores(grade=["热", "温", "冷"], verdict="仅可排序", outcome="28 天内赢单")
    )
    back = read_ledger(tmp_path)
    assert list(back["grade"]) == ["Hot", "Warm", "Cold"]
    assert set(back["verdict"]) == {"ranks only"} and set(back["outcome"]) == {"28 天内赢单"}


def test_the_latest_day_is_read_and_another_on_request(tmp_path):
    for month in (6, 4, 5):
        write_ledger(tmp_path, as_of=date(2026, month, 29), scores=scores(probability=[month / 10, 0.25, 0.005]))
    # Neither a crash nor a person who puts other files there makes a day of them.
    for name in (".2026-07-01.parquet.7.tmp", "20260701.parquet", "notes.parquet", "2026-07-01.csv"):
        (tmp_path / FILE.parent / name).write_bytes(b"")
    assert ledger_dates(tmp_path, "lead_score") == [date(2026, month, 29) for month in (4, 5, 6)]
    assert read_ledger(tmp_path)["probability"][0] == 0.6
    assert read_ledger(tmp_path, "lead_score", date(2026, 4, 29))["probability"][0] == 0.4
    assert ledger_dates(tmp_path, "other") == []


@given(st.lists(st.integers(0, 400), unique=True, min_size=1, max_size=5), st.integers(0, 400))
@settings(max_examples=15)
def test_the_past_is_what_lies_before_a_day(offsets, border):
    days = [date.fromordinal(DAY.toordinal() + offset) for offset in offsets]
    before = date.fromordinal(DAY.toordinal() + border)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for day in sorted(days):
            write_ledger(root, as_of=day, scores=scores(probability=[0.5, 0.25, (day.toordinal() % 97) / 100]))
        past = read_past(root, "lead_score", before)
        earlier = sorted(day for day in days if day < before)
        assert tuple(past.columns) == LEDGER_COLUMNS
        assert list(past["as_of"]) == [day for day in earlier for _ in range(3)]
        assert list(past["probability"][2::3]) == [(day.toordinal() % 97) / 100 for day in earlier]


def test_past_scores_can_be_held_against_what_happened(tmp_path):
    for month in (1, 2):
        write_ledger(tmp_path, as_of=date(2026, month, 10), scores=scores())
    conversions = pd.DataFrame({"record_id": ["0012"], "converted_on": [date(2026, 1, 20)]})
    past = read_past(tmp_path, "lead_score", date(2026, 6, 1))
    told = score_past(past, conversions, as_of=date(2026, 5, 31), horizon_days=28)
    assert told.months["converted"].to_list() == [1, 0]
    assert told.months["expected"].sum() == pytest.approx(2 * scores()["probability"].sum())


def test_scores_of_a_day_are_replaced_unless_they_are_to_stay(tmp_path):
    path = write_ledger(tmp_path, as_of=DAY, scores=scores())
    before = path.read_bytes()
    with pytest.raises(InputError, match="there are scores 'lead_score' of 2026-06-29 already, and they are to stay"):
        write_ledger(tmp_path, as_of=DAY, scores=scores(low=0.0), replace=False)
    assert path.read_bytes() == before
    write_ledger(tmp_path, as_of=DAY, scores=scores(low=0.0))
    assert list(read_ledger(tmp_path)["low"]) == [0.0] * 3


def chances(table: pd.DataFrame) -> list[float]:
    return list(table["probability"][::3])


def test_scores_made_again_of_a_past_day_take_no_place_of_those_that_had_gone_out(tmp_path):
    may, june = date(2026, 5, 29), DAY
    for day, chance in ((may, 0.3), (june, 0.6)):
        write_ledger(tmp_path, as_of=day, scores=scores(probability=[chance, 0.25, 0.005]))
    gone_out = read_past(tmp_path, "lead_score", date(2026, 7, 1))
    for chance, made_on in ((0.8, None), (0.85, date(2026, 7, 14))):
        again = scores(probability=[chance, 0.25, 0.005])
        path = write_ledger(tmp_path, as_of=may, scores=again, made_on=made_on)
        assert path.parent.name == MADE_LATER and made_later(tmp_path) == {may: made_on}
        # Who asks for that day gets what was made last; what went out then stays and is what will be judged.
        assert chances(read_ledger(tmp_path, as_of=may)) == [chance]
        pd.testing.assert_frame_equal(read_past(tmp_path, "lead_score", date(2026, 7, 1)), gone_out)
    assert path.name == "2026-05-29_made_2026-07-14.parquet" and len(list(path.parent.iterdir())) == 1
    assert ledger_dates(tmp_path) == [may, june] and chances(read_ledger(tmp_path)) == [0.6]
    with pytest.raises(InputError, match="there are scores 'lead_score' of 2026-05-29 already"):
        write_ledger(tmp_path, as_of=may, scores=scores(), replace=False)


def test_scores_of_a_past_day_that_had_none_never_went_out(tmp_path):
    write_ledger(tmp_path, as_of=DAY, scores=scores())
    write_ledger(tmp_path, as_of=date(2026, 4, 30), scores=scores())
    assert ledger_dates(tmp_path) == [date(2026, 4, 30), DAY] and made_later(tmp_path) == {date(2026, 4, 30): None}
    assert read_past(tmp_path, "lead_score", DAY).empty


@pytest.mark.parametrize(("days", "late"), [(0, False), (1, False), (7, False), (8, True), (400, True)])
def test_a_first_run_for_a_day_long_past_has_told_nobody(tmp_path, days, late):
    made_on = DAY + timedelta(days=days)
    write_ledger(tmp_path, as_of=DAY, scores=scores(), made_on=made_on)
    assert made_later(tmp_path) == ({DAY: made_on} if late else {})
    assert read_past(tmp_path, "lead_score", date(2030, 1, 1)).empty == late
    # The scores are there all the same, to be looked at and exported.
    assert list(read_ledger(tmp_path)["as_of"]) == [DAY] * 3


def test_scores_made_on_their_day_replace_what_was_made_later(tmp_path):
    write_ledger(tmp_path, as_of=DAY, scores=scores(low=0.0), made_on=date(2027, 1, 1))
    write_ledger(tmp_path, as_of=DAY, scores=scores())
    assert made_later(tmp_path) == {} and list(read_ledger(tmp_path)["low"]) == [0.7, 0.2, 0.0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), min_size=1, max_size=8))
@settings(max_examples=25)
def test_what_went_out_changes_only_while_it_is_the_newest(runs):
    with TemporaryDirectory() as folder:
        root, gone_out, last = Path(folder), {}, {}
        for offset, chance in runs:
            day = DAY + timedelta(days=offset)
            write_ledger(root, as_of=day, scores=scores(probability=chance / 100, low=0.0, high=1.0))
            last[day] = chance / 100
            if not any(other > day for other in gone_out):
                gone_out[day] = chance / 100
        past = read_past(root, "lead_score", DAY + timedelta(days=99))
        assert dict(zip(past["as_of"], past["probability"], strict=True)) == gone_out
        assert {day: chances(read_ledger(root, as_of=day)) for day in ledger_dates(root)} == {
            day: [chance] for day, chance in last.items()
        }


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"probability": [0.5, np.nan, 0.1]}, r"1 values of probability are missing, infinite .*\(客户-7\)"),
        ({"probability": [0.5, 1.5, -0.1]}, r"2 values of probability .*\(客户-7, L-4\)"),
        ({"high": [np.inf, 0.3, 0.01]}, "1 values of high"),
        ({"low": 0.95, "high": 0.94}, "3 intervals have their low end above their high end"),
        ({"record_id": ["a", "a", "b"]}, r"1 scores repeat an id \(a\)"),
        ({"record_id": ["a", None, "b"]}, r"1 scores have no id .*\(row 2\)"),
        (
            {"verdict": ["publish", "good", ""]},
            r"2 values of verdict are none of publish, provisional.*\(客户-7, L-4\)",
        ),
        ({"outcome": ["won", None, "won"]}, r"1 scores do not say what they are the chance of; .* \(客户-7\)"),
        (
            {"as_of": ["2026-06-29", "2026-06-28", "2026-06-29"]},
            r"1 scores are of another day than 2026-06-29 \(客户-7",
        ),
        ({"reasons_for": ["\ud800", "", ""]}, "1 texts of reasons_for hold broken characters"),
    ],
)
def test_what_is_no_score_is_not_kept(tmp_path, columns, said):
    with pytest.raises(InputError, match=said):
        write_ledger(tmp_path, as_of=DAY, scores=scores(**columns))
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"scores have no column 'outcome' \(did you mean 'outcomes'\?\)"):
        write_ledger(tmp_path, as_of=DAY, scores=scores().rename(columns={"outcome": "outcomes"}))
    with pytest.raises(InputError, match="there are no scores of 2026-06-29 to keep; nothing is written"):
        write_ledger(tmp_path, as_of=DAY, scores=scores().head(0))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "-a", "_a", ".hidden", "x" * 65, "C:x", "a\n"])
def test_a_name_is_no_path(tmp_path, name):
    for ask in (
        lambda: write_ledger(tmp_path, name=name, as_of=DAY, scores=scores()),
        lambda: ledger_dates(tmp_path, name),
        lambda: read_ledger(tmp_path, name),
        lambda: read_past(tmp_path, name, DAY),
    ):
        with pytest.raises(InputError, match="cannot name scores; take letters, digits, - and _"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_a_name_may_be_chinese(tmp_path):
    write_ledger(tmp_path, name="线索评分-2", as_of=DAY, scores=scores())
    assert ledger_dates(tmp_path, "线索评分-2") == [DAY]


def test_scores_that_are_not_there_say_how_to_make_them(tmp_path):
    with pytest.raises(SourceError, match=r"no scores 'lead_score' in data/processed/scores yet; run: funnelml score$"):
        read_ledger(tmp_path)
    assert read_past(tmp_path, "lead_score", DAY).empty
    for month in (1, 2, 3, 4, 5):
        write_ledger(tmp_path, as_of=date(2026, month, 5), scores=scores())
    with pytest.raises(SourceError, match=r"no scores 'lead_scor' .* yet \(did you mean 'lead_score'\?\); run"):
        read_ledger(tmp_path, "lead_scor")
    with pytest.raises(
        AsOfError,
        match=r"no scores 'lead_score' of 2026-06-29; there are those of 2026-05-05, 2026-04-05, 2026-03-05 and 2 "
        r"more\. For others, run: funnelml score --as-of 2026-06-29",
    ):
        read_ledger(tmp_path, "lead_score", DAY)


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _without_a_chance(path: Path) -> None:
    # With the schema of the file, else pandas would add its own notes.
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    chances = pa.array([0.5, float("nan"), 0.1])
    pq.write_table(table.set_column(table.schema.get_field_index("probability"), "probability", chances), path)


def _of_another_day(path: Path) -> None:
    path.with_name("2026-06-22.parquet").rename(path)


def _another_table(path: Path) -> None:
    pd.DataFrame({"record_id": ["a"], "score": [0.5]}).to_parquet(path)


def _empty(path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(path).slice(0, 0), path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_half, ""),
        (_without_a_chance, "some of its chances are no numbers from 0 to 1"),
        (_of_another_day, "it holds scores of 2026-06-22"),
        (_another_table, "its columns are record_id, score"),
        (_empty, "it has no rows, or empty cells"),
    ],
)
def test_a_file_that_was_changed_is_named_and_not_believed(tmp_path, spoil, said):
    write_ledger(tmp_path, as_of=date(2026, 6, 22), scores=scores())
    path = write_ledger(tmp_path, as_of=DAY, scores=scores())
    spoil(path)
    told = rf"2026-06-29.parquet does not hold the scores of 2026-06-29, or is damaged: {said}.*--as-of 2026-06-29$"
    for ask in (lambda: read_ledger(tmp_path), lambda: read_past(tmp_path, "lead_score", date(2026, 7, 1))):
        with pytest.raises(SourceError, match=told):
            ask()


def test_what_went_out_and_is_damaged_cannot_be_made_again(tmp_path):
    _half(write_ledger(tmp_path, as_of=date(2026, 6, 22), scores=scores()))
    write_ledger(tmp_path, as_of=DAY, scores=scores())
    with pytest.raises(SourceError, match=r"2026-06-22, or is damaged: .*\. Put back a copy of it, or remove it$"):
        read_past(tmp_path, "lead_score", DAY)


def test_a_full_disk_leaves_the_scores_that_were_there(monkeypatch, tmp_path):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = write_ledger(tmp_path, as_of=DAY, scores=scores())
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SourceError, match="cannot be written: No space left on device"):
        write_ledger(tmp_path, as_of=DAY, scores=scores(low=0.0))
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 1
