"""Scores of the open records of a workspace: learned, judged, graded, explained and watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.language import Language, say
from funnelml.runs.scoring.contest import Champion, hold_contest
from funnelml.runs.scoring.rules import BesideRules
from funnelml.runs.scoring.settings import ScoringSettings
from funnelml.runs.scoring.unanswered import ScoreSection, answer_in_both
from funnelml.runs.scoring.watch import Watch
from funnelml.runs.sections import plain_rows
from funnelml.runs.workspace import Workspace
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES, VerdictName
from funnelml.scoring.grades import Grades, grade_scores
from funnelml.scoring.learn import LearnedScore, learn_score
from funnelml.scoring.reasons.explain import explain_scores
from funnelml.scoring.reasons.score_reasons import ScoreReasons
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.score_model import ScoreModel
from funnelml.scoring.training_rows import outcome_text, scoring_rows, training_rows
from funnelml.scoring.why_not import WhyNot

Progress = Callable[[Iterable[str]], Iterable[str]]

TITLES: dict[str, tuple[str, str]] = {
    "evaluation": ("How good the score is", "评分有多准"),
    "leaks": ("Fields that know too much", "疑似泄漏的字段"),
    "grades": ("Grades", "等级"),
    "trend": ("Contact now", "立即联系"),
    "points": ("BANT points", "BANT 分数"),
    "bant": ("BANT beside the model", "BANT 与模型对照"),
    "disagreement": ("Where model and rules disagree", "模型与规则的分歧"),
    "past": ("Past scores and what happened", "历史评分与实际结果"),
    "inputs": ("What has moved in the fields", "字段漂移"),
    "base_rate": ("What has moved in the outcome", "转化率漂移"),
    "selection": ("Who is called hot", "各群体的最高等级占比"),
    "challenge": ("The model in use and the new one", "现用模型与新模型"),
}
"""Title of each section in English and Chinese, in the order of a page."""


@dataclass(frozen=True, kw_only=True)
class ScoreRun:
    """Scores of one funnel on one day, and everything that is to be known of them.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Whose records.
    horizon_days : int
        Days within which it counts.
    rows, open_rows : ScoringRows
        What was learned from, with all fields, and what was scored.
    learned : LearnedScore
        The score as learned today.
    model : ScoreModel
        The model whose scores go out: the one in use, unless the one of today is to replace it.
    model_id : str or None
        Its name in the store; None if it is new.
    scores : pandas.DataFrame
        One row per open record, the best first: ``record_id, probability, low, high, grade``.
    grades : Grades
        The grades, with what is expected of each.
    reasons : ScoreReasons
        Why each record scores as it does.
    sections : tuple of ScoreSection
        Answers in the order of ``TITLES``.
    seed : int
        Seed of everything drawn.
    """

    as_of: date
    funnel: str
    horizon_days: int
    rows: ScoringRows
    open_rows: ScoringRows
    learned: LearnedScore
    model: ScoreModel
    model_id: str | None
    scores: pd.DataFrame
    grades: Grades
    reasons: ScoreReasons
    sections: tuple[ScoreSection, ...]
    seed: int

    def __getitem__(self, name: str) -> ScoreSection:
        return next(section for section in self.sections if section.name == name)

    @property
    def verdict(self) -> VerdictName:
        """What may be done with the scores, as one of five words: that of the model whose scores go out."""
        return self.model.verdict

    def table(self, language: Language = "en") -> pd.DataFrame:
        """Return the scores with ``reasons_for, reasons_against`` in words."""
        words = self.reasons.to_frame(language).rename(
            columns={"positive": "reasons_for", "negative": "reasons_against"}
        )
        return self.scores.merge(words, on="record_id", how="left", validate="one_to_one")

    def summary(self, language: Language = "en") -> str:
        """Return what a sales director should read first: the verdict, the grades, and whom to contact now."""
        first = [self.learned.verdict.summary(language), self.grades.summary(language)]
        if self.model_id is not None:
            verdict = VERDICT_NAMES[self.verdict][language == "zh"]
            kept = say(
                language,
                en=f"The scores come from the model in use, {self.model_id}, judged '{verdict}' when it was learned. "
                "The model learned today:",
                zh=f"评分来自现用模型 {self.model_id}，训练时的结论为“{verdict}”。今天训练的模型：",
            )
            first.insert(0, kept)
        if self["trend"].result is not None:
            first.append(self["trend"].summary(language))
        return say(language, en=" ", zh="").join(first)

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        """Return the object that ``funnelml score --json`` prints."""
        judged = self.learned.evaluation.main.scores
        return {
            "schema_version": 1,
            "funnel": self.funnel,
            "as_of": self.as_of.isoformat(),
            "outcome": self.model.outcome,
            "verdict": self.verdict,
            "model_id": self.model_id,
            "scores": plain_rows(self.table(language)),
            "evaluation": {
                "calibration": plain_rows(judged.calibration.curve),
                "gains": plain_rows(judged.gains),
                "segments": plain_rows(judged.by_segment),
            },
            "sections": {section.name: section.to_dict(language) for section in self.sections},
        }


def describe_outcome(workspace: Workspace, funnel: str | None = None) -> tuple[str, str]:
    """Return the name of the funnel that is scored, and what a score of it is the chance of, in words.

    Raises
    ------
    FunnelError
        If there is no such funnel.
    """
    settings = workspace.settings.scoring
    of = workspace.history.funnel(funnel or settings.funnel)
    return of.name, outcome_text(settings.outcome, settings.horizon_days)


def score_workspace(
    workspace: Workspace,
    *,
    as_of: date,
    funnel: str | None = None,
    champion: Champion | None = None,
    why_no_champion: WhyNot | None = None,
    told: pd.DataFrame | None = None,
    seed: int = 0,
    progress: Progress = iter,
) -> ScoreRun:
    """Score the open records of one funnel.

    Parameters
    ----------
    workspace : Workspace
        Loaded workspace; its ``[scoring]`` says what is scored.
    as_of : datetime.date
        Last day that is known.
    funnel : str, optional
        Name of the funnel; that of the settings, or the first, by default.
    champion : Champion, optional
        The model in use.
    why_no_champion : WhyNot, optional
        Why there is none although a model is in use.
    told : pandas.DataFrame, optional
        Scores that went out before: ``record_id, as_of, probability, grade, outcome``.
    seed : int
        Seed of everything drawn.
    progress : callable
        Wraps the steps as they are worked through.

    Returns
    -------
    ScoreRun
        A question that the data cannot answer is a section that says why.

    Raises
    ------
    NotEnoughDataError
        If there are too few outcomes to learn from, or no record is open.
    FunnelError, AsOfError
        If the funnel or the outcome does not exist, or nothing was known by then.
    """
    settings, history = workspace.settings.scoring, workspace.history
    of = history.funnel(funnel or settings.funnel)
    asked: dict[str, Any] = {
        "as_of": as_of,
        "horizon_days": settings.horizon_days,
        "funnel": of.name,
        "outcome": settings.outcome,
        "trusted": settings.trusted,
    }
    rows, open_rows = training_rows(history, **asked), scoring_rows(history, **asked)
    if not len(open_rows):
        raise NotEnoughDataError(f"no record of funnel '{of.name}' is open on {as_of}; there is nothing to score")
    steps = iter(progress(("learn", *TITLES)))
    next(steps)
    learned = learn_score(
        rows,
        open_rows=open_rows,
        segments=(settings.compare_by,),
        seed=seed,
        **_choose_fields(settings, rows, own=of.name == history.funnel(settings.funnel).name),
    )
    contest = hold_contest(
        champion, learned, rows, history=history, as_of=as_of, seed=seed, why_no_champion=why_no_champion
    )
    model = contest.winner
    scores = model.score(open_rows)
    same: dict[str, Any] = {"learned": learned, "open_rows": open_rows, "grading": settings.grading}
    watch = Watch(history=history, model=model, told=told, **same, **asked)
    beside = BesideRules(rows=rows, scores=scores, stated=settings.bant, seed=seed, **same)
    grades = grade_scores(
        scores["probability"],
        scores["record_id"],
        settings.grading,
        base_rate=model.base_rate,
        past=watch.past_by_grade(),
    )
    asks: dict[str, Callable[[], Any]] = {
        "evaluation": lambda: learned.evaluation,
        "leaks": lambda: learned.leaks,
        "grades": lambda: grades,
        "trend": watch.trend,
        "points": beside.points,
        "bant": beside.evaluation,
        "disagreement": beside.disagreement,
        "past": lambda: watch.past,
        "inputs": watch.inputs,
        "base_rate": watch.base_rate,
        "selection": partial(watch.selection, grades, settings.compare_by),
        "challenge": contest.result,
    }
    sections = tuple(answer_in_both(name, TITLES[name], asks[name]) for name in steps)
    reasons = explain_scores(
        model.contributions(open_rows.features),
        open_rows.features[list(model.features)],
        record_id=open_rows.record_id,
        currency=workspace.settings.currency,
    )
    graded = grades.table.merge(scores[["record_id", "low", "high"]], on="record_id", validate="one_to_one")
    return ScoreRun(
        as_of=as_of,
        funnel=of.name,
        horizon_days=settings.horizon_days,
        rows=rows,
        open_rows=open_rows,
        learned=learned,
        model=model,
        model_id=contest.winner_id,
        scores=graded[["record_id", "probability", "low", "high", "grade"]],
        grades=grades,
        reasons=reasons,
        sections=sections,
        seed=seed,
    )


def _choose_fields(settings: ScoringSettings, rows: ScoringRows, *, own: bool) -> dict[str, Any]:
    """Return which fields stay, go, or have a direction: all that are named, or those that another funnel has too."""
    named = [*settings.keep, *settings.leave_out, *settings.directions]
    there = set(named) if own else {name for name in named if name in rows.features or name in rows.left_out}
    return {
        "keep": [name for name in settings.keep if name in there],
        "leave_out": [name for name in settings.leave_out if name in there],
        "directions": {name: way for name, way in settings.directions.items() if name in there} or None,
    }
