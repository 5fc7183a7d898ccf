"""From labelled rows to a score that may be used, or the reason why not: leaks out, judged in time, then fitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from funnelml.errors import ModelInputError, did_you_mean, first_few
from funnelml.language import Language, say
from funnelml.scoring.evaluation.class_counts import ClassCounts, check_counts
from funnelml.scoring.evaluation.evaluate_model import evaluate_model
from funnelml.scoring.evaluation.model_evaluation import ModelEvaluation
from funnelml.scoring.evaluation.verdict import Verdict
from funnelml.scoring.leaks.find import find_leaks
from funnelml.scoring.leaks.report import LeakReport
from funnelml.scoring.plain_rows import PlainRows
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.score_model import ScoreModel
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.seasons import leave_out_derived, leave_out_seasons
from funnelml.scoring.uncertainty import learn_spread
from funnelml.scoring.why_not import WhyNot

_FILLED_KNOWINGLY = WhyNot(en="whose filling goes with the outcome", zh="而该字段是否填写与结果有关")
_LEFT_OUT = WhyNot(en="which is left out", zh="而该字段已剔除")


@dataclass(frozen=True, kw_only=True)
class LearnedScore:
    """A score, what it was learned from, and how far it may be trusted.

    Parameters
    ----------
    rows : ScoringRows
        What it was learned from, without the fields that leak.
    counts : ClassCounts
        Records of both outcomes.
    leaks : LeakReport
        Fields that know too much.
    evaluation : ModelEvaluation
        The same kind of model, learned from older rows and judged on the newest.
    model : ScoreModel
        Fitted on all rows.
    """

    rows: ScoringRows
    counts: ClassCounts
    leaks: LeakReport
    evaluation: ModelEvaluation
    model: ScoreModel

    @property
    def set_aside(self) -> Mapping[str, WhyNot]:
        """Features that these rows cannot tell from drift or that are counted by a field left out, with the reason."""
        return self.rows.withheld

    @property
    def verdict(self) -> Verdict:
        """What may be done with the scores."""
        return self.evaluation.main.verdict

    def to_frame(self) -> pd.DataFrame:
        """Return the figures of the evaluation."""
        return self.evaluation.to_frame()

    def summary(self, language: Language = "en") -> str:
        """Return the verdict, and which fields were left out."""
        told = [self.verdict.summary(language), self.leaks.summary(language)]
        if isinstance(self.rows, PlainRows) and self.rows.known_at_assumed:
            assumed = say(
                language,
                en="When each outcome became known is not told: it is taken as known right after the last row of its "
                "lead, so that the figures may be somewhat too good; known_at names the column that tells it.",
                zh="未说明各结果何时得知：假定在该线索最后一行之后即已得知，因此指标可能略偏乐观；"
                "可用 known_at 指定记录该日期的列。",
            )
            told.append(assumed)
        return say(language, en=" ", zh="").join(told)


def learn_score(
    rows: ScoringRows,
    *,
    open_rows: ScoringRows | None = None,
    keep: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    segments: Sequence[str] = (),
    directions: Mapping[str, int] | None = None,
    seed: int = 0,
) -> LearnedScore:
    """Learn a score from labelled rows.

    Parameters
    ----------
    rows : ScoringRows
        Labelled rows.
    open_rows : ScoringRows, optional
        Rows to be scored later: a field that they do not have is a leak.
    keep : sequence of str
        Fields that stay although they look like leaks; the leak report says so.
    leave_out : sequence of str
        Fields that are not to be used.
    segments : sequence of str
        Fields by whose values the evaluation is also told.
    directions : mapping of str to {-1, 0, 1}, optional
        Fields of numbers whose direction is known.
    seed : int
        Seed of folds, resamples and boosting.

    Returns
    -------
    LearnedScore

    Raises
    ------
    NotEnoughDataError
        If there are fewer than 40 records of an outcome.
    ModelInputError
        If a field to keep, to leave out or to direct is none of the rows, or no field is left.
    """
    assert rows.label is not None
    _check_names(rows, {"keep": keep, "leave_out": leave_out, "directions": directions or {}})
    counts = check_counts(rows.label, record_id=rows.record_id, at=rows.at, outcome=rows.outcome)

    def make() -> LeadScorer:
        return LeadScorer(directions=directions, random_state=seed)

    def fit(scorer: LeadScorer, on: ScoringRows) -> LeadScorer:
        assert on.label is not None
        return scorer.fit(on.features, on.label, at=on.at, known_at=on.known_at, groups=on.record_id)

    wanted = rows.without(*(field for field in leave_out if field in rows.features))
    leaks = find_leaks(
        wanted,
        keep=[field for field in keep if field not in leave_out],
        left_out=rows.left_out,
        open_features=None if open_rows is None else open_rows.features,
        seed=seed,
    )
    not_counted_by = dict.fromkeys(leaks.filled_knowingly, _FILLED_KNOWINGLY)
    not_counted_by |= dict.fromkeys((*leaks.left_out, *leave_out), _LEFT_OUT)
    used = leave_out_derived(leaks.apply(wanted), not_counted_by)
    used = leave_out_seasons(used)
    if used.features.empty:
        gone = first_few((*leaks.left_out, *leave_out))
        raise ModelInputError(f"no field is left to learn from; left out as told or since they seem to leak: {gone}")
    present = [field for field in segments if field in used.features]
    evaluation = evaluate_model(make, used, fit=fit, segments=present, seed=seed)
    judged = evaluation.main.test_scores
    model = ScoreModel(
        scorer=fit(make(), used),
        spread=learn_spread(judged, seed=seed),
        features=tuple(map(str, used.features.columns)),
        outcome=used.outcome,
        base_rate=float(judged["label"].mean()),
        verdict=evaluation.verdict.verdict,
    )
    return LearnedScore(rows=used, counts=counts, leaks=leaks, evaluation=evaluation, model=model)


def _check_names(rows: ScoringRows, told: Mapping[str, Iterable[str]]) -> None:
    # Fields that the features were made without are known too, and need no second leaving out.
    known = (*rows.features, *rows.left_out)
    for what, names in told.items():
        for name in names:
            if name not in known:
                raise ModelInputError(
                    f"{what} names '{name}', which is no field of the rows{did_you_mean(name, known)}"
                )
