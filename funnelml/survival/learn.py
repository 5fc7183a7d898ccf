"""From a history to the stage model to be used: stays, the choice of a model, and the model fitted on all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from funnelml.history.history import History
from funnelml.language import Language
from funnelml.survival.choice import Progress, StageModelChoice, choose_stage_model
from funnelml.survival.learning_stays import learn_stays
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stay_rows import StayRows


@dataclass(frozen=True, kw_only=True)
class LearnedStageModel:
    """A stage model, what it was learned from, and why it is of its kind.

    Parameters
    ----------
    as_of : datetime.date
        Last day that is known.
    rows : StayRows
        Stays it was learned from.
    choice : StageModelChoice
        What was tried on later dates.
    model : StageModel
        Fitted on all stays.
    """

    as_of: date
    rows: StayRows
    choice: StageModelChoice
    model: StageModel

    def to_frame(self) -> pd.DataFrame:
        """Return what was tried."""
        return self.choice.to_frame()

    def summary(self, language: Language = "en") -> str:
        """Return which model was chosen, and what it is worth."""
        return self.choice.summary(language)


def learn_stage_model(
    history: History,
    *,
    as_of: date,
    funnel: str | None = None,
    trusted: tuple[str, ...] = (),
    random_state: int = 0,
    progress: Progress | None = None,
) -> LearnedStageModel:
    """Learn the stage model of a funnel: chosen forward in time, then fitted on all that is known.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    funnel : str, optional
        Name of the funnel; the first by default.
    trusted : tuple of str
        Fields to be taken as unchanged since the record was created.
    random_state : int
        Seed of the models.
    progress : callable, optional
        Told what is tried next.

    Raises
    ------
    NotEnoughDataError
        If nothing was ever entered.
    """
    rows = learn_stays(history, as_of=as_of, funnel=funnel, trusted=trusted)
    choice = choose_stage_model(rows, random_state=random_state, progress=progress)
    model = StageModel(**choice.parameters).fit(rows)
    return LearnedStageModel(as_of=as_of, rows=rows, choice=choice, model=model)
