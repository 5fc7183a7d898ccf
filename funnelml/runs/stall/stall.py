"""Verdicts on the open records of a workspace: a stage model learned or taken as it is, and how right it was before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from funnelml.history.dates import day_of
from funnelml.history.history import History
from funnelml.io.data_hash import hash_stays
from funnelml.language import Language, say
from funnelml.runs.scoring.unanswered import ScoreSection, UnansweredError, answer_in_both
from funnelml.runs.sections import plain_rows
from funnelml.runs.stall.stored_model import StoredModel
from funnelml.runs.workspace import Workspace
from funnelml.scoring.why_not import WhyNot
from funnelml.survival.choice import StageModelChoice, choose_stage_model
from funnelml.survival.learning_stays import learn_stays, open_stays
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.evaluate import WINDOW_DAYS, evaluate_stalls
from funnelml.survival.stall.evaluation import StallEvaluation
from funnelml.survival.stall.judge import judge_stalls
from funnelml.survival.stall.verdict_rules import VERDICTS
from funnelml.survival.stall.verdicts import StallVerdicts
from funnelml.survival.stay_rows import StayRows

MOST_DATES: Final = 6
"""Most past dates on which verdicts are held against what came."""
STALE_DAYS: Final = 7
"""Days without a record after which data are called old."""
Progress = Callable[[str], None]
"""Told what is done next."""


@dataclass(frozen=True, kw_only=True)
class StallRun:
    """Verdicts on the open records of one funnel on one day, and everything that is to be known of them.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Whose records.
    rows : StayRows
        What a model learns from.
    open_rows : StayRows
        The running stays that were judged.
    data_age_days : int
        Days by ``as_of`` in which nothing was recorded.
    data_hash : str
        Fingerprint of ``rows``.
    model : StageModel
        The model that judged.
    stored : StoredModel or None
        Where it was taken from; None if it was learned in this run.
    choice : StageModelChoice or None
        Why it is of its kind; None if it was not learned in this run.
    verdicts : StallVerdicts
        The verdicts.
    accuracy : ScoreSection
        How right verdicts were on past dates, or why that is not known.
    seed : int
        Seed of everything drawn.
    """

    as_of: date
    funnel: str
    rows: StayRows
    open_rows: StayRows
    data_age_days: int
    data_hash: str
    model: StageModel
    stored: StoredModel | None
    choice: StageModelChoice | None
    verdicts: StallVerdicts
    accuracy: ScoreSection
    seed: int

    @property
    def evaluation(self) -> StallEvaluation | None:
        """How right verdicts were on past dates; None if that is not known."""
        found = self.accuracy.result
        return found if isinstance(found, StallEvaluation) else None

    def describe_data_age(self, language: Language = "en") -> str:
        """Return what old data mean for the verdicts; empty if they are not old."""
        if self.data_age_days <= STALE_DAYS:
            return ""
        return say(
            language,
            en=f"The data are {self.data_age_days} days old: nothing was recorded in between, and every open record "
            "has aged by as much. Load a fresh export, or choose an earlier as-of date.",
            zh=f"数据已有 {self.data_age_days} 天未更新：其间没有任何记录，每条未结记录的停留都因此变长。"
            "请载入新的导出，或选择更早的截至日期。",
        )

    def describe_model(self, language: Language = "en") -> str:
        """Return which model judged and why it is of its kind."""
        if self.choice is not None:
            return self.choice.summary(language)
        assert self.stored is not None
        told = say(
            language,
            en=f"Judged by the model in use, {self.stored.model_id}, learned from what was known on "
            f"{self.stored.card.as_of}.",
            zh=f"由现用模型 {self.stored.model_id} 判定，训练数据截至 {self.stored.card.as_of}。",
        )
        return say(language, en=" ", zh="").join((told, self.stored.card.verdict))

    def summary(self, language: Language = "en") -> str:
        """Return the verdicts, whether the data are old, and how right verdicts were on past dates."""
        told = (self.verdicts.summary(language), self.describe_data_age(language), self.accuracy.summary(language))
        return say(language, en=" ", zh="").join(text for text in told if text)

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        """Return the object that ``funnelml stall --json`` prints."""
        found, rule = self.evaluation, self.verdicts.days_rule
        table = self.verdicts.table
        return {
            "schema_version": 1,
            "funnel": self.funnel,
            "as_of": self.as_of.isoformat(),
            "win_days": self.verdicts.win_days,
            "floor": self.verdicts.floor,
            "data_age_days": self.data_age_days,
            "summary": self.summary(language),
            "rules": self.verdicts.rules(language),
            "days_rule": {"name": rule.name, "days": _known(rule.limit_days)},
            "counts": [
                {"verdict": verdict, "records": len(mine), "amount": float(mine["amount"].sum())}
                for verdict in VERDICTS
                if len(mine := table[table["verdict"] == verdict])
            ],
            "verdicts": plain_rows(self.verdicts.to_frame(language)),
            "model": {
                "model_id": None if self.stored is None else self.stored.model_id,
                "summary": self.describe_model(language),
                "parameters": self.model.get_params(),
                "tried": [] if self.choice is None else plain_rows(self.choice.tried),
            },
            "accuracy": {
                "summary": self.accuracy.summary(language),
                "dates": [] if found is None else [day.isoformat() for day in found.dates],
                "calibration": [] if found is None else plain_rows(found.calibration),
                "precision": [] if found is None else plain_rows(found.precision),
                "zombies": [] if found is None else plain_rows(found.zombies),
            },
        }


def choose_funnel(workspace: Workspace, funnel: str | None = None) -> str:
    """Return the name of the funnel whose records are judged: that asked for, that of ``[stall]``, or the first.

    Raises
    ------
    FunnelError
        If there is no such funnel.
    """
    return workspace.history.funnel(funnel or workspace.settings.stall.funnel).name


def stall_workspace(
    workspace: Workspace,
    *,
    as_of: date,
    funnel: str | None = None,
    in_use: StoredModel | None = None,
    reuse: bool = False,
    seed: int = 0,
    progress: Progress = lambda _: None,
) -> StallRun:
    """Judge the open records of one funnel.

    Parameters
    ----------
    workspace : Workspace
        Loaded workspace; its ``[stall]`` says how records are judged.
    as_of : datetime.date
        Last day that is known.
    funnel : str, optional
        Name of the funnel; that of the settings, or the first, by default.
    in_use : StoredModel, optional
        The model in use: it judges if it learned from the very same stays with the same seed.
    reuse : bool
        Whether it judges whatever it learned from.
    seed : int
        Seed of everything drawn.
    progress : callable
        Told what is done next.

    Returns
    -------
    StallRun
        Where there is no past to judge verdicts by, their accuracy is a section that says why.

    Raises
    ------
    NotEnoughDataError
        If nothing was ever entered.
    FunnelError, AsOfError
        If the funnel does not exist, or nothing was known by then.

    Notes
    -----
    On past dates a model of the same kind is learned from what was known on each. That it is of this kind was chosen
    with all that is known now.
    """
    settings, history = workspace.settings.stall, workspace.history
    of = history.funnel(choose_funnel(workspace, funnel))
    asked: dict[str, Any] = {"funnel": of.name, "trusted": workspace.settings.scoring.trusted}
    progress("stays")
    open_rows = open_stays(history, as_of=as_of, **asked)
    rows = learn_stays(history, as_of=as_of, **asked)
    data_hash = hash_stays(rows)
    choice, stored = None, in_use
    if stored is None or not (reuse or stored.learned_from(data_hash, seed=seed)):
        choice, stored = choose_stage_model(rows, random_state=seed, progress=progress), None
        model = StageModel(**choice.parameters).fit(rows)
    else:
        model = stored.model
    progress("verdicts")
    judged: dict[str, Any] = {
        "win_days": settings.win_days,
        "floor": settings.floor,
        "currency": workspace.settings.currency,
    }
    verdicts = judge_stalls(
        model,
        open_rows,
        history=history,
        as_of=as_of,
        funnel=of.name,
        days_rule=settings.days_rule(of.name, workspace.settings.funnels[0].name),
        **judged,
    )
    progress("past dates")

    def look_back() -> StallEvaluation:
        dates, known_until = past_dates(history, as_of=as_of, funnel=of.name)
        return evaluate_stalls(history, dates, known_until=known_until, model=model, seed=seed, **asked, **judged)

    title = ("How right verdicts were on past dates", "过往时点的判定有多准")
    return StallRun(
        as_of=as_of,
        funnel=of.name,
        rows=rows,
        open_rows=open_rows,
        data_age_days=max((as_of - history.known_until(of)).days, 0),
        data_hash=data_hash,
        model=model,
        stored=stored,
        choice=choice,
        verdicts=verdicts,
        accuracy=answer_in_both("accuracy", title, look_back),
        seed=seed,
    )


def past_dates(history: History, *, as_of: date, funnel: str) -> tuple[list[date], date]:
    """Return past dates whose windows do not overlap, each with a past of its own, and the last day of outcomes.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known.
    funnel : str
        Name of the funnel.

    Raises
    ------
    UnansweredError
        If the log is too short for one.
    """
    of = history.funnel(funnel)
    first = day_of(history.recorded_span(of)[0], history.time_zone)
    known_until = min(as_of, history.known_until(of))
    # A past as long as what is to be foretold.
    begin = first + timedelta(days=WINDOW_DAYS)
    dates = [known_until - timedelta(days=WINDOW_DAYS * k) for k in range(MOST_DATES, 0, -1)]
    dates = [day for day in dates if day >= begin]
    if not dates:
        needed, known = 2 * WINDOW_DAYS, (known_until - first).days
        raise UnansweredError(
            WhyNot(
                en=f"the log of funnel '{funnel}' has {known} days by {as_of}; {needed} are needed to judge on a past "
                "date and see what came",
                zh=f"漏斗“{funnel}”的日志到 {as_of} 只有 {known} 天；要在过往时点作判定并看到结果，需要 {needed} 天",
            )
        )
    return dates, known_until


def _known(limits: Any) -> dict[str, float | None]:
    return {stage: None if limit != limit else float(limit) for stage, limit in limits.items()}
