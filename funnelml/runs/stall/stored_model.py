"""The stage model in the store: that in use, and a new one put into its place with a card."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model
from funnelml.io.model_card import STAY_ENDS, ModelCard
from funnelml.io.model_store import load_model, read_card
from funnelml.language import Language, say
from funnelml.survival.choice import StageModelChoice, name_kind
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stall.evaluation import StallEvaluation
from funnelml.survival.stay_rows import StayRows

MODELS = Path("models")
MODEL_NAME: Final = "stage_model"
"""Name of the stage model of the first funnel; those of others have the name of the funnel added."""


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """A stage model of the store.

    Parameters
    ----------
    model_id : str
        Its id.
    card : ModelCard
        What it learned from.
    model : StageModel
        The model.
    """

    model_id: str
    card: ModelCard
    model: StageModel

    def learned_from(self, data_hash: str, *, seed: int) -> bool:
        """Return whether it learned from the very same stays, with the same seed."""
        return self.card.data_hash == data_hash and self.card.seed == seed


def name_model(funnel: str, first: str) -> str:
    """Return the name under which the stage model of a funnel is stored.

    Parameters
    ----------
    funnel : str
        Name of the funnel.
    first : str
        Name of the first funnel of the workspace.

    Examples
    --------
    >>> name_model("sales", "sales"), name_model("续约 2026", "sales")
    ('stage_model', 'stage_model_续约_2026')
    """
    own = re.sub(r"[^\w-]+", "_", funnel)[:48]
    return MODEL_NAME if funnel == first else f"{MODEL_NAME}_{own}"


def find_stage_model(root: Path, name: str, *, funnel: str, as_of: date, reuse: bool = False) -> StoredModel | None:
    """Return the stage model in use under a name, if it can judge on a day.

    Parameters
    ----------
    root : pathlib.Path
        The workspace.
    name : str
        As ``name_model`` returns it.
    funnel : str
        Funnel whose records it is to judge.
    as_of : datetime.date
        Last day that is known: a model that knows more is not taken.
    reuse : bool
        Whether no other may judge.

    Returns
    -------
    StoredModel or None
        None if there is none, or it cannot be loaded or knows more, and another may judge.

    Raises
    ------
    ModelStoreError
        If what is in use under the name is no stage model of the funnel; with ``reuse`` also if there is none, it
        cannot be loaded, or knows more.
    """
    folder = root / MODELS
    model_id = current_model(folder, name)
    if model_id is None:
        if reuse:
            raise ModelStoreError(f"no model '{name}' is in use; learn one with: funnelml stall")
        return None
    try:
        card = read_card(folder, model_id)
        if card.as_of > as_of:
            raise ModelStoreError(
                f"{model_id} knows what happened until {card.as_of}, and the as-of date is {as_of}; leave out --reuse"
            )
        model = load_model(folder, model_id)
    except ModelStoreError:
        if reuse:
            raise
        return None
    if not isinstance(model, StageModel) or (card.outcome, card.funnel) != (STAY_ENDS, funnel):
        raise ModelStoreError(
            f"{model_id} is in use under the name '{name}' and is no stage model of funnel '{funnel}'; rename the "
            "funnel, or the scores of that name"
        )
    return StoredModel(model_id=model_id, card=card, model=model)


def write_card(
    rows: StayRows,
    model: StageModel,
    choice: StageModelChoice,
    evaluation: StallEvaluation | None,
    *,
    as_of: date,
    funnel: str,
    data_hash: str,
    seed: int,
    language: Language,
) -> ModelCard:
    """Return the card of a stage model.

    Parameters
    ----------
    rows : StayRows
        What it learned from.
    model : StageModel
        The model.
    choice : StageModelChoice
        What else was tried.
    evaluation : StallEvaluation or None
        How right its verdicts were on past dates, if that is known.
    as_of, funnel, data_hash, seed
        As on the card.
    language : {"en", "zh"}
        Of the verdict: what the model tells by, and why.
    """
    assert rows.event is not None
    parameters = model.get_params()
    kind, colon = name_kind(parameters, language), say(language, en=": ", zh="：")
    return ModelCard(
        as_of=as_of,
        funnel=funnel,
        outcome=STAY_ENDS,
        horizon="",
        data_hash=data_hash,
        rows=len(rows),
        positives=int((rows.event > 0).sum()),
        features=("stage", "age", *map(str, rows.covariates.columns)),
        seed=seed,
        metrics=_tried(choice.tried) | ({} if evaluation is None else _judged(evaluation)),
        verdict=f"{kind[:1].upper()}{kind[1:]}{colon}{choice.summary(language)}",
        parameters={name: str(value) for name, value in parameters.items()},
    )


def _tried(table: pd.DataFrame) -> dict[str, float]:
    rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    return {f"Brier score ({name_kind(row)})": float(row["brier"]) for row in rows}


def _judged(evaluation: StallEvaluation) -> dict[str, float]:
    whole = evaluation.calibration.iloc[0]
    told = {
        "records judged on past dates": float(whole["records"]),
        "told to go on within 30 days": float(whole["told"]),
        "went on within 30 days": float(whole["came"]),
    }
    for row in evaluation.precision.to_dict("records"):
        ours = row["precision"] if row["against"] == "days" else row["matched_precision"]
        theirs = row["matched_precision"] if row["against"] == "days" else row["precision"]
        told[f"precision at the recall of {row['rule']}"] = float(ours)
        told[f"precision of days per stage there ({row['rule']})"] = float(theirs)
    zombies = evaluation.zombies
    return told | {"zombies named": float(zombies["zombies"].sum()), "zombies won later": float(zombies["won"].sum())}
