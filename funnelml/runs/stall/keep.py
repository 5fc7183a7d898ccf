"""Verdicts kept: the model in the store and in use, the verdicts in a file of their day."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from funnelml.errors import ModelStoreError
from funnelml.io.current_models import current_model, use_model
from funnelml.io.model_store import read_card, save_model
from funnelml.language import Language, say
from funnelml.runs.stall.stall import StallRun
from funnelml.runs.stall.stored_model import MODELS, write_card
from funnelml.runs.stall.verdict_file import FOLDER, write_verdicts


@dataclass(frozen=True, kw_only=True)
class KeptStalls:
    """What was kept of a run.

    Parameters
    ----------
    model_id : str
        The model that judged.
    new : bool
        Whether it was learned in this run.
    in_use : bool
        Whether it is in use: not if the one in use was learned on a later day.
    file : pathlib.Path
        The verdicts.
    """

    model_id: str
    new: bool
    in_use: bool
    file: Path

    def summary(self, language: Language = "en") -> str:
        """Return which model judged, and where the verdicts are."""
        kind = say(language, en="new" if self.new else "as before", zh="新模型" if self.new else "沿用")
        if not self.in_use:
            kind += say(language, en=", not in use: one of a later day is", zh="，未启用：现用模型的截至日期更晚")
        return say(
            language,
            en=f"Model {self.model_id} ({kind}); verdicts kept in {self.file}.",
            zh=f"模型 {self.model_id}（{kind}）；判定保存于 {self.file}。",
        )


def keep_stalls(run: StallRun, root: Path, *, name: str, language: Language) -> KeptStalls:
    """Put the model into the store and in use, and the verdicts into a file of their day.

    Parameters
    ----------
    run : StallRun
        The run.
    root : pathlib.Path
        The workspace.
    name : str
        Name of the model, as ``name_model`` returns it.
    language : {"en", "zh"}
        Of the card and the file.

    Raises
    ------
    ModelStoreError, InputError, SourceError
        If something cannot be written.
    """
    in_use = True
    if run.stored is not None:
        model_id = run.stored.model_id
    else:
        assert run.choice is not None
        card = write_card(
            run.rows,
            run.model,
            run.choice,
            run.evaluation,
            as_of=run.as_of,
            funnel=run.funnel,
            data_hash=run.data_hash,
            seed=run.seed,
            language=language,
        )
        in_use = not _is_of_a_later_day(root, name, run)
        model_id = save_model(root / MODELS, name=name, model=run.model, card=card, language=language)
        if in_use:
            use_model(root / MODELS, model_id)
    file = FOLDER / name / f"{run.as_of}.csv"
    write_verdicts(run.verdicts, root / file, model_id=model_id, language=language)
    return KeptStalls(model_id=model_id, new=run.stored is None, in_use=in_use, file=file)


def _is_of_a_later_day(root: Path, name: str, run: StallRun) -> bool:
    """Return whether the model in use was learned on a later day."""
    model_id = current_model(root / MODELS, name)
    try:
        return model_id is not None and read_card(root / MODELS, model_id).as_of > run.as_of
    except ModelStoreError:
        return False
