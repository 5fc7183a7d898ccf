"""A plain table, scored from the command line: every odd table is scored rightly, or refused in words."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.cli import main
from funnelml.errors import InputError, ModelInputError, SourceError
from funnelml.io.score_rows import COLUMNS
from funnelml.runs.scoring.table import score_table
from funnelml.runs.scoring.table_export import write_table_scores
from funnelml.runs.scoring.table_file import read_leads
from funnelml.runs.scoring.table_text import _CHINESE, show_table_run
from funnelml.scoring.evaluation.verdict import Verdict
from funnelml.scoring.plain_columns import read_column
from tests.runs.scoring.small_table import KNOWN, NEW, leads, read, written


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = written(tmp_path_factory.mktemp("leads"), leads())
    return score_table(path, label="won", record_id="lead")


@pytest.fixture(scope="module")
def run_of_known(tmp_path_factory):
    path = written(tmp_path_factory.mktemp("known"), leads(new=0))
    return score_table(path, label="won")


def with_verdict(run, verdict):
    """The same run under another verdict."""
    evaluation = run.learned.evaluation
    random = replace(evaluation.random, verdict=Verdict(verdict=verdict, reasons=(("a reason", "原因"),)))
    return replace(run, learned=replace(run.learned, evaluation=replace(evaluation, random=random)))


# --- the whole ---


def test_rows_without_a_label_are_scored_best_first_and_those_that_visit_most_are_best(run):
    table = run.table()
    assert run.verdict == "provisional" and run.of_new_leads and len(run.leads.labelled) == KNOWN
    assert sorted(table["record_id"]) == sorted(f"L-{i}" for i in range(KNOWN, KNOWN + NEW))
    assert table["probability"].is_monotonic_decreasing
    assert ((table["low"] <= table["probability"]) & (table["probability"] <= table["high"])).all()
    assert "visits" in table["reasons_for"].iloc[0]
    visits = leads().set_index("lead")["visits"]
    assert np.corrcoef(visits[table["record_id"]], table["probability"])[0, 1] > 0.7


def test_the_same_table_and_seed_give_the_same_scores_in_any_order_of_new_rows(run, tmp_path):
    table = leads()
    turned = pd.concat([table[:KNOWN], table[KNOWN:][::-1]])
    again = score_table(written(tmp_path, turned), label="won", record_id="lead")
    pd.testing.assert_frame_equal(again.table(), run.table())


def test_the_text_has_the_verdict_first_and_then_what_a_manager_asks(run):
    text = show_table_run(run)
    order = ("Provisional: ", "324 rows read", "## Fields that know too much", "## How good", "## Grades", "## Whom to")
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "A table without dates cannot show drift" in text and f"1. {run.scores['record_id'][0]}: Hot, " in text
    assert f"{KNOWN} with a label" in text and f"{NEW} to be scored" in text


def test_grades_tell_how_the_tested_rows_did(run):
    told = run.grades.by_grade.set_index("grade")
    judged = run.learned.evaluation.main.test_scores
    hot = judged[judged["probability"] >= run.grades.borders[0]]
    assert told["past_records"].sum() == len(judged)
    assert (told.loc["Hot", "past_records"], told.loc["Hot", "past_converted"]) == (len(hot), hot["label"].sum())


def test_a_table_without_new_leads_says_so_and_that_its_scores_flatter(run_of_known, tmp_path):
    text = show_table_run(run_of_known)
    assert "There is no new lead to score: add leads with an empty 'won'" in text and "Whom to call" not in text
    assert "The best of the rows that the score was learned from: it knows their outcomes" in text
    assert "Leads are named by their row in the file." in text
    told = write_table_scores(run_of_known, tmp_path / "out.csv")
    assert "These are the leads that the score was learned from" in told
    out = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert sorted(map(int, out["id"])) == list(range(2, KNOWN + 2))


def test_the_object_for_a_program_is_json(run, run_of_known):
    for each in (run, run_of_known):
        told = json.loads(json.dumps(each.to_dict(), allow_nan=False))
        assert told["schema_version"] == 1 and len(told["scores"]) == len(each.scores)
        assert told["of_new_leads"] is each.of_new_leads and set(told["sections"]) == {"evaluation", "leaks"}
    unfit = with_verdict(run, "no usable signal").to_dict()
    assert unfit["scores"] == unfit["grades"] == []


@pytest.mark.parametrize("verdict", ["no usable signal", "suspected leak"])
def test_unfit_scores_are_not_shown_and_not_written(run, tmp_path, verdict):
    unfit = with_verdict(run, verdict)
    text = show_table_run(unfit)
    assert "No lead is graded." in text and "## Grades" not in text and "L-300" not in text
    with pytest.raises(InputError, match=rf"out\.csv was not written\. {verdict.capitalize()}: .*A reason\."):
        write_table_scores(unfit, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_scores_that_only_rank_are_shown_without_their_chances(run):
    first = run.scores.iloc[0]
    line = show_table_run(with_verdict(run, "ranks only")).split("## Whom to call first\n")[1].splitlines()[0]
    assert line == f"1. {first['record_id']}: Hot"


# --- files ---


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_scores_are_written_once_and_compared_after_that(run, tmp_path, ending):
    path = tmp_path / f"out{ending}"
    assert write_table_scores(run, path).startswith("24 scores, none exported before. ")
    before = path.read_bytes()
    assert "0 new, 0 changed, 24 unchanged" in write_table_scores(run, path) and path.read_bytes() == before
    readers = {".csv": pd.read_csv, ".xlsx": pd.read_excel, ".parquet": pd.read_parquet}
    out = readers[ending](path)
    assert tuple(out) == COLUMNS and out["id"].tolist() == run.scores["record_id"].tolist()
    assert set(out["model_id"]) == {"none"} and not any(out["as_of"].fillna(""))
    np.testing.assert_allclose(out["probability"], run.scores["probability"], atol=5e-5)


def test_ids_like_formulas_are_harmless_in_a_csv_file_and_told(run, tmp_path):
    ids = [f"=cmd|'{i}'" for i in range(NEW)]
    reasons = replace(run.reasons, record_id=np.array(ids, dtype=object))
    odd = replace(run, reasons=reasons, scores=run.scores.assign(record_id=ids))
    assert "24 ids begin like a formula" in write_table_scores(odd, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("'=cmd|")


def test_another_file_is_never_written_over(run, tmp_path):
    path = written(tmp_path, leads())
    before = path.read_bytes()
    with pytest.raises(SourceError, match=r"leads\.csv is no export of scores, or is damaged.*Move it away"):
        write_table_scores(run, path)
    assert path.read_bytes() == before
    with pytest.raises(InputError, match=r"out\.txt is no file for scores"):
        write_table_scores(run, tmp_path / "out.txt")


# --- Chinese ---


def test_chinese_headings_make_a_chinese_page(tmp_path, capsys):
    table = leads().rename(columns={"lead": "线索编号", "visits": "访问次数", "source": "来源", "won": "是否成交"})
    table["是否成交"] = table["是否成交"].map({"1": "是", "0": "否", "": ""})
    table["来源"] = table["来源"].map({"Web": "官网", "Fair": "展会", "Referral": "转介绍"})
    table["国家"] = "中国"
    path = tmp_path / "线索.csv"
    path.write_bytes(table.to_csv(index=False).encode("gb18030"))
    out = tmp_path / "评分.csv"
    assert (
        main(["score", "--table", str(path), "--label", "是否成交", "--record-id", "线索编号", "--out", str(out)]) == 0
    )
    told = capsys.readouterr()
    assert (
        told.err == "" and "暂定" in told.out and "## 优先联系" in told.out and "没有日期的表无法看出漂移" in told.out
    )
    assert "未使用的列：国家（所有行取值相同）" in told.out and "已写入" in told.out
    rows = pd.read_csv(out, dtype=str)
    assert set(rows["grade"]) <= {"热", "温", "冷"} and set(rows["verdict"]) == {"暂定"}
    assert rows["reasons_for"].str.contains("访问次数：").any()


def test_every_reason_why_a_column_is_not_used_has_chinese_words():
    n = 40
    odd = {
        "empty": pd.Series([None] * n),
        "constant": pd.Series(["x"] * n),
        "dates": pd.Series([f"2024-01-{1 + i % 28:02d}" for i in range(n)]),
        "free text": pd.Series([f"a customer asked a rather long question number {i}" for i in range(n)]),
        "numbers": pd.Series(range(n)),
        "names": pd.Series([f"name {i}" for i in range(n)]),
    }
    reasons = [read_column(column, frozenset()).useless for column in odd.values()]
    assert len(set(reasons)) == len(odd) and set(reasons) <= set(_CHINESE)


# --- odd tables that can be scored ---


def test_values_that_only_new_leads_have_and_columns_that_say_nothing_do_not_stop_a_score(tmp_path):
    new = np.arange(KNOWN + NEW) >= KNOWN
    rng = np.random.default_rng(1)
    table = leads().assign(
        source=lambda f: np.where(new, "Mars", f["source"]),
        empty=None,
        constant="x",
        only_new=np.where(new, "5", None),
        only_new_text=np.where(new, "k", None),
        only_old=np.where(new, None, rng.choice(["p", "q"], KNOWN + NEW)),
        phone=[f"0{1360000000 + i}" for i in rng.permutation(KNOWN + NEW)],
        note=[f"the customer called on Monday about offer number {i}\nand will call again" for i in range(KNOWN + NEW)],
    )
    table.insert(0, "", range(KNOWN + NEW))
    run = score_table(written(tmp_path, table), label="won", record_id="lead")
    assert len(run.scores) == NEW and run.scores["probability"].between(0, 1).all()
    aside = run.leads.set_aside
    assert {"empty", "constant", "phone", "note", "?"} <= set(aside) and aside["note"] == "free text"
    assert "only_old" in run.learned.leaks.left_out
    assert "? (without a heading)" in show_table_run(run)


def test_a_field_filled_for_decided_leads_only_is_left_out_with_its_evidence(tmp_path):
    told = np.where(leads()["won"] == "1", "signed", "gone")
    table = leads().assign(last_state=np.where(leads()["won"] == "", "", told))
    run = score_table(written(tmp_path, table), label="won", record_id="lead")
    assert run.learned.leaks.left_out == ("last_state",) and run.verdict == "provisional"
    assert "- last_state (leave out): " in show_table_run(run)
    kept = score_table(written(tmp_path, table), label="won", record_id="lead", keep=("last_state",))
    # an AUC of almost 1 is suspect whoever insists
    assert kept.verdict == "suspected leak" and "- last_state (kept): " in show_table_run(kept)
    with pytest.raises(ModelInputError, match=r"no field is left to learn from; left out .*: last_state"):
        score_table(written(tmp_path, table[["lead", "last_state", "won"]]), label="won", record_id="lead")


def test_leads_that_stand_twice_count_once_and_conflicts_are_refused(tmp_path):
    table = leads()
    undecided = table[:5].assign(won="")
    read_once = read(tmp_path, pd.concat([table, table[:20], table[-3:], undecided]))
    assert len(read_once.labelled) == KNOWN and len(read_once.unlabelled) == NEW
    assert read_once.left_out == {
        "the same row again": 20,
        "repeated": 3,
        "without a label, though another row of the lead has one": 5,
    }
    assert read_once.rows == KNOWN + NEW + 28
    with pytest.raises(ModelInputError, match="3 rows without a label repeat an id with other values"):
        read(tmp_path, pd.concat([table, table[-3:].assign(visits=9)]))
    turned = table[:20].assign(won=table["won"][:20].map({"0": "1", "1": "0"}))
    with pytest.raises(ModelInputError, match=r"20 ids have both values of label 'won' \(L-0, L-1, L-2"):
        read(tmp_path, pd.concat([table, turned]))


def test_a_decided_lead_with_several_rows_is_scored_by_its_last(tmp_path):
    table = leads(new=0)
    later = table[:30].assign(visits=table["visits"][:30] + 1)
    run = score_table(written(tmp_path, pd.concat([table, later])), label="won", record_id="lead")
    assert len(run.leads.labelled) == KNOWN + 30 and len(run.scores) == KNOWN


@pytest.mark.parametrize(
    ("yes", "no", "positive"),
    [
        ("是", "否", None),
        ("won", "lost", None),
        ("1.0", "0.0", None),
        ("0.0", "1.0", "0.0"),
        ("Kunde", "nein!", "kunde"),
    ],
)
def test_labels_in_words_and_as_numbers_are_understood(tmp_path, yes, no, positive):
    table = leads().assign(won=leads()["won"].map({"1": yes, "0": no, "": ""}))
    told = read(tmp_path, table, positive=positive)
    assert told.labelled.label.tolist() == (leads()["won"][:KNOWN] == "1").astype(float).tolist()
    assert len(told.unlabelled) == NEW


def test_semicolons_decimal_commas_amounts_and_blank_rows_are_read(tmp_path):
    money = [f"¥{1000 + 37 * i:,}" for i in range(KNOWN + NEW)]
    told = read(tmp_path, leads().assign(money=money))
    assert told.labelled.features["money"].tolist()[:2] == [1000.0, 1037.0]
    table = leads()
    table["visits"] = table["visits"].map(lambda v: f"{v:.3f}".replace(".", ","))
    text = table.to_csv(index=False, sep=";") + ";;;\n" * 4 + "a;b\n"
    (tmp_path / "eu.csv").write_bytes(text.encode("utf-8-sig"))
    told = read_leads(tmp_path / "eu.csv", label="won", record_id="lead")
    assert told.labelled.features["visits"].tolist() == leads()["visits"][:KNOWN].tolist()
    assert told.read_as == "UTF-8 with BOM, semicolon" and told.left_out == {
        "cells do not fit the headings": 1,
        "empty": 4,
    }


def test_excel_and_parquet_are_read_as_typed(tmp_path):
    table = leads().assign(won=leads()["won"].map({"1": True, "0": False}), seen=pd.Timestamp("2024-01-01"))
    table["seen"] += pd.to_timedelta(np.arange(len(table)) % 90, unit="D")
    table.to_parquet(tmp_path / "leads.parquet")
    table.to_excel(tmp_path / "leads.xlsx", index=False)
    for name in ("leads.parquet", "leads.xlsx"):
        told = read_leads(tmp_path / name, label="won", record_id="lead")
        assert told.labelled.features["visits"].tolist() == leads()["visits"][:KNOWN].tolist()
        assert told.labelled.positives == (leads()["won"] == "1").sum() and len(told.unlabelled) == NEW
        assert told.set_aside == {"seen": "dates"}


def test_many_distinct_texts_take_no_time_and_tell_nothing(tmp_path):
    n = 20_000
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"won": rng.integers(0, 2, n), "text": [f"{i:x} and {i * 7919 % 100003}" for i in range(n)]})
    table["half"] = [f"company {i}" for i in rng.integers(0, n // 2, n)]
    told = read_leads(written(tmp_path, table), label="won")
    assert list(told.labelled.features) == ["half"] and told.labelled.record_id[0] == "2"


# --- what cannot be scored ---
