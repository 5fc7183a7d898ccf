"""The points of BANT beside the model: the same rows, the same grades, and no look at the test while learning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.runs.scoring import rules
from funnelml.runs.scoring.rules import BesideRules
from funnelml.scoring.bant.rules import parse_bant
from funnelml.scoring.bant.scorer import BantScorer
from funnelml.scoring.disagreement import find_disagreement
from funnelml.scoring.evaluation.splits import split_by_time
from funnelml.scoring.grades import grade_scores
from funnelml.scoring.grading import Grading, parse_grading
from funnelml.scoring.learn import learn_score

RULES = parse_bant(
    [
        {"part": "预算", "field": "amount", "at_least": 20_000, "points": 25},
        {"part": "need", "field": "meeting_total", "at_least": 1, "points": 15},
        {"part": "timing", "field": "stage", "is_one_of": ["Proposal", "Negotiation"], "points": 10},
    ]
)


@pytest.fixture(scope="module")
def beside(run):
    return BesideRules(
        rows=run.rows,
        open_rows=run.open_rows,
        learned=run.learned,
        scores=run.scores[["record_id", "probability"]],
        stated=RULES,
        grading=Grading(),
        seed=0,
    )


def test_the_points_are_those_of_the_rules(run, beside):
    told = beside.points().table.set_index("record_id")
    assert sorted(told.index) == sorted(run.open_rows.record_id)
    fields = run.open_rows.features.set_axis(run.open_rows.record_id)
    # What is unknown has no points, and a record of which nothing is known none at all.
    budget = np.where(fields["amount"].isna(), np.nan, 25.0 * (fields["amount"] >= 20_000))
    parts = pd.DataFrame({"budget": budget}, index=fields.index)
    parts["need"] = np.where(fields["meeting_total"].isna(), np.nan, 15.0 * (fields["meeting_total"] >= 1))
    parts["timing"] = 10.0 * fields["stage"].isin(["Proposal", "Negotiation"])
    wanted = parts.sum(axis=1).reindex(told.index)
    assert wanted.nunique() > 3 and told["total"].tolist() == wanted.tolist()


def test_without_rules_what_the_data_hold_is_asked_and_said_so(run, beside):
    assert "nobody stated these rules" in run["points"].summary() and "并非人工设定" in run["bant"].summary("zh")
    assert "nobody stated" not in beside.points().summary()


def test_rules_and_model_are_judged_on_the_same_rows(run, beside):
    told = beside.evaluation()
    train, test = split_by_time(run.rows)
    judged = run.learned.evaluation.main
    assert test.record_id.tolist() == judged.test_scores["record_id"].tolist()
    assert test.at.tolist() == judged.test_scores["at"].tolist()
    assert told.against_model.rows == len(test)
    theirs, ours = (told.against_model.metrics[which]["log_loss"] for which in ("second", "first"))
    chance = BantScorer(RULES).fit(train.features, train.label).predict_proba(test.features)[:, 1]
    own = judged.test_scores["probability"].to_numpy()
    for found, p in ((theirs, chance), (ours, own)):
        wanted = -np.mean(np.log(np.where(test.label == 1, p, 1 - p)))
        assert found == pytest.approx(wanted, abs=1e-6)


def grades_of(p, ids, run):
    told = grade_scores(p, ids, Grading(), base_rate=run.learned.model.base_rate).table
    return told.set_index("record_id")["grade"]


def test_disagreement_is_hot_for_one_and_cold_for_the_other(run, beside):
    found = beside.disagreement()
    by_rules = BantScorer(RULES).fit(run.rows.features, run.rows.label).predict_proba(run.open_rows.features)[:, 1]
    ours = grades_of(run.scores["probability"], run.scores["record_id"], run)
    theirs = grades_of(by_rules, run.open_rows.record_id, run).reindex(ours.index)
    wanted = {
        "model": sorted(ours.index[(ours == "Hot") & (theirs == "Cold")]),
        "rules": sorted(ours.index[(ours == "Cold") & (theirs == "Hot")]),
    }
    told = {kind: sorted(found.table.loc[found.table["hot_by"] == kind, "record_id"]) for kind in wanted}
    assert told == wanted and sum(map(len, wanted.values())) > 0


def test_past_cases_are_graded_by_rules_learned_before_them(run, beside):
    train, test = split_by_time(run.rows)
    chance = BantScorer(RULES).fit(train.features, train.label).predict_proba(test.features)[:, 1]
    rows = [f"{k:05d}" for k in range(len(test))]
    theirs = grades_of(chance, rows, run).loc[rows].to_numpy()
    ours = grades_of(run.learned.evaluation.main.test_scores["probability"], rows, run).loc[rows].to_numpy()
    past = beside.disagreement().past
    for kind, hot, cold in (("model", ours, theirs), ("rules", theirs, ours)):
        cases = pd.DataFrame({"id": test.record_id, "at": test.at, "label": test.label})
        cases = cases[(hot == "Hot") & (cold == "Cold")].sort_values("at", kind="stable").drop_duplicates("id")
        assert (past["records"][kind], past["converted"][kind]) == (len(cases), cases["label"].sum())


def test_past_cases_come_in_the_order_of_time_and_the_rules_have_not_seen_them(run, beside, monkeypatch):
    """Whatever the order of the rows."""
    shuffled = run.rows.take(np.random.default_rng(1).permutation(len(run.rows)))
    train, test = split_by_time(shuffled)
    learned_from, told = [], {}

    class Spy(BantScorer):
        def fit(self, features, label):
            learned_from.append(len(features))
            return super().fit(features, label)

    def find(model, other, *, past):
        told["past"] = past
        return find_disagreement(model, other, past=past)

    monkeypatch.setattr(rules, "BantScorer", Spy)
    monkeypatch.setattr(rules, "find_disagreement", find)
    replace(beside, rows=shuffled, learned=learn_score(shuffled)).disagreement()
    assert learned_from == [len(train), len(shuffled)]
    order = np.argsort(test.at, kind="stable")
    assert told["past"]["record_id"].tolist() == test.record_id[order].tolist()
    assert told["past"]["converted"].tolist() == test.label[order].tolist()


@pytest.mark.parametrize("scale", ["temperature", "letters"])
def test_a_capacity_grades_by_chance_where_rules_are_compared(beside, scale):
    """Else ids would decide among records with the same points."""
    by_capacity = replace(beside, grading=parse_grading({"scale": scale, "capacity": 3})).disagreement()
    by_chance = replace(beside, grading=parse_grading({"scale": scale})).disagreement()
    pd.testing.assert_frame_equal(by_capacity.agreement, by_chance.agreement)
    assert by_capacity.grades == by_chance.grades and by_capacity.grades[0] in ("Hot", "A")


def test_a_rule_about_a_field_that_is_not_there_says_so(beside):
    odd = parse_bant([{"part": "budget", "field": "amont", "filled": True, "points": 5}])
    with pytest.raises(ModelInputError, match=r"amont.*did you mean 'amount'"):
        replace(beside, stated=odd).points()


def test_rows_without_dates_are_split_as_the_model_was(run, beside):
    rows = replace(run.rows, at=None, known_at=None)
    learned = learn_score(rows, seed=3)
    told = replace(beside, rows=rows, learned=learned, seed=3).evaluation()
    ours = learned.evaluation.main.test_scores
    wanted = -np.mean(np.log(np.where(ours["label"] == 1, ours["probability"], 1 - ours["probability"])))
    assert told.against_model.metrics["first"]["log_loss"] == pytest.approx(wanted, abs=1e-6)
