"""Scores kept: the model in the store, the scores in the ledger; and what was kept before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model, use_model
from funnelml.io.data_hash import hash_rows
from funnelml.io.model_card import ModelCard
from funnelml.io.model_store import load_model, read_card, save_model
from funnelml.language import Language, say
from funnelml.runs.scoring.contest import Champion
from funnelml.runs.scoring.ledger import MADE_LATER, read_past, write_ledger
from funnelml.runs.scoring.score import ScoreRun
from funnelml.scoring.evaluation.verdict import VERDICT_NAMES, VerdictName
from funnelml.scoring.score_model import ScoreModel
from funnelml.scoring.why_not import WhyNot

MODELS = Path("models")
NOT_KEPT = ("no usable signal", "suspected leak")
"""Verdicts under which nothing is kept."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was kept of a run.

    Parameters
    ----------
    model_id : str or None
        The model whose scores were kept; None if nothing was.
    new : bool
        Whether it was learned in this run.
    ledger : pathlib.Path or None
        The file with the scores.
    verdict : str
        The verdict.
    in_use : bool
        Whether the model is in use: not if the one in use was learned on a later day.
    """

    model_id: str | None
    new: bool
    ledger: Path | None
    verdict: VerdictName
    in_use: bool = True

    @property
    def made_later(self) -> bool:
        """Whether the scores are of a day that was past, so that they are not judged as scores that went out then."""
        return self.ledger is not None and self.ledger.parent.name == MADE_LATER

    def summary(self, language: Language = "en") -> str:
        """Return which model gave the scores and where they are."""
        if self.model_id is None:
            verdict = VERDICT_NAMES[self.verdict][language == "zh"]
            return say(language, en=f"Nothing was kept: {verdict}.", zh=f"未保存模型和评分：{verdict}。")
        kind = say(language, en="new" if self.new else "as before", zh="新模型" if self.new else "沿用")
        if not self.in_use:
            kind += say(language, en=", not in use: one of a later day is", zh="，未启用：现用模型的截至日期更晚")
        told = say(
            language,
            en=f"Model {self.model_id} ({kind}); scores kept in {self.ledger}. Next: funnelml export --to csv",
            zh=f"模型 {self.model_id}（{kind}）；评分保存于 {self.ledger}。下一步：funnelml export --to csv",
        )
        if not self.made_later:
            return told
        late = say(
            language,
            en="Their day was past when they were made: they will not be judged as scores that had gone out then. ",
            zh="这些评分在截至日期过后才生成，今后不会被当作当时已发出的评分来检验。",
        )
        return late + told


def find_champion(root: Path, name: str, *, funnel: str, outcome: str) -> tuple[Champion | None, WhyNot | None]:
    """Return the model in use of that name, and why it cannot serve if it cannot.

    Raises
    ------
    ModelStoreError
        If the model of that name scores something else.
    """
    model_id = current_model(root / MODELS, name)
    if model_id is None:
        return None, None
    try:
        card = read_card(root / MODELS, model_id)
        model = load_model(root / MODELS, model_id)
    except ModelStoreError as error:
        return None, WhyNot(
            en=f"the model in use cannot serve and is not compared: {error}",
            zh=f"现用模型 {model_id} 缺失、已被改动或版本不符，未作比较",
        )
    if (card.funnel, card.outcome) != (funnel, outcome):
        raise ModelStoreError(
            f"model '{name}' tells the chance of funnel '{card.funnel}', {card.outcome}; this is '{funnel}', {outcome}"
            ": give these scores a name of their own with --score"
        )
    if not isinstance(model, ScoreModel):
        return None, WhyNot(
            en=f"{model_id} is no score of this program and is not compared",
            zh=f"{model_id} 不是本程序的评分模型，未作比较",
        )
    return Champion(model=model, model_id=model_id, as_of=card.as_of), None


def past_scores(root: Path, name: str, before: date) -> pd.DataFrame:
    """Return the scores that went out before a day."""
    return read_past(root, name, before)


def keep_run(run: ScoreRun, root: Path, *, name: str, language: Language, made_on: date | None = None) -> Kept:
    """Put the model into the store and in use, and the scores into the ledger.

    A model of a day before that of the model in use is stored but does not take its place.

    Parameters
    ----------
    run : ScoreRun
        The run.
    root : pathlib.Path
        The workspace.
    name : str
        What the scores are called.
    language : {"en", "zh"}
        Of reasons and of the card.
    made_on : datetime.date, optional
        Today: scores of a day that is more than a week past never went out on it.

    Raises
    ------
    ModelStoreError, InputError, SourceError
        If something cannot be written.
    """
    if run.verdict in NOT_KEPT:
        return Kept(model_id=None, new=False, ledger=None, verdict=run.verdict)
    model_id, in_use = run.model_id, True
    if model_id is None:
        in_use = not _is_of_a_later_day(root, name, run.as_of)
        model_id = save_model(root / MODELS, name=name, model=run.model, card=_card(run, language), language=language)
        if in_use:
            use_model(root / MODELS, model_id)
    table = run.table(language).assign(model_id=model_id, verdict=run.verdict, outcome=run.model.outcome)
    ledger = write_ledger(root, as_of=run.as_of, scores=table, name=name, made_on=made_on)
    return Kept(model_id=model_id, new=run.model_id is None, ledger=ledger, verdict=run.verdict, in_use=in_use)


def _is_of_a_later_day(root: Path, name: str, as_of: date) -> bool:
    """Return whether the model in use was learned on a later day."""
    model_id = current_model(root / MODELS, name)
    try:
        return model_id is not None and read_card(root / MODELS, model_id).as_of > as_of
    except ModelStoreError:
        return False


def _card(run: ScoreRun, language: Language) -> ModelCard:
    rows, judged = run.learned.rows, run.learned.evaluation.main
    colon = say(language, en=": ", zh="：")
    told = judged.scores.to_frame().set_index("metric")["value"]
    return ModelCard(
        as_of=run.as_of,
        funnel=run.funnel,
        outcome=run.model.outcome,
        horizon=f"{run.horizon_days}d",
        data_hash=hash_rows(rows),
        rows=len(rows),
        positives=rows.positives,
        features=run.model.features,
        seed=run.seed,
        metrics={str(metric): float(value) for metric, value in told.items()},
        verdict=run.learned.verdict.summary(language),
        leaks=tuple(f"{s.field}{colon}{s.tell(language)}" for s in run.learned.leaks.suspects),
    )
