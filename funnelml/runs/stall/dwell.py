"""How long stays in each stage last and how they end: every question of that asked in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from funnelml.history.episodes import StageEpisodes, stage_episodes
from funnelml.history.history import History
from funnelml.history.record_log import read_log
from funnelml.language import Language, say
from funnelml.runs.scoring.unanswered import ScoreSection, UnansweredError, answer_in_both
from funnelml.runs.stall.stall import StallRun, past_dates
from funnelml.runs.workspace import Workspace
from funnelml.scoring.why_not import WhyNot
from funnelml.survival.clock_reset import examine_clock_reset
from funnelml.survival.evaluation.evaluate import DAYS
from funnelml.survival.evaluation.forward import Predictor, evaluate_forward
from funnelml.survival.evaluation.survival_evaluation import SurvivalEvaluation
from funnelml.survival.learning_stays import learn_stays, open_stays
from funnelml.survival.nonparametric.binned_hazards import bin_hazards
from funnelml.survival.nonparametric.quantiles import stay_quantiles
from funnelml.survival.nonparametric.restricted_mean import restricted_means
from funnelml.survival.nonparametric.stage_groups import ALL_STAGES, StageGroupTests, compare_stage_groups
from funnelml.survival.nonparametric.stage_incidence import StageIncidence, stage_incidence
from funnelml.survival.ratios.cox import CoxRatios
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.evaluate import WINDOW_DAYS

TITLES: Final[dict[str, tuple[str, str]]] = {
    "incidence": ("Where stays end", "停留如何结束"),
    "means": ("Mean days in each stage", "各阶段平均停留天数"),
    "quantiles": ("Days by which stays have ended", "停留结束所需天数"),
    "hazards": ("At which age they leave", "在什么停留天数离开"),
    "groups": ("Groups compared", "分组比较"),
    "effects": ("What goes with a faster end", "哪些因素与更快结束相关"),
    "clock": ("Whether the clock starts anew", "时钟是否归零"),
    "forward": ("How right predictions were", "预测有多准"),
}
"""Title of each section in English and Chinese, in the order of a page."""
MOST_GROUPS: Final = 5
"""Most groups that are compared: the largest; the rest is one more."""
REST: Final = ("(others)", "（其余）")
UNKNOWN: Final = ("(unknown)", "（未知）")


@dataclass(frozen=True, kw_only=True)
class DwellStudy:
    """How long stays of one funnel last and how they end, as known on one day.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Whose stays.
    compare_by : str
        Field by whose values stays are compared.
    by_group : StageIncidence or None
        Curves of each group; None if there are no two.
    sections : tuple of ScoreSection
        Answers in the order of ``TITLES``.
    """

    as_of: date
    funnel: str
    compare_by: str
    by_group: StageIncidence | None
    sections: tuple[ScoreSection, ...]

    def __getitem__(self, name: str) -> ScoreSection:
        return next(section for section in self.sections if section.name == name)

    @property
    def clearest(self) -> tuple[str, str] | None:
        """Stage and outcome in which groups differ the most clearly; None if no test has an answer."""
        found = self["groups"].result
        if not isinstance(found, StageGroupTests):
            return None
        table = found.table[(found.table["stage"] != ALL_STAGES) & (found.table["outcome"] != "any")]
        table = table.dropna(subset=["p_value"]).sort_values("p_value", kind="stable")
        return None if table.empty else (str(table["stage"].iloc[0]), str(table["outcome"].iloc[0]))

    def summary(self, language: Language = "en") -> str:
        """Return how stays end, and how long they last."""
        first = [self[name].summary(language) for name in ("incidence", "quantiles")]
        return say(language, en=" ", zh="").join(first)


def study_dwell(workspace: Workspace, run: StallRun, *, language: Language = "en") -> DwellStudy:
    """Ask every question on how long stays last and how they end.

    Parameters
    ----------
    workspace : Workspace
        Loaded workspace; its ``[stall]`` names the field by which stays are compared.
    run : StallRun
        The verdicts: their stays are described and their model is judged.
    language : {"en", "zh"}
        Of the names of groups that are none of the log.

    Returns
    -------
    DwellStudy
        A question that the data cannot answer is a section that says why.
    """
    questions = _Questions(workspace.history, run, workspace, language)
    asks: dict[str, Callable[[], Any]] = {
        "incidence": lambda: questions.incidence,
        "means": lambda: restricted_means(questions.incidence),
        "quantiles": lambda: stay_quantiles(questions.incidence),
        "hazards": lambda: bin_hazards(questions.incidence),
        "groups": lambda: compare_stage_groups(questions.episodes, questions.groups),
        "effects": questions.effects,
        "clock": lambda: examine_clock_reset(run.rows),
        "forward": questions.forward,
    }
    sections = tuple(answer_in_both(name, title, asks[name]) for name, title in TITLES.items())
    told = {section.name: section.result for section in sections}
    return DwellStudy(
        as_of=run.as_of,
        funnel=run.funnel,
        compare_by=workspace.settings.stall.compare_by,
        by_group=stage_incidence(questions.episodes, by=questions.groups) if told["groups"] is not None else None,
        sections=sections,
    )


class _Questions:
    """Questions of a study that share what they stand on."""

    def __init__(self, history: History, run: StallRun, workspace: Workspace, language: Language) -> None:
        self.history, self.run, self.language = history, run, language
        self.compare_by = workspace.settings.stall.compare_by
        self.trusted = workspace.settings.scoring.trusted

    @cached_property
    def episodes(self) -> StageEpisodes:
        return stage_episodes(self.history, as_of=self.run.as_of, funnel=self.run.funnel)

    @cached_property
    def incidence(self) -> StageIncidence:
        return stage_incidence(self.episodes)

    @cached_property
    def groups(self) -> NDArray[np.object_]:
        """The group of each stay: what the field showed when it began."""
        field, zh = self.compare_by, self.language == "zh"
        log = read_log(self.history, as_of=self.run.as_of, funnel=self.run.funnel)
        stays = self.episodes.table
        moments = pd.DataFrame({"record_id": stays["record_id"], "at": stays["entered_at"]})
        shown = log.values_at(moments, field)
        known = shown.dropna().map(str)
        if known.nunique() < 2:
            raise UnansweredError(
                WhyNot(
                    en=f"'{field}' has not two values in the log; name another field with compare_by under [stall]",
                    zh=f"字段“{field}”在日志中不足两个取值；可在 [stall] 的 compare_by 中指定其他字段",
                )
            )
        largest = known.value_counts().index[:MOST_GROUPS]
        named = known.where(known.isin(largest), REST[zh])
        return named.reindex(stays.index).fillna(UNKNOWN[zh]).to_numpy(dtype=object)

    def effects(self) -> CoxRatios:
        ratios = StageModel(ratios="cox").fit(self.run.rows).ratios_
        assert isinstance(ratios, CoxRatios)
        return ratios

    def forward(self) -> SurvivalEvaluation:
        dates, known_until = past_dates(self.history, as_of=self.run.as_of, funnel=self.run.funnel)
        matured = [day for day in dates if (known_until - day).days >= DAYS[-1]]
        reach = int(DAYS[-1]) if matured else WINDOW_DAYS
        return evaluate_forward(
            self.history,
            self._fit,
            matured or dates,
            times=[float(day) for day in range(1, reach + 1)],
            known_until=known_until,
            funnel=self.run.funnel,
        )

    def _fit(self, history: History, as_of: date) -> Predictor:
        asked: dict[str, Any] = {"as_of": as_of, "funnel": self.run.funnel, "trusted": self.trusted}
        rows = open_stays(history, **asked)
        model = clone(self.run.model).fit(learn_stays(history, **asked))
        place = pd.Series(np.arange(len(rows)), index=pd.Index(rows.record_id))

        def predict(open_records: pd.DataFrame, times: FloatArray) -> FloatArray:
            asked_for = rows.take(place.loc[open_records["record_id"]].to_numpy(dtype=np.intp))
            incidence: FloatArray = model.predict_cumulative_incidence(asked_for, times)
            return incidence

        return predict
