"""The points of BANT beside the model: measured on the same rows, and where the two disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.runs.scoring.unanswered import UnansweredError
from funnelml.scoring.bant.defaults import default_bant
from funnelml.scoring.bant.evaluation import BantEvaluation, evaluate_bant
from funnelml.scoring.bant.points import BantScores, score_bant
from funnelml.scoring.bant.rules import BantRules
from funnelml.scoring.bant.scorer import BantScorer
from funnelml.scoring.disagreement import Disagreement, find_disagreement
from funnelml.scoring.evaluation.splits import split_at_random, split_by_time
from funnelml.scoring.grades import Grades, grade_scores
from funnelml.scoring.grading import Grading, parse_grading
from funnelml.scoring.learn import LearnedScore
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.why_not import WhyNot


@dataclass(frozen=True, kw_only=True)
class BesideRules:
    """What is needed to hold the points of BANT against the model.

    Parameters
    ----------
    rows, open_rows : ScoringRows
        Labelled rows with all features, and rows to be scored.
    learned : LearnedScore
        The model, judged on the newest of these rows.
    scores : pandas.DataFrame
        ``record_id, probability`` of the open rows by the model.
    stated : BantRules or None
        The rules of the workspace; defaults on what every CRM has if there are none.
    grading : Grading
        Where grades end.
    seed : int
        Seed of splits and resamples.
    """

    rows: ScoringRows
    open_rows: ScoringRows
    learned: LearnedScore
    scores: pd.DataFrame
    stated: BantRules | None
    grading: Grading
    seed: int

    def points(self) -> BantScores:
        """Return the points of the open records."""
        return score_bant(self.open_rows.features, self._rules(), record_id=self.open_rows.record_id)

    def evaluation(self) -> BantEvaluation:
        """Return how well the points tell, on the rows on which the model was judged."""
        train, test = self._split()
        said = self.learned.evaluation.main.test_scores["probability"].to_numpy()
        return evaluate_bant(self._fit(train), test, model_probability=said, seed=self.seed)

    def disagreement(self) -> Disagreement:
        """Return the open records that one holds hot and the other cold, and how such cases ended before."""
        train, test = self._split()
        said = self.learned.evaluation.main.test_scores["probability"].to_numpy()
        chances = self._fit(train).predict_proba(test.features)[:, 1]
        assert test.label is not None
        past = pd.DataFrame(
            {
                "record_id": test.record_id,
                "model_grade": self._grade_rows(said),
                "rules_grade": self._grade_rows(chances),
                "converted": test.label,
            }
        )
        if test.at is not None:
            past = past.iloc[np.argsort(test.at, kind="stable")]
        by_rules = self._fit(self.rows).predict_proba(self.open_rows.features)[:, 1]
        model = self._grade(self.scores["probability"], self.scores["record_id"])
        return find_disagreement(model, self._grade(by_rules, self.open_rows.record_id), past=past)

    def _rules(self) -> BantRules:
        if self.stated is not None:
            return self.stated
        try:
            return default_bant(self.rows.features)
        except NotEnoughDataError as error:
            zh = "没有设定 BANT 规则，默认规则所用的字段也都未填写；请在 [[bant]] 中用自己的字段填写规则"
            raise UnansweredError(WhyNot(en=str(error), zh=zh)) from error

    def _fit(self, rows: ScoringRows) -> BantScorer:
        assert rows.label is not None
        return BantScorer(self._rules()).fit(rows.features, rows.label)

    def _split(self) -> tuple[ScoringRows, ScoringRows]:
        if self.rows.at is None:
            return split_at_random(self.rows, seed=self.seed)
        return split_by_time(self.rows)

    def _grade(self, probability: Any, record_id: Any) -> Grades:
        # By chance and not by capacity, where ids would decide among records with the same points.
        rules = self.grading
        if rules.by == "capacity":
            rules = parse_grading({"scale": rules.scale})
        return grade_scores(probability, record_id, rules, base_rate=self.learned.model.base_rate)

    def _grade_rows(self, probability: Any) -> Any:
        graded = self._grade(probability, [f"{k:09d}" for k in range(len(probability))])
        return graded.table.sort_values("record_id")["grade"].to_numpy()
