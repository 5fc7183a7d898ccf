"""Scores watched over time: who crossed a grade, what became of past scores, and what has drifted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from funnelml.errors import NotEnoughDataError
from funnelml.history.history import History
from funnelml.runs.scoring.unanswered import UnansweredError
from funnelml.schema import DAY
from funnelml.scoring.grades import Grades, grade_scores
from funnelml.scoring.grading import Grading, name_grade
from funnelml.scoring.learn import LearnedScore
from funnelml.scoring.monitoring.base_rate import BaseRateDrift, compare_base_rates
from funnelml.scoring.monitoring.input_drift import InputDrift, compare_inputs
from funnelml.scoring.monitoring.past_scores import PastScores, score_past
from funnelml.scoring.monitoring.selection_rates import ENOUGH, SelectionRates, selection_rates
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.score_model import ScoreModel
from funnelml.scoring.score_trend import ScoreTrend
from funnelml.scoring.training_rows import find_conversions, outcomes_known_until, scoring_rows
from funnelml.scoring.trend import trend_of
from funnelml.scoring.walk_forward import score_walking_forward
from funnelml.scoring.why_not import WhyNot

WEEKS = 4
"""Weeks over which scores are followed."""
MONTHS = 6
"""Past dates, four weeks apart, whose scores are held against what happened."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What is needed to watch the scores of a workspace.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known.
    funnel, outcome : str
        Whose records are scored, for what.
    horizon_days : int
        Days within which it counts.
    trusted : tuple of str
        Fields taken as unchanged since the record was created.
    learned : LearnedScore
        What was learned on ``as_of``.
    model : ScoreModel
        The model whose scores go out.
    grading : Grading
        Where grades end.
    open_rows : ScoringRows
        The records scored on ``as_of``.
    told : pandas.DataFrame or None
        Scores that went out before, as they were told then: ``record_id, as_of, probability, grade, outcome``.
    """

    history: History
    as_of: date
    funnel: str
    outcome: str
    horizon_days: int
    trusted: tuple[str, ...]
    learned: LearnedScore
    model: ScoreModel
    grading: Grading
    open_rows: ScoringRows
    told: pd.DataFrame | None = None

    def trend(self) -> ScoreTrend:
        """Return who has crossed into another grade in the last week, by the present model on what was known then."""
        days = [self.as_of - timedelta(days=7 * k) for k in range(1, WEEKS + 1)]
        scored = {
            day: self.model.score(rows)
            for day, rows in self._rows_of(days).items()
            # Before the first change of a field its past is not known: the model cannot score such a day.
            if set(self.model.features) <= set(rows.features)
        }
        if not scored:
            raise UnansweredError(
                WhyNot(
                    en="in the weeks before no record was open, or a field of the model had no history; there is no "
                    "trend yet",
                    zh="前几周没有未结记录，或模型的某个字段当时还没有历史，暂时没有走势",
                )
            )
        now = {self.as_of: self.model.score(self.open_rows)}
        return trend_of(scored | now, rules=self.grading, base_rate=self.model.base_rate)

    @cached_property
    def past(self) -> PastScores:
        """What became of past scores: those that went out if any has come due, else as they would have been told."""
        conversions = find_conversions(self.history, as_of=self.as_of, funnel=self.funnel, outcome=self.outcome)
        asked = {"as_of": self._known_until, "horizon_days": self.horizon_days, "lag_days": self._lag_days}
        if self.told is not None:
            # Scores of another outcome, or in grades that are no longer given, cannot be counted with those of today.
            alike = self.told["outcome"].eq(self.model.outcome) & self.told["grade"].isin(self.grading.grades)
            try:
                return score_past(self.told[alike], conversions, **asked)  # type: ignore[arg-type]
            except NotEnoughDataError:
                pass  # none has come due yet
        told = self._as_would_have_been_told()
        try:
            return score_past(told, conversions, went_out=False, **asked)  # type: ignore[arg-type]
        except NotEnoughDataError as error:
            window = self.horizon_days + self._lag_days
            zh = f"{len(told):,} 个历史评分均未到期：{window} 天的观察期须在 {self._known_until} 之前结束"
            raise UnansweredError(WhyNot(en=str(error), zh=zh)) from error

    def past_by_grade(self) -> pd.DataFrame | None:
        """Return how each grade did before; None if that is not known."""
        try:
            return self.past.by_grade
        except NotEnoughDataError:
            return None

    def inputs(self) -> InputDrift:
        """Return which features of the open records are not as those that were learned from."""
        rows = self.learned.rows
        new = self.open_rows.features[list(rows.features)]
        return compare_inputs(rows.features, new, train_id=rows.record_id, new_id=self.open_rows.record_id)

    def base_rate(self) -> BaseRateDrift:
        """Return whether the newest judged rows convert more or less often than those of before."""
        rows = self.learned.rows
        judged = self.learned.evaluation.main
        if rows.at is None or judged.test_from is None:
            raise UnansweredError(
                WhyNot(en="the rows have no dates; drift cannot be seen", zh="数据没有日期，无法看出漂移")
            )
        before = rows.known_by(judged.test_from)
        assert before.label is not None
        newest = judged.test_scores
        return compare_base_rates(before.label, newest["label"], train_id=before.record_id, new_id=newest["record_id"])

    def selection(self, grades: Grades, field: str) -> SelectionRates:
        """Return how often each value of a field has the best grade."""
        if field not in self.open_rows.features:
            raise UnansweredError(
                WhyNot(
                    en=f"the records have no field '{field}'; name another as compare_by in [scoring]",
                    zh=f"记录没有字段“{field}”；请在 [scoring] 的 compare_by 中另选一个",
                )
            )
        values = pd.Series(self.open_rows.features[field].to_numpy(), index=self.open_rows.record_id)
        try:
            return selection_rates(grades, values, field=field)
        except NotEnoughDataError as error:
            best = name_grade(grades.rules.grades[0], "zh")
            zh = (
                f"字段“{field}”没有一个取值既有 {ENOUGH} 条记录又含“{best}”记录（共 {len(grades):,} 条记录、"
                f"{values.nunique(dropna=False):,} 个取值）；请选取值更少的字段，或等记录更多"
            )
            raise UnansweredError(WhyNot(en=str(error), zh=zh)) from error

    @property
    def _lag_days(self) -> int:
        rows = self.learned.rows
        assert rows.at is not None and rows.known_at is not None
        return max(0, int(np.ceil((rows.known_at - rows.at).max() / DAY)) - self.horizon_days)

    @property
    def _known_until(self) -> date:
        return outcomes_known_until(self.history, as_of=self.as_of, funnel=self.funnel)

    def _as_would_have_been_told(self) -> pd.DataFrame:
        due = self._known_until - timedelta(days=self.horizon_days + self._lag_days)
        days = [due - timedelta(days=28 * k) for k in range(MONTHS)]
        scored = score_walking_forward(self.learned.model.scorer, self.learned.rows, self._rows_of(days))
        if not scored:
            raise UnansweredError(
                WhyNot(
                    en="on no past date were there outcomes enough for a score of then",
                    zh="过去没有一天有足够的结果可供当时评分",
                )
            )
        parts = []
        for day, table in scored.items():
            graded = grade_scores(
                table["probability"], table["record_id"], self.grading, base_rate=float(table["base_rate"].iloc[0])
            )
            parts.append(graded.table.assign(as_of=day))
        return pd.concat(parts, ignore_index=True)

    def _rows_of(self, days: list[date]) -> Mapping[date, ScoringRows]:
        first = self.history.recorded_span(self.history.funnel(self.funnel))[0]
        told = {}
        for day in days:
            if self.history.cut(day) <= first:
                continue
            rows = scoring_rows(
                self.history,
                as_of=day,
                horizon_days=self.horizon_days,
                funnel=self.funnel,
                outcome=self.outcome,
                trusted=self.trusted,
                known_on=self.as_of,
            )
            if len(rows):
                told[day] = rows
        return told
