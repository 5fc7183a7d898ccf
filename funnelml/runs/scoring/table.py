"""Scores from a plain table, one row a lead and no dates: learned, judged, graded and explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.language import Language, say
from funnelml.runs.scoring.score import TITLES
from funnelml.runs.scoring.table_file import TableLeads, read_leads
from funnelml.runs.sections import Result, Section, plain_rows
from funnelml.scoring.evaluation.class_counts import NO_MODEL_UNDER, count_classes
from funnelml.scoring.grades import Grades, grade_scores
from funnelml.scoring.grading import Grading
from funnelml.scoring.learn import LearnedScore, learn_score
from funnelml.scoring.reasons.explain import explain_scores
from funnelml.scoring.reasons.score_reasons import ScoreReasons

UNFIT = ("no usable signal", "suspected leak")
"""Verdicts under which no lead is graded and nothing is written."""


@dataclass(frozen=True, kw_only=True)
class TableRun:
    """Scores of the leads of a plain table, and how far they may be trusted.

    Parameters
    ----------
    leads : TableLeads
        What was read.
    learned : LearnedScore
        The score.
    scores : pandas.DataFrame
        One row per lead, the best first: ``record_id, probability, low, high, grade``. The leads without a label; if
        there are none, those that were learned from.
    grades : Grades
        The grades; the past ones are of the rows that the score was tested on.
    reasons : ScoreReasons
        Why each lead scores as it does.
    seed : int
        Seed of everything drawn.
    """

    leads: TableLeads
    learned: LearnedScore
    scores: pd.DataFrame
    grades: Grades
    reasons: ScoreReasons
    seed: int

    @property
    def verdict(self) -> str:
        """What may be done with the scores, as one of five words."""
        return self.learned.verdict.verdict

    @property
    def of_new_leads(self) -> bool:
        """Whether the scores are of leads whose outcome is not known."""
        return self.leads.unlabelled is not None

    def table(self, language: Language | None = None) -> pd.DataFrame:
        """Return the scores with ``reasons_for, reasons_against`` in words, in the language of the table by default."""
        words = self.reasons.to_frame(language or self.leads.language).rename(
            columns={"positive": "reasons_for", "negative": "reasons_against"}
        )
        return self.scores.merge(words, on="record_id", how="left", validate="one_to_one")

    def to_frame(self) -> pd.DataFrame:
        """Return one row per lead, the best first: ``record_id, probability, low, high, grade``."""
        return self.scores

    def summary(self, language: Language | None = None) -> str:
        """Return what a sales manager should read first: the verdict, and whom it is about."""
        told = language or self.leads.language
        first = [self.learned.verdict.summary(told)]
        if self.verdict in UNFIT:
            first.append(say(told, en="No lead is graded.", zh="因此不对线索评级。"))
        elif self.of_new_leads:
            first.append(self.grades.summary(told))
        else:
            first.append(
                say(
                    told,
                    en="There is no new lead to score: add leads with an empty "
                    f"'{self.leads.label}' and run this again.",
                    zh=f"没有待评分的新线索：请加入“{self.leads.label}”为空的线索后重新运行。",
                )
            )
        return say(told, en=" ", zh="").join(first)

    def to_dict(self, language: Language | None = None) -> dict[str, Any]:
        """Return the object that ``funnelml score --table --json`` prints; without scores if they are unfit."""
        told = language or self.leads.language
        leads = self.leads
        results: dict[str, Result] = {"evaluation": self.learned.evaluation, "leaks": self.learned.leaks}
        sections = [
            Section(name=name, title=TITLES[name][0], title_zh=TITLES[name][1], result=result, why_not="")
            for name, result in results.items()
        ]
        return {
            "schema_version": 1,
            "table": leads.file,
            "label": leads.label,
            "outcome": leads.labelled.outcome,
            "verdict": self.verdict,
            "summary": self.summary(told),
            "rows": leads.rows,
            "labelled": len(leads.labelled),
            "positives": leads.labelled.positives,
            "left_out": dict(leads.left_out),
            "set_aside": dict(leads.set_aside),
            "of_new_leads": self.of_new_leads,
            "scores": [] if self.verdict in UNFIT else plain_rows(self.table(told)),
            "grades": [] if self.verdict in UNFIT else plain_rows(self.grades.by_grade),
            "sections": {section.name: section.to_dict(told) for section in sections},
        }


def score_table(
    path: Path,
    *,
    label: str | None,
    positive: str | None = None,
    record_id: str | None = None,
    keep: Sequence[str] = (),
    seed: int = 0,
    language: Language | None = None,
) -> TableRun:
    """Learn a score from the rows of a plain table that have a label, and score those that have none.

    Parameters
    ----------
    path : pathlib.Path
        CSV, Excel or Parquet, one row a lead.
    label : str or None
        Column of the outcome; the error for None names the columns that may be it.
    positive : str, optional
        Value of the label that counts, where its words do not tell.
    record_id : str, optional
        Column of the lead's id; leads are named by their row in the file if there is none.
    keep : sequence of str
        Columns that stay although they look like leaks or like no features.
    seed : int
        Seed of everything drawn.
    language : {"en", "zh"}, optional
        Chinese if most headings are, by default.

    Returns
    -------
    TableRun

    Raises
    ------
    SourceError, MappingError, ModelInputError
        If the file, a column, a label or an id cannot be used.
    NotEnoughDataError
        If there are too few rows of an outcome.
    """
    leads = read_leads(path, label=label, positive=positive, record_id=record_id, keep=keep, language=language)
    learned = _learn(leads, keep, seed)
    # A lead whose outcome is known may stand in several rows; the last is taken for the newest.
    last = ~pd.Series(leads.labelled.record_id).duplicated(keep="last").to_numpy()
    scored = leads.labelled.take(last) if leads.unlabelled is None else leads.unlabelled
    scores = learned.model.score(scored)
    rules = Grading()
    grades = grade_scores(
        scores["probability"],
        scores["record_id"],
        rules,
        base_rate=learned.model.base_rate,
        past=_tested_by_grade(learned, rules),
    )
    graded = grades.table.merge(scores[["record_id", "low", "high"]], on="record_id", validate="one_to_one")
    reasons = explain_scores(
        learned.model.contributions(scored.features),
        scored.features[list(learned.model.features)],
        record_id=scored.record_id,
    )
    return TableRun(
        leads=leads,
        learned=learned,
        scores=graded[["record_id", "probability", "low", "high", "grade"]],
        grades=grades,
        reasons=reasons,
        seed=seed,
    )


def _learn(leads: TableLeads, keep: Sequence[str], seed: int) -> LearnedScore:
    rows = leads.labelled
    assert rows.label is not None
    try:
        return learn_score(rows, open_rows=leads.unlabelled, keep=keep, seed=seed)
    except NotEnoughDataError as error:
        counts = count_classes(rows.label, record_id=rows.record_id)
        if counts.rarer < NO_MODEL_UNDER:
            raise
        raise NotEnoughDataError(
            f"the table has {counts.positives:,} {rows.outcome} and {counts.negatives:,} not, a fifth of which is kept "
            f"to judge the score by; that leaves {error}"
        ) from None


def _tested_by_grade(learned: LearnedScore, rules: Grading) -> pd.DataFrame:
    """Return how the rows that the score was tested on did, by the grade that they would have had."""
    judged = learned.evaluation.main.test_scores
    borders = np.array(rules.chances(learned.model.base_rate))
    place = len(borders) - np.sum(judged["probability"].to_numpy()[:, None] >= borders, axis=1)
    told = judged.assign(grade=np.array(rules.grades, dtype=object)[place], records=1)
    sums = told.groupby("grade", as_index=False)[["records", "label", "probability"]].sum()
    return sums.rename(columns={"label": "converted", "probability": "expected"})
